"""Partial dependence: the mean prediction of some rows if a column has the same value in all of them.

It is a curve over the values of a column (Friedman, Annals of Statistics 29, 2001), or a surface over those
of two. An individual curve has the predictions of one row (Goldstein, Kapelner, Bleich & Pitkin, Journal of
Computational and Graphical Statistics 24, 2015). All values occur in the rows: a network is not asked about
half a room, and every kind of column has them. Numbers are spread evenly over the range from the 1st to the
99th percentile, because a few rows far outside would take up the axis. scikit-learn has the same number of
values, evenly spaced from the 5th to the 95th percentile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray

AxisKind = Literal["number", "date", "time", "category"]
"""What the axis of a column's values has; categories have no distances."""
CURVE_VALUES: Final = 100
"""The most values of a curve, apart from categories, as in scikit-learn."""
SURFACE_VALUES: Final = 20
"""The most values of each column of a surface."""
MAX_CATEGORIES: Final = 20
MAX_CLASSES: Final = 6
"""As many as there are colours for lines."""
RANGE: Final = (0.01, 0.99)
"""The quantiles between which the numbers of a curve are."""
FEW_VALUES: Final = 20
"""A column with so many different numbers, or fewer, has all of them in its curve."""


@dataclass(frozen=True, slots=True)
class GridRows:
    """The rows that a grid's g values come from, of n."""

    donors: IntArray
    """(g,) a row that has the value; in rising order of numbers or codes, a missing value last."""
    nearest: IntArray
    """(n,) the index of the value that is nearest to that of each row, -1 for a category without one."""
    distinct: int
    """How many different values the rows have, missing ones apart."""

    @classmethod
    def of_numbers(cls, numbers: FloatArray, most: int) -> Self:
        """At most so many of the numbers (n,); and a missing one (NaN), if there is any.

        If the numbers are few, all of them. Otherwise those within `RANGE`, if they are not too many, or
        those that are nearest to evenly spaced ones in it.
        """
        present = np.flatnonzero(~np.isnan(numbers))
        values, first = np.unique(numbers[present], return_index=True)
        chosen = np.arange(len(values))
        if len(values) > FEW_VALUES:
            low, high = np.quantile(numbers[present], RANGE, method="nearest")
            if low == high:
                low, high = values[0], values[-1]
            chosen = np.flatnonzero((values >= low) & (values <= high))
            if len(chosen) > most:
                points = 4.0 * np.linspace(low / 4.0, high / 4.0, most)  # a float may not hold the range
                chosen = np.unique(_nearest(values, points))
        nearest = np.full(len(numbers), -1)
        nearest[present] = _nearest(values[chosen], numbers[present])
        return cls(present[first[chosen]], nearest, len(values))._with_missing(np.isnan(numbers))

    @classmethod
    def of_codes(cls, codes: IntArray, most: int = MAX_CATEGORIES) -> Self:
        """At most so many of the categories with these codes (n,), the most frequent ones; and a missing one
        (-1), if there is any.
        """
        present = np.flatnonzero(codes >= 0)
        values, first, counts = np.unique(codes[present], return_index=True, return_counts=True)
        chosen = np.sort(np.argsort(-counts, kind="stable")[:most])
        index_of = np.full(int(codes.max(initial=-1)) + 2, -1)
        index_of[values[chosen]] = np.arange(len(chosen))
        return cls(present[first[chosen]], index_of[codes], len(values))._with_missing(codes < 0)

    def _with_missing(self, is_missing: BoolArray) -> Self:
        if not is_missing.any():
            return self
        nearest = np.where(is_missing, len(self.donors), self.nearest)
        return type(self)(np.append(self.donors, is_missing.argmax()), nearest, self.distinct)


def _nearest(values: FloatArray, numbers: FloatArray) -> IntArray:
    """The index of the nearest of some rising values, (m,), for each of the numbers (n,)."""
    return np.searchsorted(values[:-1] / 2.0 + values[1:] / 2.0, numbers)


@dataclass(frozen=True, slots=True)
class Grid:
    """The g values that a column gets in turn."""

    column: str
    axis: AxisKind
    texts: tuple[str, ...]
    """As the table's reader writes them; empty for a missing value, which is the last one."""
    positions: tuple[float, ...]
    """Where the values are on the axis: numbers, days since 1970, hours, or the numbers of categories from 0.
    NaN for a missing value."""
    distinct: int
    """How many different values the rows have."""

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def values(self) -> list[str | float | None]:
        """The values as JSON has them."""
        if self.axis == "number":
            return [None if text == "" else number for text, number in self._pairs]
        return [text or None for text in self.texts]

    @property
    def _pairs(self) -> list[tuple[str, float]]:
        return list(zip(self.texts, self.positions, strict=True))


@dataclass(frozen=True, slots=True)
class Curves:
    """The partial dependence on a column."""

    grid: Grid
    rows: IntArray
    """(g,) how many rows have a value that is nearest to each."""
    classes: tuple[str, ...]
    """The classes whose probabilities are predicted, c of them; empty if a number is, and then c is 1."""
    means: FloatArray
    """(c, g)"""
    individual: FloatArray
    """(c, g, r) the curves of r rows."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The partial dependence on two columns together."""

    grids: tuple[Grid, Grid]
    """With g and h values."""
    rows: IntArray
    """(g, h) how many rows have values that are nearest to each pair."""
    classes: tuple[str, ...]
    """As in `Curves`."""
    means: FloatArray
    """(c, g, h)"""


@dataclass(frozen=True, slots=True)
class PartialDependence:
    """The partial dependence of a network's predictions on some columns and pairs of columns."""

    part: Literal["train", "file"]
    """The rows: those that the network was trained on, or those of an evaluated file."""
    rows: int
    """How many of them were used."""
    individual: tuple[int, ...]
    """The numbers of the rows that have curves, as in predictions.csv."""
    columns: tuple[Curves, ...] = ()
    pairs: tuple[Surface, ...] = ()
    of_targets: Mapping[str, PartialDependence] = field(default_factory=dict)
    """That of each of several targets, by its name; there are no columns and pairs of all then."""

    @property
    def by_target(self) -> Mapping[str, PartialDependence]:
        """`of_targets`; itself, without a name, if there is only one."""
        return self.of_targets or {"": self}

    def of_columns(self, columns: Mapping[str, Sequence[str]]) -> PartialDependence:
        """That of these columns of each target, by its name, in this order; of one target all columns."""
        if not self.of_targets:
            return self
        of_targets = {}
        for target, of_target in self.of_targets.items():
            curves = {curves.grid.column: curves for curves in of_target.columns}
            of_targets[target] = replace(of_target, columns=tuple(curves[name] for name in columns[target]))
        return replace(self, of_targets=of_targets)


def most_moved(means: FloatArray) -> IntArray:
    """The sorted indices of at most `MAX_CLASSES` outputs, those whose means (c, …) differ most."""
    ranges = np.ptp(means.reshape(len(means), -1), axis=1)
    return np.sort(np.argsort(-ranges, kind="stable")[:MAX_CLASSES])
