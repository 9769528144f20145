"""Early stopping in `train_stack`, on a problem with known validation losses.

One example with x = 0 and label 0 of 2, gradient descent with α = 1: only the biases (b, −b) learn. From
b = 0, b ← b + 1 − σ(2b), and the loss after an epoch is log(1 + e⁻²ᵇ): 0.3133, 0.1946, 0.1405, …
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.training.recipes import member_of, pool_of, settings_of

LOSSES = [0.3133, 0.1946, 0.1405, 0.1098, 0.0901, 0.0764, 0.0663, 0.0585]
BIASES = [0.5, 0.7689, 0.9458, 1.0769, 1.1808, 1.2670, 1.3405, 1.4046]


def trained(rule: EarlyStoppingConfig, epochs: int) -> TrainedMember:
    settings = settings_of(1, (), 2, optimizer="sgd", batch_size=1, precision="float64")
    member = member_of(
        settings, 1, validation_rows=np.array([0]), learning_rate=1.0, l2=0.0, epochs=epochs, stopping=rule
    )
    (result,) = train_stack(Stack(settings, [member], pool_of(np.zeros((1, 1)), np.array([0]))))
    return result


def bias(result: TrainedMember) -> float:
    layout = ParameterLayout(settings_of(1, (), 2).shape)
    return float(layout.named_arrays(result.parameters, result.statistics)["biases_1"][0])


@pytest.mark.parametrize(
    ("rule", "epochs", "outcome", "trained_epochs", "best"),
    [
        # without a tolerance every fall is an improvement
        ({"patience": 1}, 8, Outcome.COMPLETED, 8, 8),
        # 0.1946 < 0.3133 − 0.1; 0.1405 and 0.1098 are not below 0.0946, but 0.0901 is; then nothing falls
        # below −0.0099
        ({"patience": 3, "tolerance": 0.1}, 100, Outcome.STOPPED_EARLY, 8, 5),
        # training ends before the fifth epoch, which would be an improvement
        ({"patience": 2, "tolerance": 0.1}, 100, Outcome.STOPPED_EARLY, 4, 2),
        # only the epoch is chosen
        ({"patience": None, "tolerance": 0.1}, 8, Outcome.COMPLETED, 8, 5),
        # a metric should rise: the label is the more probable class from the first epoch on
        ({"monitor": "validation_accuracy", "patience": 3}, 100, Outcome.STOPPED_EARLY, 4, 1),
    ],
)
def test_epochs_by_hand(
    rule: dict[str, Any], epochs: int, outcome: Outcome, trained_epochs: int, best: int
) -> None:
    """The weights are those of the best epoch."""
    result = trained(EarlyStoppingConfig(**{"monitor": "validation_loss", **rule}), epochs)
    assert result.history["validation_loss"] == pytest.approx(LOSSES[:trained_epochs], abs=1e-4)
    assert (result.outcome, result.epochs, result.best_epoch) == (outcome, trained_epochs, best)
    assert bias(result) == pytest.approx(BIASES[best - 1], abs=1e-4)
