"""The rows of a new file that have a label, and a saved model's scores of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.files import UNREPORTED, OnRead
from fnnctl.data.new_rows import NewRows
from fnnctl.data.problems import Problems
from fnnctl.errors import DataError, Problem
from fnnctl.modelling.input_file import InputFile, Note
from fnnctl.modelling.saved.saved_model import SavedModel
from fnnctl.tasks.task import PartScores, Targets, Task
from fnnctl.text import counted, shown


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows that have a label."""

    numbers: IntArray
    """(n,) row numbers in the file, from 0."""
    targets: Targets
    """(n,)"""
    scores: list[FloatArray]
    """(n, outputs) in total, batch by batch."""

    def part(self, model: SavedModel) -> PartScores:
        """The scores of these rows by the model."""
        predictor = model.predictor
        return predictor.task.score(self.numbers, self.targets, self.scores, predictor.readout)


def read_labelled(
    given: InputFile,
    model: SavedModel,
    note: Note,
    warn: Note | None = None,
    *,
    on_read: OnRead = UNREPORTED,
) -> LabelledRows:
    """Read and score all rows that have a label; `note` is called with notes for the user.

    `warn`, by default `note`, is called with warnings, `on_read` as a table is read.

    Raises `DataError` if a label is unknown to the model, or if no row has a label.
    """
    numbers: list[IntArray] = []
    targets: list[Targets] = []

    def pieces() -> Iterator[tuple[NewRows, IntArray]]:
        for block, kept, encoded in labelled_blocks(given, model, note, warn, on_read=on_read):
            numbers.append(block.first + kept)
            targets.append(encoded)
            yield block, kept

    scores = list(model.predictor.column_scores(pieces()))
    rows = LabelledRows(np.concatenate(numbers), np.concatenate(targets), scores)
    start = 0
    for batch in scores:
        given.refuse_overflow(batch, rows.numbers[start : start + len(batch)])
        start += len(batch)
    return rows


def labelled_blocks(
    given: InputFile,
    model: SavedModel,
    note: Note,
    warn: Note | None = None,
    *,
    on_read: OnRead = UNREPORTED,
) -> Iterator[tuple[NewRows, IntArray, Targets]]:
    """The blocks of a file, each with the numbers of its rows that have a label, and their targets, (m,).

    The parameters and errors are those of `read_labelled`.
    """
    target, task = model.description.target, model.predictor.task
    labelled = left_out = 0
    warn = warn or note
    with given.open(model, note, warn=warn, labelled=True, on_read=on_read) as file:
        for block in file.blocks:
            kept, encoded = _encoded(block.labels, task, given.name)
            labelled += len(kept)
            left_out += len(block) - len(kept)
            yield block, kept, encoded
    if not labelled:
        message = f"no row has a label in the column {shown(target)}"
        raise DataError(Problem(message, file=given.name))
    if left_out:
        warn(f"{given.name}: left out {counted(left_out, 'row')} without a value in {shown(target)}")


def _encoded(labels: CodedTexts | None, task: Task, file: str) -> tuple[IntArray, Targets]:
    """The numbers of a block's rows that have a target, (m,), and the targets, (m,)."""
    if labels is None:
        raise ValueError("the rows were read without labels")
    targets, wrong = task.encode_new(labels.texts, labels.codes)
    problems = Problems(file)
    for text, line in zip(labels.texts, labels.lines, strict=True):
        if text in wrong:
            problems.add(wrong[text], line=line)
    problems.raise_any()
    kept = np.flatnonzero(labels.codes >= 0)
    return kept, targets[kept]
