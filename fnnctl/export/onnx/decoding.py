"""From the outputs of networks to predictions, in float64: averages, calibration, decisions, estimates.

The steps of `tasks.decoding` are translated one by one. Averages and decisions are as in `tasks.task.Task`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from fnnctl.export.onnx.interpolation import interpolated
from fnnctl.modelling.predictor import Predictor
from fnnctl.nn.losses.log_means import BOUND
from fnnctl.nn.losses.quantiles import reference_index
from fnnctl.tasks.decoder import OutputDecoder, TargetScale
from fnnctl.tasks.decoding import (
    BackTransformed,
    Divided,
    Limited,
    LogsSubtracted,
    Scaled,
    Standardized,
    Step,
    Transformed,
    calibration_steps,
)
from fnnctl.tasks.target_transforms import LARGEST_LOG, LogTransform

if TYPE_CHECKING:
    from fnnctl.export.onnx.graph import Graph


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
        steps = calibration_steps(decoder.temperature, decoder.class_weights if weighted else None)
        if not steps and self.are_probabilities:
            return self.tensor
        logs = graph.add("Log", self.tensor) if self.are_probabilities else self.tensor
        return graph.add("Softmax", _decoded(graph, logs, steps), axis=-1)


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
    mean = _weighted_mean(graph, means, predictor)
    return _Scores(mean, True).probabilities(graph, joint)


def _weighted_mean(graph: Graph, values: Sequence[str], predictor: Predictor) -> str:
    """The mean of tensors by the weights of the predictor's parts, which are those of a single target."""
    weights = np.array([part.weight for part in predictor.parts])
    shares = weights / sum(weights)
    terms = [graph.add("Mul", value, share) for value, share in zip(values, shares, strict=True) if share]
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


def estimated_values(graph: Graph, predictor: Predictor, outputs: Sequence[str]) -> str:
    """The estimates, (rows, 1) or (rows, levels), from the outputs of each part, (K, rows, 1 or levels)."""
    joint = _scale(predictor.decoder)
    values = []
    for part, output in zip(predictor.parts, outputs, strict=True):
        value = graph.cast(output, np.float64)
        if len(part.scorer) > 1:
            value = graph.add("ReduceMean", value, axes=[0], keepdims=0)
        part_scale = _scale(part.decoder)
        if not part_scale.has_units_of(joint):
            value = _decoded(graph, value, [*part_scale.restoring, *joint.standardizing])
            if predictor.decoder.power is not None:  # as in `Regression.converted`
                value = graph.add("Max", value, np.float64(math.exp(-BOUND)))
        values.append(value)
    mean = values[0] if len(values) == 1 else _weighted_mean(graph, values, predictor)
    return _decoded(graph, mean, joint.restoring)


def estimates(graph: Graph, values: str) -> str:
    """The estimated targets, (rows,), from `estimated_values` of single values."""
    return graph.add("Squeeze", values, np.array([1], np.int64))


def quantiles(graph: Graph, values: str, decoder: OutputDecoder) -> tuple[str, str]:
    """The estimated targets, (rows,), and the quantiles, (rows, levels), from `estimated_values`.

    As in `tasks.regression.estimates`, none is below the one before.
    """
    rising: list[str] = []
    for index in range(len(decoder.output.levels)):
        of_level = graph.add("Gather", values, np.array([index], np.int64), axis=1)
        rising.append(graph.add("Max", rising[-1], of_level) if rising else of_level)
    together = rising[0] if len(rising) == 1 else graph.add("Concat", *rising, axis=1)
    return estimates(graph, rising[reference_index(decoder.output.levels)]), together


def _scale(decoder: OutputDecoder) -> TargetScale:
    if decoder.scale is None:
        raise ValueError("a regression has a scale")
    return decoder.scale


def _decoded(graph: Graph, values: str, steps: Sequence[Step]) -> str:
    """Values, (rows, 1) or (rows, classes), after these steps."""
    for step in steps:
        values = STEP_OPERATORS[type(step)](graph, values, step)
    return values


def _scaled(graph: Graph, values: str, step: Scaled) -> str:
    product = graph.add("Mul", values, np.float64(step.factor))
    return graph.add("Add", product, np.float64(step.offset))


def _standardized(graph: Graph, values: str, step: Standardized) -> str:
    centred = graph.add("Sub", values, np.float64(step.mean))
    return graph.add("Div", centred, np.float64(step.deviation))


def _transformed(graph: Graph, values: str, step: Transformed) -> str:
    return TRANSFORM_OPERATORS[step.transform.name].forward(graph, values, step.transform)


def _back_transformed(graph: Graph, values: str, step: BackTransformed) -> str:
    if step.residuals:
        values = graph.add("Add", values, np.array(step.residuals))
    values = TRANSFORM_OPERATORS[step.transform.name].inverse(graph, values, step.transform)
    return graph.add("ReduceMean", values, axes=[1], keepdims=1) if len(step.residuals) > 1 else values


STEP_OPERATORS: Final[Mapping[type[Step], Callable[[Graph, str, Any], str]]] = {
    Scaled: _scaled,
    Standardized: _standardized,
    Transformed: _transformed,
    BackTransformed: _back_transformed,
    Limited: lambda graph, values, step: graph.add(
        "Clip", values, np.float64(step.low), np.float64(step.high)
    ),
    Divided: lambda graph, values, step: graph.add("Div", values, np.float64(step.divisor)),
    LogsSubtracted: lambda graph, values, step: graph.add("Sub", values, np.log(step.weights)),
}
"""The operators of each step."""


@dataclass(frozen=True, slots=True)
class _TransformOperators:
    """The operators of a target's transform and of its inverse."""

    forward: Callable[[Graph, str, Any], str]
    inverse: Callable[[Graph, str, Any], str]


def _logarithm(graph: Graph, targets: str, transform: LogTransform) -> str:
    raised = graph.add("Max", targets, np.float64(transform.least))
    return graph.add("Log", graph.add("Add", raised, np.float64(transform.shift)))


def _exponential(graph: Graph, values: str, transform: LogTransform) -> str:
    power = graph.add("Exp", graph.add("Min", values, np.float64(LARGEST_LOG)))
    return graph.add("Sub", power, np.float64(transform.shift))


TRANSFORM_OPERATORS: Final[Mapping[str, _TransformOperators]] = {
    "log": _TransformOperators(_logarithm, _exponential),
    "quantile": _TransformOperators(
        lambda graph, targets, transform: interpolated(graph, targets, transform.values, transform.scores),
        lambda graph, values, transform: interpolated(graph, values, transform.scores, transform.values),
    ),
}
"""By the name of the transform."""
