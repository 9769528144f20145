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


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_stays_in_float32(name: str) -> None:
    parameters = np.ones((2, 3), np.float32)
    hyperparameters = {key: np.array(value * 2) for key, value in NUMBERS.items()}
    optimizer = made(name, hyperparameters, parameters)
    step(optimizer, np.ones((2, 3), np.float32), np.full((2, 1), 0.1, np.float32))
    assert parameters.dtype == np.float32
    for state_name in optimizer.state_names:
        assert optimizer.state[state_name].dtype == np.float32


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_selected_members_continue_as_if_alone(name: str) -> None:
    rng = np.random.default_rng(3)
    hyperparameters = {key: np.array([value[0], 0.3, 0.6]) for key, value in NUMBERS.items()}
    gradients = rng.normal(size=(600, 3, 4))
    rates = np.array([[0.1], [0.2], [0.01]])

    def run(optimizer_members: list[int], leave_at: int | None) -> FloatArray:
        parameters = np.ones((len(optimizer_members), 4))
        chosen = np.array(optimizer_members)

        optimizer = made(name, {k: v[chosen] for k, v in hyperparameters.items()}, parameters)
        for t, gradient in enumerate(gradients):
            if t == leave_at:
                keep = np.array([1])
                state = {name: array[keep] for name, array in optimizer.state.items()}
                parameters, chosen = parameters[keep], chosen[keep]
                optimizer = made(name, {k: v[chosen] for k, v in hyperparameters.items()}, parameters)
                optimizer.restore(state)
            step(optimizer, gradient[chosen], rates[chosen])
        return parameters

    np.testing.assert_array_equal(run([0, 1, 2], 137), run([1], None))


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_three_hundred_members_step_as_if_alone(name: str) -> None:
    """In float64, which shows a factor's last bit. NumPy computes one x**2 as a square, many as powers."""
    rng = np.random.default_rng(5)
    hyperparameters = {key: rng.uniform(0.5, 0.999, 300) for key in NUMBERS} | {"epsilon": np.full(300, 1e-8)}
    gradients = rng.normal(size=(4, 300, 2))

    def run(members: slice) -> FloatArray:
        parameters = np.ones((300, 2))[members]
        own = {key: values[members] for key, values in hyperparameters.items()}
        optimizer = made(name, own, parameters)
        for gradient in gradients:
            step(optimizer, gradient[members], np.full((len(parameters), 1), 0.1))
        return parameters

    together = run(slice(None))
    alone = np.concatenate([run(slice(k, k + 1)) for k in range(300)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_numbers_that_all_members_share_step_as_those_of_each(name: str) -> None:
    """Other members decide whether a hyperparameter is shared; that must not change a member's bits."""
    rng = np.random.default_rng(6)
    gradients = rng.normal(size=(5, 3, 4)).astype(np.float32)

    def run(other: float, rate: FloatArray) -> FloatArray:
        parameters = np.ones((3, 4), np.float32)
        hyperparameters = {key: np.array([value[0], value[0], other]) for key, value in NUMBERS.items()}
        optimizer = made(name, hyperparameters, parameters)
        for gradient in gradients:
            step(optimizer, gradient, rate.astype(np.float32))
        return parameters[:2]

    shared = {key: value[0] for key, value in NUMBERS.items()}
    together = np.ones((3, 4), np.float32)
    optimizer = made(name, {key: np.full(3, value) for key, value in shared.items()}, together)
    for gradient in gradients:
        step(optimizer, gradient, np.array(0.1, np.float32))
    np.testing.assert_array_equal(together[:2], run(0.625, np.array([[0.1], [0.1], [0.3]])))
