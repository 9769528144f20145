"""Conformal prediction: how far a prediction must reach to hold the truth as often as asked.

Split conformal prediction (Papadopoulos et al., 2002; Vovk et al., 2005): rows that were not trained on get
a score, which is larger the worse they are predicted. If a new row is exchangeable with n of them, its score
is at most the ⌈(n + 1)·c⌉-th smallest one with a probability of at least c. Rows may have masses: with groups
of rows that stay together each group weighs the same (hierarchical conformal prediction: Lee, Barber and
Willett, 2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

LEAST_LEVEL: Final = 0.5
"""Lower levels are not asked for, so the scores below their median are not kept."""
MOST_SCORES: Final = 1000
"""Per tail, which has half of the rows. With more rows a level is exceeded by at most a 2000th of them."""
_TOLERANCE: Final = 1e-9
"""Of masses, which are sums of rounded shares."""


@dataclass(frozen=True, slots=True)
class ScoreTail:
    """The scores from the median on, and the share of rows that has at most such a score."""

    scores: FloatArray
    """(m,) rising."""
    masses: FloatArray
    """(m,) rising, below 1: the new row itself counts among the rows, with an infinite score."""

    @property
    def highest_level(self) -> float:
        """The highest level that the rows are enough for; 0 without rows."""
        return float(self.masses[-1]) if len(self.masses) else 0.0

    def at(self, level: float) -> float:
        """The score that a new row exceeds with a probability of at most 1 − level; infinite if the rows are
        too few.
        """
        position = int(np.searchsorted(self.masses, level - _TOLERANCE))
        return float(self.scores[position]) if position < len(self.scores) else math.inf


NO_TAIL: Final = ScoreTail(np.empty(0), np.empty(0))


def score_tail(scores: FloatArray, groups: IntArray | None = None) -> ScoreTail:
    """The tail of n ≥ 0 scores, (n,); rows with the same number in `groups`, (n,), weigh as one row.

    At most MOST_SCORES are kept: of those between two kept ones the next larger one counts.
    """
    order = np.argsort(scores, kind="stable")
    masses = np.cumsum(_row_masses(len(scores), groups)[order])
    kept = np.flatnonzero(masses >= LEAST_LEVEL - _TOLERANCE)
    if len(kept) > MOST_SCORES:
        kept = kept[np.linspace(0, len(kept) - 1, MOST_SCORES).round().astype(np.intp)]
    return ScoreTail(scores[order][kept], masses[kept])


def _row_masses(rows: int, groups: IntArray | None) -> FloatArray:
    """(n,) the share of each row, if the new row, or its group, has one, too."""
    if groups is None:
        return np.full(rows, 1.0 / (rows + 1))
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    masses: FloatArray = 1.0 / (counts[inverse] * (len(counts) + 1.0))
    return masses


@dataclass(frozen=True, slots=True)
class GroupedTails:
    """Tails of all rows and of parts of them, such as one per class: a level holds within each part, too.

    Small parts share a tail of their rows alone. With the tail of all rows a level would not hold on the mean
    over all rows: the larger parts, whose limits are their own, would not make up for what these parts miss.
    """

    all: ScoreTail
    shared: ScoreTail
    """That of the parts without a tail of their own; empty if all parts have one, or none has."""
    parts: tuple[ScoreTail | None, ...]
    """None: the part shares a tail."""

    @classmethod
    def of(
        cls, scores: FloatArray, part_of_row: IntArray, parts: int, least: int, groups: IntArray | None = None
    ) -> GroupedTails:
        """The tails of n scores, (n,), whose rows are in these parts, (n,).

        Parts with fewer rows than `least` share a tail. If they have fewer together, larger ones join them,
        the smallest first.
        """

        def tail_of_rows(inside: IntArray) -> ScoreTail:
            return score_tail(scores[inside], None if groups is None else groups[inside])

        everything, rows = score_tail(scores, groups), np.bincount(part_of_row, minlength=parts)
        sharing = _sharing(rows, least)
        if len(sharing) == parts:
            return cls(everything, NO_TAIL, (None,) * parts)
        small = set(sharing.tolist())
        rows_of_parts = np.split(np.argsort(part_of_row, kind="stable"), np.cumsum(rows)[:-1])
        tails = (None if part in small else tail_of_rows(inside) for part, inside in enumerate(rows_of_parts))
        shared = tail_of_rows(np.flatnonzero(np.isin(part_of_row, sharing))) if small else NO_TAIL
        return cls(everything, shared, tuple(tails))

    @property
    def highest_level(self) -> float:
        """The highest level that the rows are enough for."""
        return self.all.highest_level

    def at(self, level: float) -> FloatArray:
        """The limit of each part's scores, (parts,)."""
        return np.array([tail.at(level) for tail in self.tails_at(level)])

    def tails_at(self, level: float) -> list[ScoreTail]:
        """The tail that counts for each part at this level: that of all rows for all parts if the rows of a
        tail are too few for it.
        """
        tails = [tail or self.shared for tail in self.parts]
        has_too_few = any(tail.highest_level < level - _TOLERANCE for tail in tails)
        return [self.all] * len(tails) if has_too_few else tails

    def pooled(self, level: float) -> list[int]:
        """The parts that have no tail of their own at this level."""
        return [part for part, tail in enumerate(self.tails_at(level)) if tail is not self.parts[part]]


def _sharing(rows: IntArray, least: int) -> IntArray:
    """The parts that share a tail, the smallest first, from the number of rows of each part, (parts,)."""
    rising = np.argsort(rows, kind="stable")
    few = int(np.count_nonzero(rows < least))
    if few:
        together = np.cumsum(rows[rising])
        few = max(few, int(np.searchsorted(together, least)) + 1)
    return rising[:few]
