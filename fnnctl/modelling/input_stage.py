"""Converts the settings of the input stage into the engine's terms."""

from __future__ import annotations

from fnnctl.config.schema.inputs import PeriodicEmbeddingConfig
from fnnctl.config.schema.model import ModelConfig
from fnnctl.data.preprocessing import FeatureKinds
from fnnctl.nn.shape import InputStageShape, NumericEmbeddingShape


def input_stage(model: ModelConfig, kinds: FeatureKinds, *, inputs: int) -> InputStageShape | None:
    """The input stage for `inputs` features of these kinds; None if the first layer reads them unchanged."""
    stage = InputStageShape(
        numeric=_numeric_embedding(model, kinds.numbers) if kinds.numbers else None,
        scaled=model.scaling_layer and inputs > 0,
    )
    return None if stage == InputStageShape() else stage


def _numeric_embedding(model: ModelConfig, numbers: int) -> NumericEmbeddingShape | None:
    match model.numeric_embedding:
        case PeriodicEmbeddingConfig(frequencies=frequencies, size=size):
            return NumericEmbeddingShape("periodic", numbers, functions=frequencies, size=size)
    return None


def initial_deviation(model: ModelConfig) -> float:
    """The standard deviation of the initial frequencies of a periodic embedding; 0 without one."""
    embedding = model.numeric_embedding
    return embedding.sigma if isinstance(embedding, PeriodicEmbeddingConfig) else 0.0
