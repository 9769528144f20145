"""Fits the preprocessing to the training rows only: imputation, scaling, categories.

Location and spread are computed in float64 after division by a power of two. That keeps sums and squares of
huge or tiny numbers (1e300, 1e-300) in range, and loses only digits below 1e-300 of the largest number.
Several columns are computed at once; the bits of one do not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import MANY_CATEGORIES, DataConfig
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import (
    CategoryFeatures,
    NumberFeature,
    Preprocessor,
    bin_edges,
    edges_around_values,
)


class NumberBins(NamedTuple):
    """How the bins of numbers are made."""

    most: int
    """The most bins of a column."""
    separates_values: bool = False
    """Whether bins lie around values: few values, and those of many rows, have a bin of their own each."""

    def edges(self, values: FloatArray) -> list[FloatArray]:
        """The edges of the bins of each of the columns (c, n), n >= 1."""
        if not self.separates_values:
            return bin_edges(values, self.most)
        return [edges_around_values(column, self.most) for column in values]


FINE_BINS: Final = NumberBins(255, separates_values=True)
"""The bins in which trees look for thresholds: as many as in LightGBM."""


REPEATED: Final = 2
"""A category in fewer training rows has no statistics of the target: a row's are those of other rows."""
FREQUENT: Final = 100
"""A category in fewer training rows has no feature of its own if it has statistics of the target.

With 75,000 flights of 3,700 aeroplanes, features for the 199 most frequent ones raised the log loss by 1.5 %.
With as many ratings of films by 670 users, features for users with 100 rows or more raised R² by 0.02.
"""


class Statistics(NamedTuple):
    """What c columns are imputed and scaled with, (c,) each."""

    fill: FloatArray
    """The median or mean, in the place of missing numbers."""
    centre: FloatArray
    """Subtracted from the numbers."""
    spread: FloatArray
    """Divides the differences; above 0."""


def _mean_and_deviation(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.mean(values, axis=1), np.std(values, axis=1)


def _median_and_quartile_range(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
    spread = high - low
    return middle, np.where(spread > 0.0, spread, 0.5 * np.max(values, axis=1) - 0.5 * np.min(values, axis=1))


def _minimum_and_range(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.min(values, axis=1), np.ptp(values, axis=1)


SCALINGS: dict[str, Callable[[FloatArray], tuple[FloatArray, FloatArray]]] = {
    "standardize": _mean_and_deviation,
    "robust": _median_and_quartile_range,
    "minmax": _minimum_and_range,
}


def statistics(values: FloatArray, *, scaling: str, imputation: str) -> Statistics:
    """The statistics of columns `values` (c, n), each contiguous and finite, n >= 1.

    Centre and spread are, for standardize: mean and population standard deviation; robust: median and
    interquartile range (linear interpolation), or half the range where that is 0; minmax: minimum and range,
    so that the values fill [0, 1]; none: 0 and 1. A spread of zero becomes 1; a constant column becomes
    exactly 0.
    """
    reduced, exponents = _reduced(values)
    fill = np.median(reduced, axis=1) if imputation == "median" else np.mean(reduced, axis=1)
    fill = _restored(fill, exponents)
    if scaling == "none":
        return Statistics(fill, np.zeros(len(values)), np.ones(len(values)))
    centre, spread = (_restored(values, exponents) for values in SCALINGS[scaling](reduced))
    constant = np.min(values, axis=1) == np.max(values, axis=1)
    centre[constant] = values[constant, 0]
    spread[constant | (spread == 0.0)] = 1.0
    return Statistics(fill, centre, spread)


def _reduced(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Divide each column by the power of two that scales its largest into [½, 1); return the exponents."""
    exponents = np.frexp(np.max(np.abs(values), axis=1))[1]
    return np.ldexp(values, -exponents[:, None]), exponents


def _restored(reduced: FloatArray, exponents: IntArray) -> FloatArray:
    """Undo `_reduced`; a range that float64 cannot hold becomes the largest number."""
    with np.errstate(over="ignore"):
        return np.minimum(np.ldexp(reduced, exponents), np.finfo(np.float64).max)


def fit_preprocessor(
    dataset: Columns, rows: IntArray, config: DataConfig, bins: NumberBins | None = None
) -> Preprocessor:
    """Fit imputation, scaling and categories to the training `rows` (n,) only, n >= 1.

    Statistics ignore missing values. A column without values in these rows is filled with 0 and not scaled;
    its indicator shows where values are missing. With `bins`, the coordinates of numbers among at most so
    many bins are features, too.
    """
    names = iter(dataset.numeric_names)
    return Preprocessor(
        tuple(
            feature
            for columns in dataset.number_columns(rows)
            for feature in _fit_numbers(islice(names, len(columns)), columns, config, bins)
        ),
        tuple(
            _fit_categories(name, dataset.categorical[rows, j], dataset.categories[j], config)
            for j, name in enumerate(dataset.categorical_names)
        ),
    )


def _fit_numbers(
    names: Iterable[str], columns: FloatArray, config: DataConfig, bins: NumberBins | None
) -> Iterator[NumberFeature]:
    """Fit columns (c, n), NaN if missing; those with equally many values are computed together."""
    count, n = columns.shape
    fill, centre, spread = np.zeros(count), np.zeros(count), np.ones(count)
    edges: list[tuple[float, ...] | None] = [None if bins is None else ()] * count
    ranges: list[tuple[float, float] | None] = [None] * count
    present = ~np.isnan(columns)
    lengths = np.count_nonzero(present, axis=1)
    for length in np.unique(lengths[lengths > 0]).tolist():
        alike = lengths == length
        values = columns[present & alike[:, None]].reshape(-1, length)
        estimates = statistics(values, scaling=config.scaling, imputation=config.imputation)
        fill[alike], centre[alike], spread[alike] = estimates
        indices = np.flatnonzero(alike).tolist()
        ends = zip(values.min(axis=1).tolist(), values.max(axis=1).tolist(), strict=True)
        for j, low_and_high in zip(indices, ends, strict=True):
            ranges[j] = low_and_high
        if bins is not None:
            for j, column_edges in zip(indices, bins.edges(values), strict=True):
                edges[j] = tuple(column_edges.tolist())
    settings = (fill.tolist(), centre.tolist(), spread.tolist(), (lengths < n).tolist())
    return map(NumberFeature, names, *settings, edges, ranges)


def _fit_categories(
    name: str, codes: IntArray, categories: tuple[str, ...], config: DataConfig
) -> CategoryFeatures:
    seen, counts = np.unique(codes, return_counts=True)
    indicator = bool(seen[0] < 0)
    seen, counts = seen[int(indicator) :], counts[int(indicator) :]
    coded, frequent = seen[:0], np.ones(len(seen), np.bool_)
    if config.category_encoding == "target" and len(seen) > MANY_CATEGORIES:
        coded, frequent = seen[counts >= REPEATED], counts >= FREQUENT
    most, count = config.max_categories, np.count_nonzero(frequent)
    if most is not None and count + (count < len(seen)) > most:  # all others are one of the `most` categories
        frequent = np.zeros(len(seen), np.bool_)
        frequent[np.argsort(-counts, kind="stable")[: most - 1]] = True
    has_others = bool(frequent.any()) and not frequent.all()
    texts, coded_texts = (tuple(categories[code] for code in some) for some in (seen[frequent], coded))
    return CategoryFeatures(name, texts, indicator, has_others, coded_texts)
