from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, qmc

from fnnctl.search.samplers.sequences import SEQUENCES


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_point_depends_on_the_seed_and_its_number_alone(name: str) -> None:
    points, again = (SEQUENCES[name](3, seed=7) for _ in range(2))
    forwards = [points(index) for index in range(5)]
    assert [again(index) for index in reversed(range(5))] == forwards[::-1]
    assert SEQUENCES[name](3, seed=8)(0) != forwards[0]
    assert all(len(point) == 3 and all(0 <= u < 1 for u in point) for point in forwards)


@pytest.mark.parametrize("name", SEQUENCES)
def test_single_numbers_are_uniformly_distributed(name: str) -> None:
    """Over the seeds, each number of the first points; the least of 15 p-values is hardly below 1/1000."""
    drawn = np.array([[SEQUENCES[name](5, seed=seed)(index) for index in range(3)] for seed in range(200)])
    assert min(kstest(column, "uniform").pvalue for column in drawn.reshape(200, 15).T) > 1e-3


@pytest.mark.parametrize("dimensions", [1, 2, 5, 8])
@pytest.mark.parametrize("count", [20, 50])
def test_low_discrepancy_fills_the_cube_more_evenly(dimensions: int, count: int) -> None:
    """By the centered discrepancy, on average over seeds; SciPy measures it."""

    def unevenness(name: str) -> float:
        sequences = [SEQUENCES[name](dimensions, seed=seed) for seed in range(8)]
        return float(np.mean([qmc.discrepancy([each(k) for k in range(count)]) for each in sequences]))

    assert unevenness("low_discrepancy") < 0.6 * unevenness("pseudo_random")


def test_the_first_p_points_stand_in_the_p_parts_of_the_unit_interval() -> None:
    """In dimension i, whose base is the i-th prime p, and the first p² in p² parts."""
    points = SEQUENCES["low_discrepancy"](4, seed=3)
    for dimension, prime in enumerate((2, 3, 5, 7)):
        for parts in (prime, prime**2):
            assert {int(points(index)[dimension] * parts) for index in range(parts)} == set(range(parts))
