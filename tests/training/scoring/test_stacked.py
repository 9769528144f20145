"""Scores of more rows than one forward pass takes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import blobs, member_of, settings_of


@pytest.mark.parametrize("rows", [1, 512, 513, 1300])
def test_the_validation_part_is_scored_whole(rows: int) -> None:
    """Loss and accuracy with the returned weights, recomputed in NumPy over all rows at once."""
    settings = settings_of(4, ((6, "relu"),), 3, precision="float64")
    examples = blobs(60 + rows, 4, 3, seed=2, precision="float64")
    member = member_of(settings, 60, rows, epochs=2)
    (result,) = train_stack(Stack(settings, [member], examples))
    named = ParameterLayout(settings.shape).named_arrays(result.parameters, result.statistics)
    X, y = examples.inputs[60:, :-1], examples.targets[60:]
    hidden = np.maximum(X @ named["weights_1"].T + named["biases_1"], 0.0)
    log_probabilities = log_softmax(hidden @ named["weights_2"].T + named["biases_2"], axis=1)
    loss = -log_probabilities[np.arange(rows), y].mean()
    assert result.history["validation_loss"][-1] == pytest.approx(loss, rel=1e-12)
    accuracy = float(np.mean(log_probabilities.argmax(axis=1) == y))
    assert result.history["validation_accuracy"][-1] == pytest.approx(accuracy, rel=1e-12)
