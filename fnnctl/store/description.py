"""`model.json`: what the weights beside it mean, each fact described where it is declared.

It is read strictly, so that a file which was changed by hand is refused in words. What the preprocessing is
made of is known to the package that wrote it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES, DELIMITER_PATTERN
from fnnctl.store.atomic import damaged
from fnnctl.store.documents import first_fault, read_mapping

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Described(BaseModel):
    """A part of the description."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class LayerNumbers(Described):
    """A hidden layer's own numbers, 0 where it has none."""

    activation: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0
    """The activation's slope, alpha or beta."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """The share of activations that was dropped in training."""
    epsilon: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """What a normalization adds to the variance."""
    momentum: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """How fast batch normalization's running statistics followed."""


class LayerDescription(Described):
    """A hidden layer."""

    units: Count
    """How many neurons it has."""
    activation: str
    """Its activation."""
    shared: bool = False
    """Whether a learned slope is the whole layer's."""
    pieces: Count = 1
    """Of maxout: linear functions a neuron."""
    normalization: Literal["batch", "layer"] | None = None
    """What its pre-activations are normalized over."""
    dropout: bool = False
    """Whether activations were dropped in training."""
    residual: bool = False
    """Whether its inputs are added to its outputs."""
    numbers: LayerNumbers = LayerNumbers()
    """Its numbers."""


class TableFormat(Described):
    """How the CSV file that was learned from was written: new rows are read the same way."""

    delimiter: Annotated[str, Field(pattern=DELIMITER_PATTERN)] | None = None
    """The character between two values; found out where it is null."""
    encoding: str = "utf-8"
    """The file's encoding."""
    missing_values: list[str] = list(DEFAULT_MISSING_VALUES)
    """What stands where a value is missing."""


class ModelDescription(Described):
    """A trained network: how its features are made, what its weights mean, which classes it tells apart."""

    precision: Literal["float32", "float64"]
    """The type of weights and activations."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Threads of a matrix product, on which the last bits depend; null for what suits the network's size."""
    inputs: Annotated[int, Field(ge=0)]
    """How many features there are."""
    hidden: list[LayerDescription]
    """The hidden layers, first to last."""
    output: Literal["softmax", "logistic"]
    """What makes probabilities of the last layer's scores."""
    positive: str | None = None
    """Of a logistic output: the class whose score it is."""
    target: str
    """The label's column."""
    classes: Annotated[list[str], Field(min_length=2)]
    """The classes, in the order of the scores."""
    features: list[str]
    """The features' names, in the order of the first layer's weights."""
    temperature: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    """What the scores are divided by, so that the probabilities are calibrated; null where they are not."""
    table: TableFormat = TableFormat()
    """How new rows are written."""
    preprocessing: dict[str, Any]
    """How columns become features: see `data.preprocessing`."""
    arrays: dict[str, Any]
    """The arrays in model.npz: see `store.weights`."""


def read_description(content: bytes, path: Path) -> ModelDescription:
    """The description in a file's content; raises `DataError`, which names `path`, where it is damaged."""
    mapping = read_mapping(content, path)
    try:
        return ModelDescription.model_validate(mapping)
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_fault(error)}") from error
