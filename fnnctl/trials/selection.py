"""Selects an ensemble of trained candidates, and says what it is worth on rows that did not select it.

Greedy selection with replacement (Caruana et al., ICML 2004): each round adds the candidate with which the
mean of all predictions is best on rows that no candidate was trained on. A candidate may be added again,
which gives it more weight. Adding goes on when ensembles get worse, and the rounds up to the best one are the
ensemble.

Out of bag the loss says what is best, whatever the metric of a search is. On 51 tables, ensembles that were
selected by their accuracy out of bag were no more accurate on other rows, and had a log loss that was 0.004
higher. Single networks that are selected on a validation part, which has fewer rows, are another matter:
there the metric selects, and on 14 tables the loss was not better. Such a metric has few values on few rows,
so that many networks score the same: then the loss decides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.tasks.mixture import Mixture

MAX_SELECTING: Final = 50_000
"""The number of evenly spaced rows that select if there are more.

The standard error of a mean loss is then 1 % of that of a single row or less, and time and memory grow with
the rows.
"""

ROUNDING: Final = 1e-12
"""Losses are equal if they differ by less than this share."""

Rank: TypeAlias = tuple[float, ...]
"""The place of an ensemble among others, the least first. The last number is its loss."""
Score: TypeAlias = tuple[float | None, float]
"""A metric of an ensemble, None if it is undefined, and its loss, which decides between equal values."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an ensemble may become."""

    rounds: int
    costs: Sequence[float] | None = None
    """(K,) what a prediction by each candidate costs; None if all cost nothing."""
    max_cost: float = math.inf
    """The upper limit of what a prediction by the ensemble costs, unless each candidate alone is above it."""
    max_standard_errors: float = math.inf
    """A candidate is left out if its loss alone is above that of the best one by more than this multiple of
    the standard error of their difference."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rounds of a selection."""

    additions: tuple[int, ...]
    """The candidate that each round adds."""
    ranks: tuple[Rank, ...]
    """Of the ensemble after each round."""
    size: int
    """The number of rounds that the ensemble consists of."""

    @property
    def counts(self) -> dict[int, int]:
        """How often each candidate is in the ensemble, by index; those that are not are left out."""
        return dict(sorted(Counter(self.additions[: self.size]).items()))

    @property
    def weights(self) -> dict[int, int]:
        """`counts` without their greatest common divisor."""
        return _reduced(self.counts)

    @property
    def loss(self) -> float:
        """The loss of the ensemble on the rows that selected it."""
        return self.ranks[self.size - 1][-1]


def select_greedily(ranks_with: Callable[[Sequence[int]], Sequence[Rank]], rounds: int) -> Selection:
    """Select from candidates in this number of `rounds`. Of equal ranks, the earlier candidate and round win.

    `ranks_with` takes the additions so far, and ranks the ensembles that another candidate would make of
    them, one per candidate.
    """
    additions: list[int] = []
    ranks: list[Rank] = []
    for _ in range(rounds):
        of_candidates = ranks_with(additions)
        best = min(range(len(of_candidates)), key=of_candidates.__getitem__)
        additions.append(best)
        ranks.append(of_candidates[best])
    *first, loss = min(ranks)
    # Rounding makes the mean of equal predictions another number: a loss is not less because of it.
    is_best = [rank[:-1] == tuple(first) and rank[-1] <= loss * (1 + ROUNDING) for rank in ranks]
    return Selection(tuple(additions), tuple(ranks), is_best.index(True) + 1)


def select_by_loss(mixture: Mixture, limits: Limits) -> Selection:
    """Select from K ≥ 1 candidates by the loss of their mean."""
    rows = mixture.values.shape[1]
    if rows > MAX_SELECTING:
        mixture = mixture.of_rows(_evenly_spaced(np.arange(rows)))
    total = np.zeros(mixture.values.shape[1:])
    rivals = _rivals(mixture, limits)

    def ranks_with(additions: Sequence[int]) -> list[Rank]:
        if additions:  # one more than in the round before
            np.add(total, mixture.values[additions[-1]], out=total)
        losses = mixture.losses(total + mixture.values, len(additions) + 1)
        may_join = rivals & _affordable(limits, additions, len(losses))
        return [(loss,) for loss in np.where(may_join, losses, np.inf).tolist()]

    return select_greedily(ranks_with, limits.rounds)


def select_by_metric(
    candidates: int, score: Callable[[Mapping[int, int]], Score], *, rounds: int, minimized: bool
) -> Selection:
    """Select from candidates, the best first, by a metric of their ensembles.

    The first round takes the first candidate.

    `score` takes how often each candidate is in an ensemble. Ensembles of equal weights are scored once,
    because rounding could make two scores of one.
    """
    ranks: dict[tuple[tuple[int, int], ...], Rank] = {}

    def rank(additions: Sequence[int]) -> Rank:
        weights = _reduced(dict(sorted(Counter(additions).items())))
        key = tuple(weights.items())
        if key not in ranks:
            value, loss = score(weights)
            if value is None or math.isnan(value):
                ranks[key] = math.inf, loss
            else:
                ranks[key] = (value if minimized else -value), loss
        return ranks[key]

    def ranks_with(additions: Sequence[int]) -> list[Rank]:
        return [rank([*additions, k]) for k in range(candidates if additions else 1)]

    return select_greedily(ranks_with, rounds)


def nested_selections(
    mixture: Mixture, folds: Sequence[IntArray], limits: Limits
) -> Iterator[tuple[IntArray, Selection]]:
    """For each fold, its rows and what the other rows select.

    The folds are indices of the mixture's rows. On its fold each selection is measured by rows that had no
    part in it, so that all folds together say what a selection from these candidates is worth.
    """
    rows = mixture.values.shape[1]
    for fold in folds:
        selecting = np.ones(rows, np.bool_)
        selecting[fold] = False
        yield fold, select_by_loss(mixture.of_rows(_evenly_spaced(np.flatnonzero(selecting))), limits)


def gains(mixture: Mixture, counts: Mapping[int, int]) -> dict[int, float | None]:
    """By how much the loss of an ensemble would rise without each of its candidates, by index.

    It is negative if the ensemble were better without the candidate, and None for the only one.
    """
    if len(counts) == 1:
        return dict.fromkeys(counts)
    weight = sum(counts.values())
    total = np.zeros(mixture.values.shape[1:])
    for k, count in counts.items():
        total += count * mixture.values[k]
    whole = float(mixture.losses(total, weight))
    return {
        k: float(mixture.losses(total - count * mixture.values[k], weight - count)) - whole
        for k, count in counts.items()
    }


def _reduced(counts: Mapping[int, int]) -> dict[int, int]:
    """Counts without their greatest common divisor: the least that have the same weights."""
    divisor = math.gcd(*counts.values())
    return {k: count // divisor for k, count in counts.items()}


def _evenly_spaced(rows: IntArray) -> IntArray:
    """At most `MAX_SELECTING` of these rows, evenly spaced."""
    if len(rows) <= MAX_SELECTING:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MAX_SELECTING).astype(np.intp)]


def _rivals(mixture: Mixture, limits: Limits) -> BoolArray:
    """(K,) whether each candidate is cheap enough alone, and then not clearly worse than the best one."""
    affordable = _affordable(limits, (), len(mixture.values))
    if limits.max_standard_errors == math.inf:
        return affordable
    losses = np.stack([mixture.row_losses(values, mixture.truths) for values in mixture.values])
    best = int(np.argmin(np.where(affordable, losses.mean(axis=1), np.inf)))
    differences = losses - losses[best]
    standard_errors = differences.std(axis=1) / np.sqrt(losses.shape[1])
    is_rival: BoolArray = affordable & (
        differences.mean(axis=1) <= limits.max_standard_errors * standard_errors
    )
    return is_rival


def _affordable(limits: Limits, additions: Sequence[int], candidates: int) -> BoolArray:
    """(K,) whether each candidate may be added to those that were added before."""
    everyone = np.ones(candidates, np.bool_)
    if limits.costs is None:
        return everyone
    costs: FloatArray = np.array(limits.costs, np.float64)
    members = np.unique(np.array(additions, np.intp))
    is_member = np.isin(np.arange(candidates), members)
    may_join: BoolArray = is_member | (costs[members].sum() + costs <= limits.max_cost)
    return may_join if may_join.any() else everyone
