"""Fits the preprocessing to the training rows only: imputation, scaling, categories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.binning import bin_edges
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.data.scaling import statistics


def fit_preprocessor(
    dataset: Columns, rows: IntArray, config: DataConfig, bins: int | None = None
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
            _fit_categories(name, dataset.categorical[rows, j], dataset.categories[j], config.max_categories)
            for j, name in enumerate(dataset.categorical_names)
        ),
    )


def _fit_numbers(
    names: Iterable[str], columns: FloatArray, config: DataConfig, bins: int | None
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
        found = statistics(values, scaling=config.scaling, imputation=config.imputation)
        fill[alike], centre[alike], spread[alike] = found
        places = np.flatnonzero(alike).tolist()
        ends = zip(values.min(axis=1).tolist(), values.max(axis=1).tolist(), strict=True)
        for j, low_and_high in zip(places, ends, strict=True):
            ranges[j] = low_and_high
        if bins is not None:
            for j, own in zip(places, bin_edges(values, bins), strict=True):
                edges[j] = tuple(own.tolist())
    settings = (fill.tolist(), centre.tolist(), spread.tolist(), (lengths < n).tolist())
    return map(NumberFeature, names, *settings, edges, ranges)


def _fit_categories(
    name: str, codes: IntArray, categories: tuple[str, ...], most: int | None
) -> CategoryFeatures:
    seen, counts = np.unique(codes, return_counts=True)
    indicator = bool(seen[0] < 0)
    seen, counts = seen[int(indicator) :], counts[int(indicator) :]
    kept, others = seen, False
    if most is not None and len(seen) > most:  # all others are one of the `most` categories
        kept, others = np.sort(seen[np.argsort(-counts, kind="stable")[: most - 1]]), True
    return CategoryFeatures(name, tuple(categories[code] for code in kept), indicator, others)
