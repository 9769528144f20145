"""L-BFGS: against SciPy, against the two-loop recursion, and every member's bits against itself alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.datasets import load_iris, load_wine

from fnnctl.arrays import FloatArray
from fnnctl.nn.lbfgs import Evaluate, Lbfgs, Status

Function = Callable[[FloatArray], tuple[float, FloatArray]]
Numbers = dict[str, npt.NDArray[Any]]


def numbers_of(
    members: int = 1, *, gradient: float = 1e-8, decrease: float = 0.0, max_evaluations: int = 20
) -> Numbers:
    return {
        "gradient_tolerance": np.full(members, gradient),
        "decrease_tolerance": np.full(members, decrease),
        "max_evaluations": np.full(members, max_evaluations),
    }


def stacked(functions: list[Function], calls: list[FloatArray] | None = None) -> Evaluate:
    """One evaluation of all: a function a member. The points of each call are noted."""

    def evaluate(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        if calls is not None:
            calls.append(points.copy())
        answers = [function(point) for function, point in zip(functions, points, strict=True)]
        gradients = np.stack([gradient for _, gradient in answers])
        return np.array([value for value, _ in answers], np.float64), gradients.astype(points.dtype)

    return evaluate


def minimum_of(
    function: Function, start: FloatArray, *, gradient: float = 1e-8, iterations: int = 2000
) -> tuple[Lbfgs, int]:
    """The search after its last iteration, and its number of evaluations."""
    calls: list[FloatArray] = []
    evaluate = stacked([function], calls)
    lbfgs = Lbfgs.start(numbers_of(gradient=gradient), start[None], evaluate)
    for _ in range(iterations):
        lbfgs.iterate(evaluate)
    return lbfgs, len(calls)


def rosenbrock(x: FloatArray) -> tuple[float, FloatArray]:
    bend = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * bend - 2 * (1 - x[:-1])
    gradient[1:] += 200 * bend
    return float((100 * bend**2 + (1 - x[:-1]) ** 2).sum()), gradient


def beale(x: FloatArray) -> tuple[float, FloatArray]:
    a, b = x
    rest = np.array([1.5 - a + a * b, 2.25 - a + a * b**2, 2.625 - a + a * b**3])
    return float(rest @ rest), 2 * np.array(
        [[b - 1, b**2 - 1, b**3 - 1], [a, 2 * a * b, 3 * a * b**2]]
    ) @ rest


def wood(x: FloatArray) -> tuple[float, FloatArray]:
    a, b, c, d = x
    value = 100 * (b - a * a) ** 2 + (1 - a) ** 2 + 90 * (d - c * c) ** 2 + (1 - c) ** 2
    value += 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2
    shared, apart = 20 * (b + d - 2), 0.2 * (b - d)
    gradient = np.array(
        [
            -400 * a * (b - a * a) - 2 * (1 - a),
            200 * (b - a * a) + shared + apart,
            -360 * c * (d - c * c) - 2 * (1 - c),
            180 * (d - c * c) + shared - apart,
        ]
    )
    return float(value), gradient


def powell(x: FloatArray) -> tuple[float, FloatArray]:
    """Powell's singular function: its Hessian at the minimum has rank 2."""
    a, b, c, d = x
    rest = np.array([a + 10 * b, np.sqrt(5) * (c - d), (b - 2 * c) ** 2, np.sqrt(10) * (a - d) ** 2])
    jacobian = np.array(
        [
            [1, 10, 0, 0],
            [0, 0, np.sqrt(5), -np.sqrt(5)],
            [0, 2 * (b - 2 * c), -4 * (b - 2 * c), 0],
            [2 * np.sqrt(10) * (a - d), 0, 0, -2 * np.sqrt(10) * (a - d)],
        ]
    )
    return float(rest @ rest), 2 * rest @ jacobian


def bowl(condition: float, size: int = 30) -> Function:
    scale = np.logspace(0, np.log10(condition), size)
    return lambda x: (float(scale @ (x * x)) / 2, scale * x)


@pytest.mark.parametrize(
    ("function", "start", "minimum", "within"),
    [
        (rosenbrock, [-1.2, 1.0], [1.0, 1.0], 1e-7),
        (rosenbrock, [-1.2, 1.0] * 5, [1.0] * 10, 1e-7),
        (beale, [1.0, 1.0], [3.0, 0.5], 1e-7),
        (wood, [-3.0, -1.0, -3.0, -1.0], [1.0] * 4, 1e-7),
        (powell, [3.0, -1.0, 0.0, 1.0], [0.0] * 4, 1e-2),
        (bowl(1e4), [1.0] * 30, [0.0] * 30, 1e-7),
        (bowl(1e8, 8), [1.0] * 8, [0.0] * 8, 1e-7),
    ],
    ids=["rosenbrock", "rosenbrock of 10", "beale", "wood", "powell", "1e4", "1e8"],
)
def test_finds_known_minima(
    function: Function, start: list[float], minimum: list[float], within: float
) -> None:
    lbfgs, evaluations = minimum_of(function, np.array(start))
    assert lbfgs.status[0] == Status.SMALL_GRADIENT
    np.testing.assert_allclose(lbfgs.state["point"][0], minimum, atol=within)
    oracle = minimize(
        function, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 0, "maxiter": 9999}
    )
    assert evaluations <= 1.3 * oracle.nfev + 5


def softmax_regression(table: Any, l2: float, dtype: npt.DTypeLike = np.float64) -> tuple[Function, int]:
    """Mean log loss on standardized features and ½λ‖W‖², biases unpenalised; weights as (classes, 1 + d)."""
    features, labels = table(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    rows = len(labels)
    inputs = np.vstack([np.ones(rows), features.T]).astype(dtype)
    targets = np.eye(labels.max() + 1, dtype=dtype)[labels].T

    def function(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(len(targets), -1)
        logits = weights @ inputs
        logits = logits - logits.max(axis=0)
        exponentials = np.exp(logits)
        sums = exponentials.sum(axis=0)
        loss = (np.log(sums) - (targets * logits).sum(axis=0)).mean()
        gradient = (exponentials / sums - targets) @ inputs.T / rows
        gradient[:, 1:] += l2 * weights[:, 1:]
        return float(loss + l2 / 2 * (weights[:, 1:] ** 2).sum()), gradient.ravel()

    return function, len(targets) * len(inputs)


@pytest.mark.parametrize("table", [load_iris, load_wine])
@pytest.mark.parametrize("l2", [1e-1, 1e-2, 1e-3])
def test_softmax_regression_as_scipy(table: Any, l2: float) -> None:
    function, size = softmax_regression(table, l2)
    lbfgs, evaluations = minimum_of(function, np.zeros(size), gradient=1e-10, iterations=300)
    options = {"gtol": 1e-10, "ftol": 0, "maxiter": 9999}
    oracle = minimize(function, np.zeros(size), jac=True, method="L-BFGS-B", options=options)
    assert lbfgs.status[0] == Status.SMALL_GRADIENT
    np.testing.assert_allclose(lbfgs.state["point"][0], oracle.x, rtol=0, atol=1e-6)
    assert lbfgs.state["value"][0] == pytest.approx(oracle.fun, rel=1e-12)
    assert evaluations <= 1.3 * oracle.nfev


@pytest.mark.parametrize("table", [load_iris, load_wine])
def test_softmax_regression_in_float32(table: Any) -> None:
    function, size = softmax_regression(table, 1e-2, np.float32)
    lbfgs, _ = minimum_of(function, np.zeros(size, np.float32), gradient=1e-6, iterations=200)
    exact, _ = softmax_regression(table, 1e-2)
    oracle = minimize(exact, np.zeros(size), jac=True, method="L-BFGS-B", options={"gtol": 1e-9, "ftol": 0})
    assert {array.dtype for name, array in lbfgs.state.items() if name in ("point", "gradient", "pairs")} == {
        np.dtype(np.float32)
    }
    assert lbfgs.status[0] == Status.SMALL_GRADIENT
    np.testing.assert_allclose(lbfgs.state["point"][0], oracle.x, rtol=0, atol=3e-4)


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


@pytest.mark.parametrize(("memory", "iterations"), [(1, 4), (5, 3), (5, 5), (5, 6), (5, 13), (10, 25)])
def test_direction_is_that_of_the_two_loop_recursion(memory: int, iterations: int) -> None:
    """Oldest pairs are overwritten from the sixth iteration on, where the memory is five."""
    function, size = softmax_regression(load_wine, 1e-3)
    calls: list[FloatArray] = []
    evaluate = stacked([function], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.zeros((1, size)), evaluate, memory)
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
    """½x² from 4: a step of length 1 at first, since |g| > 1; then γ = 1, and the minimum at once."""
    calls: list[FloatArray] = []
    evaluate = stacked([lambda x: (float(x @ x) / 2, x.copy())], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.array([[4.0]]), evaluate)
    lbfgs.iterate(evaluate)
    state = {name: array.copy() for name, array in lbfgs.state.items()}
    lbfgs.iterate(evaluate)
    assert [float(point[0, 0]) for point in calls] == [4.0, 3.0, 0.0]
    assert (state["value"][0], state["status"][0], state["scale"][0]) == (4.5, Status.GOING, 1.0)
    np.testing.assert_array_equal(state["pairs"][0, :, 0, 0], [-1.0, -1.0])
    assert lbfgs.status[0] == Status.SMALL_GRADIENT


def test_small_decrease_ends_a_member() -> None:
    """½x² from 4 to 3: a decrease of 3.5, which is 7/16 of the larger value, 8."""
    evaluate = stacked([lambda x: (float(x @ x) / 2, x.copy())] * 2)
    numbers = numbers_of(2) | {"decrease_tolerance": np.array([7.01 / 16, 6.99 / 16])}
    lbfgs = Lbfgs.start(numbers, np.array([[4.0], [4.0]]), evaluate)
    lbfgs.iterate(evaluate)
    assert lbfgs.status.tolist() == [Status.SMALL_DECREASE, Status.GOING]


def test_starts_that_are_over() -> None:
    functions: list[Function] = [
        lambda x: (0.0, 0 * x),
        lambda x: (np.nan, x),
        lambda x: (np.inf, x),
        lambda x: (0.0, x * np.nan),
    ]
    calls: list[FloatArray] = []
    lbfgs = Lbfgs.start(numbers_of(4), np.ones((4, 3)), stacked(functions))
    assert lbfgs.status.tolist() == [Status.SMALL_GRADIENT, *[Status.DIVERGED] * 3]
    lbfgs.iterate(stacked(functions, calls))
    assert not calls


def test_a_large_gradient_does_not_overflow() -> None:
    """‖g‖² is beyond float32, and the first step has length 1 nevertheless."""
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
    assert ends == [(Status.GOING, 6), (Status.STALLED, 6), (Status.STALLED, 0)]
    assert before["taken"][0] == 5
    assert not lbfgs.state["pairs"].any()
    for name in ("point", "value", "gradient"):
        np.testing.assert_array_equal(lbfgs.state[name], before[name])


def test_a_pair_without_curvature_is_not_taken() -> None:
    """Downhill without end, and a slope that never changes: y = 0."""
    evaluate = stacked([lambda x: (float(x.sum()), np.ones_like(x))])
    lbfgs = Lbfgs.start(numbers_of(max_evaluations=4), np.zeros((1, 4)), evaluate)
    lbfgs.iterate(evaluate)
    # strides of 1, 4 and 16 times a step of length 1 = 4·½²
    np.testing.assert_array_equal(lbfgs.state["point"], np.full((1, 4), -21 / 2))
    assert (lbfgs.state["taken"][0], lbfgs.status[0]) == (0, Status.GOING)


def test_without_pairs_each_first_step_has_length_1() -> None:
    """−x² from 1: g = −2, 1 + 1 = 2 is the best of two evaluations; then g = −4, and 2 + 1 is asked for."""
    calls: list[FloatArray] = []
    evaluate = stacked([lambda x: (-float(x @ x), -2 * x)], calls)
    lbfgs = Lbfgs.start(numbers_of(max_evaluations=2), np.ones((1, 1)), evaluate)
    lbfgs.iterate(evaluate)
    lbfgs.iterate(evaluate)
    assert [float(point[0, 0]) for point in calls] == [1.0, 2.0, 3.0]


def test_a_direction_that_leads_up_is_steepest_descent_instead() -> None:
    """½x² from 4, after a step to 3; D = −100 makes d = −3 + 3 + 300, so the memory goes, and d = −1."""
    calls: list[FloatArray] = []
    evaluate = stacked([lambda x: (float(x @ x) / 2, x.copy())], calls)
    lbfgs = Lbfgs.start(numbers_of(), np.array([[4.0]]), evaluate)
    lbfgs.iterate(evaluate)
    state = lbfgs.state
    assert state["taken"][0] == 1
    state["curvature"][0, 0] = -100.0
    lbfgs = Lbfgs(lbfgs.numbers, state)
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


def test_an_error_leaves_the_state_as_it_was() -> None:
    evaluate = stacked([rosenbrock])
    start = np.array([[-1.2, 1.0]])
    whole, broken = (Lbfgs.start(numbers_of(), start, evaluate) for _ in range(2))

    def fail(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        raise KeyboardInterrupt

    for _ in range(30):
        whole.iterate(evaluate)
        with pytest.raises(KeyboardInterrupt):
            broken.iterate(fail)
        broken.iterate(evaluate)
        assert_same(broken, whole)


def assert_same(one: Lbfgs, other: Lbfgs) -> None:
    for name, array in one.state.items():
        np.testing.assert_array_equal(array, other.state[name], strict=True, err_msg=name)


def quadratic(matrix: FloatArray, centre: FloatArray, bad_after: int | None = None) -> Function:
    """½(x − c)ᵀA(x − c), which turns NaN after some evaluations."""
    asked = 0

    def function(x: FloatArray) -> tuple[float, FloatArray]:
        nonlocal asked
        asked += 1
        away = x - centre
        gradient = matrix @ away
        if bad_after is not None and asked > bad_after:
            return np.nan, gradient * np.nan
        return float(away @ gradient) / 2, gradient

    return function


def saved_and_loaded(lbfgs: Lbfgs) -> Lbfgs:
    file = io.BytesIO()
    arrays: dict[str, Any] = lbfgs.state
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as state:
        return Lbfgs(lbfgs.numbers, dict(state))


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.integers(1, 6),
    size=st.integers(1, 40),
    memory=st.integers(1, 6),
    dtype=st.sampled_from([np.float32, np.float64]),
    leave_at=st.integers(0, 12),
    bad_after=st.none() | st.integers(0, 15),
)
def test_a_member_has_the_bits_that_it_has_alone(
    seed: int,
    members: int,
    size: int,
    memory: int,
    dtype: type[np.floating[Any]],
    leave_at: int,
    bad_after: int | None,
) -> None:
    """In any stack, with a neighbour that turns NaN, saved and restored, and after others have left."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(members, size, size)) * 10.0 ** rng.uniform(-3, 3, size=(members, 1, 1))
    matrices = (roots @ roots.transpose(0, 2, 1) / size).astype(dtype)
    centres, starts = rng.normal(size=(2, members, size)).astype(dtype)
    numbers: Numbers = {
        "gradient_tolerance": 10.0 ** rng.uniform(-9, 1, members),
        "decrease_tolerance": rng.choice([0.0, 1e-9, 1e-3], members),
        "max_evaluations": rng.integers(1, 21, members),
    }

    def functions() -> list[Function]:
        made = [quadratic(matrix, centre) for matrix, centre in zip(matrices, centres, strict=True)]
        if members > 1:
            made[0] = quadratic(matrices[0], centres[0], bad_after)
        return made

    chosen = np.arange(members)
    made = functions()
    stack = Lbfgs.start(numbers, starts, stacked(made), memory)
    for iteration in range(20):
        if iteration == leave_at:
            chosen = chosen[rng.permutation(members)[: max(1, members - 1)]]
            stack = saved_and_loaded(stack.select(chosen))
            made = [made[k] for k in chosen]
        calls: list[FloatArray] = []
        stack.iterate(stacked(made, calls))
        assert len(calls) <= numbers["max_evaluations"].max()
    for place, k in enumerate(chosen):
        if members > 1 and k == 0 and bad_after is not None:
            continue
        calls, one = [], np.array([k])
        evaluate = stacked([functions()[k]], calls)
        alone = Lbfgs.start(
            {name: number[one] for name, number in numbers.items()}, starts[one], evaluate, memory
        )
        for _ in range(20):
            asked = len(calls)
            alone.iterate(evaluate)
            assert len(calls) - asked <= numbers["max_evaluations"][k]
        assert_same(stack.select(np.array([place])), alone)


def cosh_bowl(scale: FloatArray) -> Function:
    def function(x: FloatArray) -> tuple[float, FloatArray]:
        clipped = np.clip(x, -50, 50)
        return float(np.cosh(clipped) @ scale), np.sinh(clipped) * scale

    return function


@pytest.mark.parametrize("size", [803, 5003])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_of_many_parameters(size: int, dtype: type[np.floating[Any]]) -> None:
    """Long rows, which start at odd addresses and which BLAS walks in blocks."""
    rng = np.random.default_rng(5)
    scales = 10.0 ** rng.uniform(-2, 2, size=(3, size)).astype(dtype)
    starts = rng.normal(size=(3, size)).astype(dtype)
    functions = [cosh_bowl(scale) for scale in scales]
    together = Lbfgs.start(numbers_of(3), starts, stacked(functions))
    for _ in range(40):
        together.iterate(stacked(functions))
    for k in range(3):
        alone = Lbfgs.start(numbers_of(), starts[k : k + 1], stacked(functions[k : k + 1]))
        for _ in range(40):
            alone.iterate(stacked(functions[k : k + 1]))
        assert_same(together.select(np.array([k])), alone)
    assert together.state["taken"].min() > 10
