"""The line search: test functions of Moré & Thuente (1994, section 5), steps by hand, and limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.nn.optimizers.line_search import LineSearch, SearchEnd, strong_wolfe

Function = Callable[[float], tuple[float, float]]


def run(search: LineSearch, function: Function) -> tuple[SearchEnd, list[float]]:
    """The end of a search, and the steps that it tried."""
    steps: list[float] = []
    try:
        step = next(search)
        while True:
            steps.append(step)
            step = search.send(function(step))
    except StopIteration as end:
        found: SearchEnd = end.value
        return found, steps


def search_of(function: Function, step: float, max_evaluations: int = 20) -> tuple[SearchEnd, list[float]]:
    return run(strong_wolfe(*function(0.0), step, max_evaluations=max_evaluations), function)


def rational(t: float, beta: float = 2.0) -> tuple[float, float]:
    """Concave beyond √(3β): formula (5.1)."""
    return -t / (t * t + beta), (t * t - beta) / (t * t + beta) ** 2


def yanai(beta1: float, beta2: float) -> Function:
    """Two hyperbolas with sharp turns at 0 and 1 for small β: formula (5.5)."""
    gamma1, gamma2 = (math.sqrt(1 + beta * beta) - beta for beta in (beta1, beta2))

    def function(t: float) -> tuple[float, float]:
        root1, root2 = math.hypot(1 - t, beta2), math.hypot(t, beta1)
        return gamma1 * root1 + gamma2 * root2, gamma1 * (t - 1) / root1 + gamma2 * t / root2

    return function


@pytest.mark.parametrize("step", [1e-3, 1e-1, 1e1, 1e3])
@pytest.mark.parametrize(
    ("function", "decrease", "curvature"),
    [
        (rational, 0.001, 0.1),
        (yanai(0.01, 0.001), 0.001, 0.001),
    ],
    ids=["1", "5"],
)
def test_conditions_on_the_functions_of_more_and_thuente(
    function: Function, decrease: float, curvature: float, step: float
) -> None:
    value, slope = function(0.0)
    end, steps = run(
        strong_wolfe(value, slope, step, max_evaluations=20, decrease=decrease, curvature=curvature), function
    )
    assert end.satisfied
    assert end.step == steps[-1]
    reached, slope_there = function(end.step)
    assert reached <= value + decrease * end.step * slope
    assert abs(slope_there) <= curvature * abs(slope)


def parabola(t: float) -> tuple[float, float]:
    return (t - 1) ** 2, 2 * (t - 1)


@pytest.mark.parametrize(
    ("step", "steps"),
    [
        (1.0, [1.0]),
        # |φ′(0.05)| = 1.9 > 0.9·2; the minimum is 0.95 ahead, but a step is at most 10 strides of 0.05
        (0.05, [0.05, 0.05 + 0.5]),
        # φ(4) = 9 > φ(0): the cubic through a parabola's values and slopes is the parabola
        (4.0, [4.0, 1.0]),
    ],
)
def test_steps_along_a_parabola_by_hand(step: float, steps: list[float]) -> None:
    end, tried = search_of(parabola, step)
    assert tried == pytest.approx(steps)
    assert end == SearchEnd(tried[-1], True)


def test_an_interval_that_does_not_begin_at_the_start_by_hand() -> None:
    """φ = (t − 3)² with a slope of at most 0.6: from 0.2 ten strides, then 1.1, beyond the minimum."""

    def function(t: float) -> tuple[float, float]:
        return (t - 3) ** 2, 2 * (t - 3)

    search = strong_wolfe(*function(0.0), 0.2, max_evaluations=20, curvature=0.1)
    end, steps = run(search, function)
    assert steps == pytest.approx([0.2, 2.2, 4.4, 3.0])
    assert end.satisfied


@pytest.mark.parametrize("bad", [math.inf, math.nan, -math.inf])
@pytest.mark.parametrize("where", ["value", "slope"])
def test_a_step_without_finite_numbers_is_too_far(bad: float, where: str) -> None:
    """From 8, a quarter of the way each time: 2 is still beyond 1.5, and 0.5 satisfies the conditions."""

    def function(t: float) -> tuple[float, float]:
        value, slope = parabola(t)
        if t <= 1.5:
            return value, slope
        return (bad, slope) if where == "value" else (value, bad)

    assert search_of(function, 8.0) == (SearchEnd(0.5, True), [8.0, 2.0, 0.5])


@pytest.mark.parametrize("slope", [0.0, 1.0, math.nan, -math.inf])
def test_no_way_down(slope: float) -> None:
    assert run(strong_wolfe(1.0, slope, 1.0, max_evaluations=20), parabola) == (SearchEnd(0.0, False), [])


def test_nothing_lower_and_no_bound_below() -> None:
    """Values that rise in spite of the slope, and −t: strides of 1, then four times the last."""
    end, steps = search_of(lambda t: (t, -1.0), 1.0, 7)
    assert (end, len(steps)) == (SearchEnd(0.0, False), 7)
    assert search_of(lambda t: (-t, -1.0), 1.0, 5) == (SearchEnd(85.0, False), [1.0, 5.0, 21.0, 85.0])


def test_a_higher_value_bounds_the_step_though_it_is_downhill_there() -> None:
    """−t up to 1, then a jump up: the value at 5 is below that at the start, but not below that at 1."""
    search = strong_wolfe(0.0, -1.0, 1.0, max_evaluations=20)
    assert (next(search), search.send((-1.0, -1.0))) == (1.0, 5.0)
    assert 1.0 < search.send((-0.5, -0.95)) < 5.0


def test_goes_back_to_the_lowest_value() -> None:
    """The cubic's minimum is 0.55 ahead, the smallest stride 1.1; then a quarter of the way to the cliff."""

    def cliff(t: float) -> tuple[float, float]:
        return (-2 * t, -2.0 if t else -1.0) if t <= 1.0 else (math.inf, math.inf)

    end, steps = search_of(cliff, 1.0, 4)
    assert end == SearchEnd(1.0, False)
    assert steps == pytest.approx([1.0, 2.1, 1.275, 1.0])


def test_an_interval_without_a_number_inside_ends_the_search() -> None:
    """A jump at ⅓, downhill on both sides: the interval shrinks to it long before 500 evaluations."""
    end, steps = search_of(lambda t: (-t if t < 1 / 3 else 1 - t, -1.0), 1.0, 500)
    assert not end.satisfied
    assert end.step == pytest.approx(1 / 3, rel=1e-12)
    assert end.step == steps[-1]
    assert len(steps) < 130


def test_slopes_decide_where_values_are_noise() -> None:
    """An increase by two units in the last place is refused, unless it may be due to rounding."""
    ulp = math.ulp(1.0)
    for rounding, accepted in ((0.0, False), (4 * ulp, True)):
        search = strong_wolfe(1.0, -1e-12, 1.0, max_evaluations=20, rounding=rounding)
        end, steps = run(search, lambda t: (1.0 + 2 * ulp, -1e-14))
        assert (end == SearchEnd(1.0, True)) is accepted
        assert (len(steps) == 1) is accepted


def waves(amplitudes: list[float]) -> Function:
    """−t plus waves, plus a parabola."""

    def function(t: float) -> tuple[float, float]:
        value, slope = 0.01 * t * t - t, 0.02 * t - 1.0
        for n, amplitude in enumerate(amplitudes, 1):
            value += amplitude * math.sin(n * t)
            slope += amplitude * n * math.cos(n * t)
        return value, slope

    return function


@given(
    amplitudes=st.lists(st.floats(-2.0, 2.0), max_size=6),
    step=st.floats(1e-6, 1e6),
    max_evaluations=st.integers(1, 30),
    wall=st.floats(1e-6, 1e6),
)
def test_ends_in_time_and_lower_or_not_at_all(
    amplitudes: list[float], step: float, max_evaluations: int, wall: float
) -> None:
    function = waves(amplitudes)
    value, slope = function(0.0)
    assume(slope < 0.0)

    def walled(t: float) -> tuple[float, float]:
        return function(t) if t <= wall else (math.nan, math.nan)

    end, steps = search_of(walled, step, max_evaluations)
    reached, slope_there = walled(end.step)
    assert 1 <= len(steps) <= max_evaluations
    assert all(t > 0.0 for t in steps)
    assert end.step in (0.0, steps[-1])
    assert reached < value or not end.step
    assert not end.satisfied or reached <= value + 1e-4 * end.step * slope
    assert not end.satisfied or abs(slope_there) <= 0.9 * abs(slope)
