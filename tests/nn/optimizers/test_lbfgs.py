"""L-BFGS: against SciPy, against the two-loop recursion, and against iterations by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.lbfgs import Lbfgs, LbfgsStatus
from tests.nn.objectives import Function, beale, bowl, numbers_of, rosenbrock, stacked


@pytest.mark.parametrize(
    ("function", "start", "minimum"),
    [
        (rosenbrock, [-1.2, 1.0], [1.0, 1.0]),
        (rosenbrock, [-1.2, 1.0] * 5, [1.0] * 10),
        (beale, [1.0, 1.0], [3.0, 0.5]),
        (bowl(1e4, 30), [1.0] * 30, [0.0] * 30),
        (bowl(1e8, 8), [1.0] * 8, [0.0] * 8),
    ],
    ids=["rosenbrock", "rosenbrock of 10", "beale", "1e4", "1e8"],
)
def test_finds_known_minima(function: Function, start: list[float], minimum: list[float]) -> None:
    calls: list[FloatArray] = []
    evaluate = stacked([function], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.array([start]), evaluate)
    while lbfgs.status[0] == LbfgsStatus.GOING and len(calls) < 2000:
        lbfgs.iterate(evaluate)
    assert lbfgs.status[0] == LbfgsStatus.SMALL_GRADIENT
    np.testing.assert_allclose(lbfgs.state["point"][0], minimum, atol=1e-7)
    oracle = minimize(
        function, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 0, "maxiter": 9999}
    )
    assert len(calls) <= 1.3 * oracle.nfev + 5


def two_loops(gradient: FloatArray, steps: FloatArray, changes: FloatArray) -> FloatArray:
    """Nocedal & Wright (2006), algorithm 7.4, oldest pair first."""
    q, alphas = gradient.copy(), []
    for s, y in zip(steps[::-1], changes[::-1], strict=True):
        alphas.append(s @ q / (s @ y))
        q -= alphas[-1] * y
    q *= steps[-1] @ changes[-1] / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes, strict=True):
        q += s * (alphas.pop() - y @ q / (s @ y))
    return q


@pytest.mark.parametrize(("memory", "iterations"), [(1, 4), (5, 3), (5, 6), (5, 13), (10, 25)])
def test_direction_is_that_of_the_two_loop_recursion(memory: int, iterations: int) -> None:
    """With a memory of five, the oldest pairs are overwritten from the sixth iteration on."""
    calls: list[FloatArray] = []
    evaluate = stacked([rosenbrock], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.array([[-1.2, 1.0] * 6]), evaluate, memory)
    points, gradients = [], []
    for _ in range(iterations + 1):
        points.append(lbfgs.state["point"][0].copy())
        gradients.append(lbfgs.state["gradient"][0].copy())
        asked = len(calls)
        lbfgs.iterate(evaluate)
    steps, changes = np.diff(points, axis=0)[-memory:], np.diff(gradients, axis=0)[-memory:]
    expected = -two_loops(gradients[-1], steps, changes)
    np.testing.assert_allclose(calls[asked][0] - points[-1], expected, rtol=1e-8, atol=1e-12)


def test_two_iterations_by_hand() -> None:
    """½x² from 4: the first step has length 1, because |g| > 1; then γ = 1 gives the minimum at once."""
    calls: list[FloatArray] = []
    evaluate = stacked([bowl(1.0, 1)], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.array([[4.0]]), evaluate)
    lbfgs.iterate(evaluate)
    state = {name: array.copy() for name, array in lbfgs.state.items()}
    lbfgs.iterate(evaluate)
    assert [float(point[0, 0]) for point in calls] == [4.0, 3.0, 0.0]
    assert (state["value"][0], state["status"][0], state["scale"][0]) == (4.5, LbfgsStatus.GOING, 1.0)
    np.testing.assert_array_equal(state["pairs"][0, :, 0, 0], [-1.0, -1.0])
    assert lbfgs.status[0] == LbfgsStatus.SMALL_GRADIENT


def test_small_decrease_ends_a_member() -> None:
    """½x² from 4 to 3: a decrease of 3.5, which is 7/16 of the larger value, 8."""
    evaluate = stacked([bowl(1.0, 1)] * 2)
    hyperparameters = numbers_of(2) | {"decrease_tolerance": np.array([7.01 / 16, 6.99 / 16])}
    lbfgs = Lbfgs.start(hyperparameters, np.array([[4.0], [4.0]]), evaluate)
    lbfgs.iterate(evaluate)
    assert lbfgs.status.tolist() == [LbfgsStatus.SMALL_DECREASE, LbfgsStatus.GOING]


def test_starts_that_are_over() -> None:
    functions: list[Function] = [
        lambda x: (0.0, 0 * x),
        lambda x: (np.nan, x),
        lambda x: (np.inf, x),
        lambda x: (0.0, x * np.nan),
    ]
    calls: list[FloatArray] = []
    lbfgs = Lbfgs.start(numbers_of(4), np.ones((4, 3)), stacked(functions))
    assert lbfgs.status.tolist() == [LbfgsStatus.SMALL_GRADIENT, *[LbfgsStatus.DIVERGED] * 3]
    lbfgs.iterate(stacked(functions, calls))
    assert not calls


def test_a_large_gradient_does_not_overflow() -> None:
    """‖g‖² overflows float32, but the first step still has length 1."""
    evaluate = stacked([lambda x: (1e25 * float(x.sum(dtype=np.float64)), np.full_like(x, 1e25))])
    lbfgs = Lbfgs.start(numbers_of(max_evaluations=2), np.zeros((1, 4), np.float32), evaluate)
    lbfgs.iterate(evaluate)
    np.testing.assert_allclose(lbfgs.state["point"], np.full((1, 4), -0.5), rtol=1e-6)


def test_a_failed_search_empties_the_memory_and_the_next_stalls() -> None:
    broken = False

    def function(x: FloatArray) -> tuple[float, FloatArray]:
        return (np.nan, x * np.nan) if broken else rosenbrock(x)

    calls: list[FloatArray] = []
    evaluate = stacked([function], calls)
    lbfgs = Lbfgs.start(numbers_of(max_evaluations=6), np.array([[-1.2, 1.0]]), evaluate)
    for _ in range(5):
        lbfgs.iterate(evaluate)
    before = {name: array.copy() for name, array in lbfgs.state.items()}
    broken = True
    ends = []
    for _ in range(3):
        asked = len(calls)
        lbfgs.iterate(evaluate)
        ends.append((int(lbfgs.status[0]), len(calls) - asked))
    assert ends == [(LbfgsStatus.GOING, 6), (LbfgsStatus.STALLED, 6), (LbfgsStatus.STALLED, 0)]
    assert before["taken"][0] == 5
    assert not lbfgs.state["pairs"].any()
    for name in ("point", "value", "gradient"):
        np.testing.assert_array_equal(lbfgs.state[name], before[name])


def test_a_pair_without_curvature_is_not_taken() -> None:
    """A linear function, unbounded below: the slope never changes, so y = 0."""
    evaluate = stacked([lambda x: (float(x.sum()), np.ones_like(x))])
    lbfgs = Lbfgs.start(numbers_of(max_evaluations=4), np.zeros((1, 4)), evaluate)
    lbfgs.iterate(evaluate)
    # strides of 1, 4 and 16 times a step of length 1 = 4·½²
    np.testing.assert_array_equal(lbfgs.state["point"], np.full((1, 4), -21 / 2))
    assert (lbfgs.state["taken"][0], lbfgs.status[0]) == (0, LbfgsStatus.GOING)


def test_without_pairs_each_first_step_has_length_1() -> None:
    """−x² from 1: g = −2, and 1 + 1 = 2 is the best of two evaluations; then g = −4, and 2 + 1 is tried."""
    calls: list[FloatArray] = []
    evaluate = stacked([lambda x: (-float(x @ x), -2 * x)], calls)
    lbfgs = Lbfgs.start(numbers_of(max_evaluations=2), np.ones((1, 1)), evaluate)
    lbfgs.iterate(evaluate)
    lbfgs.iterate(evaluate)
    assert [float(point[0, 0]) for point in calls] == [1.0, 2.0, 3.0]


def test_a_direction_that_leads_up_is_steepest_descent_instead() -> None:
    """½x² from 4, after a step to 3: D = −100 makes d = −3 + 3 + 300, so the memory is emptied; d = −1."""
    calls: list[FloatArray] = []
    evaluate = stacked([bowl(1.0, 1)], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.array([[4.0]]), evaluate)
    lbfgs.iterate(evaluate)
    state = lbfgs.state
    assert state["taken"][0] == 1
    state["curvature"][0, 0] = -100.0
    lbfgs = Lbfgs(lbfgs.hyperparameters, state)
    lbfgs.iterate(evaluate)
    assert [float(point[0, 0]) for point in calls] == [4.0, 3.0, 2.0]
    assert lbfgs.state["taken"][0] == 1
    assert not lbfgs.state["pairs"][0, :, 1:].any()


def test_members_that_are_done_are_asked_for_their_own_points() -> None:
    functions: list[Function] = [bowl(1.0, 2), lambda x: (1.0, x * np.nan), rosenbrock]
    calls: list[FloatArray] = []
    evaluate = stacked(functions, calls)
    lbfgs = Lbfgs.start(numbers_of(3), np.array([[0.0, 0.0], [5.0, 6.0], [-1.2, 1.0]]), evaluate)
    for _ in range(30):
        lbfgs.iterate(evaluate)
    assert len(calls) > 30
    for points in calls:
        np.testing.assert_array_equal(points[:2], [[0.0, 0.0], [5.0, 6.0]])
