"""Converts the settings of the input stage into the engine's terms."""

from __future__ import annotations

from fnnctl.config.schema.inputs import PiecewiseLinearEmbeddingConfig
from fnnctl.config.schema.model import ModelConfig
from fnnctl.data.fitting import Encoding
from fnnctl.data.preprocessing import FeatureKinds
from fnnctl.nn.shape import CategoryEmbeddingShape, InputStageShape, NumericEmbeddingShape


def input_stage(model: ModelConfig, kinds: FeatureKinds, *, inputs: int) -> InputStageShape | None:
    """The input stage for `inputs` features of these kinds; None if the first layer reads them unchanged."""
    stage = InputStageShape(
        numeric=_numeric_embedding(model, kinds.numbers) if kinds.numbers else None,
        categories=_category_embedding(model, kinds.codes),
        scaled=model.scaling_layer and inputs > 0,
    )
    return None if stage == InputStageShape() else stage


def _numeric_embedding(model: ModelConfig, numbers: int) -> NumericEmbeddingShape | None:
    embedding = model.numeric_embedding
    if isinstance(embedding, PiecewiseLinearEmbeddingConfig):
        return NumericEmbeddingShape(numbers, embedding.bins, embedding.size)
    return None


def _category_embedding(model: ModelConfig, codes: tuple[int, ...]) -> CategoryEmbeddingShape | None:
    embedding = model.category_embedding
    return CategoryEmbeddingShape(codes, embedding.size) if embedding and codes else None


def encoding(model: ModelConfig) -> Encoding:
    """The features that the network expects."""
    numeric, categories = model.numeric_embedding, model.category_embedding
    return Encoding(
        fewest=categories.fewest if categories else None,
        bins=numeric.bins if isinstance(numeric, PiecewiseLinearEmbeddingConfig) else None,
    )
