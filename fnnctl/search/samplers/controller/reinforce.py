"""REINFORCE (Williams, 1992): rewarded choices become likelier; an entropy bonus keeps others possible."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.controller.policy import Episode, Policy

LEARNING_RATE: Final = 0.02
ENTROPY: Final = 0.03
"""The weight of the entropies of all steps, for advantages in units of their spread."""
DECAY: Final = 0.8
"""How much the moving average of the rewards keeps of its value in an update."""
LARGEST_ADVANTAGE: Final = 1.5
LARGEST_RATIO: Final = 1.0
"""The most that an episode counts because the policy now thinks it likelier than when it was drawn."""
BETA1: Final = 0.9
BETA2: Final = 0.999
TINY: Final = 1e-8


@dataclass(slots=True)
class MovingBaseline:
    """The moving average and spread of rewards: a reward counts as far as it differs from the others."""

    mean: float = math.nan
    variance: float = 0.0

    def advantages(self, rewards: FloatArray) -> FloatArray:
        """How many spreads each reward is above the average of earlier updates, within bounds.

        The spread includes these rewards; the first update uses their own average. The rewards' scale and
        origin have no effect.
        """
        mean, variance = float(rewards.mean()), float(rewards.var())
        if math.isnan(self.mean):
            self.mean, self.variance = mean, variance
        else:
            self.variance = DECAY * self.variance + (1.0 - DECAY) * float(((rewards - self.mean) ** 2).mean())
        differences = rewards - self.mean
        self.mean = DECAY * self.mean + (1.0 - DECAY) * mean
        spread = math.sqrt(self.variance)
        if spread == 0.0:
            return np.zeros_like(rewards)
        return (differences / spread).clip(-LARGEST_ADVANTAGE, LARGEST_ADVANTAGE)


class Reinforce:
    """Updates a policy with the rewards of its episodes, by Adam (Kingma & Ba, 2015)."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._moments = [(np.zeros_like(each), np.zeros_like(each)) for each in policy.parameters.arrays()]
        self._updates = 0

    def update(self, episodes: Sequence[Episode], advantages: FloatArray) -> None:
        """One step along the policy gradient.

        An episode that an earlier policy has drawn counts by its importance, which is its probability now
        divided by its probability then, but at most 1.
        """
        batch = self._policy.batch(episodes)
        drawn = np.array([each.log_probability for each in episodes])
        ratios = np.exp(np.minimum(self._policy.log_probabilities(batch) - drawn, math.log(LARGEST_RATIO)))
        _, gradient = self._policy.loss_and_gradient(batch, ratios * advantages, ENTROPY)
        self._updates += 1
        rate = LEARNING_RATE * math.sqrt(1.0 - BETA2**self._updates) / (1.0 - BETA1**self._updates)
        for parameters, own, moments in zip(
            self._policy.parameters.arrays(), gradient.arrays(), self._moments, strict=True
        ):
            first, second = moments
            first += (1.0 - BETA1) * (own - first)
            second += (1.0 - BETA2) * (own**2 - second)
            parameters[...] -= rate * first / (np.sqrt(second) + TINY)
