"""The epoch whose weights a trial keeps alone, against what training does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.records.restored_weights import restored_weights
from fnnctl.records.trials import Result, Status
from fnnctl.store.manifest import RestoredWeightsFacts

LOSSES = [0.9, 0.5, 0.6, 0.7]
ACCURACIES = [0.5, 0.7, 0.8, 0.75]


def job(
    start: int, stop: int, curves: Mapping[str, Sequence[float | None]], status: Status = Status.COMPLETED
) -> Result:
    facts = {"curve": {name: values[start:stop] for name, values in curves.items()}}
    return Result(3, 0, stop, status, 0.8, stop - start, facts=facts)


CURVES = {
    "validation_loss": LOSSES,
    "validation_accuracy": ACCURACIES,
    "validation_calibrated_loss": [0.6, 0.5, 0.4, 0.3],
}
TWO_JOBS = [job(0, 1, CURVES), job(1, 4, CURVES)]


def weights(kept: int | None) -> RestoredWeightsFacts:
    return RestoredWeightsFacts(trial=3, objective_of=4, kept=kept)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, 2),
        ({"monitor": "validation_accuracy"}, 3),
        ({"tolerance": 0.45}, 1),
        ({"monitor": "validation_calibrated_loss", "tolerance": 0.15}, 3),
        ({"monitor": "validation_f1_macro"}, None),
    ],
)
def test_the_best_epoch_over_all_jobs(settings: dict[str, Any], kept: int | None) -> None:
    stopping = EarlyStoppingConfig.model_validate(settings)
    assert restored_weights(stopping, TWO_JOBS, epochs=4) == weights(kept)


def test_the_curve_of_a_trial_with_class_weights_has_another_name() -> None:
    """Its objective is not that loss, but training watches it."""
    curves = {"uncorrected_validation_loss": LOSSES, "validation_accuracy": ACCURACIES}
    assert restored_weights(EarlyStoppingConfig(), [job(0, 4, curves)], epochs=4) == weights(2)


def test_a_trial_that_training_alone_takes_further() -> None:
    assert restored_weights(EarlyStoppingConfig(), TWO_JOBS, epochs=9) == weights(None)


def test_a_smaller_budget_that_an_extension_read_from_the_curve() -> None:
    results = [job(0, 2, CURVES), job(0, 4, CURVES)]
    assert restored_weights(EarlyStoppingConfig(), results, epochs=4) == weights(2)


def test_weights_of_the_objective_need_no_words() -> None:
    falling = {"validation_loss": [0.9, None, 0.5, 0.4]}
    stopping, last = EarlyStoppingConfig(), [job(0, 4, falling)]
    assert restored_weights(stopping, last, epochs=4) is None
    assert restored_weights(None, TWO_JOBS, epochs=4) is None
    assert restored_weights(EarlyStoppingConfig(restore_best=False), TWO_JOBS, epochs=4) is None
    assert restored_weights(stopping, [job(0, 4, CURVES, Status.STOPPED_EARLY)], epochs=4) is None
    assert restored_weights(stopping, [], epochs=4) is None
