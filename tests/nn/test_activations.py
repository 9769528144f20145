from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.activations import ACTIVATIONS, ActivationBuffers

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
    h = 1e-3
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
    z = x.copy()
    buffers = ActivationBuffers(np.empty(z.shape, bool), np.empty_like(z), np.empty_like(z), training=True)
    ACTIVATIONS[name](number.astype(z.dtype)).apply(z, buffers)
    return z, buffers.slope


def test_every_activation_is_defined_here() -> None:
    assert set(DEFINITIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_value_and_slope_agree_with_the_definition(name: str) -> None:
    f, slope = DEFINITIONS[name]
    a, d = applied(name, np.array(X).reshape(1, 1, -1), np.full((1, 1, 1), 0.3))
    np.testing.assert_allclose(a.ravel(), [f(x) for x in X], rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(d.ravel(), [slope(x) for x in X], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_float32_is_finite_and_close_everywhere(name: str) -> None:
    f, _ = DEFINITIONS[name]
    a, d = applied(name, np.array(X, np.float32).reshape(1, 1, -1), np.full((1, 1, 1), 0.3))
    assert a.dtype == d.dtype == np.float32
    assert np.isfinite(d).all()
    np.testing.assert_allclose(a.ravel(), [f(x) for x in X], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_without_training_the_values_are_the_same(name: str) -> None:
    x = np.array(X).reshape(1, 1, -1)
    number = np.full((1, 1, 1), 0.3)
    z = x.copy()
    scratch = np.empty_like(z)
    buffers = ActivationBuffers(np.empty(z.shape, bool), np.empty_like(z), scratch, training=False)
    ACTIVATIONS[name](number).apply(z, buffers)
    np.testing.assert_array_equal(z, applied(name, x, number)[0])


def test_members_have_numbers_of_their_own() -> None:
    x = np.full((3, 1, 2), -2.0)
    a, _ = applied("leaky_relu", x, np.array([0.0, 0.1, 0.5]).reshape(3, 1, 1))
    np.testing.assert_allclose(a[:, 0, 0], [0.0, -0.2, -1.0])


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_a_nan_is_never_hidden(name: str) -> None:
    a, _ = applied(name, np.full((1, 1, 1), np.nan), np.full((1, 1, 1), 0.3))
    assert np.isnan(a).all()
