"""Steps from MLPClassifier's initial weights, in its order of rows, in float64."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from fnnctl.arrays import FloatArray
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from tests.training.recipes import blobs, member_of, settings_of
from tests.training.scikit_learn import first_weights, fitted, flat_weights

BATCH = 16  # a smaller last batch would have another λ in scikit-learn, so there are 48 rows
EPOCHS = 7


def assert_agree(ours: FloatArray, theirs: FloatArray) -> None:
    relative = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6)
    assert relative.max() < 1e-9


def trained(settings: StackSettings, member: Member, examples: Examples, model: Any) -> Stack:
    """A stack after some epochs from the model's initial weights."""
    stack = Stack(settings, [member], examples)
    stack.network.parameters[0] = first_weights(model, examples)
    for _ in range(EPOCHS):
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
    return stack


@pytest.mark.parametrize(
    ("solver", "optimizer", "activation"),
    [
        ({"solver": "sgd", "momentum": 0.0}, "sgd", "relu"),
        ({"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False}, "momentum", "tanh"),
        ({"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True}, "nesterov", "logistic"),
        ({"solver": "adam"}, "adam", "identity"),
        ({"solver": "adam"}, "adam", "relu"),
    ],
)
def test_weights_agree(solver: dict[str, Any], optimizer: str, activation: str) -> None:
    examples, alpha = blobs(48, 6, 4, precision="float64"), 0.05
    model = MLPClassifier(
        (9, 7), activation=activation, alpha=alpha, batch_size=BATCH, shuffle=False, random_state=3,
        learning_rate_init=0.01, max_iter=EPOCHS, **solver,
    )  # fmt: skip
    settings = settings_of(
        6, ((9, activation), (7, activation)), 4,
        optimizer=optimizer, batch_size=BATCH, precision="float64", shuffle=False,
    )  # fmt: skip
    member = member_of(settings, 48, learning_rate=0.01, l2=alpha / BATCH)
    stack = trained(settings, member, examples, model)
    assert_agree(stack.network.parameters[0], flat_weights(fitted(model, examples)))


@pytest.mark.skipif(
    "sample_weight" not in inspect.signature(MLPClassifier.fit).parameters,
    reason="this scikit-learn has no sample weights",
)
def test_weighted_rows_agree() -> None:
    """All rows form one batch, so that the weights have mean 1 in every batch, as ours do."""
    examples = blobs(40, 5, 3, precision="float64")
    weights = np.random.default_rng(1).uniform(0.0, 3.0, 40)
    weights[:4] = 0.0
    model = MLPClassifier(
        (8,), activation="tanh", solver="sgd", momentum=0.0, alpha=0.4, batch_size=40, shuffle=False,
        random_state=3, learning_rate_init=0.5, max_iter=EPOCHS,
    )  # fmt: skip
    settings = settings_of(
        5, ((8, "tanh"),), 3, optimizer="sgd", batch_size=40, precision="float64", weighted=True
    )
    member = member_of(settings, 40, learning_rate=0.5, l2=0.4 / 40, weights=weights * 5.0)
    weighted, plain = (
        trained(settings, own, examples, model).network.parameters[0]
        for own in (member, replace(member, weights=None))
    )
    theirs = flat_weights(fitted(model, examples, sample_weight=weights / weights.mean()))
    assert_agree(weighted, theirs)
    assert np.abs(plain - theirs).max() > 0.01
