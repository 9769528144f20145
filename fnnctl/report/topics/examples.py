"""The examples that a network predicts worst: confidently wrong classes, or the largest residuals.

They are read from predictions.csv row by row, so that a file of any size fits into memory. That takes time
for a large file, so short reports leave them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fnnctl.errors import DataError
from fnnctl.report.sections import WRONG, Notes, Section, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.text import shown

MOST: Final = 10
KEPT_AT_ONCE: Final = 1000
"""More candidates than this are reduced to the worst ones."""


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


def _details(summary: Summary) -> Iterator[Section]:
    try:
        examples = worst_examples(summary)
    except DataError as error:  # a report of all else is still of use
        yield Notes("Worst examples", (f"They are not shown: {error.message}.",))
        return
    if examples is not None:
        yield examples_table(examples, relative_to=summary.path)


def examples_table(examples: WorstExamples, *, relative_to: Path) -> TableSection:
    """One row per example; rows are numbered as in predictions.csv."""
    where = f"row numbers as in {examples.file.relative_to(relative_to)}, from 0"
    if any(example.residual is not None for example in examples.rows):
        rows = tuple(
            (
                str(example.row),
                number(float(example.true)),
                number(float(example.predicted)),
                number(example.residual),
            )
            for example in examples.rows
        )
        header = ("row", "target", "prediction", "residual")
        return TableSection(f"The largest residuals; {where}", header, rows, texts=())
    rows = tuple(
        (str(example.row), example.true, example.predicted, number(example.probability))
        for example in examples.rows
    )
    header = ("row", "true", "predicted", "its probability")
    return TableSection(f"Most confidently wrong; {where}", header, rows, texts=(1, 2))


def worst_examples(summary: Summary, most: int = MOST) -> WorstExamples | None:
    """At most `most` examples: for a search, those of what stands for it.

    None if the run has no predictions. Raises `DataError` if the file is damaged.
    """
    folder = RunFolder(summary.path)
    folder = folder.stand_in() or folder
    file, lines = folder.path / names.PREDICTIONS, folder.read_rows(names.PREDICTIONS)
    if lines is None:
        return None
    columns = {name: index for index, name in enumerate(next(lines))}
    is_regression = "target" in columns
    needed = ("row", "target" if is_regression else "label", "prediction")
    if missing := [name for name in needed if name not in columns]:
        raise damaged(file, f"is damaged: it has no column {shown(missing[0])}")
    read = _residual if is_regression else _wrong
    try:
        examples = (example for line in lines if (example := read(line, columns)) is not None)
        worst = _worst(examples, most)
    except (ValueError, IndexError) as error:
        raise damaged(file, f"is damaged: {error}") from error
    return WorstExamples(tuple(worst), file)


def _wrong(line: Sequence[str], columns: Mapping[str, int]) -> WorstExample | None:
    """The example of a line of class probabilities; None if it is predicted correctly."""
    true, predicted = line[columns["label"]], line[columns["prediction"]]
    if true == predicted:
        return None
    column = columns.get(f"p_{predicted}")
    if column is None:
        raise ValueError(f"it has no column {shown(f'p_{predicted}')}")
    return WorstExample(int(line[columns["row"]]), true, predicted, _finite(line[column]), None)


def _residual(line: Sequence[str], columns: Mapping[str, int]) -> WorstExample | None:
    true, predicted = line[columns["target"]], line[columns["prediction"]]
    residual = _finite(true) - _finite(predicted)
    return WorstExample(int(line[columns["row"]]), true, predicted, None, residual) if residual else None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shown(text)} is not a finite number")
    return value


def _worst(examples: Iterator[WorstExample], most: int) -> list[WorstExample]:
    """The worst of the examples, one per row; of equally bad ones those with the lower row numbers."""
    kept: dict[int, WorstExample] = {}
    for example in examples:
        former = kept.get(example.row)
        if former is None or example.badness > former.badness:
            kept[example.row] = example
        if len(kept) > KEPT_AT_ONCE + most:
            kept = {worst.row: worst for worst in _ranked(kept)[:most]}
    return _ranked(kept)[:most]


def _ranked(kept: Mapping[int, WorstExample]) -> list[WorstExample]:
    return sorted(kept.values(), key=lambda example: (-example.badness, example.row))


TOPIC: Final = Topic(WRONG, details=_details)
