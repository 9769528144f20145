"""Regions around predictions that hold the truth as often as asked: intervals of numbers, sets of classes.

A model keeps how badly rows were predicted that were not trained on. See `metrics.conformal`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.conformal import NO_TAIL, GroupedTails, ScoreTail

TENTHS: Final = 10
LEAST_OF_TENTH: Final = 100
"""Rows for an interval of its own: with fewer, 95 % of them end at one of the two outermost errors."""
LEAST_OF_CLASS: Final = 50
"""Rows for a limit of its own: the limit of 95 % is then the third-largest score."""

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

    def intervals(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The lower and upper ends of estimates, (n,)."""
        part = tenth_of(estimates, self.edges)
        above, below = (limits[part] for limits in self.limits)
        low, high = estimates - below, estimates + above
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
    """Of numbers two: how far the target was above the estimate, and below; of classes one: 1 − p of the true
    class. The parts are tenths of the estimates, or classes."""
    edges: FloatArray
    """(9,) the estimates between the tenths; empty for classes."""
    least: float | None = None
    """See `RegionLimits`."""

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
        errors, edges = targets - estimates, np.quantile(estimates, np.arange(1, TENTHS) / TENTHS)
        tenths = tenth_of(estimates, edges)
        rows = np.bincount(tenths, minlength=TENTHS).min()
        enough = LEAST_OF_TENTH if rows >= LEAST_OF_TENTH else len(errors) + 1
        sides = (GroupedTails.of(scores, tenths, TENTHS, enough, groups) for scores in (errors, -errors))
        return cls(tuple(sides), edges, least)

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
        return round(1.0 - len(self.sides) * (1.0 - level), 9)  # 9 of 10 rows are enough for 0.9

    def level(self, coverage: float) -> float:
        """That of each side: half of the errors may be above a number's interval, and half below."""
        return 1.0 - (1.0 - coverage) / len(self.sides)

    def limits(self, coverage: float) -> RegionLimits:
        """The limits at a coverage of at most `highest_coverage`."""
        level = self.level(coverage)
        return RegionLimits(tuple(side.at(level) for side in self.sides), self.edges, self.least)

    def pooled(self, coverage: float) -> list[int]:
        """The parts that take the limits of all rows, because their own rows are too few for the coverage."""
        level = self.level(coverage)
        return sorted({part for side in self.sides for part in side.pooled(level)})

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
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], classes: int) -> Self:
        """The tails in these arrays of a model with so many classes, 0 for numbers.

        Raises KeyError or ValueError if they are damaged.
        """
        scores, masses, sizes, edges = (arrays[name] for name in ("scores", "masses", "sizes", "edges"))
        sides, parts = (1, classes) if classes else (2, TENTHS)
        if sizes.shape != (sides, 2 + parts) or sizes.dtype.kind != "i" or (sizes < 0).any():
            raise ValueError("its sizes are not those of tails")
        if not scores.shape == masses.shape == (sizes.sum(),) or np.isnan(scores).any():
            raise ValueError("its scores and masses do not fit their sizes")
        if edges.shape != (0 if classes else TENTHS - 1,) or not (np.diff(edges) >= 0).all():
            raise ValueError("its edges do not rise, or are not those of tenths")
        ends = np.cumsum(sizes.ravel())[:-1]
        pairs = zip(np.split(scores, ends), np.split(masses, ends), strict=True)
        tails = [_read_tail(*pair) for pair in pairs]
        of_sides = (tails[first : first + 2 + parts] for first in range(0, len(tails), 2 + parts))
        return cls(
            tuple(
                GroupedTails(of_all or NO_TAIL, shared or NO_TAIL, tuple(of_parts))
                for of_all, shared, *of_parts in of_sides
            ),
            edges,
        )


def _read_tail(scores: FloatArray, masses: FloatArray) -> ScoreTail | None:
    """None for one without scores."""
    if not len(scores):
        return None
    is_rising = (np.diff(scores) >= 0).all() and (np.diff(masses) > 0).all()
    if not is_rising or not 0 < masses[0] <= masses[-1] < 1:
        raise ValueError("its scores or masses do not rise, or masses are not between 0 and 1")
    return ScoreTail(scores, masses)


def tenth_of(estimates: FloatArray, edges: FloatArray) -> IntArray:
    """The tenth of each estimate, (n,), from 0."""
    return np.searchsorted(edges, estimates, side="right")
