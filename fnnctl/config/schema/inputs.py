"""The settings of the `model` section about its input stage: embeddings of numbers and of categories."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section, Shorthand

EmbeddingSize = Annotated[int, Field(ge=2, le=1000)]


class NoEmbedding(Section):
    """Numbers are inputs as they are."""

    name: Literal["none"]
    """The embedding."""


class PeriodicEmbeddingConfig(Section):
    """Each number x is joined by learned linear combinations of cos(2πwx + c), with learned w and c."""

    name: Literal["periodic"]
    """The embedding."""
    frequencies: Annotated[int, Field(ge=1, le=1000)] = 16
    """The number of cosines per number."""
    sigma: Annotated[float, Field(gt=0.0, le=1e4)] = 0.1
    """The standard deviation of the initial frequencies w: large for functions that change quickly."""
    size: EmbeddingSize = 4
    """The number of inputs that each number becomes, itself included."""


class PiecewiseLinearEmbeddingConfig(Section):
    """Each number x is joined by learned functions of it, linear between quantiles of the training part."""

    name: Literal["piecewise_linear"]
    """The embedding."""
    bins: Annotated[int, Field(ge=1, le=1000)] = 48
    """The number of bins between the quantiles; fewer if quantiles coincide."""
    size: EmbeddingSize = 4
    """The number of inputs that each number becomes, itself included."""


class CategoryEmbeddingConfig(Section):
    """Each value of a categorical column has a learned vector, instead of an input of its own."""

    fewest: Annotated[int, Field(ge=1, le=1_000_000)] = 9
    """Columns with at least this many values in the training part are embedded; others are one-hot."""
    size: Annotated[int, Field(ge=1, le=1000)] = 8
    """The length of the vectors."""


NumericEmbeddingConfig = Annotated[
    Annotated[
        NoEmbedding | PeriodicEmbeddingConfig | PiecewiseLinearEmbeddingConfig, Field(discriminator="name")
    ],
    Shorthand("name"),
]
