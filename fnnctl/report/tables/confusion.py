"""The confusion matrix as a table; with many classes, the pairs of classes that are confused most often."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from fnnctl.arrays import IntArray
from fnnctl.report.answer.confusion import confused_pairs
from fnnctl.report.sections import TableSection, number
from fnnctl.report.summary import Summary, scored_rows

MOST_MATRIX_ROWS = 12
"""With more classes, only pairs are shown."""
MATRIX_WIDTH = 76
"""A confusion matrix that is wider than this, in characters, has numbers as column names."""
MOST_PAIRS = 10


def confusion_table(summary: Summary, words: tuple[str, str]) -> TableSection | None:
    """The matrix or the most confused pairs; `words` are the matrix's title and corner.

    None if there is no matrix, or if there are many classes and no row is confused.
    """
    if summary.confusion is None:
        return None
    title, corner = words
    classes, counts = summary.confusion
    if len(classes) > MOST_MATRIX_ROWS:
        return _pairs_table(f"Confused classes {scored_rows(summary)}", classes, counts, summary.matrix_files)
    return _matrix_table(f"{title} {scored_rows(summary)}", corner, classes, counts)


def _matrix_table(title: str, corner: str, classes: Sequence[str], counts: IntArray) -> TableSection:
    columns = rows = tuple(classes)
    if max(map(cell_len, classes)) + sum(max(cell_len(name), 2) + 3 for name in classes) > MATRIX_WIDTH:
        columns = tuple(f"#{position}" for position, _ in enumerate(classes, start=1))
        rows = tuple(f"{position}  {name}" for position, name in zip(columns, classes, strict=True))
    cells = (tuple(map(number, of_class)) for of_class in counts.tolist())
    return TableSection(
        title, (corner, *columns), tuple((name, *row) for name, row in zip(rows, cells, strict=True))
    )


def _pairs_table(
    title: str, classes: Sequence[str], counts: IntArray, files: Sequence[str]
) -> TableSection | None:
    """The most frequent pairs, the most frequent first, with their shares of the true class."""
    shown, pairs = confused_pairs(classes, counts, MOST_PAIRS)
    if not pairs:
        return None
    if len(shown) < pairs:
        title += f": the {len(shown)} most frequent pairs of {pairs:,}"
        title += f"; all are in {' and '.join(files)}" if files else ""
    rows = ((each.true, each.predicted, number(each.rows), f"{each.share:.1%}") for each in shown)
    return TableSection(title, ("true", "predicted", "rows", "share of true"), tuple(rows), texts=(0, 1))
