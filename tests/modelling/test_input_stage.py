from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.modelling.input_stage import input_stage, numeric_bins
from fnnctl.nn.shape import InputStageShape, NumericEmbeddingShape


def model(**settings: Any) -> ModelConfig:
    return ModelConfig.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "stage"),
    [
        ({}, None),
        ({"scaling_layer": True}, InputStageShape(scaled=True)),
        (
            {"numeric_embedding": "piecewise_linear"},
            InputStageShape(NumericEmbeddingShape(3, bins=16, size=4)),
        ),
        (
            {"numeric_embedding": {"name": "piecewise_linear", "bins": 7, "size": 3}, "scaling_layer": True},
            InputStageShape(NumericEmbeddingShape(3, bins=7, size=3), scaled=True),
        ),
    ],
)
def test_the_stage_of_a_model(settings: dict[str, Any], stage: InputStageShape | None) -> None:
    assert input_stage(model(**settings), numbers=3, inputs=8) == stage


def test_numbers_are_binned() -> None:
    assert numeric_bins(model()) is None
    assert numeric_bins(model(numeric_embedding={"name": "piecewise_linear", "bins": 7})) == 7


def test_what_has_no_features_is_left_out() -> None:
    settings = model(numeric_embedding="piecewise_linear", scaling_layer=True)
    assert input_stage(settings, numbers=0, inputs=5) == InputStageShape(scaled=True)
    assert input_stage(settings, numbers=0, inputs=0) is None
