"""A hidden layer: its units, normalization and other settings, each of which may be the model's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from fnnctl.config.problems import no_effect
from fnnctl.config.schema.activations import Activation
from fnnctl.config.schema.optimizers import not_with_lbfgs
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Place, Setting
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

Units = Annotated[int, Field(ge=1, le=1_000_000)]
DropoutRate = Annotated[float, Field(ge=0.0, le=0.99)]
NormalizationEpsilon = Annotated[float, Field(gt=0.0, le=1.0), Setting(synonyms=("eps",))]
Initialization = Literal[
    "auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
    "lecun_uniform", "lecun_normal", "orthogonal",
]  # fmt: skip


def _plain_means(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With `training.averaging`, because averaged weights have their own statistics, plain means over an
    epoch.
    """
    if experiment.training.averaging is not None:
        yield no_effect("training.averaging uses plain means over the training rows", "training.averaging")


class NoNormalization(Section):
    """No normalization."""

    name: Literal["none"]
    """The normalization."""


class BatchNormalizationConfig(Section):
    """Batch normalization: each unit's pre-activations have mean 0 and variance 1 over the batch."""

    synonyms = ("batch_norm", "batch_normalization", "batchnorm")
    name: Literal["batch"]
    """The normalization."""
    momentum: Annotated[float, Field(gt=0.0, le=1.0), Setting(no_effect=(_plain_means,))] = 0.1
    """The weight of a batch in the running mean and variance, which are used after training."""
    epsilon: NormalizationEpsilon = 1e-5
    """Added to the variance."""


class LayerNormalizationConfig(Section):
    """Layer normalization: each example's pre-activations have mean 0 and variance 1 over the layer."""

    synonyms = ("layer_norm", "layer_normalization", "layernorm")
    name: Literal["layer"]
    """The normalization."""
    epsilon: NormalizationEpsilon = 1e-5
    """Added to the variance."""


Normalization = Annotated[
    Annotated[
        NoNormalization | BatchNormalizationConfig | LayerNormalizationConfig, Field(discriminator="name")
    ],
    Shorthand("name"),
]


def batch_with_lbfgs(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With lbfgs, if it is batch: batches differ from step to step, and a line search needs a fixed
    function.
    """
    if isinstance(place.value, BatchNormalizationConfig):
        yield from _NO_BATCH(experiment, place)


_NO_BATCH = not_with_lbfgs("none")


def _first_adds_nothing(_: Experiment, place: Place) -> Iterator[Problem]:
    """In the first hidden layer, whose inputs are the features."""
    if place.value is not None and place.path[2] == 0:
        yield no_effect(
            "the first hidden layer's inputs are the features, which it never adds", "model.hidden"
        )


class HiddenLayerConfig(Section):
    """One hidden layer; settings that are left out are those of the model."""

    units: Units
    """The number of units."""
    activation: Activation | None = None
    """The layer's activation; null for the model's."""
    initialization: Initialization | None = None
    """The layer's initialization; null for the model's."""
    normalization: Annotated[Normalization | None, Setting(contradictions=(batch_with_lbfgs,))] = None
    """The layer's normalization; null for the model's."""
    dropout: Annotated[DropoutRate | None, Setting(contradictions=(not_with_lbfgs("0"),))] = None
    """The layer's dropout rate; null for the model's."""
    residual: Annotated[bool | None, Setting(no_effect=(_first_adds_nothing,))] = None
    """Whether the layer adds its inputs to its outputs if there are equally many of both; null for the
    model's. The first hidden layer never does."""


class CompleteLayer(NamedTuple):
    """A hidden layer with all its settings: its own, or those of the model."""

    units: int
    activation: Activation
    initialization: Initialization
    normalization: Normalization
    dropout: float
    residual: bool
    """Whether the layer adds its inputs to its outputs, which it can if there are equally many of both."""
