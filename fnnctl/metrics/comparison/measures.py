"""A metric as what it is computed from, row by row, so that its uncertainty follows from resampled rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.comparison.shares import unseen_rows
from fnnctl.metrics.confusion import ClassCounts
from fnnctl.metrics.metric import Metric, OfAreas, OfCounts, OfRanks, OfRows, OfSums
from fnnctl.metrics.ranking import add_influences, class_rankings, estimate_auc, mean_auc
from fnnctl.metrics.ranks import RankSums, rank_products
from fnnctl.metrics.rows import ClassRows, Combine, ErrorRows, LabelRows, of_sum


@dataclass(frozen=True, slots=True)
class Hits:
    """The share of rows that are predicted correctly."""

    hits: BoolArray
    """(n,)"""

    @property
    def value(self) -> float:
        """The share."""
        return float(np.mean(self.hits))


@dataclass(frozen=True, slots=True)
class RowSums:
    """A metric that follows from sums over the rows."""

    values: FloatArray | IntArray
    """(n, m) what is summed; counts are integers of one byte, as there may be very many."""
    combine: Combine

    @property
    def value(self) -> float:
        """The metric of all rows."""
        return float(self.combine(self.values.sum(axis=0, dtype=np.float64)))


@dataclass(frozen=True, slots=True)
class Influences:
    """A ROC AUC, or the mean of some, with each row's influence on it."""

    value: float
    influences: FloatArray
    """(n,) their squares add up to the variance."""
    interval: list[float] | None


Measure: TypeAlias = Hits | RowSums | Influences


def unseen_change(measure: RowSums) -> float:
    """How much rows that the sample lacks may change a metric of class counts; 0 for a metric of amounts.

    Of the rows of any class, `unseen_rows` become misses or hits, and each changes the metric as a single one
    does: a hit is taken for the rarest other class, or a miss no longer for the class with most false
    positives.
    """
    if not np.issubdtype(measure.values.dtype, np.integer):
        return 0.0
    sums = measure.values.sum(axis=0, dtype=np.float64)
    hits, support, predicted = sums.reshape(3, -1)
    rarity = np.where(support > 0, -support, -np.inf)
    largest = 0.0
    for of_rows, rank, sign in ((hits, rarity, -1), (support - hits, predicted - hits, 1)):
        (classes,) = np.nonzero(of_rows)
        if not len(classes):
            continue
        changed = np.tile(sums, (len(classes), 1)).reshape(len(classes), 3, -1)
        numbers = np.arange(len(classes))
        changed[numbers, 0, classes] += sign
        changed[numbers, 2, classes] += sign
        changed[numbers, 2, _first_other(rank, classes)] -= sign
        changes = np.abs(measure.combine(changed.reshape(len(classes), -1)) - measure.value)
        largest = float(np.nanmax(changes * unseen_rows(support[classes]), initial=largest))
    return largest


def _first_other(rank: FloatArray, classes: IntArray) -> IntArray:
    """For each of the classes, the other one with the highest rank, (C,)."""
    first, second = np.argsort(-rank, kind="stable")[:2]
    others: IntArray = np.where(classes == first, second, first)
    return others


def of_groups(measure: Measure, groups: IntArray) -> RowSums:
    """The measure of n rows as sums over their groups, (n,), so that whole groups are resampled.

    A row with a negative number, as of a test file, is a group of its own.
    """
    if isinstance(measure, Influences):
        raise TypeError("a ROC AUC does not follow from sums over groups")
    measure = _as_sums(measure)
    numbers = np.where(groups < 0, -1 - np.arange(len(groups)), groups)
    names, group = np.unique(numbers, return_inverse=True)
    sums = np.zeros((len(names), measure.values.shape[1]))
    np.add.at(sums, group, measure.values)
    return replace(measure, values=sums)


def mean_measure(measures: Sequence[Measure], positions: Sequence[IntArray], rows: int) -> Measure | None:
    """The mean of T ≥ 1 metrics of one kind, as that of several targets; None if it has no value.

    The metric k is measured on rows that are at `positions[k]` among all `rows`, so that a row is resampled
    with all that it is part of.
    """
    areas = [measure for measure in measures if isinstance(measure, Influences)]
    if areas:
        return _mean_area(areas, positions, rows)
    sums = [_as_sums(measure) for measure in measures if not isinstance(measure, Influences)]
    ends = np.cumsum([measure.values.shape[1] for measure in sums])
    values = np.zeros((rows, int(ends[-1])))
    for measure, places, columns in zip(sums, positions, np.split(values, ends[:-1], axis=1), strict=True):
        columns[places] = measure.values

    def combine(sums_of_rows: FloatArray) -> FloatArray:
        parts = np.split(sums_of_rows, ends[:-1], axis=-1)
        means: FloatArray = np.mean(
            [each.combine(part) for each, part in zip(sums, parts, strict=True)], axis=0
        )
        return means

    return _known(RowSums(values, combine))


def _mean_area(areas: Sequence[Influences], positions: Sequence[IntArray], rows: int) -> Influences:
    """The interval is normal or, where that is wider, as of independent areas: see `AucEstimate.interval`."""
    influences = np.zeros(rows)
    for area, places in zip(areas, positions, strict=True):
        influences[places] += area.influences / len(areas)
    value = math.fsum(area.value for area in areas) / len(areas)
    if any(area.interval is None for area in areas):
        return Influences(value, influences, None)
    half = NormalDist().inv_cdf(0.975) * float(np.sqrt(influences @ influences))
    sides = [
        math.hypot(*(area.value - area.interval[end] for area in areas if area.interval)) for end in (0, 1)
    ]
    below, above = (max(half, side / len(areas)) for side in sides)
    return Influences(value, influences, [max(0.0, value - below), min(1.0, value + above)])


def _as_sums(measure: Hits | RowSums) -> RowSums:
    if isinstance(measure, RowSums):
        return measure
    columns = np.stack([np.ones(len(measure.hits)), measure.hits], axis=1)
    return RowSums(columns, lambda sums: of_sum("mean", sums[..., 1], sums[..., 0]))


def class_measure(metric: Metric[ClassRows], rows: ClassRows, of_class: int | None = None) -> Measure | None:
    """A metric of all classes or, with `of_class`, of one; None if it has no value."""
    match metric.formula:
        case OfAreas():
            return _areas(rows, of_class)
        case OfRows(values, form):
            row_values = values(rows)
            if row_values.dtype == np.bool_:
                return Hits(row_values.astype(np.bool_))
            columns = np.stack([np.ones(len(row_values)), row_values], axis=1)
            return _known(RowSums(columns, lambda sums: of_sum(form, sums[..., 1], sums[..., 0])))
        case OfRanks(of_ranks):
            products = rank_products(rows.labels, rows.predictions)
            return _known(RowSums(products, lambda sums: of_ranks(RankSums(sums))))
        case OfCounts(value):
            return _known(RowSums(_counts(rows), _of_counts(value, of_class)))
    raise TypeError(f"{metric.name} does not follow from a value per row")


def error_measure(metric: Metric[ErrorRows], rows: ErrorRows) -> RowSums | None:
    """A metric of a regression; None if it has no value."""
    if not isinstance(metric.formula, OfRows):
        raise TypeError(f"{metric.name} does not follow from a value per row")
    columns, (combine,) = rows.summed([metric.formula.terms(rows)])
    return _known(RowSums(columns, combine))


def label_measure(metric: Metric[LabelRows], rows: LabelRows) -> RowSums | None:
    """A metric of labels; None if it has no value."""
    if not isinstance(metric.formula, OfSums):
        raise TypeError(f"{metric.name} does not follow from sums over rows")
    columns = np.stack(metric.formula.terms(rows), axis=1).astype(np.float64)
    return _known(RowSums(columns, _ratio))


def _ratio(sums: FloatArray) -> FloatArray:
    """(…) from two sums (…, 2); NaN if the second one is 0."""
    part, whole = sums[..., 0], sums[..., 1]
    ratio: FloatArray = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return ratio


def _known(measure: RowSums) -> RowSums | None:
    return measure if math.isfinite(measure.value) else None


def _areas(rows: ClassRows, of_class: int | None) -> Influences | None:
    influences, estimates = np.zeros(len(rows.labels)), []
    for index, (ranking, reached) in enumerate(class_rankings(rows.labels, rows.probabilities)):
        if of_class in (None, index) and (estimate := estimate_auc(ranking)) is not None:
            estimates.append(estimate)
            if estimate.variance is not None:
                add_influences(influences, ranking, reached, rows.labels == index)
    mean = mean_auc(estimates, influences)
    if mean is None:
        return None
    return Influences(mean.area, influences / len(estimates), mean.interval())


def _counts(rows: ClassRows) -> IntArray:
    """(n, 3C): whether the row is a hit, has the label, and has the prediction, for each class."""
    numbers, labels, predictions = np.arange(len(rows.labels)), rows.labels, rows.predictions
    counts = np.zeros((len(labels), 3, rows.classes), np.int8)
    counts[numbers, 0, labels] = labels == predictions
    counts[numbers, 1, labels] = 1
    counts[numbers, 2, predictions] = 1
    return counts.reshape(len(labels), 3 * rows.classes)


def _of_counts(value: Callable[[ClassCounts], FloatArray], of_class: int | None) -> Combine:
    def combine(sums: FloatArray) -> FloatArray:
        table = np.rint(sums).astype(np.int64).reshape(*sums.shape[:-1], 3, -1)
        counts = ClassCounts(*(table[..., kind, :] for kind in range(3)))
        values = value(counts)
        if of_class is None:
            return values
        return np.where(counts.occurs[..., of_class], values[..., of_class], np.nan)

    return combine
