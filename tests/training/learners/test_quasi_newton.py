"""L-BFGS on networks: a loss no worse than scikit-learn's; tests/nn compares the optimizer with SciPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.training.members import StackSettings
from fnnctl.training.stack import Stack
from fnnctl.training.state import State
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.training.recipes import blobs, member_of, pool_of, settings_of
from tests.training.scikit_learn import first_weights, fitted
from tests.training.test_bits import assert_same_bits

NUMBERS = {"gradient_tolerance": 1e-5, "decrease_tolerance": 1e-14, "max_evaluations": 20}
LOADERS = {"iris": load_iris, "wine": load_wine}


def data_of(name: str) -> tuple[FloatArray, IntArray]:
    X, y = LOADERS[name](return_X_y=True)
    return StandardScaler().fit_transform(X), y


def lbfgs_settings(
    features: int, hidden: tuple[tuple[int, str], ...], rows: int, **changes: Any
) -> StackSettings:
    return settings_of(
        features, hidden, 3, optimizer="lbfgs", batch_size=rows, **{"precision": "float64", **changes}
    )


def final_risks(name: str, activation: str, seed: int, alpha: float) -> tuple[float, float]:
    """Our risk and scikit-learn's after at most 200 iterations from the same initial weights."""
    X, y = data_of(name)
    pool, l2 = pool_of(X, y), alpha / len(X)
    model = MLPClassifier(
        (20,), solver="lbfgs", activation=activation, alpha=alpha, random_state=seed, max_iter=200
    )
    settings = lbfgs_settings(X.shape[1], ((20, activation),), len(X))
    member = member_of(settings, len(X), epochs=200, l2=l2, optimizer_hyperparameters=NUMBERS)
    stack = Stack(settings, [member], pool)
    with threadpool_limits(1):  # threads that wait for each other take longer
        theirs = fitted(model, pool)
        stack.network.parameters[0] = first_weights(model.set_params(solver="sgd"), pool)
    (ours,) = train_stack(stack)
    weights = ours.parameters * stack.network.layout.weight_mask(np.dtype(np.float64))[0]
    penalty = 0.5 * l2 * float((weights**2).sum())
    return ours.history["train_loss"][-1] + penalty, theirs.loss_


@pytest.mark.parametrize(("activation", "seeds"), [("tanh", 1), ("relu", 8)])
@pytest.mark.parametrize("name", sorted(LOADERS))
def test_ends_no_higher_than_scikit_learn(name: str, activation: str, seeds: int) -> None:
    """From every start if the network is smooth. relu has many minima, so there it holds on average."""
    risks = np.array([final_risks(name, activation, seed, 1e-2) for seed in range(seeds)])
    ours, theirs = risks.mean(axis=0)
    assert ours <= theirs


@pytest.mark.parametrize(("precision", "inner"), [("float32", 1), ("float64", 3)])
def test_members_have_their_solo_bits_and_continue_from_their_state(precision: str, inner: int) -> None:
    settings = lbfgs_settings(4, ((7, "softplus"),), 40, precision=precision, memory=3)
    settings = replace(settings, shape=replace(settings.shape, inner_members=inner))
    examples = blobs(60, 4, 3, precision=precision)
    members = [
        member_of(
            settings,
            40,
            20,
            seed=seed,
            epochs=12 + seed,
            l2=0.01 * seed,
            optimizer_hyperparameters={**NUMBERS, "gradient_tolerance": 10.0 ** (-2 - seed)},
        )
        for seed in range(4)
    ]
    kept: dict[int, State] = {}

    def keep(stack: Stack, record: object) -> None:
        if stack.epoch == 9:
            kept[len(stack.members)] = {name: array.copy() for name, array in stack.state.items()}

    together = train_stack(Stack(settings, members, examples), diagnose=True)
    for member, stacked in zip(members, together, strict=True):
        alone = train_stack(Stack(settings, [member], examples), diagnose=True, on_epoch=keep)
        assert_same_bits(alone, [stacked])
    assert alone[0].epochs > 10
    resumed = train_stack(Stack(settings, members[3:], examples, epoch=9, state=kept[1]), diagnose=True)
    assert_same_bits(alone, resumed)
    assert alone[0].history["train_loss"][-1] < alone[0].history["train_loss"][0]


def test_an_interrupted_line_search_is_undone() -> None:
    settings = lbfgs_settings(4, ((7, "tanh"),), 40)
    examples = blobs(40, 4, 3, precision="float64")

    def trained(epochs: int, asked: int = 10**6) -> TrainedMember:
        calls = iter(range(asked))
        member = member_of(settings, 40, epochs=epochs, optimizer_hyperparameters=NUMBERS)
        stack = Stack(settings, [member], examples)
        return train_stack(stack, should_stop=lambda: next(calls, None) is None)[0]

    broken_off = trained(50, asked=20)
    assert broken_off.outcome is Outcome.INTERRUPTED
    assert broken_off.parameters.tobytes() == trained(broken_off.epochs).parameters.tobytes()
