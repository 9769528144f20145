"""The policy's probabilities and its gradients, with entropy, masks and sequences of different lengths."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fnnctl.search.samplers.controller.policy import (
    BETA1,
    DECAY,
    ENTROPY,
    MAX_ADVANTAGE,
    Episode,
    MovingBaseline,
    Policy,
    Reinforce,
    _drawn_tokens,
)
from fnnctl.search.samplers.controller.sequences import Sequences
from tests.search.samplers.controller.test_lstm import central_differences
from tests.search.spaces import space

PLAIN: dict[str, Any] = {
    "model.hidden": {"depth": [1, 3], "width": [16, 64], "log": True, "per_layer": True},
    "training.l2": {"log_uniform": [1e-6, 1e-1]},
    "training.optimizer.name": {"choice": ["adam", "momentum"]},
    "training.optimizer.momentum": {"uniform": [0.5, 0.99], "when": {"training.optimizer.name": "momentum"}},
}


def policy_of(plain: dict[str, Any] = PLAIN, *, spread: float = 0.0, **options: Any) -> Policy:
    """A first policy, or one far from it: without structure, errors could cancel."""
    rng = np.random.default_rng(1)
    policy = Policy(Sequences(space(plain)), rng, **options)
    for array in policy.parameters.arrays():
        array[...] += rng.normal(scale=spread, size=array.shape)
    return policy


def test_the_gradient_agrees_with_central_differences() -> None:
    policy, rng = policy_of(spread=0.5, units=6), np.random.default_rng(2)
    episodes = policy.draw(6, rng)
    assert len({len(episode.tokens) for episode in episodes}) > 2, "sequences of several lengths"
    batch, advantages = policy.batch(episodes), rng.normal(size=6)
    assert np.isinf(batch.log_weights).any(), "some choices are not possible"
    _, gradient = policy.loss_and_gradient(batch, advantages, 0.3)
    for array, of_array in zip(policy.parameters.arrays(), gradient.arrays(), strict=True):
        differences = central_differences(lambda: policy.loss_and_gradient(batch, advantages, 0.3)[0], array)
        assert np.abs(of_array - differences).max() < 1e-6 * max(1.0, np.abs(differences).max())
        assert np.abs(differences).max() > 1e-3, "the loss depends on all parameters"


def test_the_loss_is_that_of_its_definition() -> None:
    """From the probabilities of every single step, for episodes one by one."""
    policy, rng = policy_of(spread=0.5, units=6), np.random.default_rng(3)
    episodes, advantages = policy.draw(5, rng), rng.normal(size=5)
    expected = 0.0
    for episode, advantage in zip(episodes, advantages, strict=True):
        log_p, _, _ = policy._forward(policy.batch([episode]))
        entropy = 0.0
        for row, step, token in zip(log_p[:, 0], episode.steps, episode.tokens, strict=True):
            p = np.exp(row[step.kind.first : step.kind.first + step.kind.choices])
            assert p.sum() == pytest.approx(1.0)
            entropy -= sum(share * np.log(share) for share in p if share > 0)
            expected -= advantage * row[token] / 5
        expected -= 0.1 * entropy / 5
    loss, _ = policy.loss_and_gradient(policy.batch(episodes), advantages, 0.1)
    assert loss == pytest.approx(expected, rel=1e-12)


def test_what_is_drawn_has_the_probability_that_is_computed_later() -> None:
    policy = policy_of(spread=0.5, units=6)
    episodes = policy.draw(20, np.random.default_rng(4))
    later = policy.log_probabilities(policy.batch(episodes))
    np.testing.assert_allclose([episode.log_probability for episode in episodes], later, rtol=1e-12)


def test_sequences_are_drawn_as_often_as_their_probabilities_say() -> None:
    plain = {"model.hidden": {"depth": [0, 2], "width": [16, 32], "log": True, "per_layer": True}}
    policy = policy_of(plain, spread=0.5, units=6)
    episodes = policy.draw(4000, np.random.default_rng(5))
    counts = Counter(tuple(episode.tokens) for episode in episodes)
    probabilities = {tuple(episode.tokens): np.exp(episode.log_probability) for episode in episodes}
    assert sum(probabilities.values()) == pytest.approx(1.0), "all 1 + 2 + 4 sequences were drawn"
    for tokens, p in probabilities.items():
        assert abs(counts[tokens] - 4000 * p) < 4.5 * np.sqrt(4000 * p * (1 - p))


def test_the_first_policy_is_nearly_that_of_drawing_at_random() -> None:
    """Each number of layers has the same probability, however many decisions it takes."""
    policy = policy_of()
    episodes = policy.draw(3000, np.random.default_rng(6))
    depths = Counter(episode.values["model.hidden.depth"] for episode in episodes)
    assert depths.keys() == {1, 2, 3}
    assert all(900 < count < 1100 for count in depths.values())


def test_a_choice_without_probability_is_never_drawn() -> None:
    p = np.array([[0.0, 0.3, 0.0, 0.7, 0.0]])
    points = [0.0, 0.29, 0.31, 1 - 2.0**-53]
    assert [_drawn_tokens(p, np.array([point])).item() for point in points] == [1, 1, 3, 3]


def test_the_sequence_of_values_is_written_again() -> None:
    policy = policy_of(spread=0.5, units=6)
    for episode in policy.draw(50, np.random.default_rng(7)):
        again = policy.episode_of(episode.values)
        assert list(again.tokens) == list(episode.tokens)
        assert again.values == episode.values
        assert again.log_probability == pytest.approx(episode.log_probability, rel=1e-12)


def test_a_connection_without_effect_is_none() -> None:
    layers = {"depth": [2, 2], "width": [16, 64], "log": True, "per_layer": True, "residual": [False, True]}
    policy = policy_of({"model.hidden": layers}, spread=0.5, units=6)
    values = {f"model.hidden.{name}": value for name, value in {
        "depth": 2, "width[0]": 16, "width[1]": 32, "residual[1]": True,
    }.items()}  # fmt: skip
    episode = policy.episode_of(values)
    assert np.isfinite(episode.log_probability)
    assert episode.values == {**values, "model.hidden.residual[1]": False}


@pytest.mark.parametrize(
    "other",
    [
        {"model.hidden.depth": 4},
        {"model.hidden.width[0]": 20},
        {"training.l2": 1.0},
        {"training.optimizer.name": "nadam"},
    ],
)
def test_other_values_have_no_sequence(other: dict[str, Any]) -> None:
    policy = policy_of(spread=0.5, units=6)
    (episode,) = policy.draw(1, np.random.default_rng(8))
    with pytest.raises(ValueError, match=f"the space has no such {next(iter(other))}".replace("[", r"\[")):
        policy.episode_of({**episode.values, **other})


ARMS: dict[str, Any] = {"arm": {"choice": [0, 1, 2, 3]}}


class TestMovingBaseline:
    def test_the_first_rewards_are_compared_with_their_own_average(self) -> None:
        assert MovingBaseline().advantages(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]

    def test_later_rewards_are_compared_with_the_moving_average(self) -> None:
        baseline = MovingBaseline()
        baseline.advantages(np.array([1.0, 3.0]))  # mean 2, variance 1
        spread = math.sqrt(DECAY * 1.0 + (1 - DECAY) * (0.5**2 + 1.0**2) / 2)
        advantages = baseline.advantages(np.array([2.5, 3.0]))
        np.testing.assert_allclose(advantages, [0.5 / spread, 1.0 / spread])
        assert baseline.mean == pytest.approx(DECAY * 2.0 + (1 - DECAY) * 2.75)

    def test_scale_and_origin_have_no_effect(self) -> None:
        rng, one, other = np.random.default_rng(0), MovingBaseline(), MovingBaseline()
        for _ in range(5):
            rewards = rng.normal(size=8)
            advantages = other.advantages(1e-6 * rewards - 4e-3)
            np.testing.assert_allclose(one.advantages(rewards), advantages, rtol=1e-6)

    def test_equal_rewards_teach_nothing(self) -> None:
        assert MovingBaseline().advantages(np.full(4, 0.3)).tolist() == [0.0] * 4

    def test_an_extreme_reward_is_bounded(self) -> None:
        rewards = np.zeros(100)
        rewards[0] = -1e9
        assert MovingBaseline().advantages(rewards).min() == -MAX_ADVANTAGE


def test_the_number_of_layers_and_their_order_are_learned() -> None:
    """Three layers are best, and each layer should be narrower than the one before."""
    layers = {"depth": [1, 5], "width": [16, 128], "log": True, "per_layer": True}

    def reward(episode: Episode) -> float:
        widths = [value for name, value in episode.values.items() if "width" in name]
        falls = sum(after < before for before, after in pairwise(widths))
        return float(falls - abs(len(widths) - 3))

    policy = policy_of({"model.hidden": layers})
    learner, baseline, rng = Reinforce(policy), MovingBaseline(), np.random.default_rng(1)
    means = []
    for _ in range(100):
        episodes = policy.draw(8, rng)
        rewards = np.array(list(map(reward, episodes)))
        means.append(float(rewards.mean()))
        learner.update(episodes, baseline.advantages(rewards))
    assert np.mean(means[:10]) < 0.0
    assert np.mean(means[-10:]) > 1.5, "the largest reward is 2"


def test_entropy_keeps_choices_alive_without_rewards() -> None:
    """The bonus alone makes probabilities more equal."""
    bandit = policy_of(ARMS)
    bandit.parameters.biases[...] = [2.0, 0.0, 0.0, 0.0]
    learner, rng = Reinforce(bandit), np.random.default_rng(1)
    for _ in range(200):
        learner.update(bandit.draw(8, rng), np.zeros(8))
    arms = [episode.values["arm"] for episode in bandit.draw(1000, rng)]
    assert 200 < arms.count(0) < 300


@pytest.mark.parametrize(("shift", "ratio"), [(0.0, 1.0), (-5.0, 0.0133), (5.0, 1.0)])
def test_an_episode_of_an_earlier_policy_counts_by_its_importance(shift: float, ratio: float) -> None:
    """By its probability now, divided by that of about a half when it was drawn, but never more than once."""
    bandit = policy_of({"arm": {"choice": [0, 1]}})
    episodes = [
        episode for episode in bandit.draw(50, np.random.default_rng(1)) if episode.values["arm"] == 0
    ][:8]
    bandit.parameters.biases[0] += shift
    batch = bandit.batch(episodes)
    drawn = np.array([episode.log_probability for episode in episodes])
    importance = np.minimum(np.exp(bandit.log_probabilities(batch) - drawn), 1.0)
    assert importance == pytest.approx(np.full(8, ratio), rel=0.05)
    _, gradient = bandit.loss_and_gradient(batch, importance, ENTROPY)
    learner = Reinforce(bandit)
    learner.update(episodes, np.ones(8))
    first, _ = learner._moments[-1]
    np.testing.assert_allclose(first, (1.0 - BETA1) * gradient.biases, rtol=1e-12)
