"""Early stopping in `train_stack`, on a problem with known validation losses.

One example with x = 0 and label 0 of 2, gradient descent with α = 1: only the biases (b, −b) learn. From
b = 0, b ← b + 1 − σ(2b), and the loss after an epoch is log(1 + e⁻²ᵇ): 0.3133, 0.1946, 0.1405, …
"""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.training.recipes import member_of, pool_of, settings_of

LOSSES = [0.3133, 0.1946, 0.1405, 0.1098, 0.0901, 0.0764, 0.0663, 0.0585]
BIASES = [0.5, 0.7689, 0.9458, 1.0769, 1.1808, 1.2670, 1.3405, 1.4046]


def trained(rule: EarlyStoppingConfig, epochs: int = 8) -> TrainedMember:
    settings = settings_of(1, (), 2, optimizer="sgd", batch_size=1, precision="float64")
    member = member_of(
        settings, 1, validation_rows=np.array([0]), learning_rate=1.0, l2=0.0, epochs=epochs, stopping=rule
    )
    (result,) = train_stack(Stack(settings, [member], pool_of(np.zeros((1, 1)), np.array([0]))))
    return result


def bias(result: TrainedMember) -> float:
    layout = ParameterLayout(settings_of(1, (), 2).shape)
    return float(layout.named_arrays(result.parameters, result.statistics)["biases_1"][0])


def test_without_a_tolerance_every_fall_is_an_improvement() -> None:
    result = trained(EarlyStoppingConfig(monitor="validation_loss", patience=1))
    assert result.history["validation_loss"] == pytest.approx(LOSSES, abs=1e-4)
    assert (result.outcome, result.epochs, result.best_epoch) == (Outcome.COMPLETED, 8, 8)
    assert bias(result) == pytest.approx(BIASES[7], abs=1e-4)


def test_an_improvement_exceeds_the_best_by_more_than_the_tolerance() -> None:
    """Tolerance 0.1: 0.1946 < 0.3133 − 0.1; 0.1405 and 0.1098 are not below 0.0946, but 0.0901 is.

    Then nothing falls below −0.0099, and three epochs after the fifth training ends with the fifth's weights.
    """
    result = trained(EarlyStoppingConfig(monitor="validation_loss", patience=3, tolerance=0.1), epochs=100)
    assert (result.outcome, result.epochs, result.best_epoch) == (Outcome.STOPPED_EARLY, 8, 5)
    assert bias(result) == pytest.approx(BIASES[4], abs=1e-4)


def test_patience_counts_the_epochs_since_the_best() -> None:
    """With a patience of 2 instead, training ends before the fifth epoch, which would be an improvement."""
    result = trained(EarlyStoppingConfig(monitor="validation_loss", patience=2, tolerance=0.1), epochs=100)
    assert (result.outcome, result.epochs, result.best_epoch) == (Outcome.STOPPED_EARLY, 4, 2)
    assert bias(result) == pytest.approx(BIASES[1], abs=1e-4)


def test_a_metric_should_rise_and_an_equal_one_is_no_improvement() -> None:
    """The label is the more probable class from the first epoch on, so accuracy stays at 1."""
    result = trained(EarlyStoppingConfig(monitor="validation_accuracy", patience=3), epochs=100)
    assert (result.outcome, result.epochs, result.best_epoch) == (Outcome.STOPPED_EARLY, 4, 1)
    assert bias(result) == pytest.approx(BIASES[0], abs=1e-12)


def test_without_patience_only_the_epoch_is_chosen() -> None:
    """Tolerance 0.1: the fifth epoch is the last improvement, as above, but all eight are trained."""
    result = trained(EarlyStoppingConfig(monitor="validation_loss", patience=None, tolerance=0.1))
    assert (result.outcome, result.epochs, result.best_epoch) == (Outcome.COMPLETED, 8, 5)
    assert bias(result) == pytest.approx(BIASES[4], abs=1e-4)
