"""From the scores of a network to its outputs: the operators for each form of scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.losses import ScoreForm
from fnnctl.nn.losses.log_means import BOUND
from fnnctl.nn.losses.ordinal import scores_of_equal_probabilities
from fnnctl.nn.losses.quantiles import reference_index, score_offsets
from fnnctl.nn.shape import OutputShape

if TYPE_CHECKING:
    from fnnctl.export.onnx.graph import Graph
    from fnnctl.export.onnx.network import Stack


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of the networks of a stack, and the graph that they are in."""

    graph: Graph
    stack: Stack
    tensor: str
    """(…, rows, scores)"""
    output: OutputShape
    """The output layer, or its part of one target."""

    def constant(self, values: FloatArray) -> FloatArray:
        """An operand of the networks' precision."""
        return self.stack.constant(values)

    def padded(self, values: str, before: int, after: int) -> str:
        """The values, (…, rows, n), with so many zeros before and after them on the last axis."""
        axes = 1 + (len(self.stack.networks) > 1)
        pads = np.array([*[0] * axes, before, *[0] * axes, after], np.int64)
        return self.graph.add("Pad", values, pads)

    def log_logistic(self, x: str) -> str:
        """log σ(x) = −max(−x, 0) − log(1 + exp(−|x|)).

        Not by the operator Softplus, which ONNX Runtime has in single precision only.
        """
        graph = self.graph
        power = graph.add("Exp", graph.add("Neg", graph.add("Abs", x)))
        tail = graph.add("Log", graph.add("Add", power, self.constant(np.ones(()))))
        return graph.add("Neg", graph.add("Add", graph.add("Relu", graph.add("Neg", x)), tail))


def _of_positive_class(scores: Scores) -> str:
    """The scores of two classes; the other one's is 0."""
    positive = scores.output.positive
    return scores.padded(scores.tensor, positive, 1 - positive)


def _of_logarithms(scores: Scores) -> str:
    """The exponentials of scores within their bound: see `nn.losses.log_means`."""
    high, low = (scores.constant(np.array(end)) for end in (BOUND, -BOUND))
    bounded = scores.graph.add("Max", scores.graph.add("Min", scores.tensor, high), low)
    return scores.graph.add("Exp", bounded)


def _of_thresholds(scores: Scores) -> str:
    """The logarithms of the probabilities of ordered classes, (…, rows, classes), from the scores of their
    thresholds, (…, rows, classes − 1): see `nn.losses.ordinal`.
    """
    graph, classes = scores.graph, scores.output.size
    u = graph.add("Add", scores.tensor, scores.constant(scores_of_equal_probabilities(classes)))
    if classes == 2:
        logits = u
    else:
        first, gaps = (graph.add("Slice", u, *_of_last_axis(*ends)) for ends in ((0, 1), (1, classes - 1)))
        falls = scores.log_logistic(graph.add("Neg", gaps))  # −softplus(gaps)
        last = np.array(-1, np.int64)
        logits = graph.add("CumSum", graph.add("Concat", first, falls, axis=-1), last)
    below, above = (scores.log_logistic(x) for x in (graph.add("Neg", logits), logits))
    logs = [scores.padded(below, 0, 1), scores.padded(above, 1, 0)]
    if classes > 2:
        logs.append(scores.padded(scores.log_logistic(gaps), 1, 1))
    total = logs[0]
    for log in logs[1:]:
        total = graph.add("Add", total, log)
    return total


def _of_gaps(scores: Scores) -> str:
    """The quantiles, (…, rows, levels), one by one, so that rounding keeps their order."""
    graph, levels = scores.graph, scores.output.levels
    arguments = graph.add("Add", scores.tensor, scores.constant(score_offsets(levels)))
    gaps = graph.add("Neg", scores.log_logistic(graph.add("Neg", arguments)))  # softplus(arguments)

    def of_level(values: str, index: int) -> str:
        return graph.add("Gather", values, np.array([index], np.int64), axis=-1)

    reference = reference_index(levels)
    quantiles = [of_level(arguments, reference)]
    for index in range(reference + 1, len(levels)):
        quantiles.append(graph.add("Add", quantiles[-1], of_level(gaps, index)))
    for index in reversed(range(reference)):
        quantiles.insert(0, graph.add("Sub", quantiles[0], of_level(gaps, index)))
    return quantiles[0] if len(quantiles) == 1 else graph.add("Concat", *quantiles, axis=-1)


def _of_last_axis(start: int, end: int) -> tuple[IntArray, IntArray, IntArray]:
    """The inputs of `Slice` for a range of the last axis."""
    return np.array([start], np.int64), np.array([end], np.int64), np.array([-1], np.int64)


OUTPUT_OPERATORS: Final[Mapping[ScoreForm, Callable[[Scores], str]]] = {
    "outputs": lambda scores: scores.tensor,
    "positive_class": _of_positive_class,
    "thresholds": _of_thresholds,
    "logarithm": _of_logarithms,
    "gaps": _of_gaps,
}
"""The outputs, (…, rows, outputs), for each form of scores."""
