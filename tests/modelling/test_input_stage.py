from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.data.fitting import Encoding
from fnnctl.data.preprocessing import FeatureKinds
from fnnctl.modelling.input_stage import encoding, input_stage
from fnnctl.nn.shape import CategoryEmbeddingShape, InputStageShape, NumericEmbeddingShape


def model(**settings: Any) -> ModelConfig:
    return ModelConfig.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "stage"),
    [
        ({}, None),
        ({"scaling_layer": True}, InputStageShape(scaled=True)),
        (
            {"numeric_embedding": "piecewise_linear"},
            InputStageShape(NumericEmbeddingShape(3, bins=48, size=4)),
        ),
    ],
)
def test_the_stage_of_a_model(settings: dict[str, Any], stage: InputStageShape | None) -> None:
    assert input_stage(model(**settings), FeatureKinds(numbers=3), inputs=5) == stage


def test_columns_with_many_values_are_coded() -> None:
    settings = model(category_embedding={"fewest": 5})
    stage = InputStageShape(categories=CategoryEmbeddingShape((6, 9), size=8))
    assert input_stage(settings, FeatureKinds(numbers=3, codes=(6, 9)), inputs=5) == stage
    assert input_stage(settings, FeatureKinds(numbers=3), inputs=5) is None
    assert encoding(settings) == Encoding(fewest=5)
    assert encoding(model()) == Encoding()


def test_numbers_are_binned() -> None:
    settings = model(numeric_embedding={"name": "piecewise_linear", "bins": 7, "size": 3})
    stage = InputStageShape(NumericEmbeddingShape(3, bins=7, size=3))
    assert input_stage(settings, FeatureKinds(numbers=3, binned=True), inputs=6) == stage
    assert encoding(settings) == Encoding(bins=7)


def test_what_has_no_features_is_left_out() -> None:
    settings = model(numeric_embedding="piecewise_linear", scaling_layer=True)
    assert input_stage(settings, FeatureKinds(numbers=0), inputs=5) == InputStageShape(scaled=True)
    assert input_stage(settings, FeatureKinds(numbers=0), inputs=0) is None
