from __future__ import annotations

from collections import Counter
from itertools import islice, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, qmc

from fnnctl.search.samplers.sequences import SEQUENCES, allowed, shuffled
from fnnctl.space.dimensions import Dimension
from fnnctl.space.number_domains import Integer
from fnnctl.space.space import Space


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


@given(size=st.integers(0, 300), seed=st.integers(0, 2**64 - 1))
def test_it_is_a_permutation(size: int, seed: int) -> None:
    assert sorted(shuffled(size, seed=seed)) == list(range(size))


def test_the_first_ones_of_very_many_are_different_and_repeatable() -> None:
    first = list(islice(shuffled(5**40, seed=1), 1000))
    assert len(set(first)) == 1000
    assert max(first) > 5**39
    assert list(islice(shuffled(5**40, seed=1), 10)) == first[:10]
    assert list(islice(shuffled(5**40, seed=2), 10)) != first[:10]


def test_orders_never_change() -> None:
    """A search is repeated by a later version."""
    assert list(shuffled(10, seed=1)) == [0, 1, 2, 3, 7, 4, 5, 6, 8, 9]
    assert next(shuffled(5**40, seed=1)) == 2096456501820296052574274242


def test_every_order_is_as_likely() -> None:
    orders = Counter(tuple(shuffled(3, seed=seed)) for seed in range(1200))
    assert len(orders) == 6
    assert all(count == pytest.approx(200, abs=60) for count in orders.values())  # 4.6 standard deviations


SPACE = Space([Dimension("a", Integer(1, 9))], ["a < 3"])


def test_only_what_is_allowed_is_left() -> None:
    assert list(allowed(({"a": value} for value in (1, 5, 2, 3)), SPACE)) == [{"a": 1}, {"a": 2}]


def test_it_ends_after_many_rejections_in_a_row() -> None:
    candidates = ({"a": value} for value in (3, 4, 1, 3, 4, 2, 3, 4, 5, 1))
    assert list(allowed(candidates, SPACE, 3)) == [{"a": 1}, {"a": 2}]
    assert list(allowed(repeat({"a": 9}), SPACE, 10)) == []
