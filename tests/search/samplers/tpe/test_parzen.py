from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.tpe.parzen import Mixture, ParzenDimension, Points, bandwidths, choice_kernels

NAN = math.nan


def points(*rows: list[float]) -> Points:
    middle = np.array(rows)
    return Points(middle, middle, middle)


def density(x: FloatArray | float, mean: float, sigma: float) -> FloatArray:
    """Of a truncated normal distribution, by scipy."""
    found: FloatArray = truncnorm.pdf(x, -mean / sigma, (1 - mean) / sigma, loc=mean, scale=sigma)
    return found


class TestBandwidths:
    def test_worked_out_by_hand(self) -> None:
        """Gaps of 0.2, 0.3 and 0.1 between 0.1, 0.3, 0.6 and 0.7; the least bandwidth is 1/6 or 1/12."""
        places = np.array([0.6, 0.1, 0.7, 0.3])
        assert bandwidths(places) == pytest.approx([0.3, 0.2, 1 / 6, 0.3])
        assert bandwidths(places, narrow=True) == pytest.approx([0.3, 0.2, 0.1, 0.3])
        assert bandwidths(np.array([0.6, 0.1, 0.65, 0.3]), narrow=True) == pytest.approx(
            [0.3, 0.2, 1 / 12, 0.3]
        )

    @pytest.mark.parametrize(("place", "sigma"), [(0.5, 0.5), (0.1, 0.9), (0.9, 0.9), (0.0, 1.0)])
    def test_one_trial_reaches_to_the_farther_end(self, place: float, sigma: float) -> None:
        assert bandwidths(np.array([place])) == pytest.approx([sigma])

    def test_none_is_below_a_hundredth(self) -> None:
        assert set(bandwidths(np.full(1000, 0.5))) == {0.01}
        assert set(bandwidths(np.full(1000, 0.5), narrow=True)) == {0.005}

    def test_a_mixture_is_narrow_in_continuous_dimensions_only(self) -> None:
        """At the place of many trials, a kernel half as wide has twice the density."""
        trials = np.full((98, 2), 0.5)
        here = Points(*(np.array([[place, place]]) for place in (0.5, 0.495, 0.505)))
        dimensions = [ParzenDimension(), ParzenDimension(cells=True)]
        wide, narrow = (
            Mixture(dimensions, trials, np.full(98, 1e9), narrow=narrow).log_density(here)[0]
            for narrow in (False, True)
        )
        assert narrow - wide == pytest.approx(math.log(2), abs=1e-6)

    def test_no_trials(self) -> None:
        assert bandwidths(np.empty(0)).shape == (0,)


class TestChoices:
    def test_worked_out_by_hand(self) -> None:
        """Two trials of a choice of four: 1/3 everywhere and 1 more on the trial's value."""
        found = choice_kernels(np.array([0.125, 0.875]), 4)
        whole = 4 / 3 + 1
        low, high = 1 / 3 / whole, 4 / 3 / whole
        assert found == pytest.approx(np.array([[high, low, low, low], [low, low, low, high], [0.25] * 4]))

    def test_a_trial_without_the_choice_has_the_prior_and_does_not_count(self) -> None:
        found = choice_kernels(np.array([0.25, NAN]), 2)
        assert found == pytest.approx(np.array([[0.75, 0.25], [0.5, 0.5], [0.5, 0.5]]))


class TestDensity:
    def test_one_dimension_is_a_mixture_of_truncated_normals(self) -> None:
        mixture = Mixture([ParzenDimension()], np.array([[0.2], [0.9]]), np.array([1.0, 0.5]))
        x = np.linspace(0, 1, 21)
        wanted = density(x, 0.2, 0.7) / 2.5 + 0.5 * density(x, 0.9, 0.7) / 2.5 + density(x, 0.5, 1.0) / 2.5
        assert np.exp(mixture.log_density(points(*[[each] for each in x]))) == pytest.approx(wanted)

    def test_kernels_are_products_over_dimensions(self) -> None:
        mixture = Mixture(
            [ParzenDimension(), ParzenDimension(choices=2)], np.array([[0.2, 0.25], [0.9, 0.75]]), np.ones(2)
        )
        (found,) = np.exp(mixture.log_density(points([0.3, 0.25])))
        first, second = density(0.3, 0.2, 0.7) * 0.8, density(0.3, 0.9, 0.7) * 0.2
        assert found == pytest.approx((first + second + density(0.3, 0.5, 1.0) * 0.5) / 3)

    def test_a_trial_without_a_dimension_has_the_prior_there(self) -> None:
        mixture = Mixture(
            [ParzenDimension(), ParzenDimension()], np.array([[0.2, NAN], [0.9, 0.4]]), np.ones(2)
        )
        (found,) = np.exp(mixture.log_density(points([0.3, 0.8])))
        prior = density(0.8, 0.5, 1.0)
        first = density(0.3, 0.2, 0.7) * prior
        second = density(0.3, 0.9, 0.7) * density(0.8, 0.4, 0.6)
        assert found == pytest.approx((first + second + density(0.3, 0.5, 1.0) * prior) / 3)

    def test_a_point_without_a_dimension_has_a_density_over_the_others(self) -> None:
        trials = np.array([[0.2, 0.1], [0.9, 0.4]])
        both = Mixture([ParzenDimension(), ParzenDimension()], trials, np.ones(2))
        alone = Mixture([ParzenDimension()], trials[:, :1], np.ones(2))
        assert both.log_density(points([0.3, NAN])) == pytest.approx(alone.log_density(points([0.3])))

    @pytest.mark.parametrize(
        "dimension", [ParzenDimension(), ParzenDimension(cells=True)], ids=["density", "probability"]
    )
    def test_it_sums_to_one(self, dimension: ParzenDimension) -> None:
        rng = np.random.default_rng(1)
        mixture = Mixture([dimension], rng.integers(0, 50, (80, 1)) / 50 + 0.01, rng.random(80))
        count = 50 if dimension.cells else 20_000
        edges = np.linspace(0, 1, count + 1)[:, None]
        cells = Points((edges[1:] + edges[:-1]) / 2, edges[:-1], edges[1:])
        total = np.exp(mixture.log_density(cells)).sum()
        assert (total if dimension.cells else total / count) == pytest.approx(1.0, abs=1e-6)

    def test_the_probability_of_a_value_is_the_mass_of_its_share(self) -> None:
        mixture = Mixture([ParzenDimension(cells=True)], np.array([[0.125], [0.625]]), np.ones(2))
        low, high = np.array([[0.5]]), np.array([[0.75]])
        (found,) = np.exp(mixture.log_density(Points((low + high) / 2, low, high)))
        parts = [
            truncnorm.cdf([0.5, 0.75], -mean / sigma, (1 - mean) / sigma, loc=mean, scale=sigma)
            for mean, sigma in ((0.125, 0.5), (0.625, 0.5), (0.5, 1.0))
        ]
        assert found == pytest.approx(sum(part[1] - part[0] for part in parts) / 3)

    def test_far_from_all_trials_the_prior_remains(self) -> None:
        mixture = Mixture([ParzenDimension(cells=True)], np.full((500, 1), 0.001), np.ones(500))
        low, high = np.array([[0.998]]), np.array([[1.0]])
        (found,) = mixture.log_density(Points((low + high) / 2, low, high))
        assert found == pytest.approx(math.log(0.002 * 0.9220 / 501), abs=1e-2)


class TestDraw:
    def drawn(self, mixture: Mixture) -> FloatArray:
        return mixture.draw(np.random.default_rng(5), 4000)

    def test_points_follow_the_density(self) -> None:
        mixture = Mixture([ParzenDimension()], np.array([[0.0], [0.95]]), np.array([3.0, 1.0]))

        def share_below(x: FloatArray) -> FloatArray:
            parts = [(0.6, 0.0, 0.95), (0.2, 0.95, 0.95), (0.2, 0.5, 1.0)]
            found: FloatArray = sum(
                weight * truncnorm.cdf(x, -mean / sigma, (1 - mean) / sigma, loc=mean, scale=sigma)
                for weight, mean, sigma in parts
            )
            return found

        found = self.drawn(mixture)[:, 0]
        assert ((found >= 0) & (found < 1)).all()
        assert kstest(found, share_below).pvalue > 0.01

    def test_choices_follow_their_probabilities(self) -> None:
        mixture = Mixture([ParzenDimension(choices=3)], np.array([[0.5]]), np.ones(1))
        values, counts = np.unique(self.drawn(mixture)[:, 0], return_counts=True)
        assert values == pytest.approx([1 / 6, 1 / 2, 5 / 6])
        wanted = np.array([0.2 + 1 / 3, 0.6 + 1 / 3, 0.2 + 1 / 3]) / 2
        assert counts / 4000 == pytest.approx(wanted, abs=0.03)

    def test_dimensions_come_from_the_same_kernel(self) -> None:
        trials = np.repeat([[0.05, 0.05], [0.95, 0.95]], 60, axis=0)
        first, second = self.drawn(
            Mixture([ParzenDimension(), ParzenDimension()], trials, np.full(120, 100.0))
        ).T
        assert ((first < 0.5) == (second < 0.5)).mean() > 0.99
