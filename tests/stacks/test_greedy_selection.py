"""Greedy selection against one that computes every mean anew, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.stacks.greedy_selection import Score, select_greedily


def weighted_mean(arrays: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    return np.average(arrays, axis=0, weights=weights)


def alone(score: Callable[[np.ndarray], float | None]) -> Score:
    """The score, with a loss that decides nothing."""
    return lambda mean: (score(mean), 0.0)


def by_brute_force(
    predictions: Sequence[np.ndarray], score: Callable[[np.ndarray], float], size: int, sign: float
) -> tuple[list[int], list[float]]:
    """What each round adds, and the score after it; every candidate ensemble is averaged from its list."""
    chosen, scores = [0], [score(predictions[0])]
    for _ in range(size - 1):
        options = [
            score(np.mean([predictions[k] for k in [*chosen, new]], axis=0))
            for new in range(len(predictions))
        ]
        new = min(range(len(options)), key=lambda k: (sign * options[k], k))
        chosen.append(new)
        scores.append(options[new])
    return chosen, scores


@given(
    seed=st.integers(0, 10**6),
    candidates=st.integers(1, 6),
    size=st.integers(1, 9),
    minimized=st.booleans(),
)
def test_it_selects_what_brute_force_selects(seed: int, candidates: int, size: int, minimized: bool) -> None:
    """Probabilities of three classes; a smooth score, so that rounding decides nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=20)
    predictions = list(rng.dirichlet(np.ones(3), size=(candidates, 20)))

    def log_loss(probabilities: np.ndarray) -> float:
        return float(-np.log(probabilities[np.arange(20), labels]).mean())

    def score(probabilities: np.ndarray) -> float:
        return log_loss(probabilities) if minimized else -log_loss(probabilities)

    chosen, scores = by_brute_force(predictions, score, size, 1.0 if minimized else -1.0)
    found = select_greedily(predictions, weighted_mean, alone(score), size=size, minimized=minimized)
    assert list(found.chosen) == chosen
    np.testing.assert_allclose(np.array(found.scores, np.float64), scores, rtol=1e-9)
    best = min(scores) if minimized else max(scores)
    assert found.score == pytest.approx(best)
    assert found.kept == 1 + next(
        k for k, value in enumerate(scores) if value == pytest.approx(best, rel=1e-12)
    )
    assert sum(found.counts.values()) == found.kept


def nearness(target: float) -> Score:
    return alone(lambda mean: -abs(float(mean[0]) - target))


def numbers(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


def test_a_candidate_may_be_added_again_which_gives_it_more_weight() -> None:
    """The means are 0, 2 (or again 0, which is as near to 1, and earlier), 4/3, 1."""
    found = select_greedily(numbers(0, 4), weighted_mean, nearness(1), size=6, minimized=False)
    assert found.chosen[:4] == (0, 0, 1, 0)
    assert (found.kept, found.counts, found.score) == (4, {0: 3, 1: 1}, 0.0)


def test_rounding_does_not_make_a_repeated_network_better_than_one() -> None:
    """The mean of equal numbers differs from them in the last bits."""
    rng = np.random.default_rng(0)

    def drifting(arrays: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
        return weighted_mean(arrays, weights) + 1e-16 * sum(weights)

    for value in rng.normal(size=20):
        found = select_greedily(
            [np.array([value])], drifting, alone(lambda mean: float(mean[0])), size=7, minimized=False
        )
        assert found.kept == 1


def test_the_rounds_after_the_best_one_are_left_out() -> None:
    """The first candidate is right; whatever is added in later rounds, it is at most as good."""
    found = select_greedily(numbers(1, 8), weighted_mean, nearness(1), size=5, minimized=False)
    assert (found.chosen, found.kept) == ((0, 0, 0, 0, 0), 1)


@pytest.mark.parametrize("minimized", [False, True])
def test_of_equal_scores_the_one_with_the_least_loss_wins(minimized: bool) -> None:
    """The means are 0; then 0, 1, 2 or 3; 2, 8/3, 10/3 or 4; and 2.5, 3, 3.5 or 4. The best is 3.3."""

    def score(mean: np.ndarray) -> tuple[float, float]:
        return 0.5, abs(float(mean[0]) - 3.3)

    found = select_greedily(numbers(0, 2, 4, 6), weighted_mean, score, size=4, minimized=minimized)
    assert found.chosen == (0, 3, 2, 2)
    assert (found.kept, found.scores) == (3, (0.5, 0.5, 0.5, 0.5))


def test_the_loss_decides_nothing_between_different_scores() -> None:
    """The mean of 0 and 9 scores best, and has the largest loss."""

    def score(mean: np.ndarray) -> tuple[float, float]:
        return float(mean[0]), float(mean[0])

    found = select_greedily(numbers(0, 1, 9), weighted_mean, score, size=2, minimized=False)
    assert (found.chosen, found.kept) == ((0, 2), 2)


def test_of_equal_scores_and_losses_the_earlier_candidate_wins() -> None:
    found = select_greedily(numbers(0, 2, 2, 2), weighted_mean, nearness(1), size=2, minimized=False)
    assert found.chosen == (0, 1)


def test_the_first_round_takes_the_first_candidate_though_another_is_better() -> None:
    found = select_greedily(numbers(0, 1), weighted_mean, nearness(1), size=1, minimized=False)
    assert found.chosen == (0,)


@pytest.mark.parametrize("undefined", [None, float("nan")])
def test_an_undefined_score_is_the_worst(undefined: float | None) -> None:
    def score(mean: np.ndarray) -> float | None:
        return undefined if mean[0] > 1 else float(mean[0])

    found = select_greedily(numbers(0, 9, 1), weighted_mean, alone(score), size=3, minimized=False)
    assert found.chosen == (0, 2, 2)
    assert found.kept == 3
