"""The file of a run's network: its graph, and what it says about itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fnnctl.errors import UsageError
from fnnctl.export.onnx.columns import InputColumn, Preprocessing, input_columns
from fnnctl.export.onnx.decoding import (
    class_labels,
    class_probabilities,
    estimated_values,
    estimates,
    quantiles,
)
from fnnctl.export.onnx.graph import Graph
from fnnctl.export.onnx.network import outputs
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.version import __version__

LABEL, PROBABILITIES, VALUE, RATE, QUANTILES = "label", "probabilities", "value", "rate", "quantiles"


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A graph that is complete."""

    content: bytes
    inputs: tuple[InputColumn, ...]
    outputs: tuple[str, ...]
    """The names: of label and probabilities, of the value, or the rate of an exposure, or of value and
    quantiles. Several targets have theirs in turn, with the name of the target before."""


def onnx_model(model: SavedModel) -> OnnxModel:
    """The graph of a run's network; raises `UsageError` if a part of it cannot be exported."""
    predictor = model.predictor
    inputs = input_columns(predictor.preprocessor, model.description.table)
    used_names = {column.name for column in inputs}
    if not predictor.preprocessor.features:
        raise UsageError("--format onnx: the network has no features, so there is nothing to export")
    of_targets = model.of_targets
    names = [_output_names(of_target, used_names, is_only=len(of_targets) == 1) for of_target in of_targets]
    all_names = [name for of_target in names for name in of_target]
    graph = Graph({*used_names, *all_names})
    preprocessing = Preprocessing(graph, inputs, model.description.table)
    scores = []
    for part in predictor.parts:
        features = preprocessing.features(part.preprocessor, part.inputs.dtype)
        scores.append(outputs(graph, part.scorer.networks, features))
    for of_target, own_names, own_scores in zip(of_targets, names, zip(*scores, strict=True), strict=True):
        _add_outputs(graph, of_target, own_scores, own_names)
    manifest = model.run.read_manifest()
    note = f"{predictor.task.in_words()}, trained by fnnctl"
    content = graph.content(manifest.name or "fnnctl", note, _metadata(model, inputs))
    return OnnxModel(content, tuple(inputs), tuple(all_names))


def _output_names(model: SavedModel, used_names: set[str], *, is_only: bool) -> list[str]:
    """The names of the outputs for a target; if it is not the only one, they begin with its name."""
    description, levels = model.description, model.predictor.decoder.output.levels
    of_numbers = [VALUE if description.table.exposure is None else RATE, *([QUANTILES] if levels else [])]
    names = [LABEL, PROBABILITIES] if description.classes else of_numbers
    return [_free_name(name if is_only else f"{description.target}_{name}", used_names) for name in names]


def _add_outputs(graph: Graph, model: SavedModel, scores: Sequence[str], names: Sequence[str]) -> None:
    """Add the outputs for a target, from the outputs of each part: see `outputs`."""
    predictor, classes, exposure = (
        model.predictor,
        model.description.classes,
        model.description.table.exposure,
    )
    levels = predictor.decoder.output.levels
    if classes:
        probabilities = class_probabilities(graph, predictor, scores)
        labels = class_labels(graph, probabilities, predictor.decoder, classes)
        graph.output(names[0], labels, "text", ["rows"], "the predicted class")
        note = f"of {', '.join(classes)}"
        graph.output(names[1], probabilities, "number", ["rows", len(classes)], note)
    elif levels:
        values = estimated_values(graph, predictor, scores)
        estimate, together = quantiles(graph, values, predictor.decoder)
        graph.output(names[0], estimate, "number", ["rows"], "the estimate")
        note = f"of the levels {', '.join(map(repr, levels))}"
        graph.output(names[1], together, "number", ["rows", len(levels)], note)
    else:
        what = "the estimate" if exposure is None else f"the estimate per unit of {exposure}"
        estimate = estimates(graph, estimated_values(graph, predictor, scores))
        graph.output(names[0], estimate, "number", ["rows"], what)


def _free_name(name: str, used_names: set[str]) -> str:
    """The name of an output: its own, with a prefix if a column has it."""
    while name in used_names:
        name = f"output_{name}"
    return name


def _targets(model: SavedModel) -> list[dict[str, Any]]:
    """The names of several targets, and their classes."""
    return [{"name": target.target, "classes": target.classes} for target in model.description.targets]


def _metadata(model: SavedModel, inputs: list[InputColumn]) -> Mapping[str, str]:
    """What the file says about its run."""
    metrics = (model.run.read_metrics() or {}).get("test") or {}
    entries: dict[str, Any] = {
        "classes": list(model.description.classes),
        **({"targets": targets} if (targets := _targets(model)) else {}),
        **({"levels": levels} if (levels := model.predictor.decoder.output.levels) else {}),
        "metrics": {name: value for name, value in metrics.items() if isinstance(value, int | float)},
        "columns": [asdict(column) for column in inputs],
    }
    if model.error_arrays:
        entries["errors"] = {name: array.tolist() for name, array in model.error_arrays.items()}
    return {
        "fnnctl_version": __version__,
        "run": model.run.path.name,
        "experiment": model.run.read_manifest().name or "",
        "target": ", ".join(model.description.target_names),
        **({"exposure": exposure} if (exposure := model.description.table.exposure) is not None else {}),
        **{name: json.dumps(value, ensure_ascii=False) for name, value in entries.items()},
    }
