"""Selects an ensemble of trained candidates, and says what it is worth on rows that did not select it.

Greedy selection with replacement (Caruana et al., ICML 2004): each round adds the candidate with which the
mean of all predictions has the least loss on rows that no candidate was trained on. A candidate may be added
again, which gives it more weight. Adding goes on when the loss rises, and the rounds up to the least loss are
the ensemble.

Selection is by the loss, whatever the metric of a search is. On 51 tables, ensembles that were selected by
their accuracy out of bag were no more accurate on other rows, and had a log loss that was 0.004 higher.
Single networks that are selected on a validation part, which has fewer rows, are another matter: there the
metric selects (`trial_ensemble`), and on 14 tables the loss was not better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.tasks.mixture import Mixture

MAX_SELECTING: Final = 50_000
"""Of more rows, so many evenly spaced ones select: the standard error of a mean loss is then 1 % of that of a
single row or less, and time and memory grow with the rows.
"""

ROUNDING: Final = 1e-12
"""Losses are equal if they differ by less than this share."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an ensemble may become."""

    rounds: int
    costs: Sequence[float] | None = None
    """(K,) what a prediction by each candidate costs; None if all cost nothing."""
    most: float = float("inf")
    """The most that a prediction by the ensemble may cost. Its first candidate may always be added."""
    errors: float = float("inf")
    """A candidate is left out if its loss alone is above that of the best one by more than so many standard
    errors of their difference."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rounds of a selection."""

    additions: tuple[int, ...]
    """The candidate that each round adds."""
    losses: tuple[float, ...]
    """The loss of the ensemble after each round."""
    size: int
    """The number of rounds that the ensemble consists of."""

    @property
    def counts(self) -> dict[int, int]:
        """How often each candidate is in the ensemble, by index; those that are not are left out."""
        return dict(sorted(Counter(self.additions[: self.size]).items()))

    @property
    def loss(self) -> float:
        """The loss of the ensemble on the rows that selected it."""
        return self.losses[self.size - 1]


def select_greedily(mixture: Mixture, limits: Limits) -> Selection:
    """Select from K ≥ 1 candidates. Of equal losses, the earlier candidate and the earlier round win."""
    rows = mixture.values.shape[1]
    if rows > MAX_SELECTING:
        mixture = mixture.of_rows(_some(np.arange(rows)))
    total, rivals = np.zeros(mixture.values.shape[1]), _rivals(mixture, limits.errors)
    additions: list[int] = []
    losses: list[float] = []
    for number in range(1, limits.rounds + 1):
        of_candidates = mixture.losses(total + mixture.values, number)
        may_join = rivals & _affordable(limits, additions, len(of_candidates))
        best = int(np.argmin(np.where(may_join, of_candidates, np.inf)))
        total += mixture.values[best]
        additions.append(best)
        losses.append(float(of_candidates[best]))
    # Rounding makes the mean of equal predictions another number: a loss is not less because of it.
    size = next(k for k, loss in enumerate(losses, start=1) if loss <= min(losses) * (1 + ROUNDING))
    return Selection(tuple(additions), tuple(losses), size)


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
        yield fold, select_greedily(mixture.of_rows(_some(np.flatnonzero(selecting))), limits)


def gains(mixture: Mixture, counts: Mapping[int, int]) -> dict[int, float | None]:
    """By how much the loss of an ensemble would rise without each of its candidates, by index.

    It is negative if the ensemble were better without the candidate, and None for the only one.
    """
    if len(counts) == 1:
        return dict.fromkeys(counts)
    weight = sum(counts.values())
    total = np.zeros(mixture.values.shape[1])
    for k, count in counts.items():
        total += count * mixture.values[k]
    whole = float(mixture.losses(total, weight))
    return {
        k: float(mixture.losses(total - count * mixture.values[k], weight - count)) - whole
        for k, count in counts.items()
    }


def _some(rows: IntArray) -> IntArray:
    """At most `MAX_SELECTING` of these rows, evenly spaced."""
    if len(rows) <= MAX_SELECTING:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MAX_SELECTING).astype(np.intp)]


def _rivals(mixture: Mixture, errors: float) -> BoolArray:
    """(K,) whether each candidate is alone not clearly worse than the best one."""
    losses = np.stack([mixture.row_losses(values, mixture.truths) for values in mixture.values])
    if errors == float("inf"):
        return np.ones(len(losses), np.bool_)
    differences = losses - losses[np.argmin(losses.mean(axis=1))]
    standard_errors = differences.std(axis=1) / np.sqrt(losses.shape[1])
    is_rival: BoolArray = differences.mean(axis=1) <= errors * standard_errors
    return is_rival


def _affordable(limits: Limits, additions: Sequence[int], candidates: int) -> BoolArray:
    """(K,) whether each candidate may be added to those that were added before."""
    if limits.costs is None or not additions:
        return np.ones(candidates, np.bool_)
    costs: FloatArray = np.array(limits.costs, np.float64)
    members = np.unique(additions)
    is_member = np.isin(np.arange(candidates), members)
    may_join: BoolArray = is_member | (costs[members].sum() + costs <= limits.most)
    return may_join
