"""Steps from MLPClassifier's initial weights, in its order of rows, in float64."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from fnnctl.arrays import FloatArray
from fnnctl.training.stack import Stack
from tests.training.recipes import blobs, member_of, pool_of, settings_of
from tests.training.scikit_learn import first_weights, fitted, flat_weights

BATCH = 16  # a smaller last batch would have another λ in scikit-learn, so there are 48 rows
EPOCHS = 7


def assert_agree(ours: FloatArray, theirs: FloatArray) -> None:
    relative = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6)
    assert relative.max() < 1e-9


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize(
    ("solver", "optimizer", "hyperparameters"),
    [
        ({"solver": "sgd", "momentum": 0.0}, "sgd", {}),
        ({"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False}, "momentum", {"momentum": 0.9}),
        ({"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True}, "nesterov", {"momentum": 0.9}),
        ({"solver": "adam"}, "adam", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    ],
)
def test_weights_agree(
    solver: dict[str, Any], optimizer: str, hyperparameters: dict[str, float], activation: str
) -> None:
    examples = blobs(48, 6, 4, precision="float64")
    alpha = 0.05
    model = MLPClassifier(
        (9, 7),
        activation=activation,
        alpha=alpha,
        batch_size=BATCH,
        shuffle=False,
        random_state=3,
        learning_rate_init=0.01,
        max_iter=EPOCHS,
        **solver,
    )
    settings = settings_of(
        6,
        ((9, activation), (7, activation)),
        4,
        optimizer=optimizer,
        batch_size=BATCH,
        precision="float64",
        shuffle=False,
    )
    member = member_of(
        settings, 48, learning_rate=0.01, l2=alpha / BATCH, optimizer_hyperparameters=hyperparameters
    )
    stack = Stack(settings, [member], examples)
    stack.network.parameters[0] = first_weights(model, examples)
    for _ in range(EPOCHS):
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
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
        5, ((8, "tanh"),), 3,
        optimizer="sgd", batch_size=40, precision="float64", weighted=True,
    )  # fmt: skip
    member = member_of(settings, 40, learning_rate=0.5, l2=0.4 / 40, weights=weights * 5.0)
    stack = Stack(settings, [member], examples)
    stack.network.parameters[0] = first_weights(model, examples)
    losses = [stack.run_epoch(diagnose=False, should_stop=lambda: False) for _ in range(EPOCHS)]
    fitted(model, examples, sample_weight=weights / weights.mean())
    assert_agree(stack.network.parameters[0], flat_weights(model))
    assert losses[0] is not None
    unweighted = member_of(settings, 40, learning_rate=0.5, l2=0.4 / 40)
    plain = Stack(settings, [unweighted], examples)
    plain.network.parameters[0] = first_weights(model, examples)
    for _ in range(EPOCHS):
        plain.run_epoch(diagnose=False, should_stop=lambda: False)
    assert np.abs(plain.network.parameters[0] - flat_weights(model)).max() > 0.01


def test_a_weight_is_a_number_of_copies() -> None:
    """A row of weight 3 equals three rows: the mean risk is the same, and so are the weights."""
    single = blobs(12, 4, 3, precision="float64")
    counts = np.array([1, 2, 3] * 4)
    repeated = pool_of(single.inputs[:, :-1].repeat(counts, axis=0), single.targets.repeat(counts))
    after = []
    for examples, weights in ((single, counts.astype(float)), (repeated, np.ones(24))):
        rows = len(examples.targets)
        settings = settings_of(
            4, ((6, "relu"),), 3,
            optimizer="momentum", batch_size=rows, precision="float64", weighted=True,
        )  # fmt: skip
        stack = Stack(settings, [member_of(settings, rows, weights=weights)], examples)
        record = [stack.run_epoch(diagnose=False, should_stop=lambda: False) for _ in range(EPOCHS)][-1]
        assert record is not None
        after.append((stack.network.parameters[0], record["train_loss"][0]))
    np.testing.assert_allclose(after[0][0], after[1][0], rtol=1e-9, atol=1e-12)
    assert after[0][1] == pytest.approx(after[1][1], rel=1e-12)
