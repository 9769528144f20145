"""The rows of a file through a saved model, block by block, so that a file of any size fits into memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.files import UNREPORTED, OnRead
from fnnctl.data.preprocessing import Features
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import NewRows
from fnnctl.errors import DataError, Problem
from fnnctl.messages import Message
from fnnctl.modelling.drift import DriftCounter
from fnnctl.modelling.explanations.contributions import ExplainedRow, Explainer, Explanation
from fnnctl.modelling.input_file import InputFile, Note, Warn, as_notes
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.row_groups import NewGroups
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.tasks.group_metrics import GroupedRows
from fnnctl.tasks.task import PartScores, Targets
from fnnctl.text import counted, quoted


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows that have a label, and their scores."""

    numbers: IntArray
    """(n,) row numbers in the file, from 0."""
    targets: Targets
    """(n,), or (n, T) of several."""
    scores: list[FloatArray]
    """(n, outputs) in total, batch by batch."""
    exposures: FloatArray | None
    """(n,); None if the network was trained without any."""
    worst: WorstRows
    """Those that are predicted worst."""
    groups: GroupedRows | None
    """Their groups, if the model's run has any and the file has their columns."""

    def part(self, model: SavedModel) -> PartScores:
        """The scores of these rows by the model."""
        predictor = model.predictor
        return predictor.task.score(
            self.numbers, self.targets, self.scores, predictor.decoder, self.exposures
        )


def read_labelled(
    file: InputFile,
    model: SavedModel,
    note: Note,
    warn: Warn | None = None,
    *,
    on_read: OnRead = UNREPORTED,
    counter: DriftCounter | None = None,
) -> LabelledRows:
    """Read and score all rows that have a label; `note` is called with notes for the user.

    `warn`, by default `note`, is called with warnings, `on_read` as a table is read. A `counter` counts these
    rows and their predictions.

    Raises `DataError` if a label is unknown to the model, or if no row has a label.
    """
    numbers: list[IntArray] = []
    targets: list[Targets] = []
    scores: list[FloatArray] = []
    exposures: list[FloatArray] = []
    waiting: deque[_Piece] = deque()
    warn, groups = warn or as_notes(note), NewGroups(model.description.table.groupings)

    def pieces() -> Iterator[tuple[NewRows, IntArray]]:
        blocks = labelled_blocks(file, model, note, warn, keep_if_there=groups.columns, on_read=on_read)
        for block, kept, encoded in blocks:
            groups.add(block, kept)
            numbers.append(block.first + kept)
            targets.append(encoded)
            if block.exposures is not None:
                exposures.append(block.exposures[kept])
            waiting.append(_Piece(block, kept, encoded))
            if counter:
                counter.count(block, kept)
            yield block, kept

    predictor, worst = model.predictor, WorstRows()
    for batch in predictor.column_scores(pieces()):
        scores.append(batch)
        if counter:
            counter.count_scores(batch)
        for piece, piece_scores in _scored_pieces(waiting, batch):
            row_numbers = piece.block.first + piece.rows
            refuse_overflow(piece_scores, row_numbers, file.name)
            part = predictor.task.score(
                row_numbers, piece.targets, [piece_scores], predictor.decoder, piece.exposures
            )
            worst = worst.with_rows(part, piece.block, piece.rows, file.form.formats)
    grouped = groups.grouped(file.name, file.form.missing, warn)
    exposed = np.concatenate(exposures) if exposures else None
    return LabelledRows(np.concatenate(numbers), np.concatenate(targets), scores, exposed, worst, grouped)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Labelled rows of a block."""

    block: NewRows
    rows: IntArray
    """(m,) indices into the block."""
    targets: Targets
    """(m,), or (m, T) of several."""

    @property
    def exposures(self) -> FloatArray | None:
        """(m,); None if the network was trained without any."""
        return None if self.block.exposures is None else self.block.exposures[self.rows]

    def part(self, rows: slice) -> _Piece:
        return _Piece(self.block, self.rows[rows], self.targets[rows])


def _scored_pieces(waiting: deque[_Piece], batch: FloatArray) -> Iterator[tuple[_Piece, FloatArray]]:
    """Take the rows of a batch of scores, (n, outputs), from the `waiting` pieces, each with its scores."""
    start = 0
    while start < len(batch):
        piece = waiting.popleft()
        count = min(len(piece.rows), len(batch) - start)
        if count:
            yield piece.part(slice(count)), batch[start : start + count]
        if count < len(piece.rows):
            waiting.appendleft(piece.part(slice(count, None)))
        start += count


def labelled_blocks(
    file: InputFile,
    model: SavedModel,
    note: Note,
    warn: Warn | None = None,
    *,
    keep_if_there: Sequence[str] = (),
    on_read: OnRead = UNREPORTED,
) -> Iterator[tuple[NewRows, IntArray, Targets]]:
    """The blocks of a file, each with the numbers of its rows that have a label, and their targets, (m,).

    They have the texts of the columns to `keep_if_there`. The other parameters and the errors are those of
    `read_labelled`, a file may lack some of several targets.
    """
    targets = model.description.target_names
    labelled, missing = 0, np.zeros(1 + len(targets), np.intp)
    warn = warn or as_notes(note)
    with file.open(
        model, note, warn=warn, labelled=True, keep_if_there=keep_if_there, on_read=on_read
    ) as opened:
        for block in opened.blocks:
            kept, encoded = _encoded(block.labels, model.predictor, file.name)
            labelled += len(kept)
            missing += [len(block) - len(kept), *_missing(block.labels, kept)]
            yield block, kept, encoded
    left_out, *missing_targets = missing.tolist()
    if not labelled:
        columns = f"the column {quoted(targets[0])}" if len(targets) == 1 else "any target"
        raise DataError(Problem(f"no row has a label in {columns}", file=file.name))
    if left_out:
        column = quoted(targets[0]) if len(targets) == 1 else "any target"
        sentence = f"{file.name}: left out {counted(left_out, 'row')} without a value in {column}"
        warn(Message("unlabelled_new_rows", sentence))
    for target, rows in zip(targets, missing_targets, strict=True):
        if rows:
            note(f"{file.name}: {counted(rows, 'row')} without a value in {quoted(target)}, left out there")


def _missing(labels: Sequence[CodedTexts], kept: IntArray) -> list[int]:
    """How many of the rows that are kept, (m,), lack each target."""
    return [int(np.count_nonzero(of_target.codes[kept] < 0)) for of_target in labels]


def _encoded(labels: Sequence[CodedTexts], predictor: Predictor, file: str) -> tuple[IntArray, Targets]:
    """The numbers of a block's rows that have a target, (m,), and their targets, (m,) or (m, T) of several.

    Raises `DataError` for those that the model cannot have.
    """
    if not labels:
        raise ValueError("the rows were read without labels")
    tasks, decoders = predictor.task.tasks, predictor.decoder.of_targets
    problems, of_targets = Problems(file), []
    for texts, task, decoder in zip(labels, tasks, decoders, strict=True):
        targets, wrong = task.encode_new(texts.texts, texts.codes, decoder)
        of_targets.append(targets)
        about = f"{quoted(task.targets[0])}: " if len(tasks) > 1 and task.classes else ""
        for text, line in zip(texts.texts, texts.lines, strict=True):
            if text in wrong:
                problems.add(f"{about}{wrong[text]}", line=line)
    problems.raise_any()
    is_present = np.stack([texts.codes >= 0 for texts in labels], axis=1)
    kept = np.flatnonzero(is_present.any(axis=1))
    if len(tasks) == 1:
        return kept, of_targets[0][kept]
    return kept, np.where(is_present, np.stack(of_targets, axis=1), np.nan)[kept]


def predicted_rows(
    predictor: Predictor,
    blocks: Iterable[NewRows],
    file: str,
    *,
    top: int | None = None,
    first: int = 0,
    counter: DriftCounter | None = None,
) -> Iterator[tuple[Iterable[Sequence[object]], FloatArray]]:
    """Yield row numbers, kept texts and predictions, with the numeric columns (n, c), batch by batch.

    `file` is its name in messages, and `first` the number of the first row. With `top`, that many of the most
    probable classes instead of the probabilities of all. A `counter` counts rows and predictions.
    """
    waiting: deque[Sequence[str]] = deque()
    waiting_exposures: deque[float] = deque()

    def kept_blocks() -> Iterator[NewRows]:
        for block in blocks:
            waiting.extend(block.kept or ())
            if block.exposures is not None:
                waiting_exposures.extend(block.exposures.tolist())
            yield block

    for numbers, scores in scored_blocks(predictor, kept_blocks(), file, first, counter=counter):
        exposures = None
        if waiting_exposures:
            exposures = np.array([waiting_exposures.popleft() for _ in numbers])
        predicted, values = predictor.task.predict(scores, predictor.decoder, top=top, exposures=exposures)
        kept = [waiting.popleft() for _ in numbers] if waiting else [()] * len(numbers)
        leading = zip(numbers.tolist(), kept, predicted, strict=True)
        yield ([number, *texts, *columns] for number, texts, columns in leading), values


def explained_rows(
    explanation: Explanation,
    blocks: Iterable[NewRows],
    file: str,
    *,
    top: int | None = None,
    counter: DriftCounter | None = None,
) -> Iterator[tuple[Iterable[Sequence[object]], FloatArray, Iterable[Sequence[object]]]]:
    """As `predicted_rows`, with the contributions of the columns at the end, block by block."""
    predictor = explanation.explainer.predictor
    for block in blocks:
        explained = explained_block(explanation.explainer, block, file)
        scores = np.array([row.scores for row in explained])
        numbers = range(block.first, block.first + len(block))
        if counter:
            counter.count(block)
            counter.count_scores(scores)
        predicted, values = predictor.task.predict(
            scores, predictor.decoder, top=top, exposures=block.exposures
        )
        kept = block.kept or [()] * len(block)
        leading = zip(numbers, kept, predicted, strict=True)
        yield (
            ([number, *texts, *columns] for number, texts, columns in leading),
            values,
            map(explanation.cells, explained),
        )


def explained_block(explainer: Explainer, block: NewRows, file: str) -> list[ExplainedRow]:
    """Explain the rows of a block; raises `DataError`, which names the `file`, if a score is not finite."""
    features = explainer.predictor.row_features(block, np.arange(len(block)))
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused
        explained = [*explainer.explained(features)]
    values = np.array(
        [np.concatenate([row.scores, *(of_target.effects for of_target in row.effects)]) for row in explained]
    )
    refuse_overflow(values, np.arange(block.first, block.first + len(block)), file)
    return explained


def scored_blocks(
    predictor: Predictor,
    blocks: Iterable[NewRows],
    file: str,
    first: int = 0,
    features: Sequence[Features] | None = None,
    *,
    counter: DriftCounter | None = None,
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield row numbers and scores, (n, outputs), batch by batch; the next batch overwrites the scores.

    For `features` see `Predictor.column_scores`. A `counter` counts rows and predictions.
    Raises `DataError`, which names the `file`, if a score is not finite.
    """
    row = first
    if counter:
        blocks = counter.counted_blocks(blocks)
    pieces = ((block, np.arange(len(block))) for block in blocks)
    for scores in predictor.column_scores(pieces, features):
        numbers = np.arange(row, row + len(scores))
        refuse_overflow(scores, numbers, file)
        if counter:
            counter.count_scores(scores)
        yield numbers, scores
        row += len(scores)


def refuse_overflow(scores: FloatArray, rows: IntArray, file: str) -> None:
    """Raise `DataError` if a score, (n, outputs), is not finite; `rows`, (n,), are the row numbers."""
    finite = np.isfinite(scores).all(axis=1)
    if not finite.all():
        row = rows[np.argmin(finite)]
        message = f"the values of row {row} (from 0) are too large for the network: its scores overflow"
        raise DataError(Problem(message, file=file))
