"""The permutation importance of the columns that a saved network reads, on rows that it has not learned.

All features of a column are permuted together: its number, one-hot features, indicator of missing values and
coordinate among bins, and those of all columns that were made from it, such as the parts of a date. The
score of a row depends on no other row, to the last bit; so a combination of a row and a value is scored once,
and a row that gets its own value keeps its loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.feature_importance.correlations import strong_correlations
from fnnctl.metrics.feature_importance.estimates import estimate
from fnnctl.metrics.feature_importance.importances import ColumnImportance, FeatureImportances, ranked
from fnnctl.metrics.feature_importance.permutations import REPEATS, permutations
from fnnctl.modelling.held_out.features import HeldOutFeatures
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.task import Readout
from fnnctl.training.scoring.stacked import SCORING_BATCH

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

    `permute` replaces the permutations that follow from the seed. `on_column` is called with the number of
    columns that are done.
    """
    places = [part.preprocessor.places for part in predictor.distinct]
    permuted = _Permuted(held_out, predictor.readout, places)
    all_rows = np.arange(len(held_out))
    losses = permuted.losses(all_rows, all_rows, ())
    draw = permute or (lambda column, rows: permutations(seed, column, rows))
    correlated = _correlated(held_out, predictor)
    threads = min(threads, len(held_out.columns))
    free: SimpleQueue[_Permuted] = SimpleQueue()
    for number in range(threads):
        free.put(permuted if number == 0 else permuted.copied())

    def measured(column: str, names: tuple[str, ...]) -> ColumnImportance:
        own = free.get()
        try:
            donors = draw(column, len(held_out))
            with_others = own.of_column(names, donors, losses)
        finally:
            free.put(own)
        estimates = {
            metric: estimate(metric, each, with_others[metric], donors, held_out.targets)
            for metric, each in losses.items()
        }
        return ColumnImportance(column, estimates, correlated.get(column))

    found = [*_in_threads(measured, held_out.columns, threads, on_column)]
    return FeatureImportances(held_out.part, len(held_out), REPEATS, ranked(found))


def _in_threads(
    measured: Callable[[str, tuple[str, ...]], ColumnImportance],
    columns: Mapping[str, tuple[str, ...]],
    threads: int,
    on_column: Callable[[int], None],
) -> Iterator[ColumnImportance]:
    """The columns in order; if one fails, or a signal ends it, the others are not begun."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        futures = [pool.submit(measured, column, names) for column, names in columns.items()]
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
    readout: Readout
    places: Sequence[Mapping[str, IntArray]]
    """The features of each column, for each part with features of its own."""

    def copied(self) -> _Permuted:
        """The same, for another thread: predictors write to buffers."""
        predictors = [(predictor.copied(), own) for predictor, own in self.held_out.predictors]
        return replace(self, held_out=replace(self.held_out, predictors=predictors))

    def of_column(
        self, names: tuple[str, ...], donors: IntArray, losses: Mapping[str, FloatArray]
    ) -> dict[str, FloatArray]:
        """The losses, (R, n), of each row with the values of its donors, (R, n), in these columns."""
        rows = len(self.held_out)
        values, distinct = self._values(names)
        receivers = np.broadcast_to(np.arange(rows), donors.shape)
        changed = values[donors] != values[receivers]
        pairs = receivers[changed] * distinct + values[donors[changed]]
        found, first, place = np.unique(pairs, return_index=True, return_inverse=True)
        permuted = {name: np.tile(own, (len(donors), 1)) for name, own in losses.items()}
        if len(found):
            own = self.losses(found // distinct, donors[changed][first], names)
            for name, each in own.items():
                permuted[name][changed] = each[place]
        return permuted

    def losses(self, receivers: IntArray, donors: IntArray, names: tuple[str, ...]) -> dict[str, FloatArray]:
        """The losses, (m,), of sorted rows (m,) with the values of other rows (m,) in these columns."""
        found: dict[str, FloatArray] = {}
        for predictor, own in self.held_out.predictors:
            at = np.flatnonzero(np.isin(receivers, own))
            if not len(at):
                continue
            scores = predictor.feature_scores(self._batches(receivers[at], donors[at], names))
            targets = self.held_out.targets[receivers[at]]
            part = predictor.task.score(receivers[at], targets, scores, self.readout)
            for name, losses in part.row_losses().items():
                found.setdefault(name, np.empty(len(receivers)))[at] = losses
        return found

    def _batches(
        self, receivers: IntArray, donors: IntArray, names: tuple[str, ...]
    ) -> Iterator[list[FloatArray]]:
        indices = [self._indices(places, names) for places in self.places]
        for start in range(0, len(receivers), SCORING_BATCH):
            rows, others = (each[start : start + SCORING_BATCH] for each in (receivers, donors))
            batch = [features[rows] for features in self.held_out.features]
            for own, features, chosen in zip(batch, self.held_out.features, indices, strict=True):
                own[:, chosen] = features[others[:, None], chosen]
            yield batch

    def _values(self, names: tuple[str, ...]) -> tuple[IntArray, int]:
        """The number of each row's value in these columns, (n,), and how many there are."""
        rows = len(self.held_out)
        values = [
            np.ascontiguousarray(features[:, self._indices(places, names)]).view(np.uint8).reshape(rows, -1)
            for features, places in zip(self.held_out.features, self.places, strict=True)
        ]
        together = np.concatenate(values, axis=1)
        if not together.shape[1]:  # a column without a value in the training rows has no feature
            return np.zeros(rows, np.int64), 1
        keys = together.view(np.dtype((np.void, together.shape[1]))).reshape(rows)
        distinct, numbers = np.unique(keys, return_inverse=True)
        return numbers.astype(np.int64), len(distinct)

    @staticmethod
    def _indices(places: Mapping[str, IntArray], names: tuple[str, ...]) -> IntArray:
        return np.concatenate([np.empty(0, np.intp), *(places[name] for name in names)])


def _correlated(held_out: HeldOutFeatures, predictor: Predictor) -> dict[str, tuple[str, float]]:
    """The strong correlations between numeric columns; scaling does not change them."""
    numbers = {number.name: j for j, number in enumerate(predictor.preprocessor.numbers)}
    columns = {
        column: np.array([numbers[name] for name in names if name in numbers], np.intp)
        for column, names in held_out.columns.items()
    }
    return strong_correlations(held_out.features[0][:, : len(numbers)], columns)
