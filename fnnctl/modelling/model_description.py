"""`model.json`, which describes the networks whose weights are in `model.npz`: written and read here.

It is read strictly, so a file that was edited by hand and is no longer valid is refused with a message.

Several networks form parts. A part is one preprocessing, one shape and one decoder, with one or several
members; its description is the one that a single network has. The predictions of a part's members are
averaged, then those of the parts, by weight. A single network is written as one without parts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError

from fnnctl.arrays import FloatArray
from fnnctl.config.messages.document_errors import first_problem
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES, DELIMITER_PATTERN
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.data.columns.formats.registry import AnyFormat
from fnnctl.data.groupings import Grouping
from fnnctl.data.labels import LabelWords
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.settings import left_out_columns
from fnnctl.modelling.row_groups import fit_groupings
from fnnctl.modelling.target_description import Described, FittedDescription, TargetDescription
from fnnctl.modelling.target_facts import targets_problem
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape
from fnnctl.store.atomic import damaged
from fnnctl.tasks.decoder import FittedValues, OutputDecoder
from fnnctl.tasks.joint.decoder import FittedParts, JointDecoder
from fnnctl.tasks.joint.task import JointTask
from fnnctl.tasks.task import Task, TaskData, Weight
from fnnctl.text import quoted
from fnnctl.training.members import Member

if TYPE_CHECKING:
    from fnnctl.modelling.fit import Fit


MAX_SIZE: Final = 1_000_000_000
"""The largest size of a layer, far beyond what can be trained."""
PARTS_KEY = "parts"
"""The entry of model.json that only a model of several networks has."""


class LayerHyperparameters(Described):
    """A hidden layer's hyperparameters; 0 if one does not apply."""

    activation: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0
    """The activation's slope, alpha or beta."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """The fraction of activations that is dropped in training."""
    epsilon: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """The constant that a normalization adds to the variance."""
    momentum: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """The momentum of batch normalization's running statistics."""


@dataclass(frozen=True, slots=True)
class LayerDescription(HiddenShape):
    """A hidden layer, as the engine has it, with its hyperparameters."""

    numbers: LayerHyperparameters = LayerHyperparameters.model_construct()  # noqa: RUF009  # frozen
    """The layer's hyperparameters."""

    @property
    def shape(self) -> HiddenShape:
        """The layer without its hyperparameters."""
        return HiddenShape(**{field.name: getattr(self, field.name) for field in fields(HiddenShape)})


class TableFormat(Described):
    """The format of the CSV file with the training data: new rows are read the same way."""

    delimiter: Annotated[str, Field(pattern=DELIMITER_PATTERN)] | None = None
    """The delimiter; null if it is to be detected."""
    encoding: str = "utf-8"
    """The file's character encoding."""
    missing_values: list[str] = list(DEFAULT_MISSING_VALUES)
    """The texts that mark a missing value, and the numbers that they stand for in typed columns."""
    formats: dict[str, AnyFormat] = {}
    """The formats of columns that are not written plainly, by their names in the file."""
    exposure: str | None = None
    """The column with the exposure of each row, by which rates are multiplied; null if there is none."""
    left_out: list[str] = []
    """The columns that training had, but the network does not use: identifiers, say, or weights of rows."""
    groupings: list[Grouping] = []
    """The columns of `evaluation.groups`, and how their values divide rows into groups."""
    label_words: LabelWords | None = None
    """The column whose words are the labels; null if each label has a column, or if there are none."""


class NetworkDescription(TargetDescription):
    """A trained network: its features, the meaning of its weights, and the meaning of its outputs."""

    precision: Literal["float32", "float64"]
    """The type of weights and activations."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Threads per matrix product, which affect the last bits; null if they follow from the network's size."""
    inputs: Annotated[int, Field(ge=0)]
    """The number of features."""
    stage: InputStageShape | None = None
    """The input stage; null if the first layer reads the features themselves."""
    hidden: list[LayerDescription]
    """The hidden layers, first to last."""
    members: Annotated[int, Field(ge=1, le=100_000)] = 1
    """The number of inner members, which share the hidden layers' weights; they count equally."""
    features: list[str]
    """The names of the features, in the order of the first layer's weights."""
    table: TableFormat = TableFormat.model_construct()
    """The CSV format of new rows."""
    targets: list[TargetDescription] = []
    """The targets, if there are several, whose outputs follow one another; what stands beside this list says
    nothing of them then."""
    fitted_targets: list[FittedDescription] = []
    """With several targets: what was fitted for each, in their order."""
    preprocessing: dict[str, Any]
    """How columns become features: see `data.preprocessing`."""

    @property
    def target_names(self) -> tuple[str, ...]:
        """The name of the target column, or of each of several."""
        return tuple(target.target for target in self.targets) or (self.target,)

    def of_target(self, number: int) -> Self:
        """The description with one of several targets alone, counted from 0; its weights are those of all."""
        target = self.targets[number]
        entries = {name: getattr(target, name) for name in TargetDescription.model_fields}
        return self.model_copy(update={**entries, "targets": [], "fitted_targets": []})

    @property
    def shape(self) -> NetworkShape:
        """The network as the engine represents it."""
        hidden = tuple(layer.shape for layer in self.hidden)
        return NetworkShape(self.inputs, hidden, self.decoder.output, self.members, self.stage)

    @property
    def decoder(self) -> OutputDecoder:
        """How the network's outputs become predictions."""
        if not self.targets:
            return self.decoder_of_target(self.table.exposure)
        parts = [target.decoder_of_target() for target in self.targets]
        joint = JointDecoder.of(parts, [target.loss_factor or 1.0 for target in self.targets])
        return joint.with_fitted(self.all_fitted) if self.fitted_targets else joint

    @property
    def all_fitted(self) -> FittedValues:
        """What was fitted, of each target if there are several."""
        return _all_fitted(self.fitted, self.fitted_targets)

    def task(self, seed: int = 0) -> Task:
        """The task of the network."""
        if not self.targets:
            return super().task(seed)
        return JointTask(tuple(target.task(seed) for target in self.targets))

    def problem(self, preprocessor: Preprocessor) -> str | None:
        """Why the facts, though each is valid on its own, do not describe a network; None if they do."""
        if problem := targets_problem(self):
            return problem
        if list(preprocessor.features) != self.features or self.inputs != len(self.features):
            return "features: they differ from those of the preprocessing"
        if problem := self._stage_problem(preprocessor) or self._size_problem():
            return problem
        below = self.shape.first_inputs
        for number, layer in enumerate(self.hidden):
            if layer.activation not in ACTIVATIONS:
                return f"hidden.{number}.activation: there is no activation named {quoted(layer.activation)}"
            if layer.pieces > 1 and not ACTIVATIONS[layer.activation].has_pieces:
                return f"hidden.{number}.pieces: {layer.activation} has only one"
            if layer.residual and layer.units != below:
                return f"hidden.{number}.residual: the layer's numbers of units and inputs differ"
            below = layer.units
        return None

    def _stage_problem(self, preprocessor: Preprocessor) -> str | None:
        """Why the input stage does not fit the preprocessor's features; None if it does."""
        numeric = None if self.stage is None else self.stage.numeric
        if (numeric is not None) != preprocessor.binned:
            return "stage.numeric: the preprocessing has other features of bins"
        if numeric is not None and numeric.numbers != len(preprocessor.numbers):
            return "stage.numeric.numbers: the preprocessing has another number of numeric columns"
        categories = None if self.stage is None else self.stage.categories
        codes = () if categories is None else categories.codes
        if codes != tuple(column.codes for column in preprocessor.coded):
            return "stage.categories.codes: the preprocessing has other codes"
        return None

    def _size_problem(self) -> str | None:
        """The first size with which there is no network; None if there is none."""
        sizes = [
            (f"hidden.{number}.{name}", getattr(layer, name), 1)
            for number, layer in enumerate(self.hidden)
            for name in ("units", "pieces")
        ]
        if self.stage and self.stage.numeric:
            numeric = self.stage.numeric
            sizes += [("stage.numeric.bins", numeric.bins, 1), ("stage.numeric.size", numeric.size, 2)]
        if self.stage and self.stage.categories:
            sizes.append(("stage.categories.size", self.stage.categories.size, 2))
        for name, size, least in sizes:
            if not least <= size <= MAX_SIZE:
                return f"{name}: must be from {least} to {MAX_SIZE:,}"
        return None


class ModelDescription(NetworkDescription):
    """The content of model.json for a single network."""

    arrays: dict[str, Any] = {}
    """The arrays in model.npz: see `store.weights`."""


def read_description(mapping: Mapping[str, Any], path: Path) -> ModelDescription:
    """The description in a JSON object; raises `DataError`, which names `path`, if it is damaged."""
    try:
        return ModelDescription.model_validate_json(json.dumps(mapping))
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_problem(error)}") from error


def _parameter_entry(decoder: OutputDecoder) -> dict[str, Any]:
    """The parameter of the loss by its name, or by that for all plug-ins; none if there is no parameter."""
    name, output = decoder.loss.parameter, decoder.output
    if name is None:
        return {}
    if output.levels:
        return {"levels": output.levels}
    return {name if output.kind in LOSS_RECORDS else "loss_parameter": output.loss_parameter}


def _decoder_entries(decoder: OutputDecoder, classes: Sequence[str]) -> dict[str, Any]:
    """The entries for a decoder, before something is fitted: the inverse of `NetworkDescription.decoder`."""
    output, scale, decision = decoder.output, decoder.scale, decoder.decision
    costs = None if decision is None else decision.costs
    entries = {
        "output": output.kind,
        **_parameter_entry(decoder),
        "positive": classes[output.positive] if decoder.loss.scores == "positive_class" else None,
        "positive_class": None if decision is None else classes[decision.positive],
        "class_weights": decoder.class_weights,
        "costs": None if costs is None else (costs.false_positive, costs.false_negative),
        "classes": list(classes),
        "baseline": None if decoder.baseline is None else list(decoder.baseline),
    }
    if scale is not None:
        entries |= {f"target_{field.name}": getattr(scale, field.name) for field in fields(scale)}
    return entries


def _target_entries(decoder: OutputDecoder, task: Task) -> dict[str, Any]:
    """The entries about the target, or about each of several."""
    if isinstance(decoder, JointDecoder) and isinstance(task, JointTask):
        targets = [
            {**_target_entries(part, of_target), "loss_factor": factor}
            for part, of_target, factor in zip(decoder.parts, task.tasks, decoder.factors, strict=True)
        ]
        return {"output": decoder.output.kind, "target": "", "targets": targets}
    entries = _decoder_entries(decoder, task.classes)
    return {"target": task.targets[0], **entries, "ordered": task.is_ordered}


def fitted_entries(decoder: OutputDecoder) -> dict[str, Any]:
    """The entries of model.json that are known only after training, without those that are null.

    The threshold is also that of class weights, if none is chosen.
    """
    if isinstance(decoder, JointDecoder):
        return {"fitted_targets": [fitted_entries(part) for part in decoder.parts]}
    threshold = None if decoder.decision is None else decoder.decision.effective
    entries = {**asdict(decoder.fitted), "threshold": threshold}
    return {name: value for name, value in entries.items() if value not in (None, ())}


def _all_fitted(fitted: FittedValues, of_targets: Sequence[FittedDescription]) -> FittedValues:
    return FittedParts(parts=tuple(target.fitted for target in of_targets)) if of_targets else fitted


def describe(fit: Fit, trained: TaskData, member: Member) -> NetworkDescription:
    """The description of a fit's network before calibration."""
    data, shape = fit.experiment.data, fit.settings.shape
    missing = ["missing_values"] if trained.dataset.types else []  # arrays are read without them
    hidden = [
        LayerDescription(
            **asdict(layer),
            numbers=LayerHyperparameters(
                **{name: numbers[index] for name, numbers in member.layer_hyperparameters.items()}
            ),
        )
        for index, layer in enumerate(shape.hidden)
    ]
    return NetworkDescription.model_validate(
        {
            "precision": fit.settings.precision,
            "threads": fit.experiment.training.threads,
            "inputs": shape.inputs,
            "stage": shape.stage,
            "hidden": hidden,
            "members": shape.inner_members,
            **_target_entries(fit.decoder, trained.task),
            "features": list(fit.preprocessor.features),
            "table": {
                **data.model_dump(include={"delimiter", "encoding", "exposure", *missing}, mode="json"),
                "formats": trained.dataset.formats,
                "left_out": left_out_columns(data, trained.dataset),
                "label_words": LabelWords.of(data.target),
                "groupings": list(fit_groupings(trained, fit.split(trained).test))
                if trained.dataset.grouped
                else [],
            },
            "preprocessing": fit.preprocessor.to_dict(),
        }
    )


class PartDescription(Described):
    """Networks of one shape, preprocessing and decoder."""

    weight: Annotated[float, Field(gt=0.0, le=1e9)]
    """The part's share in the mean of the predictions, relative to the other parts."""
    target_weights: tuple[Annotated[float, Field(ge=0.0, le=1e9)], ...] = ()
    """With several targets: the shares in the predictions of each, in place of `weight`; 0 if the networks do
    not predict it."""
    members: Annotated[int, Field(ge=1, le=100_000)]
    """The number of networks; they count equally."""
    network: NetworkDescription
    """Each of the networks."""


class EnsembleDescription(FittedDescription):
    """The content of model.json for several networks, with what was fitted to their combined scores."""

    fitted_targets: list[FittedDescription] = []
    """With several targets: what was fitted for each, in their order."""
    parts: Annotated[list[PartDescription], Field(min_length=1)]
    """The parts, in the order of their arrays."""
    arrays: dict[str, Any] = Field(default={})
    """The arrays in model.npz: see `store.weights`; their names begin with those of part and member."""

    @property
    def all_fitted(self) -> FittedValues:
        """What was fitted, of each target if there are several."""
        return _all_fitted(self.fitted, self.fitted_targets)

    def problem(self) -> str | None:
        """Why the parts cannot form one model; None if they can."""
        first = self.parts[0].network
        for number, part in enumerate(self.parts):
            for name in ("target", "classes", "ordered", "levels"):
                if getattr(part.network, name) != getattr(first, name):
                    return f"{PARTS_KEY}.{number}.network.{name}: it differs from that of the first part"
        if problem := self._problem_of_weights(len(first.targets)):
            return problem
        if self.threshold is not None and len(first.classes) != 2:
            return "threshold: only a model with two classes has one"
        if self.class_weights is not None and len(self.class_weights) != len(first.classes):
            return "class_weights: it must have one number per class"
        return None

    def _problem_of_weights(self, targets: int) -> str | None:
        """Why the weights of the parts do not suit so many targets, 0 if there is a single one."""
        weights = [part.target_weights for part in self.parts]
        if not any(weights):
            return None
        for number, of_targets in enumerate(weights):
            if len(of_targets) != targets:
                return f"{PARTS_KEY}.{number}.target_weights: it must have one number per target"
        for number, of_target in enumerate(zip(*weights, strict=True)):
            if not any(of_target):
                return f"{PARTS_KEY}: no part has a weight for target {number + 1}"
        return None


@dataclass(frozen=True, slots=True)
class TrainedPart:
    """N trained networks of one shape, to be written."""

    description: NetworkDescription
    """Of each network."""
    layout: ParameterLayout
    parameters: FloatArray
    """(N, P)"""
    statistics: FloatArray
    """(N, S)"""
    weight: Weight = 1.0


def model_files(
    parts: Sequence[TrainedPart],
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """The arrays of model.npz and the description for model.json; the store adds the list of arrays."""
    if len(parts) == 1 and len(parts[0].parameters) == 1:
        (part,) = parts
        arrays = part.layout.named_arrays(part.parameters[0], part.statistics[0])
        return arrays, part.description.model_dump()
    arrays = {
        array_prefix(k, j) + name: array
        for k, part in enumerate(parts)
        for j, rows in enumerate(zip(part.parameters, part.statistics, strict=True))
        for name, array in part.layout.named_arrays(*rows).items()
    }
    described = [
        PartDescription(**weight_entries(part.weight), members=len(part.parameters), network=part.description)
        for part in parts
    ]
    return arrays, EnsembleDescription(parts=described).model_dump(exclude={"arrays"})


def weight_entries(weight: Weight) -> dict[str, Any]:
    """The entries of a part for its weight."""
    return {"weight": 1.0, "target_weights": weight} if isinstance(weight, tuple) else {"weight": weight}


def array_prefix(part: int, member: int) -> str:
    """How the names of a network's arrays begin; the indices count from 0, the names from 1 as for layers."""
    return f"part_{part + 1}.member_{member + 1}."


@dataclass(frozen=True, slots=True)
class DescribedPart:
    """A part as read from model.json, and where it stands there."""

    description: PartDescription
    key_prefix: str
    """The beginning of the names of its entries in model.json."""
    array_prefixes: Sequence[str]
    """The beginning of the names of each member's arrays."""


def read_parts(
    mapping: Mapping[str, Any], path: Path
) -> tuple[EnsembleDescription | None, list[DescribedPart]]:
    """The parts that a JSON object describes, which are one if it describes a single network.

    Raises `DataError`, which names `path`, if it is damaged.
    """
    if PARTS_KEY not in mapping:
        single = PartDescription(weight=1.0, members=1, network=read_description(mapping, path))
        return None, [DescribedPart(single, "", [""])]
    try:
        ensemble = EnsembleDescription.model_validate_json(json.dumps(mapping))
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_problem(error)}") from error
    if problem := ensemble.problem():
        raise damaged(path, f"is damaged: {problem}")
    return ensemble, [
        DescribedPart(part, f"{PARTS_KEY}.{k}.network.", [array_prefix(k, j) for j in range(part.members)])
        for k, part in enumerate(ensemble.parts)
    ]
