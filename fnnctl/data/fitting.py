"""Fits the preprocessing to the training rows only: imputation, scaling, categories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.binning import bin_edges
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import UNSCALED, CategoryFeatures, Levels, NumberFeature, Preprocessor
from fnnctl.data.scaling import flag_statistics, smoothly_clipped, statistics


class Encoding(NamedTuple):
    """What the network expects of the features, apart from the settings of the data."""

    fewest: int | None = None
    """Categorical columns with at least so many values are coded; None if all are one-hot."""
    bins: int | None = None
    """The most bins of a numeric column; None if it has none."""


PLAIN = Encoding()


def fit_preprocessor(
    dataset: Columns, rows: IntArray, config: DataConfig, encoding: Encoding = PLAIN
) -> Preprocessor:
    """Fit imputation, scaling and categories to the training `rows` (n,) only, n >= 1.

    Statistics ignore missing values. A column without values in these rows is filled with 0 and not scaled;
    its indicator shows where values are missing.
    """
    names = iter(dataset.numeric_names)
    return Preprocessor(
        tuple(
            feature
            for columns in dataset.number_columns(rows)
            for feature in _fit_numbers(islice(names, len(columns)), columns, config, encoding.bins)
        ),
        tuple(
            _fit_categories(name, dataset.categorical[rows, j], dataset.categories[j], config, encoding)
            for j, name in enumerate(dataset.categorical_names)
        ),
        config.smooth_clip,
    )


def _fit_numbers(
    names: Iterable[str], columns: FloatArray, config: DataConfig, bins: int | None
) -> Iterator[NumberFeature]:
    """Fit columns (c, n), NaN if missing; those with equally many values are computed together."""
    count, n = columns.shape
    fill, centre, spread = np.zeros(count), np.zeros(count), np.ones(count)
    edges: list[tuple[float, ...] | None] = [None if bins is None else ()] * count
    present = ~np.isnan(columns)
    lengths = np.count_nonzero(present, axis=1)
    for length in np.unique(lengths[lengths > 0]).tolist():
        alike = lengths == length
        values = columns[present & alike[:, None]].reshape(-1, length)
        found = statistics(values, scaling=config.scaling, imputation=config.imputation)
        fill[alike], centre[alike], spread[alike] = found
        if bins is not None:
            for j, own in zip(np.flatnonzero(alike).tolist(), bin_edges(values, bins), strict=True):
                edges[j] = tuple(own.tolist())
    settings = (fill.tolist(), centre.tolist(), spread.tolist(), (lengths < n).tolist())
    levels = _levels(n - lengths, n, config) if config.scale_one_hot else [UNSCALED] * count
    return map(NumberFeature, names, *settings, levels, edges)


def _fit_categories(
    name: str, codes: IntArray, categories: tuple[str, ...], config: DataConfig, encoding: Encoding
) -> CategoryFeatures:
    counts = np.bincount(codes + 1, minlength=len(categories) + 1)
    seen, missing = np.flatnonzero(counts[1:]), bool(counts[0])
    features = CategoryFeatures(name, tuple(categories[code] for code in seen), missing)
    if encoding.fewest is not None and len(seen) >= encoding.fewest:
        return replace(features, indicator=False, coded=True)
    if not config.scale_one_hot:
        return features
    ones = [*counts[1:][seen].tolist(), *([int(counts[0])] if missing else [])]
    return replace(features, levels=tuple(_levels(np.array(ones, np.intp), len(codes), config)))


def _levels(ones: IntArray, count: int, config: DataConfig) -> list[Levels]:
    """The levels of features that are 1 in so many, (c,), of `count` rows."""
    centre, spread = flag_statistics(ones, count, scaling=config.scaling)
    levels: FloatArray = (np.array([[0.0], [1.0]]) - centre) / spread
    if config.smooth_clip is not None:
        levels = smoothly_clipped(levels, config.smooth_clip)
    return list(zip(*levels.tolist(), strict=True))
