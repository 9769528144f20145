from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, norm, truncnorm

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.samplers import make_sampler
from fnnctl.search.samplers.tpe import (
    ParzenDimension,
    ParzenMixture,
    Points,
    TpeSampler,
    bandwidths,
    cdf,
    choice_kernels,
    chosen_values,
    parzen_dimension,
    weights,
)
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from tests.search.spaces import space

LINE: dict[str, Any] = {"x": {"uniform": [0, 1]}}
BRANCHES: dict[str, Any] = {
    "kind": {"choice": ["a", "b"]},
    "x": {"uniform": [0, 1], "when": {"kind": "a"}},
    "y": {"log_integer": [1, 512], "when": {"kind": "b"}},
    "model.hidden": {"depth": [0, 2], "width": [4, 64], "log": True},
}


def bowl(assignment: Assignment) -> float:
    if assignment.get("kind") == "b":
        y: int = assignment["y"]
        return 1.0 + y / 512
    x: float = assignment["x"]
    return (x - 0.7) ** 2


def sampler_of(*results: tuple[float, float, int], narrow: bool = True) -> TpeSampler:
    """A sampler of the line that knows losses: x, loss and budget."""
    sampler = TpeSampler(space(LINE), seed=1, one_budget=narrow)
    for x, loss, budget in results:
        sampler.tell(Trial(round(300 * x), {"x": x}), loss, budget)
    return sampler


@pytest.mark.parametrize("plain", [LINE, BRANCHES], ids=["line", "branches"])
def test_it_goes_where_losses_are_small(plain: dict[str, Any]) -> None:
    sampler = TpeSampler(space(plain), seed=1)
    losses: list[float] = []
    for number in range(60):
        (assignment,) = sampler.ask(1, ())
        losses.append(bowl(assignment))
        sampler.tell(Trial(number, assignment), losses[-1], 1)
    assert sorted(losses[30:])[15] < 0.03


SIXTY = [k / 60 for k in range(60)]


@pytest.mark.parametrize(
    ("results", "low", "high"),
    [
        ([(x, math.inf if x < 0.9 else 1.0 - x, 1) for x in SIXTY], 0.5, 1.0),
        # after one epoch large values seem better, after nine small ones are
        ([*((x, -x, 1) for x in SIXTY), *((x, x, 9) for x in SIXTY[::2])], 0.0, 0.5),
    ],
    ids=["diverged trials are never good", "the largest budget counts"],
)
def test_what_is_good(results: list[tuple[float, float, int]], low: float, high: float) -> None:
    assert all(low < assignment["x"] < high for assignment in sampler_of(*results).ask(5, ()))


def test_what_is_pending_repels() -> None:
    """With the same random numbers, a proposal is farther from trials that have no result yet."""

    def proposed(pending: float) -> float:
        (assignment,) = sampler_of(*((x, abs(x - 0.5), 1) for x in SIXTY[::2])).ask(1, [{"x": pending}] * 6)
        return float(assignment["x"])

    alone = proposed(0.01)
    assert abs(proposed(alone) - alone) > 0.02


def test_weights_of_older_trials_are_smaller() -> None:
    assert weights(3).tolist() == [1, 1, 1]
    assert weights(27).tolist() == pytest.approx([1 / 27, 1.0, *[1.0] * 25])
    assert weights(28).tolist() == pytest.approx([1 / 28, (1 + 1 / 28) / 2, 1.0, *[1.0] * 25])


@pytest.mark.parametrize(
    ("plain", "wanted"),
    [
        ({"uniform": [0, 1]}, ParzenDimension()),
        ({"choice": [1, 2, 3]}, ParzenDimension(choices=3)),
        ({"integer": [1, 12]}, ParzenDimension(cells=True)),
        ({"integer": [1, 101]}, ParzenDimension()),
        ({"integer": [1, 10_000]}, ParzenDimension()),
        ({"log_integer": [1, 10_000]}, ParzenDimension(cells=True)),
        ({"log_integer": [1000, 10_000]}, ParzenDimension()),
        ({"normal": [0, 1]}, ParzenDimension()),
        ({"normal": [0, 1], "step": 0.01}, ParzenDimension()),
        ({"normal": [0, 1], "step": 0.05}, ParzenDimension(cells=True)),
    ],
)
def test_what_a_mixture_knows_about_a_domain(plain: dict[str, Any], wanted: ParzenDimension) -> None:
    (dimension,) = space({"x": plain}).dimensions
    assert parzen_dimension(dimension) == wanted


@pytest.mark.parametrize(
    ("scheduler", "narrow"), [("full_budget", True), ("hyperband", False), ("asha", False)]
)
def test_kernels_are_narrow_if_there_is_one_budget(scheduler: str, narrow: bool) -> None:
    search = SearchConfig.model_validate(
        {"method": {"scheduler": scheduler, "sampler": "tpe"}, "space": LINE}
    )
    sampler = make_sampler("tpe", space(LINE), search, seed=1, key=identity)
    results = [(0.5 + number / 300, abs(number / 30 - 0.5), 1) for number in range(30)]
    for number, (x, loss, budget) in enumerate(results):
        sampler.tell(Trial(number, {"x": x}), loss, budget)
    proposed = list(sampler.ask(1, ()))
    of_one, of_several = (sampler_of(*results, narrow=one_budget).ask(1, ()) for one_budget in (True, False))
    assert of_one != of_several
    assert proposed == (of_one if narrow else of_several)


NAN = math.nan


def points(*rows: list[float]) -> Points:
    middle = np.array(rows)
    return Points(middle, middle, middle)


def density(x: FloatArray | float, mean: float, sigma: float) -> FloatArray:
    """Of a truncated normal distribution, by scipy."""
    value: FloatArray = truncnorm.pdf(x, -mean / sigma, (1 - mean) / sigma, loc=mean, scale=sigma)
    return value


def mass(x: FloatArray | list[float], mean: float, sigma: float) -> FloatArray:
    """Below x, by scipy."""
    share: FloatArray = truncnorm.cdf(x, -mean / sigma, (1 - mean) / sigma, loc=mean, scale=sigma)
    return share


class TestBandwidths:
    @pytest.mark.parametrize(
        ("places", "options", "expected"),
        [
            # gaps of 0.2, 0.3 and 0.1 between 0.1, 0.3, 0.6 and 0.7; the least bandwidth is 1/6 or 1/12
            ([0.6, 0.1, 0.7, 0.3], {}, [0.3, 0.2, 1 / 6, 0.3]),
            ([0.6, 0.1, 0.7, 0.3], {"narrow": True}, [0.3, 0.2, 0.1, 0.3]),
            ([0.6, 0.1, 0.65, 0.3], {"narrow": True}, [0.3, 0.2, 1 / 12, 0.3]),
            # the outermost two have one gap, of 0.1; the least bandwidth is 1/4 or 1/8
            ([0.4, 0.5], {"narrow": True}, [1 / 8, 1 / 8]),
            # one trial reaches to the farther end
            ([0.5], {}, [0.5]),
            ([0.1], {}, [0.9]),
            ([0.9], {}, [0.9]),
            ([0.0], {}, [1.0]),
            ([0.5] * 1000, {}, [0.01] * 1000),
            ([0.5] * 1000, {"narrow": True}, [0.005] * 1000),
            ([], {}, []),
        ],
    )
    def test_worked_out_by_hand(
        self, places: list[float], options: dict[str, bool], expected: list[float]
    ) -> None:
        assert bandwidths(np.array(places), **options) == pytest.approx(np.array(expected))

    def test_a_mixture_is_narrow_in_continuous_dimensions_only(self) -> None:
        """At the place of many trials, a kernel half as wide has twice the density."""
        trials = np.full((98, 2), 0.5)
        here = Points(*(np.array([[place, place]]) for place in (0.5, 0.495, 0.505)))
        dimensions = [ParzenDimension(), ParzenDimension(cells=True)]
        wide, narrow = (
            ParzenMixture(dimensions, trials, np.full(98, 1e9), **options).log_density(here)[0]
            for options in ({}, {"narrow": True})
        )
        assert narrow - wide == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("places", "choices", "expected"),
    [
        # 1/3 everywhere and 1 more on the trial's value, of 4/3 + 1
        ([0.125, 0.875], 4, [[4 / 7, 1 / 7, 1 / 7, 1 / 7], [1 / 7, 1 / 7, 1 / 7, 4 / 7], [0.25] * 4]),
        # a trial without the choice has the prior and does not count
        ([0.25, NAN], 2, [[0.75, 0.25], [0.5, 0.5], [0.5, 0.5]]),
    ],
)
def test_choices_worked_out_by_hand(places: list[float], choices: int, expected: list[list[float]]) -> None:
    assert choice_kernels(np.array(places), choices) == pytest.approx(np.array(expected))


def test_the_end_of_the_interval_is_the_last_value() -> None:
    assert chosen_values(np.array([0.0, 0.34, 0.99, 1.0]), 3).tolist() == [0, 1, 2, 2]


class TestDensity:
    def test_one_dimension_is_a_mixture_of_truncated_normals(self) -> None:
        mixture = ParzenMixture([ParzenDimension()], np.array([[0.2], [0.9]]), np.array([1.0, 0.5]))
        x = np.linspace(0, 1, 21)
        wanted = density(x, 0.2, 0.7) / 2.5 + 0.5 * density(x, 0.9, 0.7) / 2.5 + density(x, 0.5, 1.0) / 2.5
        assert np.exp(mixture.log_density(points(*[[each] for each in x]))) == pytest.approx(wanted)

    def test_kernels_are_products_over_dimensions(self) -> None:
        mixture = ParzenMixture(
            [ParzenDimension(), ParzenDimension(choices=2)], np.array([[0.2, 0.25], [0.9, 0.75]]), np.ones(2)
        )
        (found,) = np.exp(mixture.log_density(points([0.3, 0.25])))
        first, second = density(0.3, 0.2, 0.7) * 0.8, density(0.3, 0.9, 0.7) * 0.2
        assert found == pytest.approx((first + second + density(0.3, 0.5, 1.0) * 0.5) / 3)

    def test_a_trial_without_a_dimension_has_the_prior_there(self) -> None:
        mixture = ParzenMixture(
            [ParzenDimension(), ParzenDimension()], np.array([[0.2, NAN], [0.9, 0.4]]), np.ones(2)
        )
        (found,) = np.exp(mixture.log_density(points([0.3, 0.8])))
        prior = density(0.8, 0.5, 1.0)
        first = density(0.3, 0.2, 0.7) * prior
        second = density(0.3, 0.9, 0.7) * density(0.8, 0.4, 0.6)
        assert found == pytest.approx((first + second + density(0.3, 0.5, 1.0) * prior) / 3)

    def test_a_point_without_a_dimension_has_a_density_over_the_others(self) -> None:
        trials = np.array([[0.2, 0.1], [0.9, 0.4]])
        both = ParzenMixture([ParzenDimension(), ParzenDimension()], trials, np.ones(2))
        alone = ParzenMixture([ParzenDimension()], trials[:, :1], np.ones(2))
        assert both.log_density(points([0.3, NAN])) == pytest.approx(alone.log_density(points([0.3])))

    @pytest.mark.parametrize(
        "dimension", [ParzenDimension(), ParzenDimension(cells=True)], ids=["density", "probability"]
    )
    def test_it_sums_to_one(self, dimension: ParzenDimension) -> None:
        rng = np.random.default_rng(1)
        mixture = ParzenMixture([dimension], rng.integers(0, 50, (80, 1)) / 50 + 0.01, rng.random(80))
        count = 50 if dimension.cells else 20_000
        edges = np.linspace(0, 1, count + 1)[:, None]
        cells = Points((edges[1:] + edges[:-1]) / 2, edges[:-1], edges[1:])
        total = np.exp(mixture.log_density(cells)).sum()
        assert (total if dimension.cells else total / count) == pytest.approx(1.0, abs=1e-6)

    def test_the_probability_of_a_value_is_the_mass_of_its_share(self) -> None:
        mixture = ParzenMixture([ParzenDimension(cells=True)], np.array([[0.125], [0.625]]), np.ones(2))
        low, high = np.array([[0.5]]), np.array([[0.75]])
        (log_probability,) = mixture.log_density(Points((low + high) / 2, low, high))
        below = [mass([0.5, 0.75], mean, sigma) for mean, sigma in ((0.125, 0.5), (0.625, 0.5), (0.5, 1.0))]
        assert np.exp(log_probability) == pytest.approx(sum(high - low for low, high in below) / 3)

    def test_far_from_all_trials_the_prior_remains(self) -> None:
        mixture = ParzenMixture([ParzenDimension(cells=True)], np.full((500, 1), 0.001), np.ones(500))
        low, high = np.array([[0.998]]), np.array([[1.0]])
        (found,) = mixture.log_density(Points((low + high) / 2, low, high))
        assert found == pytest.approx(math.log(0.002 * 0.9220 / 501), abs=1e-2)


class TestDraw:
    def drawn(self, mixture: ParzenMixture) -> FloatArray:
        return mixture.draw(np.random.default_rng(5), 4000)

    def test_points_follow_the_density(self) -> None:
        mixture = ParzenMixture([ParzenDimension()], np.array([[0.0], [0.95]]), np.array([3.0, 1.0]))

        def share_below(x: FloatArray) -> FloatArray:
            share: FloatArray = 0.6 * mass(x, 0.0, 0.95) + 0.2 * mass(x, 0.95, 0.95) + 0.2 * mass(x, 0.5, 1.0)
            return share

        drawn = self.drawn(mixture)[:, 0]
        assert ((drawn >= 0) & (drawn < 1)).all()
        assert kstest(drawn, share_below).pvalue > 0.01

    def test_choices_follow_their_probabilities(self) -> None:
        mixture = ParzenMixture([ParzenDimension(choices=3)], np.array([[0.5]]), np.ones(1))
        values, counts = np.unique(self.drawn(mixture)[:, 0], return_counts=True)
        assert values == pytest.approx([1 / 6, 1 / 2, 5 / 6])
        wanted = np.array([0.2 + 1 / 3, 0.6 + 1 / 3, 0.2 + 1 / 3]) / 2
        assert counts / 4000 == pytest.approx(wanted, abs=0.03)

    def test_dimensions_come_from_the_same_kernel(self) -> None:
        trials = np.repeat([[0.05, 0.05], [0.95, 0.95]], 60, axis=0)
        first, second = self.drawn(
            ParzenMixture([ParzenDimension(), ParzenDimension()], trials, np.full(120, 100.0))
        ).T
        assert ((first < 0.5) == (second < 0.5)).mean() > 0.99


def test_shares_agree_with_scipy_and_rise() -> None:
    z = np.concatenate([[-np.inf, -1e300], np.linspace(-12, 12, 10_001), [np.inf]])
    assert cdf(z) == pytest.approx(norm.cdf(z), abs=1e-12)
    assert cdf(np.array([-np.inf, 0.0, np.inf])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-15)
    assert (np.diff(cdf(z)) >= 0).all()
