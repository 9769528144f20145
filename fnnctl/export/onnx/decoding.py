"""From the outputs of networks to predictions, in float64: averages, calibration, decisions, estimates.

What is computed here is what `tasks.task.Task` does with scores: `combine`, `converted`, `predict`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fnnctl.export.onnx.graph import Graph
from fnnctl.export.onnx.interpolation import interpolated
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.target_transforms import LARGEST_LOG, LogTransform, TargetTransform
from fnnctl.tasks.task import OutputDecoder, TargetScale


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scores of classes, (rows, classes)."""

    tensor: str
    are_probabilities: bool
    """Otherwise they are arguments of softmax."""

    @classmethod
    def of(cls, graph: Graph, outputs: str, members: int) -> Self:
        """The mean probabilities of members; a single network's outputs as they are."""
        scores = graph.cast(outputs, np.float64)
        if members == 1:
            return cls(scores, False)
        probabilities = graph.add("Softmax", scores, axis=-1)
        return cls(graph.add("ReduceMean", probabilities, axes=[0], keepdims=0), True)

    def probabilities(self, graph: Graph, decoder: OutputDecoder, *, weighted: bool = True) -> str:
        """The probabilities after the temperature and, if they are to be `weighted`, the class weights."""
        weights = decoder.class_weights if weighted else None
        if decoder.temperature is None and weights is None and self.are_probabilities:
            return self.tensor
        logs = graph.add("Log", self.tensor) if self.are_probabilities else self.tensor
        if decoder.temperature is not None:
            logs = graph.add("Div", logs, np.float64(decoder.temperature))
        if weights is not None:
            logs = graph.add("Sub", logs, np.log(weights))
        return graph.add("Softmax", logs, axis=-1)


def class_probabilities(graph: Graph, predictor: Predictor, outputs: Sequence[str]) -> str:
    """The probabilities, (rows, classes), from the outputs of each part, (K, rows, classes)."""
    joint = predictor.decoder
    scores = [
        _Scores.of(graph, output, len(part.scorer))
        for part, output in zip(predictor.parts, outputs, strict=True)
    ]
    if len(scores) == 1:
        return scores[0].probabilities(graph, joint)
    means = [
        part_scores.probabilities(graph, part.decoder, weighted=joint.class_weights is None)
        for part, part_scores in zip(predictor.parts, scores, strict=True)
    ]
    mean = _weighted_mean(graph, means, [part.weight for part in predictor.parts])
    return _Scores(mean, True).probabilities(graph, joint)


def _weighted_mean(graph: Graph, values: Sequence[str], weights: Sequence[float]) -> str:
    """The mean of tensors by weight."""
    shares = np.array(weights) / sum(weights)
    terms = [graph.add("Mul", value, share) for value, share in zip(values, shares, strict=True)]
    return graph.add("Sum", *terms)


def class_labels(graph: Graph, probabilities: str, decoder: OutputDecoder, classes: Sequence[str]) -> str:
    """The predicted class of each row, (rows,): see `tasks.decisions.predicted_classes`."""
    decision, weights = decoder.decision, decoder.class_weights
    if decision is None or decision.effective is None:
        products = probabilities if weights is None else graph.add("Mul", probabilities, np.array(weights))
        index = graph.add("ArgMax", products, axis=1, keepdims=0)
    else:
        positive = graph.add("Gather", probabilities, np.int64(decision.positive), axis=1)
        is_positive = graph.add("GreaterOrEqual", positive, np.float64(decision.effective))
        index = graph.add("Where", is_positive, np.int64(decision.positive), np.int64(1 - decision.positive))
    return graph.add("Gather", np.array(classes, np.object_), index)


def estimates(graph: Graph, predictor: Predictor, outputs: Sequence[str]) -> str:
    """The estimated targets, (rows,), from the outputs of each part, (K, rows, 1)."""
    joint = _scale(predictor.decoder)
    values = []
    for part, output in zip(predictor.parts, outputs, strict=True):
        value = graph.cast(output, np.float64)
        if len(part.scorer) > 1:
            value = graph.add("ReduceMean", value, axes=[0], keepdims=0)
        part_scale = _scale(part.decoder)
        if not part_scale.has_units_of(joint):
            value = _standardized(graph, _restored(graph, value, part_scale), joint)
        values.append(value)
    weights = [part.weight for part in predictor.parts]
    mean = values[0] if len(values) == 1 else _weighted_mean(graph, values, weights)
    return graph.add("Squeeze", _restored(graph, mean, joint), np.array([1], np.int64))


def _scale(decoder: OutputDecoder) -> TargetScale:
    if decoder.scale is None:
        raise ValueError("a regression has a scale")
    return decoder.scale


def _restored(graph: Graph, outputs: str, scale: TargetScale) -> str:
    """Outputs, (rows, 1), in the target's units: see `TargetScale.restored`."""
    scaled = graph.add("Mul", outputs, np.float64(scale.deviation))
    values = graph.add("Add", scaled, np.float64(scale.mean))
    if scale.transform is not None:
        if scale.residuals:
            values = graph.add("Add", values, np.array(scale.residuals))
        values = _inverse(graph, values, scale.transform)
        if len(scale.residuals) > 1:
            values = graph.add("ReduceMean", values, axes=[1], keepdims=1)
    if scale.range is None:
        return values
    low, high = map(np.float64, scale.range)
    return graph.add("Clip", values, low, high)


def _standardized(graph: Graph, targets: str, scale: TargetScale) -> str:
    """Targets, (rows, 1), as outputs of a network: see `TargetScale.standardized`."""
    if scale.transform is not None:
        targets = _forward(graph, targets, scale.transform)
    centred = graph.add("Sub", targets, np.float64(scale.mean))
    return graph.add("Div", centred, np.float64(scale.deviation))


def _forward(graph: Graph, targets: str, transform: TargetTransform) -> str:
    if isinstance(transform, LogTransform):
        raised = graph.add("Max", targets, np.float64(transform.least))
        return graph.add("Log", graph.add("Add", raised, np.float64(transform.shift)))
    return interpolated(graph, targets, transform.values, transform.scores)


def _inverse(graph: Graph, values: str, transform: TargetTransform) -> str:
    if isinstance(transform, LogTransform):
        power = graph.add("Exp", graph.add("Min", values, np.float64(LARGEST_LOG)))
        return graph.add("Sub", power, np.float64(transform.shift))
    return interpolated(graph, values, transform.scores, transform.values)
