"""The order of the rows in an epoch, inferred from the resulting weights."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import member_of, pool_of, settings_of

ROWS, EPOCHS, LEARNING_RATE = 4, 6, 0.5
X = np.random.default_rng(0).normal(size=(ROWS, 3))
Y = np.array([0, 1, 0, 1])
SETTINGS = settings_of(3, (), 2, optimizer="sgd", batch_size=1, precision="float64")

Order = tuple[int, ...]


def weights_after(epochs: int, *, seed: int, shuffle: bool) -> FloatArray:
    """W with biases in the last column, (2, 4); after 0 epochs, the initial weights."""
    learning_rate = LEARNING_RATE if epochs else 0.0
    member = member_of(SETTINGS, ROWS, seed=seed, epochs=max(epochs, 1), learning_rate=learning_rate, l2=0.0)
    (result,) = train_stack(Stack(replace(SETTINGS, shuffle=shuffle), [member], pool_of(X, Y)))
    named = ParameterLayout(SETTINGS.shape).named_arrays(result.parameters, result.statistics)
    return np.column_stack([named["weights_1"], named["biases_1"]])


def descended(W: FloatArray, order: Order) -> FloatArray:
    """Gradient descent row by row: W ← W − α(ŷ − y)xᵀ."""
    for row in order:
        x = np.append(X[row], 1.0)
        exponentials = np.exp(W @ x)
        W = W - LEARNING_RATE * np.outer(exponentials / exponentials.sum() - np.eye(2)[Y[row]], x)
    return W


def orders(*, seed: int, shuffle: bool) -> list[Order]:
    """The order of each epoch: the one of all 24 that leads to its weights."""
    found = []
    before = weights_after(0, seed=seed, shuffle=shuffle)
    for epoch in range(1, EPOCHS + 1):
        after = weights_after(epoch, seed=seed, shuffle=shuffle)
        fitting = [
            order
            for order in permutations(range(ROWS))
            if np.allclose(descended(before, order), after, rtol=1e-10, atol=1e-12)
        ]
        assert len(fitting) == 1
        found += fitting
        before = after
    return found


def test_without_shuffling_the_rows_keep_their_order() -> None:
    for seed in (0, 1):
        assert orders(seed=seed, shuffle=False) == [(0, 1, 2, 3)] * EPOCHS


def test_each_epoch_and_each_seed_has_an_order_of_its_own() -> None:
    first, second = orders(seed=0, shuffle=True), orders(seed=1, shuffle=True)
    assert len(set(first)) > EPOCHS // 2
    assert first != second
