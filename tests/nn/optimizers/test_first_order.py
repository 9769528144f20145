"""Steps against numbers computed by hand; tests/training compares with scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.base import Optimizer, StepArrays
from fnnctl.nn.optimizers.first_order import OPTIMIZERS, PLANNED

NUMBERS = {
    "weight_decay": [0.5],
    "momentum": [0.5],
    "beta1": [0.5],
    "beta2": [0.75],
    "decay": [0.75],
    "epsilon": [1e-8],
}


def made(name: str, hyperparameters: dict[str, FloatArray], parameters: FloatArray) -> Optimizer:
    """An optimizer of these parameters, which are all weights."""
    gradient, scratch = np.empty_like(parameters), np.empty_like(parameters)
    return OPTIMIZERS[name](
        hyperparameters,
        StepArrays(parameters, gradient, scratch, np.ones((1, parameters.shape[1]), parameters.dtype)),
    )


def step(optimizer: Optimizer, gradient: FloatArray, learning_rate: FloatArray) -> None:
    """Take a step against this gradient, (K, P), with these rates, (K, 1) or 0-d."""
    optimizer.arrays.gradient[...] = gradient
    optimizer.step(learning_rate)


def after_steps(name: str, gradients: list[float], learning_rate: float, start: float = 1.0) -> float:
    parameters = np.array([[start]])
    hyperparameters = {key: np.array(value) for key, value in NUMBERS.items()}
    optimizer = made(name, hyperparameters, parameters)
    for gradient in gradients:
        step(optimizer, np.array([[gradient]]), np.array([[learning_rate]]))
    return float(parameters[0, 0])


def nadam_step(g: float, m: float, v: float, t: int) -> float:
    """Dozat's algorithm 8 with α = 0.1, β₁ = 0.5, β₂ = 0.75."""
    mu = [0.5 * (1 - 0.5 * 0.96 ** (i / 250)) for i in range(1, t + 2)]
    m_hat = mu[t] * m / (1 - np.prod(mu)) + (1 - mu[t - 1]) * g / (1 - np.prod(mu[:t]))
    return float(0.1 * m_hat / np.sqrt(v / (1 - 0.75**t)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sgd", 1 - 0.1 * 2 - 0.1 * 4),
        # v: −0.2, then 0.5·(−0.2) − 0.4 = −0.5
        ("momentum", 1 - 0.2 - 0.5),
        # μv − αg: −0.1 − 0.2 = −0.3, then −0.25 − 0.4 = −0.65
        ("nesterov", 1 - 0.3 - 0.65),
        # m̂ = 2, v̂ = 4: −0.1·1; then m = 0.5·1 + 0.5·4 = 2.5, m̂ = 2.5/0.75,
        # v = 0.75·1 + 0.25·16 = 4.75, v̂ = 4.75/0.4375
        ("adam", 1 - 0.1 - 0.1 * (2.5 / 0.75) / np.sqrt(4.75 / 0.4375)),
        # w ← (1 − 0.1·0.5)w before each of Adam's steps
        ("adamw", 0.95 * (0.95 - 0.1) - 0.1 * (2.5 / 0.75) / np.sqrt(4.75 / 0.4375)),
        # μ₁ = ½(1 − ½·0.96^(1/250)), μ₂, μ₃; m = 1, then ½ + 2 = 2.5; v = 1, then 0.75 + 4 = 4.75
        ("nadam", 1 - nadam_step(2.0, 1.0, 1.0, 1) - nadam_step(4.0, 2.5, 4.75, 2)),
        # G: 4, then 20
        ("adagrad", 1 - 0.1 * 2 / 2 - 0.1 * 4 / np.sqrt(20)),
        # v: 1, then 0.75 + 4 = 4.75
        ("rmsprop", 1 - 0.1 * 2 / 1 - 0.1 * 4 / np.sqrt(4.75)),
        # d = 2·√ε/√1, u = ¼d² = ε; then d = 4·√(2ε)/√4.75
        ("adadelta", 1 - 0.1 * 2 * 1e-4 - 0.1 * 4 * np.sqrt(2e-8) / np.sqrt(4.75)),
    ],
)
def test_two_steps_by_hand(name: str, expected: float) -> None:
    assert after_steps(name, [2.0, 4.0], 0.1) == pytest.approx(expected, rel=1e-7)


def test_nadam_over_many_steps() -> None:
    """Against the algorithm step by step, over more steps than the factors are computed for at once."""
    gradients = np.random.default_rng(7).normal(0.5, 1.0, 2 * PLANNED + 9).tolist()
    w, m, v, product = 1.0, 0.0, 0.0, 1.0
    for t, g in enumerate(gradients, start=1):
        mu, later = (0.5 * (1 - 0.5 * 0.96 ** (i / 250)) for i in (t, t + 1))
        product *= mu
        m, v = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g
        m_hat = (1 - mu) * g / (1 - product) + later * m / (1 - product * later)
        w -= 0.1 * m_hat / (math.sqrt(v / (1 - 0.75**t)) + 1e-8)
    assert after_steps("nadam", gradients, 0.1) == pytest.approx(w, rel=1e-12)


def test_adam_epsilon_is_added_to_the_uncorrected_root() -> None:
    """β₁ = 0.5, β₂ = 0.75, t = 1: α·√0.25/0.5·(0.5g)/(√(0.25g²) + ε) = α·0.5g/(0.5g + ε)."""
    parameters = np.zeros((1, 1))
    hyperparameters = {"beta1": np.array([0.5]), "beta2": np.array([0.75]), "epsilon": np.array([1.0])}
    step(made("adam", hyperparameters, parameters), np.array([[2.0]]), np.array([[0.1]]))
    assert parameters[0, 0] == pytest.approx(-0.1 * 1.0 / (1.0 + 1.0), rel=1e-14)


@pytest.mark.parametrize(("members", "steps", "leave_at"), [(300, 4, None), (3, PLANNED + 9, 137)])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_members_step_as_if_alone(name: str, members: int, steps: int, leave_at: int | None) -> None:
    """Many, and those that remain after others have left.

    In float64, which shows a factor's last bit. NumPy computes one x**2 as a square, many as powers.
    """
    rng = np.random.default_rng(5)
    hyperparameters = {key: rng.uniform(0.5, 0.999, members) for key in NUMBERS}
    hyperparameters["epsilon"][...] = 1e-8
    gradients, rates = rng.normal(size=(steps, members, 2)), rng.uniform(0.01, 0.2, (members, 1))

    def run(chosen: slice, leave_at: int | None = None) -> FloatArray:
        parameters = np.ones((members, 2))[chosen]
        optimizer = made(name, {key: own[chosen] for key, own in hyperparameters.items()}, parameters)
        for t, gradient in enumerate(gradients):
            if t == leave_at:
                parameters, chosen = parameters[1:], slice(1, None)
                state = {key: array[1:] for key, array in optimizer.state.items()}
                optimizer = made(name, {key: own[1:] for key, own in hyperparameters.items()}, parameters)
                optimizer.restore(state)
            step(optimizer, gradient[chosen], rates[chosen])
        return parameters

    together = run(slice(None), leave_at)
    alone = np.concatenate([run(slice(k, k + 1)) for k in range(members)])
    np.testing.assert_array_equal(together, alone[-len(together) :])
