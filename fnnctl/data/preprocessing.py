"""Turns columns into features: impute, scale, one-hot. Fitted on the training rows alone.

The features stand in this order: the numbers, an indicator for each number that has missing values in
the training rows, then for each categorical column its categories and, where it has missing values
there, an indicator of its own. Indicators and categories are 0 or 1 and are not scaled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.data import DataConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.scaling import centre_and_spread, imputed_value

BLOCK_VALUES = 2**17


@dataclass(frozen=True, slots=True)
class NumberFeature:
    """A numeric column: (x − centre) / spread, with `fill` for x where it is missing."""

    name: str
    fill: float
    centre: float
    spread: float
    indicator: bool
    """Whether a second feature says that the value was missing."""


@dataclass(frozen=True, slots=True)
class CategoryFeatures:
    """A categorical column: a feature for each category of the training rows."""

    name: str
    categories: tuple[str, ...]
    indicator: bool
    """Whether a last feature says that the value was missing."""


@dataclass(frozen=True)
class Preprocessor:
    """What was fitted; it finds its columns in a data set by their names."""

    numbers: tuple[NumberFeature, ...]
    categories: tuple[CategoryFeatures, ...]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the transformed matrix's columns, in order."""
        names = [number.name for number in self.numbers]
        names += [f"{number.name} missing" for number in self.numbers if number.indicator]
        for column in self.categories:
            names += [f"{column.name}={category}" for category in column.categories]
            names += [f"{column.name} missing"] if column.indicator else []
        return tuple(names)

    def transform(self, dataset: Dataset, rows: IntArray, out: FloatArray) -> None:
        """Write the features of `rows` (n,) into `out` (n, len(features)), float32 or float64.

        Computed in float64, a block of rows at a time. A category that was not among the training rows
        is 0 in every feature of its column. A number too large for `out` becomes the largest finite one
        of its sign: an infinity would turn every weight it meets into NaN.
        """
        step = max(1, BLOCK_VALUES // len(self.features))
        for start in range(0, len(rows), step):
            block = slice(start, start + step)
            self._write_numbers(dataset, rows[block], out[block])
            self._write_categories(dataset, rows[block], out[block])

    def _write_numbers(self, dataset: Dataset, rows: IntArray, out: FloatArray) -> None:
        position = {name: j for j, name in enumerate(dataset.numeric_names)}
        columns = [position[number.name] for number in self.numbers]
        values = dataset.numeric[rows[:, None], columns].astype(np.float64, copy=False)
        missing = np.isnan(values)
        indicators = missing[:, [number.indicator for number in self.numbers]]
        out[:, len(columns) : len(columns) + indicators.shape[1]] = indicators
        np.copyto(values, [number.fill for number in self.numbers], where=missing)
        with np.errstate(over="ignore"):
            values -= [number.centre for number in self.numbers]
            values /= [number.spread for number in self.numbers]
        largest = np.finfo(out.dtype).max
        out[:, : len(columns)] = np.clip(values, -largest, largest, out=values)

    def _write_categories(self, dataset: Dataset, rows: IntArray, out: FloatArray) -> None:
        first = len(self.numbers) + sum(number.indicator for number in self.numbers)
        out[:, first:] = 0
        for column in self.categories:
            j = dataset.categorical_names.index(column.name)
            position = {category: first + k for k, category in enumerate(column.categories)}
            first += len(column.categories) + column.indicator
            missing = first - 1 if column.indicator else -1
            # the code of a missing value, -1, picks the last entry
            feature = np.array([*(position.get(text, -1) for text in dataset.categories[j]), missing])
            hot = feature[dataset.categorical[rows, j]]
            seen = np.flatnonzero(hot >= 0)
            out[seen, hot[seen]] = 1

    def to_dict(self) -> dict[str, Any]:
        """Describe it in values that JSON holds exactly."""
        return {
            "numeric": [asdict(number) for number in self.numbers],
            "categorical": [asdict(column) for column in self.categories],
        }

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> Preprocessor:
        """Build it again from what `to_dict` returned, also after a way through JSON text."""
        return cls(
            tuple(NumberFeature(**number) for number in description["numeric"]),
            tuple(
                CategoryFeatures(**{**column, "categories": tuple(column["categories"])})
                for column in description["categorical"]
            ),
        )


def fit_preprocessor(dataset: Dataset, rows: IntArray, config: DataConfig) -> Preprocessor:
    """Fit imputation, scaling and categories to the training `rows` (n,) alone, n >= 1.

    Statistics are those of the values present. A column without any there is filled with 0 and left
    unscaled; its indicator says the rest.
    """
    return Preprocessor(
        tuple(
            _fit_number(name, dataset.numeric[rows, j], config)
            for j, name in enumerate(dataset.numeric_names)
        ),
        tuple(
            _fit_categories(name, dataset.categorical[rows, j], dataset.categories[j])
            for j, name in enumerate(dataset.categorical_names)
        ),
    )


def _fit_number(name: str, column: FloatArray, config: DataConfig) -> NumberFeature:
    values = column[~np.isnan(column)].astype(np.float64, copy=False)
    indicator = len(values) < len(column)
    if len(values) == 0:
        return NumberFeature(name, 0.0, 0.0, 1.0, indicator)
    centre, spread = centre_and_spread(values, config.scaling)
    return NumberFeature(name, imputed_value(values, config.imputation), centre, spread, indicator)


def _fit_categories(name: str, codes: IntArray, categories: tuple[str, ...]) -> CategoryFeatures:
    seen = np.unique(codes)
    return CategoryFeatures(name, tuple(categories[code] for code in seen if code >= 0), bool(seen[0] < 0))
