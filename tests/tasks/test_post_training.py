"""What is fitted after training: what it needs, and what is said if the rows do not determine it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.post_training import AS_TRAINED, Finish
from fnnctl.tasks.task import OutputShape, Readout

READOUT = Readout(OutputShape(2, "softmax"))


@pytest.mark.parametrize(("model", "needs_rows", "fixed"), [
    ({}, False, None),
    ({"threshold": 0.5}, False, None),
    ({"threshold": 0.3}, False, 0.3),
    ({"threshold": "f1"}, True, None),
    ({"threshold": {"cost": {}}}, True, None),
    ({"calibration": "temperature"}, True, None),
    ({"calibration": "temperature", "threshold": 0.3}, True, 0.3),
])  # fmt: skip
def test_rows_are_needed_to_fit_something(
    model: dict[str, Any], needs_rows: bool, fixed: float | None
) -> None:
    finish = Finish.of(ModelConfig.model_validate(model))
    assert (finish.needs_rows(READOUT), finish.fixed) == (needs_rows, fixed)


def test_by_default_nothing_is_fitted() -> None:
    assert Finish.of(ModelConfig()) == AS_TRAINED
    assert AS_TRAINED.doubts(READOUT, rows=9) == []
    assert AS_TRAINED.fold_doubts([None, None], READOUT, rows=0) == []


def test_what_is_not_determined_is_said() -> None:
    finish = Finish("temperature", threshold="youden")
    told = finish.doubts(READOUT, rows=1200)
    assert [text.partition(":")[0] for text in told] == ["cannot calibrate", "cannot choose a threshold"]
    assert "the 1,200 validation rows must be of both classes; 0.5 is used" in told[1]
    assert finish.fold_doubts([0.1, 0.2], READOUT, rows=9) == []
    (of_folds,) = finish.fold_doubts([None, 0.2, 0.0], READOUT, rows=9)
    assert of_folds.startswith("the validation rows of 1 of 3 folds are of one class, so no threshold can be")


def test_class_weights_need_rows_whatever_the_calibration_and_it_is_said_if_there_are_none() -> None:
    weighted = READOUT.weighted((1.0, 3.0))
    assert AS_TRAINED.needs_rows(weighted)
    assert not AS_TRAINED.needs_rows(READOUT)
    (told,) = AS_TRAINED.doubts(weighted, rows=0)
    assert "there are no validation rows to which a power of the weights could be fitted" in told
    assert AS_TRAINED.fold_doubts([None], weighted, rows=0) == [told]
    assert AS_TRAINED.doubts(weighted, rows=9) == AS_TRAINED.fold_doubts([None], weighted, rows=9) == []


def test_a_shrunk_temperature_is_missing_only_if_scores_are_too_large() -> None:
    (told,) = Finish("shrunk_temperature").doubts(READOUT, rows=96)
    assert told.startswith("cannot calibrate: the scores of the validation rows are too large")
    assert "classified correctly" not in told


def test_with_class_weights_their_threshold_stands_for_one_that_is_not_determined() -> None:
    weighted = replace(READOUT, decision=Decision()).weighted((1.0, 3.0))
    finish = Finish(threshold="f1")
    (told,) = finish.doubts(weighted, rows=3)
    (of_folds,) = finish.fold_doubts([None], weighted, rows=9)
    assert "that of the class weights is used" in told
    assert "that of the class weights is used" in of_folds
    assert finish.decided(weighted, None).fitted["threshold"] == 0.25
    assert finish.decided(weighted, 0.4).fitted["threshold"] == 0.4
    assert finish.decided(replace(READOUT, decision=Decision()), None).fitted == {"threshold": 0.5}
