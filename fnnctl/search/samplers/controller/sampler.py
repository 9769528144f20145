"""Neural architecture search by a recurrent controller (Zoph & Le, ICLR 2017)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.controller.policy import Episode, MovingBaseline, Policy, Reinforce
from fnnctl.search.samplers.controller.sequences import Sequences
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.learning import LearningSampler, bounded
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment, values_by_dimension
from fnnctl.space.identity import identity
from fnnctl.space.space import Space

BLOCKS: Final = ((1, 1.0), (2, 1.0), (4, 1.0), (8, 1.0), (16, 1.0), (32, 2.0), (64, 4.0))
"""How many sequences are drawn at once, and at which temperature, until one can be proposed. A policy that is
nearly certain hardly draws anything new, so it is softened in the end."""


@dataclass(frozen=True, slots=True)
class _Rewarded:
    """A sequence whose configuration has a result."""

    episode: Episode
    trial: int
    """Its number."""
    budget: int


class ControllerSampler(LearningSampler):
    """A recurrent policy writes configurations, and is updated after every `batch` results.

    An update uses the sequences whose results have come since the update before. Among them are sequences of
    an earlier policy, because the next batch is proposed before all results of this one are there.

    Configurations that are known, or violate the constraints of the space, are drawn anew. So what is taught
    is the policy given that the configuration is new. The gradient of its expected reward is that of the
    unconditional policy as long as advantages are 0 on average. Rewarding the known ones again, with their
    known losses, would be right for a policy that may repeat itself: it soon hardly proposes anything new.

    A configuration's first result counts, even if a scheduler continues it, because losses at different
    budgets cannot be compared; each budget has its own baseline. One that diverged or failed has the worst
    loss so far, and huge losses count as smaller: otherwise a single one would make the spread of rewards so
    large that nothing is learned from later ones. The first policy is nearly the same as drawing at random,
    so there is no other start.
    """

    def __init__(self, space: Space, *, seed: int, batch: int, key: Key = identity) -> None:
        """`batch` is the number of results per update."""
        self._key = remembered(key)
        super().__init__(space, seed=seed, key=self._key, starts=0)
        self._policy = Policy(Sequences(space), stream(seed, Purpose.PROPOSALS))
        self._learner = Reinforce(self._policy)
        self._batch = batch
        self._open: dict[Hashable, Episode] = {}
        """The sequences of proposals that have no result, by their configurations' keys."""
        self._before: set[Hashable] = set()
        """The keys of proposals before the search was extended."""
        self._told: set[Hashable] = set()
        self._rewarded: list[_Rewarded] = []
        """The results since the last update."""
        self._baselines: dict[int, MovingBaseline] = {}
        """By budget."""
        self._fruitless = False
        """Whether this policy has drawn nothing new when it was last asked."""

    def proposed_before(self, begun: Sequence[Assignment]) -> None:
        """See `LearningSampler`: their sequences are written again, so that they teach the same."""
        self._before = {self._key(assignment) for assignment in begun}

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Reward the trial's sequence; a full batch of rewards updates the policy."""
        super().tell(trial, loss, budget)
        key = self._key(trial.assignment)
        if key in self._before and key not in self._told:
            with suppress(ValueError):  # a value is outside its domain
                values = values_by_dimension(self.space.dimensions, trial.assignment)
                self._open[key] = self._policy.episode_of(values)
        self._told.add(key)
        if episode := self._open.pop(key, None):
            self._rewarded.append(_Rewarded(episode, trial.number, budget))
        if len(self._rewarded) >= self._batch:
            self._update()

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """See `LearningSampler`: sequences in the order in which they are drawn, in growing blocks.

        If a proposal has found nothing new, there are no candidates before the policy's next update.
        """
        for block, (size, temperature) in enumerate(() if self._fruitless else BLOCKS):
            rng = stream(self.seed, Purpose.PROPOSALS, number, block)
            for episode in self._policy.draw(size, rng, temperature=temperature):
                assignment = self.space.assignment_of(episode.values)
                key = self._key(assignment)
                if key not in self._told and self.space.allows(assignment):
                    self._open.setdefault(key, episode)
                yield assignment
        self._fruitless = True

    def _update(self) -> None:
        rewarded, self._rewarded, self._fruitless = self._rewarded, [], False
        advantages = np.zeros(len(rewarded))
        for budget in sorted({result.budget for result in rewarded}):
            rows = [row for row, result in enumerate(rewarded) if result.budget == budget]
            rewards = self._rewards([rewarded[row].trial for row in rows], budget)
            if rewards is not None:
                baseline = self._baselines.setdefault(budget, MovingBaseline())
                advantages[rows] = baseline.advantages(rewards)
        self._learner.update([result.episode for result in rewarded], advantages)

    def _rewards(self, trials: Sequence[int], budget: int) -> FloatArray | None:
        """The rewards of these trials; None if all losses at the budget are infinite: how bad is unknown."""
        losses = self.known.losses[budget]
        numbers = np.array(sorted(losses))
        values = np.array([losses[number] for number in numbers.tolist()])
        if not np.isfinite(values).any():
            return None
        return -bounded(values)[np.searchsorted(numbers, trials)]


def remembered(key: Key) -> Key:
    """The key function, which computes each key once: a certain policy draws the same again and again."""
    keys: dict[Hashable, Hashable] = {}

    def known(assignment: Assignment) -> Hashable:
        text = identity(assignment)
        if text not in keys:
            keys[text] = key(assignment)
        return keys[text]

    return known


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler whose updates are as large as the search's batches."""
    return ControllerSampler(space, seed=seed, batch=search.batch, key=key)
