"""Converts the settings of the input stage into the engine's terms."""

from __future__ import annotations

from fnnctl.config.schema.inputs import PiecewiseLinearEmbeddingConfig
from fnnctl.config.schema.model import ModelConfig
from fnnctl.nn.shape import InputStageShape, NumericEmbeddingShape


def input_stage(model: ModelConfig, *, numbers: int, inputs: int) -> InputStageShape | None:
    """The input stage for `inputs` features, of so many `numbers`; None if the first layer reads them."""
    numeric, embedding = None, model.numeric_embedding
    if numbers and isinstance(embedding, PiecewiseLinearEmbeddingConfig):
        numeric = NumericEmbeddingShape(numbers, embedding.bins, embedding.size)
    stage = InputStageShape(numeric, scaled=model.scaling_layer and inputs > 0)
    return None if stage == InputStageShape() else stage


def numeric_bins(model: ModelConfig) -> int | None:
    """The most bins of a number whose coordinates are features; None if they are not."""
    embedding = model.numeric_embedding
    return embedding.bins if isinstance(embedding, PiecewiseLinearEmbeddingConfig) else None
