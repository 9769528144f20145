"""The permutation importance of the columns that a saved network reads, on rows that it was not trained on.

The score of a row depends on no other row, to the last bit; so a combination of a row and a value is scored
once, and a row that gets its own value keeps its loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Final, Literal, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.errors import UsageError
from fnnctl.metrics.feature_importance import (
    REPEATS,
    ColumnImportance,
    Estimate,
    FeatureImportances,
    by_importance,
    drawn_rows,
    estimate,
    permutations,
    strong_correlations,
)
from fnnctl.modelling.donated_values import DonatedValues, Donation
from fnnctl.modelling.held_out_rows import HeldOutRows
from fnnctl.modelling.input_file import InputFile, Note
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.modelling.scored_rows import labelled_blocks
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.joint.scores import JointScores, scores_of_targets
from fnnctl.tasks.task import PartScores, Targets
from fnnctl.text import counted

MAX_PREDICTIONS: Final = 2_000_000
"""Half a minute for an ensemble with an embedding of its numbers; a few seconds for a small network."""
MAX_ROWS, MIN_ROWS = 5_000, 500
"""The rows are chosen so that there are no more predictions. More rows only make the intervals narrower."""

Owner: TypeAlias = int | None
"""The number of one of several targets; None for all of them together, or for a single one."""
Losses: TypeAlias = dict[tuple[Owner, str], FloatArray]
"""Losses of rows by their owner and the metric that follows from them; 0 in rows without the target."""


@dataclass(frozen=True, slots=True)
class HeldOutFeatures:
    """n rows that a predictor was not trained on, as features."""

    part: Literal["test", "validation"]
    targets: Targets
    """(n,), or (n, T) of several, NaN where one is missing."""
    features: Sequence[FloatArray]
    """(n, features) for each part of the predictor that has its own: see `Predictor.distinct`."""
    predictors: Sequence[tuple[Predictor, IntArray]]
    """Who scores which rows, as sorted indices (m,) below n; together they are all rows."""
    columns: Mapping[str, tuple[str, ...]]
    """The preprocessor's columns that are one column of the table, by its name."""
    exposures: FloatArray | None = None
    """(n,); None if the network was trained without any."""

    def __len__(self) -> int:
        return len(self.targets)

    def of_target(self, owner: Owner) -> tuple[Targets, BoolArray]:
        """The target of each row, (n,), 0 if it is missing, and which rows have it, (n,)."""
        if owner is None:
            return self.targets, np.ones(len(self), np.bool_)
        target = self.targets[:, owner]
        return np.nan_to_num(target), ~np.isnan(target)


def features_of_run(model: SavedModel, held_out: HeldOutRows, seed: int, note: Note) -> HeldOutFeatures:
    """The features of the test part or, if there is none, of the validation part, with bags out of bag.

    Of very many rows only some, drawn at random; `note` is called with a message if so. Raises `UsageError`
    if there are no such rows.
    """
    split, data = held_out.split, held_out.data
    part: Literal["test", "validation"] = "test" if split.test.size else "validation"
    rows = split.parts[part]
    if rows.size < 2:
        raise UsageError(
            f"{model.run.path} has no rows to measure importance on: all of them are training rows; set "
            "data.split.test, train again, or report on an evaluation (`fnnctl evaluate RUN --data FILE`)"
        )
    predictor = model.predictor
    columns = predictor.source_columns(data.dataset)
    rows = rows[_chosen(len(rows), columns, seed, f"of the {part} part", note)]
    predictors = [(predictor, np.arange(len(rows)))]
    if held_out.bags and part == "validation":
        rows_of_members = [np.flatnonzero(np.isin(rows, bag.validation)) for bag in held_out.bags]
        predictors = [*zip(predictor.member_predictors(), rows_of_members, strict=True)]
    features = predictor.row_features(data.dataset, rows)
    return HeldOutFeatures(part, data.targets[rows], features, predictors, columns, data.exposures(rows))


def features_of_file(model: SavedModel, file: InputFile, seed: int, note: Note) -> HeldOutFeatures:
    """The features of the rows of a file that have a label, as of the test part of its evaluation.

    Raises `DataError` if it cannot be read, and `UsageError` if it has a single such row.
    """
    predictor, columns = model.predictor, dict[str, tuple[str, ...]]()
    blocks: list[list[FloatArray]] = []
    targets: list[Targets] = []
    exposures: list[FloatArray] = []
    for block, kept, encoded in labelled_blocks(file, model, note):
        columns = columns or predictor.source_columns(block)
        blocks.append(predictor.row_features(block, kept))
        targets.append(encoded)
        if block.exposures is not None:
            exposures.append(block.exposures[kept])
    all_targets = np.concatenate(targets)
    if len(all_targets) < 2:
        raise UsageError(f"{file.name} has a single row with a label: importance needs at least two")
    rows = _chosen(len(all_targets), columns, seed, f"of {file.name}", note)
    features = [np.concatenate(part_blocks)[rows] for part_blocks in zip(*blocks, strict=True)]
    return HeldOutFeatures(
        "test",
        all_targets[rows],
        features,
        [(predictor, np.arange(len(rows)))],
        columns,
        np.concatenate(exposures)[rows] if exposures else None,
    )


def _chosen(rows: int, columns: Mapping[str, object], seed: int, whose: str, note: Note) -> IntArray:
    """The sorted indices of the rows that are used."""
    affordable = MAX_PREDICTIONS // (REPEATS * max(1, len(columns)))
    chosen = drawn_rows(seed, rows, min(MAX_ROWS, max(MIN_ROWS, affordable)))
    if len(chosen) < rows:
        used = f"{len(chosen):,} of the {counted(rows, 'row')} {whose}"
        note(f"importance is measured on {used}, drawn at random; the intervals allow for that")
    return chosen


Permute = Callable[[str, int], IntArray]
"""Returns the permutations, (R, n), of a column by its name among n rows."""


def feature_importances(
    held_out: HeldOutFeatures,
    predictor: Predictor,
    seed: int,
    *,
    permute: Permute | None = None,
    threads: int = 1,
    on_column: Callable[[int], None] = lambda done: None,
) -> FeatureImportances:
    """The importance of each column, the most important one first; the same for any number of threads.

    With several targets, that for the loss of all together, and that for each target that any row has.
    `permute` replaces the permutations that follow from the seed. `on_column` is called with the number of
    columns that are done.
    """
    permuted = _Permuted(held_out, predictor.decoder, predictor.donated(held_out.features))
    all_rows = np.arange(len(held_out))
    losses = permuted.losses(all_rows, all_rows, ())
    draw = permute or (lambda column, rows: permutations(seed, column, rows))
    correlated = _correlated(held_out, predictor)
    threads = min(threads, len(held_out.columns))
    free: SimpleQueue[_Permuted] = SimpleQueue()
    for number in range(threads):
        free.put(permuted if number == 0 else permuted.copied())

    def measure(column: str, names: tuple[str, ...]) -> dict[Owner, ColumnImportance]:
        thread_predictor = free.get()
        try:
            donors = draw(column, len(held_out))
            permuted_losses = thread_predictor.of_column(names, donors, losses)
        finally:
            free.put(thread_predictor)
        estimates: dict[Owner, dict[str, Estimate | None]] = {}
        for (owner, metric), row_losses in losses.items():
            targets, is_present = held_out.of_target(owner)
            estimates.setdefault(owner, {})[metric] = estimate(
                metric, row_losses, permuted_losses[owner, metric], donors, targets, is_present
            )
        return {
            owner: ColumnImportance(column, of_owner, correlated.get(column))
            for owner, of_owner in estimates.items()
        }

    columns = [*_in_threads(measure, held_out.columns, threads, on_column)]

    def importances(owner: Owner) -> FeatureImportances:
        rows = int(np.count_nonzero(held_out.of_target(owner)[1]))
        ranked = by_importance([of_owners[owner] for of_owners in columns])
        return FeatureImportances(held_out.part, rows, REPEATS, ranked)

    owners = sorted({owner for owner, _ in losses if owner is not None})
    of_targets = {predictor.task.targets[owner]: importances(owner) for owner in owners}
    return replace(importances(None), of_targets=of_targets)


def _in_threads(
    measure: Callable[[str, tuple[str, ...]], dict[Owner, ColumnImportance]],
    columns: Mapping[str, tuple[str, ...]],
    threads: int,
    on_column: Callable[[int], None],
) -> Iterator[dict[Owner, ColumnImportance]]:
    """The columns in order; if one fails, or a signal ends it, the others are not begun."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        futures = [
            pool.submit(copy_context().run, measure, column, names)  # which has the plug-ins in use
            for column, names in columns.items()
        ]
        try:
            for done, future in enumerate(futures, start=1):
                yield future.result()
                on_column(done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Permuted:
    """Losses of rows in which some columns have the values of other rows."""

    held_out: HeldOutFeatures
    decoder: OutputDecoder
    values: DonatedValues

    def copied(self) -> _Permuted:
        """The same, for another thread: predictors write to buffers."""
        predictors = [(predictor.copied(), rows) for predictor, rows in self.held_out.predictors]
        return replace(self, held_out=replace(self.held_out, predictors=predictors))

    def of_column(self, names: tuple[str, ...], donors: IntArray, losses: Losses) -> Losses:
        """The losses, (R, n), of each row with the values of its donors, (R, n), in these columns."""
        rows = len(self.held_out)
        values, distinct = self._values(names)
        receivers = np.broadcast_to(np.arange(rows), donors.shape)
        changed = values[donors] != values[receivers]
        pairs = receivers[changed] * distinct + values[donors[changed]]
        distinct_pairs, first, which = np.unique(pairs, return_index=True, return_inverse=True)
        permuted = {key: np.tile(row_losses, (len(donors), 1)) for key, row_losses in losses.items()}
        if len(distinct_pairs):
            scored = self.losses(distinct_pairs // distinct, donors[changed][first], names)
            for key, pair_losses in scored.items():
                permuted[key][changed] = pair_losses[which]
        return permuted

    def losses(self, receivers: IntArray, donors: IntArray, names: tuple[str, ...]) -> Losses:
        """The losses, (m,), of sorted rows (m,) with the values of other rows (m,) in these columns."""
        losses: Losses = {}
        for predictor, rows in self.held_out.predictors:
            at = np.flatnonzero(np.isin(receivers, rows))
            if not len(at):
                continue
            batches = self.values.batches(receivers[at], [Donation(names, donors[at])])
            scores = predictor.feature_scores(batches)
            targets, exposures = self.held_out.targets[receivers[at]], self.held_out.exposures
            if exposures is not None:
                exposures = exposures[receivers[at]]
            part = predictor.task.score(receivers[at], targets, scores, self.decoder, exposures)
            for owner, (present, of_owner) in _owners(part).items():
                for metric, row_losses in of_owner.row_losses().items():
                    all_losses = losses.setdefault((owner, metric), np.zeros(len(receivers)))
                    all_losses[at[present]] = row_losses
        return losses

    def _values(self, names: tuple[str, ...]) -> tuple[IntArray, int]:
        """The number of each row's value in these columns, (n,), and how many there are."""
        rows = len(self.held_out)
        values = [
            np.ascontiguousarray(features[:, self.values.indices(part, names)])
            .view(np.uint8)
            .reshape(rows, -1)
            for part, features in enumerate(self.held_out.features)
        ]
        together = np.concatenate(values, axis=1)
        if not together.shape[1]:  # a column without a value in the training rows has no feature
            return np.zeros(rows, np.int64), 1
        keys = together.view(np.dtype((np.void, together.shape[1]))).reshape(rows)
        distinct, numbers = np.unique(keys, return_inverse=True)
        return numbers.astype(np.int64), len(distinct)


def _owners(part: PartScores) -> dict[Owner, tuple[IntArray, PartScores]]:
    """The part itself and, with several targets, that of each, with its rows, (m,) among those of the
    part.
    """
    owners: dict[Owner, tuple[IntArray, PartScores]] = {None: (np.arange(len(part.predictions)), part)}
    if isinstance(part, JointScores):
        owners.update(scores_of_targets(part).items())
    return owners


def _correlated(held_out: HeldOutFeatures, predictor: Predictor) -> dict[str, tuple[str, float]]:
    """The strong correlations between numeric columns; scaling does not change them."""
    numbers = {number.name: j for j, number in enumerate(predictor.preprocessor.numbers)}
    columns = {
        column: np.array([numbers[name] for name in names if name in numbers], np.intp)
        for column, names in held_out.columns.items()
    }
    return strong_correlations(held_out.features[0][:, : len(numbers)], columns)
