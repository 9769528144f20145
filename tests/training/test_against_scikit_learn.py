"""Twenty steps from MLPClassifier's own first weights, in its order of rows, in float64."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from fnnctl.arrays import FloatArray
from fnnctl.training.stack import Stack
from tests.training.recipes import blobs, member_of, settings_of

ROWS, BATCH = 50, 16  # the last batch of an epoch is smaller: its λ would differ, so 48 rows are used


def flat_weights(model: Any) -> FloatArray:
    """scikit-learn's weights in the order of the flat store."""
    layers = [
        np.hstack([coefficients.T, intercepts[:, None]]).ravel()
        for coefficients, intercepts in zip(model.coefs_, model.intercepts_, strict=True)
    ]
    return np.concatenate(layers)


def trained_pair(
    solver: dict[str, Any], optimizer: str, numbers: dict[str, float], activation: str
) -> tuple[FloatArray, FloatArray]:
    examples = blobs(48, 6, 4, precision="float64")
    X, y = examples.inputs[:, :-1], examples.labels
    alpha = 0.05
    model = MLPClassifier(
        (9, 7), activation=activation, alpha=alpha, batch_size=BATCH, shuffle=False, random_state=3, **solver
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.set_params(max_iter=1, learning_rate_init=1e-300).fit(X, y)  # draws the first weights
        first = flat_weights(model)
        model.set_params(max_iter=7, warm_start=True, learning_rate_init=0.01)
        del model._optimizer
        model.fit(X, y)
    settings = settings_of(
        6, ((9, activation), (7, activation)), 4, optimizer=optimizer, batch_size=BATCH, precision="float64"
    )
    settings = type(settings)(settings.shape, optimizer, BATCH, shuffle=False, precision="float64")
    member = member_of(settings, 48, learning_rate=0.01, l2=alpha / BATCH, optimizer_numbers=numbers)
    stack = Stack(settings, [member], examples)
    stack.network.parameters[0] = first
    for _ in range(7):
        stack.run_epoch(watch=False, should_stop=lambda: False)
    return stack.network.parameters[0], flat_weights(model)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize(
    ("solver", "optimizer", "numbers"),
    [
        ({"solver": "sgd", "momentum": 0.0}, "sgd", {}),
        ({"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False}, "momentum", {"momentum": 0.9}),
        ({"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True}, "nesterov", {"momentum": 0.9}),
        ({"solver": "adam"}, "adam", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    ],
)
def test_weights_agree(
    solver: dict[str, Any], optimizer: str, numbers: dict[str, float], activation: str
) -> None:
    ours, theirs = trained_pair(solver, optimizer, numbers, activation)
    relative = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6)
    assert relative.max() < 1e-9
