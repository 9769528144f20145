"""The classes of a run: their metrics, the worst ones, and which are confused with which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from rich.cells import cell_len

from fnnctl.arrays import IntArray
from fnnctl.report.answer.values import ConfusedPair, WorstGroup
from fnnctl.report.sections import TableSection
from fnnctl.report.summary import Summary, scored_rows
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.tasks.reports import GroupMetrics
from fnnctl.text import joined_words

MOST_GROUPS, WORST_GROUPS = 50, 20
"""With more groups, only the worst are shown."""
MOST_BRIEF, WORST_BRIEF = 12, 10
"""The same for a terminal."""


def group_table(summary: Summary, groups: GroupMetrics, *, brief: bool) -> TableSection | None:
    """One row per group; with `brief` for fewer groups than otherwise. None if there are no metrics."""
    found = (summary.part_metrics("test") or {}).get(groups.key)
    if not isinstance(found, Mapping):
        return None
    known = [(name, metrics) for name, metrics in found.items() if isinstance(metrics, Mapping)]
    title = f"{groups.title} {scored_rows(summary)}"
    most, shown = (MOST_BRIEF, WORST_BRIEF) if brief else (MOST_GROUPS, WORST_GROUPS)
    if len(known) > most:
        label, key = groups.worst_by
        scored = [(name, metrics) for name, metrics in known if isinstance(metrics.get(key), float)]
        worst = sorted(scored, key=lambda each: each[1][key])[:shown]
        title += f": the {len(worst)} lowest {label} of {len(known):,}; {names.METRICS} has all"
        known = worst
    rows = ((name, *(number(metrics.get(key)) for _, key in groups.metrics)) for name, metrics in known)
    return TableSection(title, (groups.column, *(label for label, _ in groups.metrics)), tuple(rows))


def confused_pairs(classes: Sequence[str], counts: IntArray, most: int) -> tuple[list[ConfusedPair], int]:
    """At most `most` pairs, the most frequent first, and the number of all; `counts` (C, C) by true class."""
    wrong = _wrong(counts)
    pairs = int(np.count_nonzero(wrong))
    largest = np.argsort(-wrong, axis=None, kind="stable")[: min(pairs, most)]
    places = zip(*(each.tolist() for each in np.unravel_index(largest, wrong.shape)), strict=True)
    return [_pair(classes, counts, true, predicted) for true, predicted in places], pairs


def most_confused(
    classes: Sequence[str], counts: IntArray, name: str
) -> tuple[ConfusedPair | None, ConfusedPair | None]:
    """The most frequent pairs in which the class `name` is the true class, and the predicted one."""
    if name not in classes:
        return None, None
    own, wrong = list(classes).index(name), _wrong(counts)
    as_other, from_other = int(wrong[own].argmax()), int(wrong[:, own].argmax())
    return (
        _pair(classes, counts, own, as_other) if wrong[own, as_other] else None,
        _pair(classes, counts, from_other, own) if wrong[from_other, own] else None,
    )


def _wrong(counts: IntArray) -> IntArray:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    return wrong


def _pair(classes: Sequence[str], counts: IntArray, true: int, predicted: int) -> ConfusedPair:
    rows = int(counts[true, predicted])
    return ConfusedPair(classes[true], classes[predicted], rows, rows / int(counts[true].sum()))


PERFECT = 1.0


def worst_groups(summary: Summary, part: str, most: int) -> list[WorstGroup]:
    """At most `most` groups with a metric below 1, the lowest first; empty if the task has no groups.

    The confusion matrix is that of the test part, so only there a group has confused pairs.
    """
    groups = summary.task_report.groups
    found = (summary.part_metrics(part) or {}).get(groups.key) if groups else None
    if groups is None or not isinstance(found, Mapping):
        return []
    label, key = groups.worst_by
    scored = [
        (name, metrics)
        for name, metrics in found.items()
        if isinstance(metrics, Mapping)
        and isinstance(value := metrics.get(key), int | float)
        and value < PERFECT
    ]
    others = [each for each in groups.metrics if each[1] != key]
    confusion = summary.confusion if part == "test" else None
    return [
        WorstGroup(
            name,
            tuple((each, metrics.get(of)) for each, of in ((label, key), *others)),
            *(most_confused(*confusion, name) if confusion else (None, None)),
        )
        for name, metrics in sorted(scored, key=lambda each: each[1][key])[:most]
    ]


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
        title += f"; all are in {joined_words(files)}" if files else ""
    rows = ((each.true, each.predicted, number(each.rows), f"{each.share:.1%}") for each in shown)
    return TableSection(title, ("true", "predicted", "rows", "share of true"), tuple(rows), texts=(0, 1))
