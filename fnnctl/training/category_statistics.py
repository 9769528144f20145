"""Statistics of the target per category: each network's own, from its own training rows.

The first layer reads how the target is distributed among the rows of a category, and how many these are. With
thousands of categories this takes one to a few inputs instead of thousands (Micci-Barreca, 2001). A row must
not see its own target: in training, its statistics are those of the rows outside of its fold. Rows that a
network is not trained on have the statistics of all its training rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import CategoryStatisticsShape, NetworkShape
from fnnctl.seeds import Purpose, stream
from fnnctl.training.joint_targets import column_slices, targets_of_rows
from fnnctl.training.members import Member, Start, weights_in_loss, with_equal_rows
from fnnctl.training.pool import Pool, gathered_features

FOLDS: Final = 5
"""A training row has the statistics of the rows outside of its fold; judgement."""
SMOOTHING: Final = 10.0
"""A category's mean is that of its rows and of so many with the mean of all rows; judgement."""
LEAST_SPREAD: Final = 1e-9
"""What differs less is constant, but for rounding errors: targets that are numbers have variance 1."""


class CategoryStatistics(NamedTuple):
    """The statistics of categories for one network."""

    of_codes: FloatArray
    """(codes of all columns, size): those of new rows, by their codes."""
    of_rows: FloatArray
    """(n, columns · size): those of the rows that the network is trained on."""

    def placed(self, places: IntArray, shape: CategoryStatisticsShape) -> CategoryStatistics:
        """These as the statistics in some places, (own size,), of a larger shape, whose other ones are 0."""
        if places.size == shape.size:
            return self
        rows, columns = len(self.of_rows), len(shape.codes)
        of_codes = np.zeros((len(self.of_codes), shape.size), self.of_codes.dtype)
        of_codes[:, places] = self.of_codes
        of_rows = np.zeros((rows, columns, shape.size), self.of_rows.dtype)
        of_rows[:, :, places] = self.of_rows.reshape(rows, columns, places.size)
        return CategoryStatistics(of_codes, of_rows.reshape(rows, shape.values))


def category_statistics(
    shape: NetworkShape, members: Sequence[Member], pool: Pool, dtype: np.dtype[np.floating]
) -> list[CategoryStatistics]:
    """The statistics for each member of a stack; empty if its networks have none."""
    if shape.stage is None or shape.stage.categories is None:
        return []
    categories, columns = shape.stage.categories, slice(shape.inputs - shape.stage.coded, shape.inputs)
    statistics: dict[int, CategoryStatistics] = {}
    for group in with_equal_rows(members):
        rows, weights = members[group[0]].train_rows, weights_in_loss(members[group[0]], pool.factors)
        codes = gathered_features(pool, rows, shape.inputs, columns, dtype, np.dtype(np.intp))
        starts = {k: start for k in group if (start := members[k].start) is not None}
        for k, start in starts.items():
            statistics[k] = _of_start(start, codes, ParameterLayout(shape))
        if len(starts) < len(group):
            own_target = members[group[0]].target
            targets = targets_of_rows(shape.output, pool, rows, own_target)
            places = np.arange(categories.size)
            if own_target is not None:  # the last statistic is that of the rows
                places = np.append(places[column_slices(shape.output)[own_target]], places[-1:])
            own = replace(categories, size=places.size)
            of_group = statistics_of(codes, targets, weights, own, dtype).placed(places, categories)
            statistics |= dict.fromkeys(group, of_group)
    return [statistics[k] for k in range(len(members))]


def _of_start(start: Start, codes: IntArray, layout: ParameterLayout) -> CategoryStatistics:
    """The statistics that a network has which is trained on; its rows have those of their categories."""
    stage, shape = layout.stage, layout.shape.stage
    if stage is None or stage.categories is None or shape is None or shape.categories is None:
        raise ValueError("the network has no statistics of categories")
    of_codes = stage.categories.view(start.statistics[None])[0]
    firsts = np.concatenate([[0], np.cumsum(shape.categories.codes)[:-1]])
    return CategoryStatistics(of_codes, of_codes[codes + firsts].reshape(len(codes), -1))


def statistics_of(
    codes: IntArray,
    targets: TargetArray,
    weights: FloatArray | None,
    shape: CategoryStatisticsShape,
    dtype: np.dtype[np.floating],
) -> CategoryStatistics:
    """The statistics of rows with these codes, (n, columns), and targets, (n,) or (n, columns of targets).

    They are those of `raw_statistics`. Each is scaled to mean 0 and variance 1 over these rows, unless it is
    constant. Only by these two numbers, and by the prior, does a row's own target reach its statistics. Those
    of codes are within the range of the rows': the one of unknown values, in no row, could be far outside.
    """
    of_codes, of_rows = [], np.empty((len(codes), shape.values), dtype)
    for j, (raw_codes, raw_rows) in enumerate(raw_statistics(codes, targets, weights, shape)):
        centre, spread = raw_rows.mean(axis=0), raw_rows.std(axis=0)
        spread[spread < LEAST_SPREAD] = 1.0
        of_rows[:, j * shape.size : (j + 1) * shape.size] = (raw_rows - centre) / spread
        clipped_codes = np.clip(raw_codes, raw_rows.min(axis=0), raw_rows.max(axis=0))
        of_codes.append((clipped_codes - centre) / spread)
    return CategoryStatistics(np.concatenate(of_codes).astype(dtype), of_rows)


def raw_statistics(
    codes: IntArray, targets: TargetArray, weights: FloatArray | None, shape: CategoryStatisticsShape
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """The statistics of each column's codes, (codes, size), and of the rows without their folds, (n, size).

    They are what `_Classes` or `_Numbers` tell of the target, and the logarithm of 1 + the rows of the
    category; without a fold, the rows are scaled up. Rows count by their weights, divided by their mean.
    """
    n = len(codes)
    weights = np.ones(n) if weights is None else weights / weights.mean()
    is_class = np.issubdtype(targets.dtype, np.integer)
    target = _Classes(targets, weights, shape.size - 1) if is_class else _Numbers(targets, weights)
    outcomes = (target.outcomes * weights[:, None]).T
    # one seed for all, so that networks with equal rows have equal statistics
    fold = stream(0, Purpose.CATEGORY_FOLDS).permutation(n) % FOLDS

    def statistics(rows: FloatArray, sums: FloatArray, share: float = 1.0) -> FloatArray:
        rows = rows[..., None]
        return np.concatenate([target.statistics(rows, sums), np.log1p(rows / share)], axis=-1)

    for column, count in zip(codes.T, shape.codes, strict=True):
        places = column * FOLDS + fold
        rows = np.bincount(places, weights, count * FOLDS).reshape(count, FOLDS)
        sums = np.stack([np.bincount(places, values, count * FOLDS) for values in outcomes], axis=-1)
        sums = sums.reshape(count, FOLDS, -1)
        all_rows, all_sums = rows.sum(axis=1, keepdims=True), sums.sum(axis=1, keepdims=True)
        rows_outside = np.maximum(all_rows - rows, 0.0)
        of_folds = statistics(rows_outside, all_sums - sums, share=1.0 - 1.0 / FOLDS)
        yield statistics(all_rows, all_sums)[:, 0], of_folds.reshape(count * FOLDS, -1)[places]


class _Numbers:
    """The means of columns of targets, less those of all rows, which `SMOOTHING` more rows have."""

    def __init__(self, targets: TargetArray, weights: FloatArray) -> None:
        numbers = targets.astype(np.float64).reshape(len(targets), -1)
        self.outcomes = numbers - np.average(numbers, axis=0, weights=weights)
        """(n, columns): what is summed per category."""

    def statistics(self, rows: FloatArray, sums: FloatArray) -> FloatArray:
        """(…, columns) from the rows (…, 1) of categories and the sums of their outcomes, (…, columns)."""
        return np.asarray(sums / (rows + SMOOTHING))


class _Classes:
    """The logarithm of the share of each class among the rows of a category, less that among all rows.

    The shares are those with `SMOOTHING` more rows that are divided as all rows are. Of two classes there is
    one statistic, the logarithm of the odds of the second one, less that of all rows.
    """

    def __init__(self, targets: TargetArray, weights: FloatArray, count: int) -> None:
        classes = np.arange(count) if count > 1 else np.array([1])
        self.outcomes = (targets[:, None] == classes).astype(np.float64)
        """(n, statistics): what is summed per category."""
        # one more row of each class, so that none is impossible
        self._shares = (weights @ self.outcomes + 1.0) / (weights.sum() + max(count, 2))

    def statistics(self, rows: FloatArray, sums: FloatArray) -> FloatArray:
        """(…, statistics) from the rows (…, 1) of categories and the sums of their outcomes."""
        shares = (np.maximum(sums, 0.0) + SMOOTHING * self._shares) / (rows + SMOOTHING)
        evidence = np.log(shares / self._shares)
        if len(self._shares) == 1:
            evidence -= np.log((1.0 - shares) / (1.0 - self._shares))
        return np.asarray(evidence)
