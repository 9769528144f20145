"""What a search may spend, and the brackets and rungs of HyperBand and successive halving that follow from
it.

Every number is exact. `floor(log(R) / log(eta))` can lose a bracket to rounding (R = 243, η = 3), so this
module compares powers instead; a decimal η such as 2.5 becomes an exact fraction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

BracketTable: TypeAlias = Literal["algorithm", "table"]
"""The number of trials in HyperBand's brackets: from the paper's Algorithm 1, or from its Table 1."""

Bound: TypeAlias = Literal["at most", "at least", "about"]
"""Whether a search trains at most or at least as many epochs as planned, if all trials stay finite; `about`
if the plan is an estimate, because its cost is limited."""

MIN_REDUCTION_FACTOR = 2
"""With smaller factors, the budgets of adjacent rungs could be rounded to the same epoch."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One budget level of a bracket."""

    trials: int
    """The most trials that are trained up to this rung."""
    epochs: int
    """The cumulative budget per trial."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """One successive-halving ladder: from rung to rung, budgets grow and the number of trials falls."""

    number: int
    """HyperBand's s; 0 if there is only one bracket."""
    rungs: tuple[Rung, ...]
    eta: Fraction = Fraction(1)
    """The reduction factor; unread if there is only one rung."""

    @property
    def trials(self) -> int:
        """How many trials start in it."""
        return self.rungs[0].trials if self.rungs else 0

    @property
    def epochs_from_scratch(self) -> int:
        """Epochs if every rung trains its trials from scratch."""
        return sum(rung.trials * rung.epochs for rung in self.rungs)

    @property
    def epochs_with_reuse(self) -> int:
        """Epochs if every trial resumes from its last rung."""
        return sum(rung.trials * (rung.epochs - before) for rung, before in self.steps)

    @property
    def steps(self) -> list[tuple[Rung, int]]:
        """Each rung with the budget of the one before."""
        return list(zip(self.rungs, (0, *(rung.epochs for rung in self.rungs)), strict=False))

    def shrunk(self, available: int) -> Bracket:
        """The bracket with this many trials, if it has more."""
        if available == 0:
            return replace(self, rungs=())
        rungs = (Rung(self.trials_at(i, available), rung.epochs) for i, rung in enumerate(self.rungs))
        return replace(self, rungs=tuple(rungs))

    def trials_at(self, rung: int, begun: int) -> int:
        """How many of the trials that have begun reach the rung: ⌊n·η^−i⌋, but at least one."""
        return min(self.rungs[rung].trials, max(1, math.floor(begun / self.eta**rung)))


def halving_bracket(*, trials: int, min_epochs: int, max_epochs: int, reduction_factor: float = 2) -> Bracket:
    """Successive halving with its rungs counted down from the largest budget, as many as both bounds allow.

    Rung i of s + 1 has ⌊N·η^−i⌋ trials at ⌊R·η^(i−s)⌋ epochs, with the largest s for which the first rung
    has at least `min_epochs` and the last at least one trial.
    """
    eta = exact(reduction_factor)
    s = min(_whole_log(Fraction(max_epochs, min_epochs), eta), _whole_log(Fraction(trials), eta))
    return _ladder(0, s, trials, max_epochs, eta)


def halving_bracket_of_total(*, trials: int, total_epochs: int, reduction_factor: float = 2) -> Bracket:
    """Successive halving of N trials that spends at most B epochs in all (Jamieson & Talwalkar, 2016).

    Each of the ⌈log_η N⌉ rounds adds ⌊B / (|S_k|·⌈log_η N⌉)⌋ epochs to each trial of S_k; the next round has
    ⌊|S_k| / η⌋ of them, and never fewer than one. Raises ValueError if a round would add nothing: see
    `least_total_epochs`.
    """
    eta = exact(reduction_factor)
    if total_epochs < (least := least_total_epochs(trials=trials, reduction_factor=reduction_factor)):
        raise ValueError(f"{trials} trials need at least {least} epochs in all, not {total_epochs}")
    rounds = _rounds(trials, eta)
    rungs, epochs = [], 0
    for k in range(rounds):
        survivors = max(1, math.floor(trials / eta**k))
        epochs += total_epochs // (survivors * rounds)
        rungs.append(Rung(survivors, epochs))
    return Bracket(0, tuple(rungs), eta)


def least_total_epochs(*, trials: int, reduction_factor: float = 2) -> int:
    """The smallest B with which each of the N trials gets one epoch in the first round."""
    return trials * _rounds(trials, exact(reduction_factor))


def hyperband_brackets(
    *, min_epochs: int, max_epochs: int, reduction_factor: float, table: BracketTable = "algorithm"
) -> tuple[Bracket, ...]:
    """HyperBand's brackets, s from s_max to 0 (Li et al., JMLR 18, 2018, Algorithm 1).

    Rung i of bracket s has ⌊n·η^−i⌋ trials at ⌊R·η^(i−s)⌋ epochs. By Algorithm 1, n is
    ⌈(s_max + 1)·η^s / (s + 1)⌉; the paper's own Table 1 has ⌊(s_max + 1) / (s + 1)⌋·η^s. s_max is the largest
    s for which R·η^−s is at least `min_epochs`.
    """
    eta = exact(reduction_factor)
    largest = _whole_log(Fraction(max_epochs, min_epochs), eta)
    brackets = []
    for s in range(largest, -1, -1):
        share = Fraction(largest + 1, s + 1) if table == "algorithm" else (largest + 1) // (s + 1)
        brackets.append(_ladder(s, s, math.ceil(share * eta**s), max_epochs, eta))
    return tuple(brackets)


def _ladder(number: int, s: int, trials: int, max_epochs: int, eta: Fraction) -> Bracket:
    """s + 1 rungs, the last at `max_epochs`; with η ≥ 2 no two budgets are rounded to the same epoch."""
    rungs = (Rung(math.floor(trials / eta**i), math.floor(max_epochs / eta ** (s - i))) for i in range(s + 1))
    return Bracket(number, tuple(rungs), eta)


def exact(reduction_factor: float) -> Fraction:
    """The exact decimal value: 2.7 is 27/10, not the nearest binary fraction."""
    if not MIN_REDUCTION_FACTOR <= reduction_factor < math.inf:
        raise ValueError(f"a reduction factor is at least {MIN_REDUCTION_FACTOR}, not {reduction_factor}")
    return Fraction(str(reduction_factor))


def _whole_log(value: Fraction, base: Fraction) -> int:
    """The largest k with base^k ≤ value, for a value of 1 or more."""
    k, power = 0, base
    while power <= value:
        k, power = k + 1, power * base
    return k


def _rounds(trials: int, eta: Fraction) -> int:
    """⌈log_η N⌉, but 1 for a single trial."""
    below = _whole_log(Fraction(trials), eta)
    return max(1, below + (eta**below < trials))


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """What a scheduler may spend; each scheduler reads the fields that it needs."""

    max_epochs: int
    """The largest budget of a trial."""
    min_epochs: int = 1
    """The smallest budget that a first rung may have."""
    reduction_factor: float = 3
    trials: int | None = None
    """The number of trials of the full budget (None: the whole space) and of successive halving."""
    max_trials: int | None = None
    """At most this many trials start; brackets shrink accordingly."""
    total_epochs: int | None = None
    """The total budget of successive halving; it replaces both bounds."""
    brackets: BracketTable = "algorithm"
    """How many trials HyperBand's brackets have."""
    cost: int | None = None
    """No job begins once those before it cost as much."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_epochs <= self.max_epochs:
            raise ValueError(
                f"budgets from {self.min_epochs} to {self.max_epochs} epochs do not form a ladder"
            )


def least(*bounds: int | None) -> int | None:
    """The smallest of the bounds that are not None, or None."""
    return min((bound for bound in bounds if bound is not None), default=None)
