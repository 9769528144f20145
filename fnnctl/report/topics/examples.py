"""The examples that a network predicts worst: confidently wrong classes, or the largest residuals.

They are read from predictions.csv row by row, so that a file of any size fits into memory. That takes time
for a large file, so short reports leave them out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np

from fnnctl.errors import DataError
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.stored_importances import read_importances
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.worst_rows import MOST_WORST
from fnnctl.tasks.worst_rows import worst_rows as worst_positions
from fnnctl.text import counted, quoted, truncate_end

KEPT_AT_ONCE: Final = 1000
"""More candidates than this are reduced to the worst ones."""
SHOWN_COLUMNS: Final = 6
"""This many columns of the data stand beside an example."""
NARROW_WIDTH: Final = 78
"""The width of a table on a terminal, which shows only the columns that fit."""
GAP: Final = 3
"""The space between two columns there."""
LONGEST_CELL: Final = 30
"""Longer cells are cut."""
SHORT_NUMBER: Final = 8
"""Numbers of up to this many characters are shown with all their digits."""
_NUMBER: Final = re.compile(r"-?[0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?")
_FRACTION: Final = re.compile(r"-?[0-9]*\.[0-9]+(?:e[-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class WorstExample:
    """A row that is predicted badly."""

    row: int
    """Its number in its file, from 0, as in predictions.csv."""
    true: str
    """Its class or target."""
    predicted: str
    probability: float | None
    """Of the predicted class; None in a regression."""
    residual: float | None
    """Target minus prediction, as in the figure; None in a classification."""

    @property
    def badness(self) -> float:
        """Sort key: the wrong class's probability, or the absolute residual."""
        return abs(self.residual) if self.residual is not None else self.probability or 0.0


@dataclass(frozen=True, slots=True)
class WorstExamples:
    """The worst examples, the worst first; of the repeats of a cross-validation, each row's worst."""

    rows: tuple[WorstExample, ...]
    file: Path
    """The predictions.csv."""
    columns: tuple[str, ...] = ()
    """The columns of the data, the most important ones first if that was measured, and else as in the data;
    none in runs that have no `names.WORST_ROWS`, because an earlier version wrote them."""
    cells: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """The values of these columns, by row."""


def worst_rows(summary: Summary) -> Iterator[Block]:
    """The examples that are predicted worst, or why they are not shown."""
    try:
        examples = worst_examples(summary)
    except DataError as error:  # a report of all else is still of use
        yield Notes("Worst examples", (f"They are not shown: {error.message}.",))
        return
    if examples is not None:
        yield examples_table(examples, relative_to=summary.path)


def examples_table(examples: WorstExamples, *, relative_to: Path) -> Table:
    """One row per example; rows are numbered as in predictions.csv."""
    row_numbers = f"row numbers as in {examples.file.relative_to(relative_to)}, from 0"
    if any(example.residual is not None for example in examples.rows):
        rows = [
            (
                str(example.row),
                number(float(example.true)),
                number(float(example.predicted)),
                number(example.residual),
            )
            for example in examples.rows
        ]
        header: tuple[str, ...] = ("row", "target", "prediction", "residual")
        table = Table(f"The largest residuals; {row_numbers}", header, tuple(rows), texts=())
    else:
        rows = [
            (str(example.row), example.true, example.predicted, number(example.probability))
            for example in examples.rows
        ]
        header = ("row", "true", "predicted", "its probability")
        table = Table(f"Most confidently wrong; {row_numbers}", header, tuple(rows), texts=(1, 2))
    file = str(examples.file.with_name(names.WORST_ROWS).relative_to(relative_to))
    columns = _columns(examples)
    wide = _with_columns(table, columns, SHOWN_COLUMNS, file)
    return replace(wide, narrow=_with_columns(table, columns, _fitting(table, columns), file))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the data, as it is shown."""

    name: str
    cells: tuple[str, ...]
    is_text: bool


def _columns(examples: WorstExamples) -> list[_Column]:
    empty = ("",) * len(examples.columns)
    rows = [examples.cells.get(example.row, empty) for example in examples.rows]
    columns = []
    for index, name in enumerate(examples.columns):
        texts = [row[index] for row in rows]
        is_text = any(text and not _NUMBER.fullmatch(text) for text in texts)
        columns.append(_Column(name, tuple(map(_cell_text, texts)), is_text))
    return columns


def _cell_text(text: str) -> str:
    """A cell of the data; a number of many digits is rounded, and a long text is cut."""
    if len(text) > SHORT_NUMBER and _FRACTION.fullmatch(text):
        return number(float(text))
    return truncate_end(text, LONGEST_CELL) or NOTHING


def _fitting(table: Table, columns: Sequence[_Column]) -> int:
    """How many of the columns fit beside the table on a terminal."""
    beside = [(name, [row[index] for row in table.rows]) for index, name in enumerate(table.header)]
    added = [(column.name, column.cells) for column in columns[:SHOWN_COLUMNS]]
    ends = accumulate(max(map(len, (name, *cells))) + GAP for name, cells in (*beside, *added))
    return max(0, sum(end - GAP <= NARROW_WIDTH for end in ends) - len(beside))


def _with_columns(table: Table, columns: Sequence[_Column], most: int, file: str) -> Table:
    """The table with at most `most` columns of the data, and a note on the others, which are in the file."""
    first, others = columns[:most], columns[most:]
    texts = (index for index, column in enumerate(first, start=len(table.header)) if column.is_text)
    note = f"{counted(len(others), 'more column')} of the data: see {file}"
    return replace(
        table,
        header=(*table.header, *(column.name for column in first)),
        rows=tuple(
            (*row, *(column.cells[index] for column in first)) for index, row in enumerate(table.rows)
        ),
        texts=(*table.texts, *texts),
        notes=(note,) if others else (),
    )


def worst_examples(summary: Summary, most: int = MOST_WORST) -> WorstExamples | None:
    """At most `most` examples: for a search, those of what stands for it.

    None if the run has no predictions. Raises `DataError` if the file is damaged.
    """
    folder = RunFolder(summary.path)
    folder = folder.result_run() or folder
    file, lines = folder.path / names.PREDICTIONS, folder.read_rows(names.PREDICTIONS)
    if lines is None:
        return None
    columns = {name: index for index, name in enumerate(next(lines))}
    is_regression = "target" in columns
    needed = ("row", "target" if is_regression else "label", "prediction")
    if missing := [name for name in needed if name not in columns]:
        raise damaged(file, f"is damaged: it has no column {quoted(missing[0])}")
    read = _residual if is_regression else _wrong
    try:
        examples = (example for line in lines if (example := read(line, columns)) is not None)
        worst = _worst(examples, most)
    except (ValueError, IndexError, OverflowError) as error:
        raise damaged(file, f"is damaged: {error}") from error
    return WorstExamples(tuple(worst), file, *_read_cells(folder, summary))


def _read_cells(folder: RunFolder, summary: Summary) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    """The columns of the data, the most important ones first, and the cells of the worst rows, by row."""
    table = folder.read_table(names.WORST_ROWS)
    if table is None:
        return (), {}
    importances = summary.importances or read_importances(folder)
    ranks = {column.column: rank for rank, column in enumerate(importances.columns if importances else ())}
    order = sorted(range(1, len(table.columns)), key=lambda j: ranks.get(table.columns[j], len(ranks)))
    try:
        cells = {int(row[0]): tuple(row[j] for j in order) for row in table.rows}
    except ValueError as error:
        raise damaged(table.path, f"is damaged: {error}") from error
    return tuple(table.columns[j] for j in order), cells


def _wrong(line: Sequence[str], columns: Mapping[str, int]) -> WorstExample | None:
    """The example of a line of class probabilities; None if it is predicted correctly."""
    true, predicted = line[columns["label"]], line[columns["prediction"]]
    if true == predicted:
        return None
    column = columns.get(f"p_{predicted}")
    if column is None:
        raise ValueError(f"it has no column {quoted(f'p_{predicted}')}")
    return WorstExample(int(line[columns["row"]]), true, predicted, _finite(line[column]), None)


def _residual(line: Sequence[str], columns: Mapping[str, int]) -> WorstExample | None:
    true, predicted = line[columns["target"]], line[columns["prediction"]]
    residual = _finite(true) - _finite(predicted)
    return WorstExample(int(line[columns["row"]]), true, predicted, None, residual) if residual else None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{quoted(text)} is not a finite number")
    return value


def _worst(examples: Iterator[WorstExample], most: int) -> list[WorstExample]:
    """The worst of the examples, one per row."""
    kept: list[WorstExample] = []
    for example in examples:
        kept.append(example)
        if len(kept) > KEPT_AT_ONCE + most:
            kept = _reduced(kept, most)
    return _reduced(kept, most)


def _reduced(examples: Sequence[WorstExample], most: int) -> list[WorstExample]:
    rows = np.array([example.row for example in examples], np.int64)
    badness = np.array([example.badness for example in examples], np.float64)
    return [examples[index] for index in worst_positions(rows, badness, most).tolist()]
