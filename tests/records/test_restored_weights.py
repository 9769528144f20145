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


CLASS_WEIGHTED = {"uncorrected_validation_loss": LOSSES, "validation_accuracy": ACCURACIES}
"""The objective of a trial with class weights is not this loss, but training watches it."""


@pytest.mark.parametrize(
    ("settings", "results", "epochs", "kept"),
    [
        ({}, TWO_JOBS, 4, 2),
        ({"monitor": "validation_accuracy"}, TWO_JOBS, 4, 3),
        ({"tolerance": 0.45}, TWO_JOBS, 4, 1),
        ({"monitor": "validation_calibrated_loss", "tolerance": 0.15}, TWO_JOBS, 4, 3),
        ({"monitor": "validation_f1_macro"}, TWO_JOBS, 4, None),
        ({}, [job(0, 4, CLASS_WEIGHTED)], 4, 2),
        ({}, TWO_JOBS, 9, None),  # training alone takes the trial further
        ({}, [job(0, 4, {"validation_loss": [0.9, 0.5, 0.5, 0.7]})], 4, 2),  # the first of equally good ones
        ({}, [job(0, 2, CURVES), job(0, 4, CURVES)], 4, 2),  # an extension read a smaller budget from it
    ],
)
def test_the_best_epoch_over_all_jobs(
    settings: dict[str, Any], results: list[Result], epochs: int, kept: int | None
) -> None:
    stopping = EarlyStoppingConfig.model_validate(settings)
    assert restored_weights(stopping, results, epochs=epochs) == weights(kept)


def test_weights_of_the_objective_need_no_words() -> None:
    falling = {"validation_loss": [0.9, None, 0.5, 0.4]}
    stopping, last = EarlyStoppingConfig(), [job(0, 4, falling)]
    assert restored_weights(stopping, last, epochs=4) is None
    assert restored_weights(None, TWO_JOBS, epochs=4) is None
    assert restored_weights(EarlyStoppingConfig(restore_best=False), TWO_JOBS, epochs=4) is None
    assert restored_weights(stopping, [job(0, 4, CURVES, Status.STOPPED_EARLY)], epochs=4) is None
    assert restored_weights(stopping, [], epochs=4) is None
