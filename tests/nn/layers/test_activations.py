from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.activations import ACTIVATIONS, ActivationBuffers, Bits

HUGE = [1e13, 1e20, 1e30]
X = [-1000.0, -30.0, -2.5, -2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 3.5, 30.0, 1000.0]


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def gelu(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def mish(x: float) -> float:
    return x * math.tanh(softplus(x))


def numeric(f: Callable[[float], float], x: float) -> float:
    """The slope by a central difference of high order."""
    h = 1e-3 * max(1.0, abs(x))
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772

# f and f′ from the definitions, γ = 0.3 where there is one
DEFINITIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "identity": (lambda x: x, lambda x: 1.0),
    "logistic": (logistic, lambda x: logistic(x) * logistic(-x)),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "hard_logistic": (lambda x: max(min(x / 4 + 0.5, 1), 0), lambda x: 0.25 if -2 < x < 2 else 0.0),
    "hard_tanh": (lambda x: max(min(x, 1), -1), lambda x: 1.0 if -1 < x < 1 else 0.0),
    "relu": (lambda x: max(0.0, x), lambda x: 1.0 if x > 0 else 0.0),
    "leaky_relu": (lambda x: max(0.0, x) + 0.3 * min(0.0, x), lambda x: 1.0 if x > 0 else 0.3),
    "prelu": (lambda x: max(0.0, x) + 0.3 * min(0.0, x), lambda x: 1.0 if x > 0 else 0.3),
    "elu": (
        lambda x: max(0.0, x) + min(0.0, 0.3 * math.expm1(min(x, 0.0))),
        lambda x: 1.0 if x > 0 else 0.3 * math.exp(x),
    ),
    "softplus": (softplus, logistic),
    "selu": (
        lambda x: SCALE * (max(0.0, x) + min(0.0, ALPHA * math.expm1(min(x, 0.0)))),
        lambda x: SCALE if x > 0 else SCALE * ALPHA * math.exp(x),
    ),
    "swish": (lambda x: x * logistic(0.3 * x), lambda x: numeric(lambda y: y * logistic(0.3 * y), x)),
    "gelu": (gelu, lambda x: numeric(gelu, x)),
    "mish": (mish, lambda x: numeric(mish, x)),
}


def applied(name: str, x: FloatArray, number: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The values, and the slopes, found by passing an error term of 1 backward."""
    z = x.copy()
    delta = np.ones_like(z)
    f, buffers = ACTIVATIONS[name](number.astype(z.dtype)), buffers_for(z, delta)
    f.apply(z, buffers)
    return z, f.backward(delta, buffers)


def buffers_for(z: FloatArray, delta: FloatArray, *, training: bool = True) -> ActivationBuffers:
    zeros, slope = np.zeros((1, *delta.shape[1:]), z.dtype), np.empty_like(z)
    spare = np.empty_like(delta)
    return ActivationBuffers(np.empty(z.shape, bool), slope, spare, zeros, training, Bits.of(z, slope, delta))


def test_every_activation_is_defined_here() -> None:
    """Maxout is a function of several variables and has its own tests below."""
    assert {*DEFINITIONS, "maxout"} == set(ACTIVATIONS)


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [("float32", 1e-6, 1e-6), ("float64", 1e-14, 1e-13)])
@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_values_and_slopes_agree_with_the_definition(name: str, dtype: str, rtol: float, atol: float) -> None:
    """Huge numbers give no NaN, which would hide the first non-finite number of a diverging network."""
    f, slope = DEFINITIONS[name]
    numbers = [*(-size for size in HUGE), *X, *HUGE]
    x, number = np.array(numbers, dtype).reshape(1, 1, -1), np.full((1, 1, 1), 0.3)
    with np.errstate(over="ignore"):  # for example of z², before it is bounded
        a, d = applied(name, x, number)
        z = x.copy()
        ACTIVATIONS[name](number.astype(dtype)).apply(z, buffers_for(z, np.empty_like(z), training=False))
    assert a.dtype == d.dtype == dtype
    np.testing.assert_allclose(a.ravel(), [f(x) for x in numbers], rtol=rtol, atol=atol)
    slopes = [slope(x) for x in numbers]
    np.testing.assert_allclose(d.ravel(), slopes, rtol=max(rtol, 1e-9), atol=max(atol, 1e-9))
    np.testing.assert_array_equal(z, a)


def test_members_have_numbers_of_their_own() -> None:
    x = np.full((3, 1, 2), -2.0)
    a, _ = applied("leaky_relu", x, np.array([0.0, 0.1, 0.5]).reshape(3, 1, 1))
    np.testing.assert_allclose(a[:, 0, 0], [0.0, -0.2, -1.0])


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_a_nan_is_never_hidden(name: str) -> None:
    a, _ = applied(name, np.full((1, 1, 1), np.nan), np.full((1, 1, 1), 0.3))
    assert np.isnan(a).all()


def maxout(
    pieces: list[list[float]], number_of_units: int, *, training: bool = True
) -> tuple[FloatArray, ActivationBuffers]:
    """The activations of one member, (units, batch), of pre-activations given row by row."""
    z = np.array([pieces])
    a = np.empty((1, number_of_units, z.shape[2]))
    buffers = buffers_for(z, np.empty_like(a), training=training)
    ACTIVATIONS["maxout"](np.zeros((1, 1, 1))).forward(z, a, buffers)
    return a, buffers


def test_maxout_is_the_largest_piece_of_each_unit() -> None:
    """Two units of three pieces: rows 0, 2 and 4 are the first unit's, rows 1, 3 and 5 the second's."""
    rows = [[1.0, -4.0], [10.0, 0.0], [3.0, -5.0], [20.0, -1.0], [2.0, -6.0], [30.0, -2.0]]
    for training in (True, False):
        a, _ = maxout(rows, 2, training=training)
        assert a[0].tolist() == [[3.0, -4.0], [30.0, 0.0]]


def test_a_tie_of_maxout_goes_to_the_first_piece_alone() -> None:
    """One unit of three pieces; the columns tie all three, the last, the outer, two zeros, and none."""
    a, buffers = maxout([[7, 1, 5, -0.0, 1], [7, 4, 2, 0.0, 3], [7, 4, 5, -1.0, 2]], 1)
    assert a[0].tolist() == [[7.0, 4.0, 5.0, 0.0, 3.0]]
    terms = ACTIVATIONS["maxout"](a).backward(np.array([[[1.0, 1.0, 1.0, 1.0, 0.5]]]), buffers)
    assert terms[0].tolist() == [[1, 0, 1, 1, 0], [0, 1, 0, 0, 0.5], [0, 0, 0, 0, 0]]


def test_maxout_does_not_hide_a_nan_of_any_piece() -> None:
    a, _ = maxout([[np.nan, 1.0], [1.0, np.nan]], 1)
    assert np.isnan(a).all()


CUT_OFF_BELOW = {"relu": 0.0, "hard_logistic": -2.0}


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_active_where_the_output_is_not_cut_off_at_zero(name: str) -> None:
    """Called as in a layer: after the backward pass, with error terms in the scratch array."""
    z = np.array(X).reshape(1, 1, -1)
    delta = np.empty_like(z)
    buffers = buffers_for(z, delta)
    f = ACTIVATIONS[name](np.full((1, 1, 1), 0.3))
    f.forward(z, z.copy() if name == "maxout" else z, buffers)
    delta.fill(17.0)
    f.backward(delta, buffers)
    active = f.active(buffers)
    if name not in CUT_OFF_BELOW:
        assert active is None
    else:
        assert active is not None
        assert active.ravel().tolist() == [float(x > CUT_OFF_BELOW[name]) for x in X]
