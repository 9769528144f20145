"""The settings of the `model` section about embeddings of numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section, Shorthand


class NoEmbedding(Section):
    """Numbers are inputs as they are."""

    name: Literal["none"]
    """The embedding."""


class PiecewiseLinearEmbeddingConfig(Section):
    """Each number x is joined by learned functions of it, linear between quantiles of the training part."""

    name: Literal["piecewise_linear"]
    """The embedding."""
    bins: Annotated[int, Field(ge=1, le=1000)] = 16
    """The number of bins between the quantiles; fewer if quantiles coincide."""
    size: Annotated[int, Field(ge=2, le=1000)] = 4
    """The number of inputs that each number becomes, itself included."""


NumericEmbeddingConfig = Annotated[
    Annotated[NoEmbedding | PiecewiseLinearEmbeddingConfig, Field(discriminator="name")],
    Shorthand("name"),
]
