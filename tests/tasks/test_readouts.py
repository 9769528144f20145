"""What is fitted after training: what it needs, and what is said if the rows do not determine it."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.tasks.readouts import AS_TRAINED, Finish
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
    assert (finish.needs_rows, finish.fixed) == (needs_rows, fixed)


def test_by_default_nothing_is_fitted() -> None:
    assert Finish.of(ModelConfig()) == AS_TRAINED
    assert AS_TRAINED.doubts(READOUT, rows=9) == []
    assert AS_TRAINED.fold_doubts([None, None]) == []


def test_what_is_not_determined_is_said() -> None:
    finish = Finish(calibrates=True, threshold="youden")
    told = finish.doubts(READOUT, rows=1200)
    assert [text.partition(":")[0] for text in told] == ["cannot calibrate", "cannot choose a threshold"]
    assert "the 1,200 validation rows must be of both classes; 0.5 is used" in told[1]
    assert finish.fold_doubts([0.1, 0.2]) == []
    (of_folds,) = finish.fold_doubts([None, 0.2, 0.0])
    assert of_folds.startswith("the validation rows of 1 of 3 folds are of one class, so no threshold can be")
