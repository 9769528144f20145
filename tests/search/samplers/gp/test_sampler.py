from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew
from scipy.stats import yeojohnson as theirs

from fnnctl.records.trials import Trial
from fnnctl.search.samplers.gp import sampler as module
from fnnctl.search.samplers.gp.process import fitted_parameters
from fnnctl.search.samplers.gp.sampler import GpSampler, normalized, standardized, yeo_johnson
from fnnctl.space.assignments import Assignment
from tests.search.spaces import space

PLANE: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"uniform": [0, 1]}}
STEPS: dict[str, Any] = {"x": {"integer": [0, 100]}, "y": {"log_integer": [1, 1024]}}


def bowl(assignment: Assignment) -> float:
    x: float = assignment["x"]
    y: float = assignment["y"]
    return (x - 0.7) ** 2 + 2 * (y - 0.2) ** 2 + 0.3 * (x - 0.7) * (y - 0.2)


def searched(
    loss: Callable[[Assignment], float], trials: int, *, plain: dict[str, Any] = PLANE, batch: int = 1
) -> tuple[list[Assignment], list[float]]:
    """The configurations of a search, and their losses."""
    sampler = GpSampler(space(plain), seed=1)
    assignments: list[Assignment] = []
    losses: list[float] = []
    while len(assignments) < trials:
        for assignment in sampler.ask(batch, ()):
            losses.append(loss(assignment))
            sampler.tell(Trial(len(assignments), assignment), losses[-1], 1)
            assignments.append(assignment)
    return assignments, losses


def sampler_of(count: int, *, seed: int = 0, noise: float = 0.0, upside_down: bool = False) -> GpSampler:
    """A sampler that knows the bowl at random points, after one epoch."""
    sampler, rng = GpSampler(space(PLANE), seed=seed), np.random.default_rng(seed)
    for number, point in enumerate(rng.random((count, 2))):
        assignment = sampler.space.assignment(point.tolist())
        loss = bowl(assignment) + noise * rng.standard_normal()
        sampler.tell(Trial(number, assignment), -loss if upside_down else loss, 1)
    return sampler


def test_a_space_with_a_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="kind is a choice"):
        GpSampler(space({"kind": {"choice": ["a", "b"]}}), seed=0)


class TestSearch:
    @pytest.mark.parametrize("batch", [1, 4])
    def test_it_finds_the_minimum_of_a_bowl(self, batch: int) -> None:
        _, losses = searched(bowl, 32, batch=batch)
        assert min(losses) < 1e-5 < min(losses[:10])

    def test_it_finds_the_best_levels(self) -> None:
        found, losses = searched(
            lambda each: (each["x"] - 37) ** 2 / 1000 + (math.log2(each["y"]) - 5) ** 2, 40, plain=STEPS
        )
        best = found[int(np.argmin(losses))]
        assert abs(best["x"] - 37) <= 1
        assert best["y"] in range(31, 34)

    def test_noise_does_not_draw_it_to_a_lucky_point(self) -> None:
        rng = np.random.default_rng(0)
        assignments, _ = searched(lambda assignment: bowl(assignment) + 0.05 * rng.standard_normal(), 40)
        losses = [bowl(assignment) for assignment in assignments]
        assert np.median(losses[-10:]) < 0.02 < np.median(losses[:10])

    @pytest.mark.parametrize("seed", range(2))
    def test_a_batch_does_not_gather_when_losses_are_noisy(self, seed: int) -> None:
        sampler = sampler_of(24, seed=seed, noise=0.2)
        batch = np.array([[assignment["x"], assignment["y"]] for assignment in sampler.ask(8, ())])
        distances = np.linalg.norm(batch[:, None] - batch, axis=2)[np.triu_indices(8, 1)]
        assert distances.min() > 0.01

    def test_diverged_trials_are_avoided(self) -> None:
        def loss(each: Assignment) -> float:
            return math.inf if each["x"] > 0.6 else bowl(each)

        found, losses = searched(loss, 40)
        assert min(losses) < 0.012
        assert sum(math.isinf(each) for each in losses[-15:]) <= 8
        assert len(found) == 40


def test_only_the_order_and_the_proportions_of_losses_count() -> None:
    assert searched(lambda assignment: 8.0 * bowl(assignment), 16)[0] == searched(bowl, 16)[0]


def test_a_fit_is_made_once_for_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*args: Any, **settings: Any) -> Any:
        calls.append(len(args[0]))
        return fitted_parameters(*args, **settings)

    monkeypatch.setattr(module, "fitted_parameters", counted)
    searched(bowl, 26, batch=8)
    assert calls == [8, 16, 24]


class TestKnowledge:
    def test_pending_trials_are_not_proposed_again(self) -> None:
        sampler = sampler_of(15)
        (first,) = sampler.ask(1, ())
        (second,) = sampler.ask(1, [first])
        assert max(abs(first[name] - second[name]) for name in "xy") > 1e-3

    def test_it_learns_from_the_largest_budget_with_enough_results(self) -> None:
        """At the small budget the bowl is upside down."""
        sampler = sampler_of(30, upside_down=True)
        for number, point in enumerate(np.random.default_rng(0).random((30, 2))):
            if number % 2:
                assignment = sampler.space.assignment(point.tolist())
                sampler.tell(Trial(number, assignment), bowl(assignment), 3)
        (proposed,) = sampler.ask(1, ())
        assert bowl(proposed) < 0.02

    def test_of_too_many_trials_it_knows_the_best_and_last(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_TRIALS", 6)
        losses = np.array([5.0, 1.0, 4.0, 2.0, 9.0, 3.0, 8.0, 7.0])
        assert module._modelled_trials(losses) == [1, 2, 3, 5, 6, 7]
        assert module._modelled_trials(losses[:6]) == slice(None)
        sampler = sampler_of(15)
        assert len(sampler.ask(1, ())) == 1
        assert sampler._process is not None
        assert len(sampler._process.points) == 6


LOSSES = np.exp(np.random.default_rng(0).normal(size=60))


@pytest.mark.parametrize("power", [-2.0, -0.3, 0.0, 0.7, 1.0, 2.0])
def test_the_transform_is_scipys(power: float) -> None:
    y = np.linspace(-3, 5, 33)
    np.testing.assert_allclose(yeo_johnson(y, power), theirs(y, power), rtol=1e-12, atol=1e-14)


def test_the_power_is_the_likeliest() -> None:
    """Scipy's, so that a long tail becomes short; the mean is 0 and the variance 1."""
    best, _ = theirs(standardized(LOSSES))
    y = normalized(LOSSES)
    np.testing.assert_allclose(y, standardized(best), atol=0.05)
    assert skew(LOSSES) > 1.5
    assert abs(skew(y)) < 0.5
    assert (y.mean(), y.std()) == pytest.approx((0.0, 1.0), abs=1e-12)
    np.testing.assert_array_equal(normalized(4.0 * LOSSES), y)


@pytest.mark.parametrize("losses", [[0.1] * 5, [0.1, math.inf]])
def test_equal_losses_are_zeros(losses: list[float]) -> None:
    np.testing.assert_array_equal(normalized(np.array(losses)), 0.0)


@given(st.lists(st.floats(-1e300, 1e300) | st.just(float("inf")), min_size=1, max_size=30))
def test_the_order_stays(losses: list[float]) -> None:
    values = np.array([*losses, 1.0])
    y = normalized(values)
    assert np.isfinite(y).all()
    ordered = y[np.argsort(values, kind="stable")]
    assert (np.diff(ordered) >= -1e-12).all()
