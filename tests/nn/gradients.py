"""Helpers for the gradient tests: networks, their risk by definition, and central differences."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.metrics.metric import REGRESSION
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.joint import loss_class
from fnnctl.nn.losses.quantiles import reference_index
from fnnctl.nn.losses.real_values import ERROR_LOSSES
from fnnctl.nn.losses.registry import REAL_VALUE_LOSSES
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.penalties import Penalty
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace
from fnnctl.tasks.decoder import output_shape

PARAMETER = 0.3
"""Of every activation that has one."""
PARAMETERS: Mapping[str, Any] = {"huber": 0.2, "tweedie": 1.7, "quantile": (0.2, 0.3, 0.6, 0.9)}
"""Those of losses, by output."""
FLOAT64 = np.dtype(np.float64)


def outputs_for(output: str, classes: int = 3) -> int:
    """The number of outputs of a network with this output, with so many classes if it can have several."""
    record = LOSS_RECORDS[output]
    if record.task == REGRESSION:
        return 1
    return 2 if record.scores == "positive_class" else classes


def output_of(output: str, classes: int = 3, *, parameter: Any = None, positive: int = 1) -> OutputShape:
    """The output layer with this parameter of the loss, or with one that is not the default, if it has one.

    There are so many classes if there can be several.
    """
    record = LOSS_RECORDS[output]
    settings = {}
    if record.parameter is not None:
        settings[record.parameter] = PARAMETERS[output] if parameter is None else parameter
    section = record.section.model_construct(name=output, **settings)
    return output_shape(section, outputs_for(output, classes), positive=positive)


def pieces_of(activation: str) -> int:
    """The number of linear functions per unit, 3 if there are several."""
    return 3 if ACTIVATIONS[activation].has_pieces else 1


def draw_targets(output: OutputShape, rng: np.random.Generator, size: tuple[int, ...]) -> npt.NDArray[Any]:
    """Random targets of the output's kind; with several parts the last axis has one of each."""
    if output.parts:
        return np.stack([draw_targets(part, rng, size[:-1]) for part in output.parts], axis=-1)
    match LOSS_RECORDS[output.kind].targets:
        case "counts" | "not_negative":
            return rng.poisson(1.0, size).astype(np.float64)
        case "positive":
            return rng.gamma(2.0, 0.5, size)
    if output.kind in REAL_VALUE_LOSSES:
        return rng.normal(size=size)
    return rng.integers(0, output.size, size)


def draw_stage_features(shape: NetworkShape, inputs: FloatArray, rng: np.random.Generator) -> None:
    """Replace the features that a stage expects to be coordinates or codes, in inputs (…, features + 1)."""
    stage = shape.stage
    if stage is None:
        return
    first, first_code = stage.values(shape.inputs), shape.inputs - stage.coded
    if stage.numeric is not None:
        size = (*inputs.shape[:-1], stage.numbers)
        inputs[..., first:first_code] = rng.uniform(0, stage.numeric.bins, size)
    if stage.categories is not None:
        size = (*inputs.shape[:-1], stage.coded)
        inputs[..., first_code:-1] = rng.integers(0, stage.categories.codes, size)


def draw_stage_statistics(layout: ParameterLayout, statistics: FloatArray, rng: np.random.Generator) -> None:
    """Give networks statistics of categories, and edges that end where coordinates do; one bin is missing."""
    if layout.stage is not None and layout.stage.categories is not None:
        tables = layout.stage.categories.view(statistics)
        tables[...] = rng.normal(size=tables.shape)
    numeric = layout.shape.stage.numeric if layout.shape.stage else None
    if numeric is None or layout.stage is None or layout.stage.edges is None:
        return
    edges = layout.stage.edges.view(statistics)
    edges[..., 1:] = np.sort(rng.uniform(0.0, numeric.bins, edges[..., 1:].shape), axis=-1)
    edges[..., -2:] = numeric.bins


def scores_of(output: str, values: FloatArray) -> FloatArray:
    """The scores of outputs of any shape, for which limits are."""
    return np.log(values) if LOSS_RECORDS[output].scores == "logarithm" else values


def outputs_of(output: str, scores: FloatArray) -> FloatArray:
    """The inverse of `scores_of`."""
    return np.exp(scores) if LOSS_RECORDS[output].scores == "logarithm" else scores


def real_losses(output: OutputShape, outputs: FloatArray, targets: FloatArray) -> FloatArray:
    """The losses, (…), of outputs (outputs, …) for targets (…), by formulas that have tests by hand.

    See `tests/nn/losses`.
    """
    errors = outputs - targets
    if output.levels:
        levels = np.array(output.levels).reshape(-1, *[1] * targets.ndim)
        pinball: FloatArray = np.where(errors < 0.0, -levels * errors, (1.0 - levels) * errors)
        return np.asarray(2.0 * pinball.mean(axis=0))
    if output.kind in ERROR_LOSSES:
        losses: FloatArray = np.empty_like(errors[0])
        ERROR_LOSSES[output.kind].losses(errors[0], output.loss_parameter, out=losses)
        return losses
    means, p = outputs[0], output.loss_parameter
    logs = np.log(np.where(targets > 0, targets, 1.0) / means)
    match output.kind:
        case "poisson":
            return np.asarray(targets * logs - (targets - means))
        case "gamma":
            return np.asarray(targets / means - 1 - logs)
    constant = targets ** (2 - p) / ((1 - p) * (2 - p))
    return np.asarray(constant - targets * means ** (1 - p) / (1 - p) + means ** (2 - p) / (2 - p))


def ordinal_log_probabilities(scores: FloatArray) -> FloatArray:
    """The logarithms of differences of the cumulative probabilities, (K, classes, batch)."""
    members, thresholds, batch = scores.shape
    classes = thresholds + 1
    equal = np.array([np.log((classes - k) / k) for k in range(1, classes)])
    gaps = np.log(np.expm1(equal[:-1] - equal[1:]))
    falls = np.log1p(np.exp(scores[:, 1:] + gaps[:, None]))
    logits = (scores[:, :1] + equal[0]) - np.concatenate([np.zeros((members, 1, batch)), falls], 1).cumsum(1)
    cumulative = np.ones((members, classes + 1, batch))
    cumulative[:, 1:-1] = 1 / (1 + np.exp(-logits))
    cumulative[:, -1] = 0
    return np.asarray(np.log(cumulative[:, :-1] - cumulative[:, 1:]))


def estimated_index(output: OutputShape) -> int:
    """The output that is the estimate."""
    return reference_index(output.levels) if output.levels else 0


def real_outputs(output: OutputShape, scores: FloatArray) -> FloatArray:
    """The outputs, (outputs, …), of scores (scores, …) of real values, by their definition."""
    if not output.levels:
        return outputs_of(output.kind, scores)
    normal = [NormalDist().inv_cdf(level) for level in output.levels]
    first, outputs = estimated_index(output), np.empty_like(scores)
    outputs[first] = scores[first] + normal[first]

    def gap(index: int, distance: float) -> FloatArray:
        return np.asarray(np.logaddexp(0.0, scores[index] + np.log(np.exp(distance) - 1.0)))

    for above in range(first + 1, len(normal)):
        outputs[above] = outputs[above - 1] + gap(above, normal[above] - normal[above - 1])
    for below in range(first - 1, -1, -1):
        outputs[below] = outputs[below + 1] - gap(below, normal[below + 1] - normal[below])
    return outputs


def losses_of(output: OutputShape, scores: FloatArray, targets: Targets) -> FloatArray:
    """The losses, (K, batch), of scores (K, scores, batch), with the weights of the targets."""
    if output.parts:
        first, total = 0, np.zeros(targets.y.shape[:2])
        for number, part in enumerate(output.parts):
            stop = first + loss_class(part).scores_of(part)
            weights = None if targets.weights is None else targets.weights[..., number]
            total += losses_of(part, scores[:, first:stop], Targets(targets.y[..., number], weights))
            first = stop
        return total
    is_real = output.kind in REAL_VALUE_LOSSES
    losses = (_mixed_real_losses if is_real else cross_entropies)(output, scores, targets)
    return losses if targets.weights is None else losses * targets.weights


def _mixed_real_losses(output: OutputShape, scores: FloatArray, targets: Targets) -> FloatArray:
    """The losses of real values, (K, batch)."""
    mixed = targets.y
    if targets.partners is not None and targets.share is not None:
        mixed = targets.share * targets.y + (1 - targets.share) * targets.partners
    return real_losses(output, real_outputs(output, scores.swapaxes(0, 1)), mixed)


def cross_entropies(output: OutputShape, scores: FloatArray, targets: Targets) -> FloatArray:
    """−Σ t log ŷ, (K, batch)."""
    if output.kind == "ordinal":
        scores = ordinal_log_probabilities(scores)
    elif scores.shape[1] < output.size:
        pair = [np.zeros_like(scores[:, 0]), scores[:, 0]]
        scores = np.stack(pair if output.positive == 1 else pair[::-1], axis=1)
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    unit = np.eye(output.size)
    t = np.moveaxis(unit[targets.y.astype(np.intp)], 2, 1)
    if targets.partners is not None and targets.share is not None:
        share = targets.share[:, None, :]
        t = share * t + (1 - share) * np.moveaxis(unit[targets.partners], 2, 1)
    if targets.smoothing is not None:
        epsilon = targets.smoothing[:, :, None]
        t = (1 - epsilon) * t + epsilon / output.size
    return -np.asarray((t * log_probabilities).sum(axis=1))


class Case:
    """K networks with a filled workspace, all drawn from one seed."""

    def __init__(
        self,
        shape: NetworkShape,
        *,
        seed: int,
        members: int,
        batch: int,
        techniques: Collection[str] = (),
        l2: FloatArray | None = None,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.seed, self.techniques, self.batch = seed, techniques, batch
        self.layout = ParameterLayout(shape)
        self.l2 = rng.uniform(0.0, 0.5, members) if l2 is None else l2
        self.l1 = rng.uniform(0.0, 0.1, members) if "l1" in techniques else None
        smoothing = rng.uniform(0.0, 0.3, members) if "label_smoothing" in techniques else np.zeros(members)
        given = {"label_smoothing": smoothing, "mixup": np.ones(members)}
        parameters = rng.normal(0.0, 0.7, (members, self.layout.size))
        statistics = self.layout.initial_statistics(members, FLOAT64)
        self.generators = [np.random.default_rng((seed, member)) for member in range(members)]
        self.states = [generator.bit_generator.state for generator in self.generators]
        layers = len(shape.hidden)
        draw_stage_statistics(self.layout, statistics, rng)
        hyperparameters = {
            "activation": np.full((members, layers), PARAMETER),
            "dropout": rng.uniform(0.1, 0.6, (members, layers)),
            "epsilon": rng.uniform(1e-5, 1e-2, (members, layers)),
            "momentum": rng.uniform(0.01, 0.9, (members, layers)),
        }
        self.network = Network(self.layout, parameters, statistics, hyperparameters)
        self.work = Workspace(
            shape,
            members,
            batch,
            FLOAT64,
            training=True,
            weighted="weighted" in techniques,
            techniques={name: values for name, values in given.items() if name in techniques},
        )
        self.work.inputs[...] = rng.normal(size=self.work.inputs.shape)
        self.work.inputs[..., -1] = 1.0
        draw_stage_features(shape, self.work.inputs, rng)
        for gathered in self.work.gathered_statistics:
            gathered[...] = rng.normal(size=gathered.shape)
        targets = self.work.targets
        targets.y[...] = draw_targets(shape.output, rng, targets.y.shape)
        if targets.weights is not None:
            targets.weights[...] = rng.uniform(0.0, 3.0, targets.weights.shape)
        if targets.partners is not None and targets.share is not None:
            targets.partners[...] = draw_targets(shape.output, rng, targets.y.shape)
            targets.share[...] = rng.uniform(0.0, 1.0, targets.share.shape)
        self.work.set_targets()
        self.targets = targets.repeated(shape.inner_members)
        self.penalty = Penalty(self.layout.weight_mask(FLOAT64), l2=self.l2, l1=self.l1)

    def __repr__(self) -> str:
        return f"seed {self.seed}, batch {self.batch}, {self.layout.shape}, {self.techniques}"

    def rngs(self) -> MemberGenerators:
        """Generators that give the same numbers at every call."""
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.bit_generator.state = state
        return MemberGenerators(self.generators)

    def gradient(self) -> FloatArray:
        return BackPropagation(self.network, self.penalty).risk_gradient(self.work, self.rngs())

    def risk(self) -> FloatArray:
        """(1/N) Σ w·L + ½λ‖W‖² + λ₁Σ|w| of every member, from the definition."""
        targets = self.targets
        scores = self.network.forward(self.work, self.rngs()).copy()
        losses = losses_of(self.layout.shape.output, scores, targets)
        risk: FloatArray = losses.mean(axis=1)
        for layer in self.layout.layers:
            W = layer.weights_alone(self.network.parameters)
            risk = risk + 0.5 * self.l2 * (W**2).reshape(len(W), -1).sum(axis=1)
            if self.l1 is not None:
                risk = risk + self.l1 * np.abs(W).reshape(len(W), -1).sum(axis=1)
        return risk

    @cached_property
    def differences(self) -> tuple[FloatArray, bool]:
        """Fourth-order central differences of the risk, (K, P), and whether they are far from kinks.

        Without one, such as relu's at 0, second differences at twice a step are four times those at the step.
        """
        step, parameters = 3e-5, self.network.parameters
        slopes, bends = np.empty_like(parameters), np.empty_like(parameters)
        middle = self.risk()
        for index in range(self.layout.size):
            kept = parameters[:, index].copy()
            risks = []
            for multiple in (1, -1, 2, -2):
                parameters[:, index] = kept + multiple * step
                risks.append(self.risk())
            parameters[:, index] = kept
            slopes[:, index] = (8 * (risks[0] - risks[1]) - (risks[2] - risks[3])) / (12 * step)
            second, at_twice = risks[0] + risks[1] - 2 * middle, risks[2] + risks[3] - 2 * middle
            bends[:, index] = (at_twice - 4 * second) / step
        return slopes, bool((np.abs(bends) < 1e-7 * _scale(slopes)).all())

    def assert_gradient_agrees(self) -> None:
        """Compare back-propagation with central differences, for every parameter and member."""
        analytic, (numeric, _) = self.gradient(), self.differences
        scale = _scale(numeric)
        assert np.abs(analytic - numeric).max() / scale.min() < 1e-7
        relative = np.abs(analytic - numeric) / np.maximum(np.abs(numeric), 1e-3 * scale)
        assert relative.max() < 1e-6


def _scale(slopes: FloatArray) -> FloatArray:
    """(K, 1)"""
    return np.asarray(np.abs(slopes).max(axis=1, keepdims=True))


def case_away_from_kinks(shape: NetworkShape, techniques: Collection[str] = ()) -> Case:
    """The first of up to a hundred draws that is far enough from kinks for numeric differentiation."""
    for seed in range(100):
        case = Case(shape, seed=seed, members=2, batch=6, techniques=techniques)
        if case.differences[1]:
            return case
    raise AssertionError("no draw keeps away from the kinks")
