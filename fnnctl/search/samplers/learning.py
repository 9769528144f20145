"""The base class of samplers that learn: what they know, how they begin, no configuration twice."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.records.trials import Trial
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.random import RandomSampler
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from fnnctl.space.space import Space

STARTS: Final = 10
"""The number of configurations that are not proposed by the model, as in Optuna."""
MAX_CANDIDATES: Final = 1_000
"""A model gives up after this many candidates that are known or violate the constraints."""
EARLY: Final = 10
"""This many of the first losses say what is usual."""
MAX_LOSS_RANGE: Final = 10.0
"""How much farther from the usual loss the largest one may be than the smallest one is."""


@dataclass(slots=True)
class Knowledge:
    """What a sampler has been told."""

    trials: dict[int, Trial] = field(default_factory=dict)
    """The trials with results, by number."""
    losses: dict[int, dict[int, float]] = field(default_factory=dict)
    """By budget, each trial's loss, by trial number; infinite if the trial diverged or failed."""

    def add(self, trial: Trial, loss: float, budget: int) -> None:
        """Add a result."""
        self.trials[trial.number] = trial
        self.losses.setdefault(budget, {})[trial.number] = loss if math.isfinite(loss) else math.inf

    def of_largest_budget(self, least: int) -> Mapping[int, float]:
        """The losses at the largest budget with at least `least` results, by trial number.

        If no budget has so many, it is the one with most results, or the larger of several such. Losses at
        different budgets cannot be compared, and those at a large budget are nearer to what is searched for
        (as in BOHB: Falkner et al., ICML 2018, section 3.2).
        """
        if not self.losses:
            return {}
        enough = [budget for budget, losses in self.losses.items() if len(losses) >= least]
        return self.losses[
            max(enough) if enough else max(self.losses, key=lambda budget: (len(self.losses[budget]), budget))
        ]


class LearningSampler(ABC):
    """Proposes what a model of earlier results promises most of; a subclass is the model.

    The first configurations are the points of a low-discrepancy sequence: until ten trials are known, of
    which at least five have results. Trials that this sampler did not propose count, too. Their values may
    lie outside the domains, so models read them with `Space.nearest_coordinates`.
    """

    learns = True
    is_waiting = False

    def __init__(self, space: Space, *, seed: int, key: Key = identity, starts: int = STARTS) -> None:
        """`starts` is the number of trials, known from anywhere, before the model's first proposal."""
        self.space, self.seed = space, seed
        self.known = Knowledge()
        self._starts = starts
        self._random = RandomSampler(space, sequence="low_discrepancy", seed=seed, key=key)

    @property
    def saved(self) -> int:
        """How many configurations of the low-discrepancy sequence were skipped as equal to earlier ones."""
        return self._random.saved

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """See `Sampler`. What is proposed together counts as pending for the rest of the proposals."""
        proposals: list[Assignment] = []
        while len(proposals) < n and (assignment := self._next([*pending, *proposals])) is not None:
            proposals.append(assignment)
        return proposals

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Add the loss to what is known."""
        self.known.add(trial, loss, budget)

    def proposed_before(self, begun: Sequence[Assignment]) -> None:  # noqa: B027  # results are enough for most
        """Learn of the trials that had begun before the search was extended, and that it had proposed."""

    @abstractmethod
    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterable[Assignment]:
        """The model's candidates for one proposal, the most promising first.

        `number` is the count of the proposal's stream of random numbers: how many trials came before it.
        Candidates may be known already or violate the constraints; they are then skipped.
        """

    def _next(self, pending: Sequence[Assignment]) -> Assignment | None:
        """The next configuration; None if the space is exhausted."""
        with_results = len(self.known.trials)
        number = with_results + len(pending)
        if number >= self._starts and 2 * with_results >= self._starts:
            for candidate in islice(self.candidates(pending, number), MAX_CANDIDATES):
                if self.space.allows(candidate) and self._random.is_new(candidate):
                    return candidate
        return next(iter(self._random.ask(1, ())), None)


def bounded(losses: FloatArray) -> FloatArray:
    """Losses in the order of trials: infinite ones count as the largest finite one, and huge ones as smaller.

    A single huge loss would make all others look equal. The median of the first losses says what is usual,
    because later ones gather at the optimum. At least one loss must be finite.
    """
    finite = losses[np.isfinite(losses)]
    usual, best = float(np.median(finite[:EARLY])), float(finite.min())
    most = usual + MAX_LOSS_RANGE * (usual - best) if best < usual else np.inf
    return np.minimum(losses, min(most, float(finite.max())))
