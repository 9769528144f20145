"""Regions around predictions that hold the truth as often as asked: intervals of numbers, sets of classes.

A model keeps how badly rows were predicted that were not trained on. See `metrics.conformal`. Intervals of
numbers reach from an estimate to both sides. With quantiles, they are those between two levels that are as
far from 0.5, adjusted at each end (conformalized quantile regression, Romano, Patterson and Candès, 2019,
theorem 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.conformal import NO_TAIL, GroupedTails, ScoreTail
from fnnctl.metrics.rows import Quantiles

TENTHS: Final = 10
LEAST_OF_TENTH: Final = 100
"""Rows for an interval of its own: with fewer, 95 % of them end at one of the two outermost errors."""
LEAST_OF_CLASS: Final = 50
"""Rows for a limit of its own: the limit of 95 % is then the third-largest score."""

DIGITS: Final = 9
"""Shares are compared after rounding: 0.95 − 0.05 is not 0.9 in its last bits."""
Pair: TypeAlias = tuple[int, int]
"""The indices of a lower and a higher quantile."""

SET_SEPARATOR: Final = "|"
"""Between the classes of a set, in a table."""


@dataclass(frozen=True, slots=True)
class RegionLimits:
    """How far regions reach at one coverage."""

    limits: tuple[FloatArray, ...]
    """Of each side, (parts,): above and below a number; the largest 1 − p of each class."""
    edges: FloatArray
    """(parts − 1,) between the parts of numbers; empty for classes."""
    least: float | None = None
    """The smallest number that there can be, 0 for counts and amounts; None if there is none."""
    pair: Pair | None = None
    """The quantiles that are adjusted; None for single estimates."""

    def intervals(
        self, estimates: FloatArray, quantiles: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """The lower and upper ends for estimates, (n,), and quantiles, (n, levels), if a pair is adjusted.

        An interval that the adjustment would turn around is its middle alone.
        """
        part = tenth_of(estimates, self.edges)
        above, below = (limits[part] for limits in self.limits)
        if self.pair is None or quantiles is None:
            low, high = estimates - below, estimates + above
        else:
            first, last = self.pair
            low, high = quantiles[:, first] - below, quantiles[:, last] + above
            middle = low + (high - low) / 2.0
            low, high = np.minimum(low, middle), np.maximum(high, middle)
        return low if self.least is None else np.maximum(low, self.least), high

    @property
    def names_of_tenths(self) -> list[str]:
        """`below 12.5`, `12.5 to 30`, …, `30 and above`."""
        ends = [f"{edge:.6g}" for edge in self.edges.tolist()]
        between = [f"{low} to {high}" for low, high in pairwise(ends)]
        return [f"below {ends[0]}", *between, f"{ends[-1]} and above"] if ends else []

    def sets(self, probabilities: FloatArray) -> BoolArray:
        """Whether each class is in the set of each row, (n, classes): at least the most probable one is."""
        (limits,) = self.limits
        inside: BoolArray = 1.0 - probabilities <= limits
        inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
        return inside


@dataclass(frozen=True, slots=True)
class MeasuredRegions:
    """The regions of n rows at one coverage."""

    holds: BoolArray
    """(n,) whether the region holds the truth."""
    sizes: FloatArray
    """(n,) the width of an interval, or the number of classes in a set."""
    parts: IntArray
    """(n,) the part of each row: the tenth of its prediction, or its class."""
    names: Sequence[str]
    """Of the parts."""


@dataclass(frozen=True, slots=True)
class ErrorTails:
    """The errors of rows that were not trained on, from which regions of any coverage follow."""

    sides: tuple[GroupedTails, ...]
    """Of numbers two: how far the target was above the estimate, and below; of quantiles so many of each
    pair; of classes one: 1 − p of the true class. The parts are tenths of the estimates, or classes."""
    edges: FloatArray
    """(9,) the estimates between the tenths; empty for classes."""
    least: float | None = None
    """See `RegionLimits`."""
    pairs: Mapping[float, Pair] | None = None
    """Of quantiles, by coverage, in the order of the sides: see `symmetric_pairs`."""

    @classmethod
    def of_numbers(
        cls,
        targets: FloatArray,
        estimates: FloatArray,
        groups: IntArray | None = None,
        *,
        least: float | None = None,
    ) -> Self:
        """Those of n numbers, (n,); rows with the same number in `groups`, (n,), weigh as one row.

        The tenths have tails of their own if each of them has enough rows.
        """
        errors = targets - estimates
        return cls(*_tails_of_tenths((errors, -errors), estimates, groups), least)

    @classmethod
    def of_quantiles(
        cls, targets: FloatArray, estimates: FloatArray, quantiles: Quantiles, groups: IntArray | None = None
    ) -> Self | None:
        """Those of the pairs of quantiles of n numbers, as in `of_numbers`; None if there is no pair."""
        pairs = symmetric_pairs(quantiles.levels)
        if not pairs:
            return None
        scores = [
            error
            for low, high in pairs.values()
            for error in (targets - quantiles.values[:, high], quantiles.values[:, low] - targets)
        ]
        return cls(*_tails_of_tenths(scores, estimates, groups), pairs=pairs)

    @classmethod
    def of_classes(cls, labels: IntArray, probabilities: FloatArray, groups: IntArray | None = None) -> Self:
        """Those of n labels, (n,), and probabilities, (n, classes)."""
        scores = 1.0 - probabilities[np.arange(len(labels)), labels]
        classes = probabilities.shape[1]
        return cls((GroupedTails.of(scores, labels, classes, LEAST_OF_CLASS, groups),), np.empty(0))

    @property
    def highest_coverage(self) -> float:
        """The highest coverage that the rows are enough for."""
        level = min(side.highest_level for side in self.sides)
        return round(1.0 - self._ends * (1.0 - level), 9)  # 9 of 10 rows are enough for 0.9

    def possible(self, coverages: Iterable[float]) -> list[float]:
        """Those of some coverages, or of the pairs of quantiles, for which there are rows enough."""
        candidates = coverages if self.pairs is None else self.pairs
        return [coverage for coverage in candidates if coverage <= self.highest_coverage]

    @property
    def _ends(self) -> int:
        """The number of sides of a region."""
        return len(self.sides) if self.pairs is None else 2

    def _sides_at(self, coverage: float) -> tuple[tuple[GroupedTails, ...], Pair | None]:
        """The sides of the regions, and the quantiles that they adjust."""
        if self.pairs is None:
            return self.sides, None
        index = list(self.pairs).index(coverage)
        return self.sides[2 * index : 2 * index + 2], self.pairs[coverage]

    def level(self, coverage: float) -> float:
        """That of each side: half of the errors may be above a number's interval, and half below."""
        return 1.0 - (1.0 - coverage) / self._ends

    def limits(self, coverage: float) -> RegionLimits:
        """The limits at a coverage of at most `highest_coverage`; of quantiles, at one of the pairs."""
        level, (sides, pair) = self.level(coverage), self._sides_at(coverage)
        return RegionLimits(tuple(side.at(level) for side in sides), self.edges, self.least, pair)

    def pooled(self, coverage: float) -> list[int]:
        """The parts that take the limits of all rows, because their own rows are too few for the coverage."""
        level, (sides, _) = self.level(coverage), self._sides_at(coverage)
        return sorted({part for side in sides for part in side.pooled(level)})

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_arrays` makes equal tails."""
        tails = [tail for side in self.sides for tail in (side.all, side.shared, *side.parts)]
        own = [tail for tail in tails if tail is not None]
        sizes = np.array([0 if tail is None else len(tail.scores) for tail in tails], np.int64)
        return {
            "scores": np.concatenate([tail.scores for tail in own]),
            "masses": np.concatenate([tail.masses for tail in own]),
            "sizes": sizes.reshape(len(self.sides), -1),
            "edges": self.edges,
        }

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, npt.NDArray[Any]],
        classes: int,
        levels: Sequence[float] = (),
        least: float | None = None,
    ) -> Self:
        """The tails in these arrays of a model with so many classes, 0 for numbers, and levels of quantiles.

        Raises KeyError or ValueError if they are damaged.
        """
        scores, masses, sizes, edges = (arrays[name] for name in ("scores", "masses", "sizes", "edges"))
        pairs = symmetric_pairs(levels) if levels else None
        sides, parts = (1, classes) if classes else (2 if pairs is None else 2 * len(pairs), TENTHS)
        if sizes.shape != (sides, 2 + parts) or sizes.dtype.kind != "i" or (sizes < 0).any():
            raise ValueError("its sizes are not those of tails")
        if not scores.shape == masses.shape == (sizes.sum(),) or np.isnan(scores).any():
            raise ValueError("its scores and masses do not fit their sizes")
        if edges.shape != (0 if classes else TENTHS - 1,) or not (edges[1:] >= edges[:-1]).all():
            raise ValueError("its edges do not rise, or are not those of tenths")
        ends = np.cumsum(sizes.ravel())[:-1]
        of_tails = zip(np.split(scores, ends), np.split(masses, ends), strict=True)
        tails = [_read_tail(*arrays_of_tail) for arrays_of_tail in of_tails]
        of_sides = (tails[first : first + 2 + parts] for first in range(0, len(tails), 2 + parts))
        return cls(
            tuple(
                GroupedTails(of_all or NO_TAIL, shared or NO_TAIL, tuple(of_parts))
                for of_all, shared, *of_parts in of_sides
            ),
            edges,
            least,
            pairs,
        )


def symmetric_pairs(levels: Sequence[float]) -> dict[float, Pair]:
    """The pairs of levels that are as far from 0.5, by the share between them, which rises: their indices."""
    pairs = {
        round(high - low, DIGITS): (below, above)
        for below, low in enumerate(levels)
        for above, high in enumerate(levels)
        if low < high and round(low + high, DIGITS) == 1.0
    }
    return dict(sorted(pairs.items()))


def _tails_of_tenths(
    scores: Sequence[FloatArray], estimates: FloatArray, groups: IntArray | None
) -> tuple[tuple[GroupedTails, ...], FloatArray]:
    """The sides of n rows with these scores, (n,) each, by tenths of the estimates, and the tenths' edges."""
    edges = np.quantile(estimates, np.arange(1, TENTHS) / TENTHS)
    tenths = tenth_of(estimates, edges)
    rows = np.bincount(tenths, minlength=TENTHS).min()
    least = LEAST_OF_TENTH if rows >= LEAST_OF_TENTH else len(estimates) + 1
    return tuple(GroupedTails.of(side, tenths, TENTHS, least, groups) for side in scores), edges


def _read_tail(scores: FloatArray, masses: FloatArray) -> ScoreTail | None:
    """None for one without scores."""
    if not len(scores):
        return None
    # a difference of two infinite scores would be NaN
    is_rising = (scores[1:] >= scores[:-1]).all() and (masses[1:] > masses[:-1]).all()
    if not is_rising or not 0 < masses[0] <= masses[-1] < 1:
        raise ValueError("its scores or masses do not rise, or masses are not between 0 and 1")
    return ScoreTail(scores, masses)


def tenth_of(estimates: FloatArray, edges: FloatArray) -> IntArray:
    """The tenth of each estimate, (n,), from 0."""
    return np.searchsorted(edges, estimates, side="right")
