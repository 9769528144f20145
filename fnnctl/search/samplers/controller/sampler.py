"""Neural architecture search by a recurrent controller (Zoph & Le, ICLR 2017)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.records.trials import Trial
from fnnctl.search.samplers.controller.policy import Episode, Policy
from fnnctl.search.samplers.controller.reinforce import Baseline, Reinforce
from fnnctl.search.samplers.controller.sequences import Sequences
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.space.values import identity

MOST_DRAWN: Final = 127
"""A proposal gives up after so many sequences that are known or violate the constraints."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A sequence that has not been rewarded yet."""

    episode: Episode
    key: Hashable


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A configuration's first result."""

    loss: float
    budget: int


class ControllerSampler(LearningSampler):
    """A recurrent policy writes configurations, and is updated after every `batch` results.

    An update uses all sequences that were drawn and not used yet, and whose loss is known; the reward is the
    negative loss. Among them can be sequences of an earlier policy: while the results of a batch come in, the
    next one is under way. A sequence that is drawn again is not proposed again, but it is rewarded again with
    its known loss: otherwise a policy that is nearly certain would only learn from what it hardly ever draws.
    A sequence that violates the constraints of the space is drawn anew.

    A configuration's first result counts, even if a scheduler continues it, because losses at different
    budgets cannot be compared; each budget has its own baseline. One that diverged or failed has the worst
    loss so far. The first policy is nearly the same as drawing at random, so there is no other start.
    """

    def __init__(self, space: Space, *, seed: int, batch: int, key: Key = identity) -> None:
        self._keys: dict[Hashable, Hashable] = {}
        self._key = self._remembered(key)
        super().__init__(space, seed=seed, key=self._key, starts=0)
        self._policy = Policy(Sequences(space), stream(seed, Purpose.PROPOSALS))
        self._learner = Reinforce(self._policy)
        self._batch = batch
        self._waiting: list[_Drawn] = []
        self._proposed: set[Hashable] = set()
        """The keys of proposals without a result."""
        self._outcomes: dict[Hashable, _Outcome] = {}
        self._results = 0
        """The number of results since the last update."""
        self._baselines: dict[int, Baseline] = {}
        """By budget."""
        self._fruitless = False
        """Whether this policy's sequences were all known, or not allowed, when it was last asked."""

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """See `Sampler`."""
        found = super().ask(n, pending)
        self._proposed |= {self._key(each) for each in found}
        return found

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """See `Sampler`."""
        super().tell(trial, loss, budget)
        key = self._key(trial.assignment)
        if key in self._outcomes:
            return
        self._outcomes[key] = _Outcome(loss, budget)
        if key in self._proposed:
            self._proposed.remove(key)
            self._results += 1
        if self._results >= self._batch:
            self._results = 0
            self._update()

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """See `LearningSampler`: sequences in the order in which they are drawn, in growing blocks.

        If a proposal has found none, there are none before the policy's next update.
        """
        drawn, block = 0, 1
        while drawn < MOST_DRAWN and not self._fruitless:
            for episode in self._policy.draw(block, stream(self.seed, Purpose.PROPOSALS, number, block)):
                assignment = self.space.assignment_of(episode.values)
                if self.space.allows(assignment):
                    self._waiting.append(_Drawn(episode, self._key(assignment)))
                yield assignment
            drawn, block = drawn + block, 2 * block
        self._fruitless = True

    def _update(self) -> None:
        self._fruitless = False
        known = [each for each in self._waiting if each.key in self._outcomes]
        self._waiting = [each for each in self._waiting if each.key not in self._outcomes]
        if not known:
            return
        outcomes = [self._outcomes[each.key] for each in known]
        advantages = np.zeros(len(known))
        for budget in sorted({each.budget for each in outcomes}):
            rows = [row for row, each in enumerate(outcomes) if each.budget == budget]
            rewards = -np.array([self._loss(outcomes[row]) for row in rows])
            advantages[rows] = self._baselines.setdefault(budget, Baseline()).advantages(rewards)
        self._learner.update([each.episode for each in known], advantages)

    def _loss(self, outcome: _Outcome) -> float:
        """The loss, or the worst one so far at the same budget if it is infinite."""
        if math.isfinite(outcome.loss):
            return outcome.loss
        finite = filter(math.isfinite, self.known.losses[outcome.budget].values())
        return max(finite, default=0.0)

    def _remembered(self, key: Key) -> Key:
        """The key function, which computes each key once: a certain policy draws the same very often."""

        def remembered(assignment: Assignment) -> Hashable:
            own = identity(assignment)
            if own not in self._keys:
                self._keys[own] = key(assignment)
            return self._keys[own]

        return remembered
