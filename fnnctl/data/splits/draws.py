"""Draws: the rows outside the test part, divided anew into a training and a validation part.

They have the sizes, the strata and the groups of the split that they are drawn for. They depend only on its
seed, so all configurations are compared on the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.arrays import IntArray
from fnnctl.data.splits.parts import Rows, Split, hold_out
from fnnctl.seeds import Purpose, confirmation_seed, stream


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int

    @property
    def key(self) -> tuple[int, ...]:
        """What tells these rows from others of the same experiment: see `Rows`."""
        return (self.number,)

    def network_seed(self, seed: int) -> int:
        """The seed of a network that trains on these rows: see `Rows`."""
        return confirmation_seed(seed, self.number)


@dataclass(frozen=True, slots=True)
class Draw(_Numbered):
    """One draw. Its parts are computed on demand, so many draws take no more memory than one."""

    rows: IntArray
    """(n,) the sorted numbers of the rows outside the test part."""
    test: IntArray
    """The test part, which is the same in all draws and in the split."""
    validation: float
    """The share of `rows` that the validation part gets."""
    stratify: bool
    """Whether both parts keep the proportions of the strata."""
    seed: int

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The parts of N rows with these `strata` (N,) and `groups` (N,)."""
        held = hold_out(
            strata[self.rows],
            self.validation,
            stratify=self.stratify,
            rng=stream(self.seed, Purpose.CONFIRMATION, self.number),
            groups=None if groups is None else groups[self.rows],
        )
        return Split(self.rows[~held], self.rows[held], self.test)


@dataclass(frozen=True, slots=True)
class SameRows(_Numbered):
    """The rows of a split in the order of a column, which are the same in all draws; only the seeds differ.

    In other draws, training rows would be later than the validation rows.
    """

    parts: Split

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The split."""
        return self.parts


def draws(split: Split, count: int, *, stratify: bool, seed: int, in_order: bool = False) -> tuple[Rows, ...]:
    """`count` draws for a split with a training and a validation part; `in_order` if it is by a column."""
    if in_order:
        return tuple(SameRows(number, split) for number in range(count))
    rows = split.non_test
    share = split.validation.size / rows.size
    return tuple(Draw(number, rows, split.test, share, stratify, seed) for number in range(count))
