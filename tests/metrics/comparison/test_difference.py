from __future__ import annotations

import math

import pytest
from scipy import stats

from fnnctl.metrics.comparison.difference import (
    Difference,
    StudentPower,
    constant_limits,
    normal_limits,
    square_and_add,
    upper_tail,
    with_zero,
)
from fnnctl.metrics.paired import MANY


@pytest.mark.parametrize("t", [-2.5, -0.3, 0.0, 1.7, 4.0])
@pytest.mark.parametrize("freedom", [1, 2, 24, MANY])
def test_the_tail_is_students(t: float, freedom: int) -> None:
    assert upper_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-9)
    if freedom < MANY:
        assert upper_tail(t, freedom + 0.9) == upper_tail(t, freedom)


def test_many_degrees_of_freedom_are_normal() -> None:
    assert upper_tail(1.5, 5000) == pytest.approx(stats.norm.sf(1.5))


def test_an_interval_beside_a_large_p_has_the_zero_in_it() -> None:
    assert with_zero([0.01, 0.2], 0.06) == [0.0, 0.2]
    assert with_zero([-0.2, -0.01], 0.06) == [-0.2, 0.0]
    assert with_zero([0.01, 0.2], 0.04) == [0.01, 0.2]


def test_square_and_add_by_hand() -> None:
    """Half widths 0.03 and 0.04: 0.05 if independent, 0.01 if they move together."""
    scores, intervals = (0.5, 0.4), ([0.47, 0.53], [0.36, 0.44])
    assert square_and_add(scores, intervals) == pytest.approx([0.05, 0.15])
    assert square_and_add(scores, intervals, 1.0) == pytest.approx([0.09, 0.11])


def test_the_difference_that_would_be_found() -> None:
    found = Difference(0.02, [-0.01, 0.05], 0.18, 0.91, 0.09, 0.015, power=StudentPower(0.015))
    assert found.detectable() == pytest.approx((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * 0.015)
    assert found.detectable(sides=1) == pytest.approx((stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) * 0.015)
    assert found.samples_needed() == pytest.approx((2.8015852 * 0.015 / 0.02) ** 2)
    # The test of a sample so many times as large has a power of 80 %.
    factor = found.samples_needed()
    assert factor
    z = 0.02 / (0.015 / math.sqrt(factor))
    assert stats.norm.sf(stats.norm.ppf(0.975) - z) == pytest.approx(0.8, abs=1e-4)
    without = Difference(0.02, None, 1.0, 0.5, 0.5, None)
    assert without.detectable() is without.samples_needed() is None


@pytest.mark.parametrize("freedom", [4, 9, 24, 800])
@pytest.mark.parametrize("sides", [1, 2])
def test_a_t_test_detects_the_difference_in_80_percent(freedom: int, sides: int) -> None:
    difference = StudentPower(0.1, freedom).detectable(sides)
    power = stats.nct.sf(stats.t.ppf(1 - 0.05 / sides, freedom), freedom, difference / 0.1)
    assert power == pytest.approx(0.8, abs=0.015)


def test_limits_are_one_sided() -> None:
    assert normal_limits(0.5, 0.1) == pytest.approx(stats.norm.interval(0.9, 0.5, 0.1))
    for freedom in (4, MANY):
        assert normal_limits(0.5, 0.1, freedom) == pytest.approx(stats.t.interval(0.9, freedom, 0.5, 0.1))
    assert constant_limits(-0.2, 0.04) == (-0.2, -0.2)
    assert constant_limits(-0.2, 0.06) == (-math.inf, math.inf)


def test_a_score_is_within_every_margin_above_the_smallest() -> None:
    found = Difference(-0.01, None, 1.0, 0.5, 0.5, None, limits=(-0.03, 0.02))
    assert found.smallest_margin(lower_is_better=False) == 0.03
    assert found.smallest_margin(lower_is_better=True) == 0.02
    assert found.is_within(0.031, lower_is_better=False)
    assert not found.is_within(0.03, lower_is_better=False)
    assert found.reversed().limits == (-0.02, 0.03)
    better = Difference(0.02, None, 1.0, 0.5, 0.5, None, limits=(0.01, 0.03))
    assert better.smallest_margin(lower_is_better=False) == 0
    assert better.is_within(0, lower_is_better=False)
    unknown = Difference(0.0, None, 1.0, 0.5, 0.5, None)
    assert not unknown.is_within(1000, lower_is_better=True)
    assert unknown.equal_margin() is None
