"""`model.json`: what the weights beside it mean, written and read here.

It is read strictly, so that a file which was changed by hand is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES, DELIMITER_PATTERN
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.modelling.fit import Fit
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.losses.registry import REAL_VALUE_LOSSES
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputKind
from fnnctl.store.atomic import damaged
from fnnctl.store.documents import first_fault
from fnnctl.tasks.task import OutputShape, Readout, TargetScale, Task
from fnnctl.text import shown
from fnnctl.training.members import Member

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Described(BaseModel):
    """A part of the description."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class LayerHyperparameters(Described):
    """A hidden layer's hyperparameters, 0 if it has none."""

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
    numbers: LayerHyperparameters = LayerHyperparameters()
    """Its hyperparameters."""

    @property
    def shape(self) -> HiddenShape:
        """The layer as the engine has it."""
        return HiddenShape(**self.model_dump(exclude={"numbers"}))


class TableFormat(Described):
    """How the CSV file that was learned from was written: new rows are read the same way."""

    delimiter: Annotated[str, Field(pattern=DELIMITER_PATTERN)] | None = None
    """The character between two values; found out where it is null."""
    encoding: str = "utf-8"
    """The file's encoding."""
    missing_values: list[str] = list(DEFAULT_MISSING_VALUES)
    """What stands where a value is missing."""


class ModelDescription(Described):
    """A trained network: how its features are made, what its weights mean, what its outputs stand for."""

    precision: Literal["float32", "float64"]
    """The type of weights and activations."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Threads of a matrix product, on which the last bits depend; null for what suits the network's size."""
    inputs: Annotated[int, Field(ge=0)]
    """How many features there are."""
    hidden: list[LayerDescription]
    """The hidden layers, first to last."""
    output: OutputKind
    """What the last layer gives: see `model.output`."""
    delta: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """For a huber output: the error from which the loss is linear."""
    temperature: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    """What the scores are divided by, so that the probabilities are calibrated; null if they are not."""
    positive: str | None = None
    """For a logistic output: the class whose score it is."""
    target: str
    """The target's column."""
    classes: list[str] = []
    """The classes, in the order of the scores; none in a regression."""
    target_mean: float | None = None
    """In a regression: added to the network's output times `target_deviation`."""
    target_deviation: Annotated[float, Field(gt=0.0)] | None = None
    """In a regression: the unit of the network's output, in the target's."""
    baseline: list[float] | None = None
    """What a prediction without features is: each class's share of the training rows, or their mean
    target."""
    features: list[str]
    """The features' names, in the order of the first layer's weights."""
    table: TableFormat = TableFormat()
    """How new rows are written."""
    preprocessing: dict[str, Any]
    """How columns become features: see `data.preprocessing`."""
    arrays: dict[str, Any] = {}
    """The arrays in model.npz: see `store.weights`."""

    @property
    def shape(self) -> NetworkShape:
        """The network as the engine has it."""
        hidden, output = tuple(layer.shape for layer in self.hidden), self.readout.output
        return NetworkShape(
            self.inputs,
            hidden,
            output.outputs,
            output=output.kind,
            positive=output.positive,
            delta=output.delta,
        )

    @property
    def readout(self) -> Readout:
        """How the network's outputs become predictions."""
        scale = None
        if self.target_mean is not None and self.target_deviation is not None:
            scale = TargetScale(self.target_mean, self.target_deviation)
        output = OutputShape(
            len(self.classes) or 1,
            self.output,
            positive=1 if self.positive is None else self.classes.index(self.positive),
            delta=self.delta or 1.0,
        )
        baseline = None if self.baseline is None else tuple(self.baseline)
        return Readout(output, baseline, scale, self.temperature)

    def fault(self, preprocessor: Preprocessor) -> str | None:
        """Why no network can be made of this, though each fact alone is possible; None if one can."""
        if fault := self._target_fault():
            return fault
        if list(preprocessor.features) != self.features or self.inputs != len(self.features):
            return "features: they are not those of the preprocessing"
        below = self.inputs
        for number, layer in enumerate(self.hidden):
            if layer.activation not in ACTIVATIONS:
                return f"hidden.{number}.activation: there is none named {shown(layer.activation)}"
            if layer.pieces > 1 and layer.activation != "maxout":
                return f"hidden.{number}.pieces: only maxout has several"
            if layer.residual and layer.units != below:
                return f"hidden.{number}.residual: the layer has other units than inputs"
            below = layer.units
        return None

    def _target_fault(self) -> str | None:
        """What is wrong with the facts about the target and the output; None if nothing is."""
        if self.output in REAL_VALUE_LOSSES:
            if self.classes:
                return f"classes: {self.output} has none"
            if self.target_mean is None or self.target_deviation is None:
                return "target_mean, target_deviation: a regression needs both"
        elif len(self.classes) < 2:
            return "classes: there must be two or more"
        if len(set(self.classes)) < len(self.classes):
            return "classes: two have the same name"
        if self.output == "logistic" and (len(self.classes) != 2 or self.positive not in self.classes):
            return "positive: it must be one of two classes"
        if self.output != "logistic" and self.positive is not None:
            return f"positive: {self.output} has no such class"
        if self.baseline is not None and len(self.baseline) != max(1, len(self.classes)):
            return "baseline: it must have a number per class, or one number"
        return None


def read_description(mapping: Mapping[str, Any], path: Path) -> ModelDescription:
    """The description in a JSON object; raises `DataError`, which names `path`, if it is damaged."""
    try:
        return ModelDescription.model_validate(mapping)
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_fault(error)}") from error


def describe(fit: Fit, task: Task, member: Member) -> dict[str, Any]:
    """What model.json says of a fit's network before it is calibrated; the store adds its arrays."""
    data = fit.experiment.data
    hidden = [
        {
            **asdict(layer),
            "numbers": {name: each[index] for name, each in member.layer_hyperparameters.items()},
        }
        for index, layer in enumerate(fit.settings.shape.hidden)
    ]
    facts = {
        "precision": fit.settings.precision,
        "threads": fit.experiment.training.threads,
        "inputs": fit.settings.shape.inputs,
        "hidden": hidden,
        **task.describe(fit.readout),
        "baseline": None if fit.readout.baseline is None else list(fit.readout.baseline),
        "features": list(fit.preprocessor.features),
        "table": data.model_dump(include=set(TableFormat.model_fields), mode="json"),
        "preprocessing": fit.preprocessor.to_dict(),
    }
    return ModelDescription.model_validate(facts).model_dump(exclude={"arrays"})
