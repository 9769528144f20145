"""`model.json` and the arrays of a model of several networks: written and read here.

The networks form parts. A part is one preprocessing, one shape and one readout, with one or several members;
its description is the one that a single network has. The predictions of a part's members are averaged, then
those of the parts, by weight. A single network is written as one without parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from fnnctl.arrays import FloatArray
from fnnctl.config.messages.document_errors import first_fault
from fnnctl.modelling.saved.description import ClassWeight, Described, NetworkDescription, read_description
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.store.atomic import damaged

PARTS = "parts"
"""The entry of model.json that only a model of several networks has."""


class PartDescription(Described):
    """Networks of one shape, preprocessing and readout."""

    weight: Annotated[float, Field(gt=0.0, le=1e9)]
    """The part's share in the mean of the predictions, relative to the other parts."""
    members: Annotated[int, Field(ge=1, le=100_000)]
    """The number of networks; they count equally."""
    network: NetworkDescription
    """Each of the networks."""


class EnsembleDescription(Described):
    """The content of model.json for several networks."""

    temperature: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    """Combined scores are divided by it to calibrate the probabilities; null if they are not calibrated."""
    threshold: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    """The threshold between two classes, for the combined scores; null if the more probable class is
    predicted."""
    class_weights: Annotated[tuple[ClassWeight, ...], Field(strict=False)] | None = None
    """The weights of the classes for which the combined scores are corrected; null if there are none."""
    parts: Annotated[list[PartDescription], Field(min_length=1)]
    """The parts, in the order of their arrays."""
    arrays: dict[str, Any] = Field(default={})
    """The arrays in model.npz: see `store.weights`; their names begin with those of part and member."""

    def fault(self) -> str | None:
        """Why the parts cannot form one model; None if they can."""
        first = self.parts[0].network
        for number, part in enumerate(self.parts):
            for name in ("target", "classes"):
                if getattr(part.network, name) != getattr(first, name):
                    return f"{PARTS}.{number}.network.{name}: it differs from that of the first part"
        if self.threshold is not None and len(first.classes) != 2:
            return "threshold: only a model with two classes has one"
        if self.class_weights is not None and len(self.class_weights) != len(first.classes):
            return "class_weights: it must have one number per class"
        return None


@dataclass(frozen=True, slots=True)
class TrainedPart:
    """N trained networks of one shape, to be written."""

    description: Mapping[str, Any]
    """Of each network, from `description.describe`."""
    layout: ParameterLayout
    parameters: FloatArray
    """(N, P)"""
    statistics: FloatArray
    """(N, S)"""
    weight: float = 1.0


def model_files(
    parts: Sequence[TrainedPart],
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """The arrays of model.npz and the description for model.json; the store adds the list of arrays."""
    if len(parts) == 1 and len(parts[0].parameters) == 1:
        (part,) = parts
        arrays = part.layout.named_arrays(part.parameters[0], part.statistics[0])
        return arrays, dict(part.description)
    arrays = {
        array_prefix(k, j) + name: array
        for k, part in enumerate(parts)
        for j, rows in enumerate(zip(part.parameters, part.statistics, strict=True))
        for name, array in part.layout.named_arrays(*rows).items()
    }
    described = [
        PartDescription.model_validate(
            {"weight": part.weight, "members": len(part.parameters), "network": dict(part.description)}
        )
        for part in parts
    ]
    return arrays, EnsembleDescription(parts=described).model_dump(exclude={"arrays"})


def array_prefix(part: int, member: int) -> str:
    """How the names of a network's arrays begin; the indices count from 0, the names from 1 as for layers."""
    return f"part_{part + 1}.member_{member + 1}."


@dataclass(frozen=True, slots=True)
class DescribedPart:
    """A part as read from model.json, and where it stands there."""

    description: PartDescription
    place: str
    """The beginning of the names of its entries in model.json."""
    prefixes: Sequence[str]
    """The beginning of the names of each member's arrays."""


def read_parts(
    mapping: Mapping[str, Any], path: Path
) -> tuple[EnsembleDescription | None, list[DescribedPart]]:
    """The parts that a JSON object describes, which are one if it describes a single network.

    Raises `DataError`, which names `path`, if it is damaged.
    """
    if PARTS not in mapping:
        single = PartDescription(weight=1.0, members=1, network=read_description(mapping, path))
        return None, [DescribedPart(single, "", [""])]
    try:
        ensemble = EnsembleDescription.model_validate(mapping)
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_fault(error)}") from error
    if fault := ensemble.fault():
        raise damaged(path, f"is damaged: {fault}")
    return ensemble, [
        DescribedPart(part, f"{PARTS}.{k}.network.", [array_prefix(k, j) for j in range(part.members)])
        for k, part in enumerate(ensemble.parts)
    ]
