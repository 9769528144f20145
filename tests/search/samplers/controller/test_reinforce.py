"""Advantages by hand, and a policy that finds the rewarded arm."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.samplers.controller.policy import Episode, Policy
from fnnctl.search.samplers.controller.reinforce import (
    BETA1,
    DECAY,
    ENTROPY,
    LARGEST_ADVANTAGE,
    MovingBaseline,
    Reinforce,
)
from fnnctl.search.samplers.controller.sequences import Sequences


def policy(plain: dict[str, object]) -> Policy:
    space = space_of(SearchConfig.model_validate({"space": plain}).space)
    return Policy(Sequences(space), np.random.default_rng(0))


class TestMovingBaseline:
    def test_the_first_rewards_are_compared_with_their_own_average(self) -> None:
        assert MovingBaseline().advantages(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]

    def test_later_rewards_are_compared_with_the_moving_average(self) -> None:
        baseline = MovingBaseline()
        baseline.advantages(np.array([1.0, 3.0]))  # mean 2, variance 1
        spread = math.sqrt(DECAY * 1.0 + (1 - DECAY) * (0.5**2 + 1.0**2) / 2)
        found = baseline.advantages(np.array([2.5, 3.0]))
        np.testing.assert_allclose(found, [0.5 / spread, 1.0 / spread])
        assert baseline.mean == pytest.approx(DECAY * 2.0 + (1 - DECAY) * 2.75)

    def test_scale_and_origin_have_no_effect(self) -> None:
        rng, one, other = np.random.default_rng(0), MovingBaseline(), MovingBaseline()
        for _ in range(5):
            rewards = rng.normal(size=8)
            found = other.advantages(1e-6 * rewards - 4e-3)
            np.testing.assert_allclose(one.advantages(rewards), found, rtol=1e-6)

    def test_equal_rewards_teach_nothing(self) -> None:
        assert MovingBaseline().advantages(np.full(4, 0.3)).tolist() == [0.0] * 4

    def test_an_extreme_reward_is_bounded(self) -> None:
        rewards = np.zeros(100)
        rewards[0] = -1e9
        assert MovingBaseline().advantages(rewards).min() == -LARGEST_ADVANTAGE


def test_the_mean_reward_of_a_bandit_rises() -> None:
    """Four arms with noisy rewards, of which one is better."""
    bandit = policy({"arm": {"choice": [0, 1, 2, 3]}})
    learner, baseline, rng = Reinforce(bandit), MovingBaseline(), np.random.default_rng(1)
    means = []
    for _ in range(60):
        episodes = bandit.draw(8, rng)
        rewards = np.array([float(each.values["arm"] == 2) for each in episodes]) + rng.normal(0, 0.5, 8)
        means.append(float(rewards.mean()))
        learner.update(episodes, baseline.advantages(rewards))
    assert np.mean(means[:10]) < 0.5
    assert np.mean(means[-10:]) > 0.8


def test_the_number_of_layers_and_their_order_are_learned() -> None:
    """Three layers are best, and each layer should be narrower than the one before."""
    layers = policy({"model.hidden": {"depth": [1, 5], "width": [16, 128], "log": True, "per_layer": True}})

    def reward(episode: Episode) -> float:
        widths = [value for name, value in episode.values.items() if "width" in name]
        falls = sum(after < before for before, after in pairwise(widths))
        return float(falls - abs(len(widths) - 3))

    learner, baseline, rng = Reinforce(layers), MovingBaseline(), np.random.default_rng(1)
    means = []
    for _ in range(100):
        episodes = layers.draw(8, rng)
        rewards = np.array(list(map(reward, episodes)))
        means.append(float(rewards.mean()))
        learner.update(episodes, baseline.advantages(rewards))
    assert np.mean(means[:10]) < 0.0
    assert np.mean(means[-10:]) > 1.5, "the largest reward is 2"


def test_entropy_keeps_choices_alive_without_rewards() -> None:
    """The bonus alone makes probabilities more equal."""
    bandit = policy({"arm": {"choice": [0, 1, 2, 3]}})
    bandit.parameters.biases[...] = [2.0, 0.0, 0.0, 0.0]
    learner, rng = Reinforce(bandit), np.random.default_rng(1)
    for _ in range(200):
        learner.update(bandit.draw(8, rng), np.zeros(8))
    arms = [each.values["arm"] for each in bandit.draw(1000, rng)]
    assert 200 < arms.count(0) < 300


@pytest.mark.parametrize(("shift", "ratio"), [(0.0, 1.0), (-5.0, 0.0133), (5.0, 1.0)])
def test_an_episode_of_an_earlier_policy_counts_by_its_importance(shift: float, ratio: float) -> None:
    """By its probability now, divided by that of about a half when it was drawn, but never more than once."""
    bandit = policy({"arm": {"choice": [0, 1]}})
    episodes = [each for each in bandit.draw(50, np.random.default_rng(1)) if each.values["arm"] == 0][:8]
    bandit.parameters.biases[0] += shift
    batch = bandit.batch(episodes)
    drawn = np.array([each.log_probability for each in episodes])
    importance = np.minimum(np.exp(bandit.log_probabilities(batch) - drawn), 1.0)
    assert importance == pytest.approx(np.full(8, ratio), rel=0.05)
    _, gradient = bandit.loss_and_gradient(batch, importance, ENTROPY)
    learner = Reinforce(bandit)
    learner.update(episodes, np.ones(8))
    first, _ = learner._moments[-1]
    np.testing.assert_allclose(first, (1.0 - BETA1) * gradient.biases, rtol=1e-12)
