"""How the outputs of a network are read: the scale of the target, and what is fitted after the training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import LossRecord, OutputSection, loss_record
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.losses.log_means import BOUND
from fnnctl.nn.losses.registry import power_of
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoding import (
    BackTransformed,
    Limited,
    Scaled,
    Standardized,
    Step,
    Transformed,
    decoded,
)
from fnnctl.tasks.regions import RegionLimits
from fnnctl.tasks.target_transforms import TargetTransform


def output_shape(output: OutputSection, size: int, *, positive: int = 1) -> OutputShape:
    """The output layer for an output of the config, with `size` outputs or one per level of quantiles."""
    parameter = output.loss_parameter
    if isinstance(parameter, tuple):
        return OutputShape(len(parameter), output.name, levels=parameter)
    return OutputShape(size, output.name, positive, 1.0 if parameter is None else parameter)


@dataclass(frozen=True, slots=True)
class TargetScale:
    """How targets are standardized for training: outputs are deviation·z + mean in the target's units.

    With a transform, it is the transformed target that is standardized.
    """

    mean: float
    deviation: float
    range: tuple[float, float] | None = None
    """The smallest and the largest estimate, in the target's units; None if estimates are not limited."""
    transform: TargetTransform | None = None
    residuals: tuple[float, ...] = ()
    """Residuals of the transformed target in rows that were not trained on: an estimate is the mean of the
    inverses of its sums with them, because the inverse of a mean is none (Duan, 1983). Without them,
    estimates of a transformed target are medians."""
    deviance: float | None = None
    """For counts and amounts: the mean deviance of the standardized training targets from the baseline, by
    which losses are divided; None for other targets. Their scale has no mean, and the deviation is the
    baseline: their mean or, with an exposure, their mean rate."""

    @property
    def limits(self) -> tuple[float, float] | None:
        """The `range` of network outputs."""
        if self.range is None:
            return None
        low, high = self.standardized(np.array(self.range)).tolist()
        return low, high

    def has_units_of(self, other: TargetScale) -> bool:
        """Whether outputs mean the same on both scales, apart from their ranges."""
        return replace(self, range=None) == replace(other, range=None)

    @property
    def standardizing(self) -> list[Step]:
        """From targets to outputs of a network."""
        transformed: list[Step] = [] if self.transform is None else [Transformed(self.transform)]
        return [*transformed, Standardized(self.mean, self.deviation)]

    @property
    def restoring(self) -> list[Step]:
        """From outputs of a network to targets.

        Rounding puts no estimate outside the range if its output is within the limits.
        """
        steps: list[Step] = [self._unscaled]
        if self.transform is not None:
            steps.append(BackTransformed(self.transform, self.residuals))
        if self.range is not None:
            steps.append(Limited(*self.range))
        return steps

    @property
    def _unscaled(self) -> Scaled:
        """From outputs of a network to transformed targets."""
        return Scaled(self.deviation, self.mean)

    def standardized(self, targets: FloatArray) -> FloatArray:
        """Targets of any shape, standardized for training."""
        return decoded(targets, self.standardizing)

    def restored(self, outputs: FloatArray) -> FloatArray:
        """Network outputs of any shape converted to the target's units, in float64."""
        return decoded(outputs, self.restoring)

    def corrected(self, outputs: FloatArray, targets: FloatArray) -> TargetScale:
        """The scale, which must have a transform, with the residuals of n ≥ 1 outputs and targets.

        It is unchanged if one is not finite.
        """
        if self.transform is None:
            raise ValueError("only the mean of a transformed target is corrected")
        means = self._unscaled.apply(outputs)
        if not np.isfinite(means).all():
            return self
        return replace(self, residuals=self.transform.smearing(means, self.transform.forward(targets)))


@dataclass(frozen=True, slots=True)
class FittedValues:
    """What a decoder has that is fitted to rows that the network was not trained on: see `OutputDecoder`."""

    temperature: float | None = None
    threshold: float | None = None
    """None if none is chosen, and without a decision between two classes."""
    class_weights: tuple[float, ...] | None = None
    target_residuals: tuple[float, ...] = ()
    """Those of the scale."""


@dataclass(frozen=True, slots=True)
class OutputDecoder:
    """How a network's outputs become predictions, with what is fitted to the targets beside the network."""

    output: OutputShape
    baseline: tuple[float, ...] | None = None
    """The prediction without features: each class's share of the training rows, their mean target, or its
    quantiles; None if it is unknown."""
    scale: TargetScale | None = None
    """None if targets are not standardized."""
    temperature: float | None = None
    """Outputs are divided by it to calibrate the probabilities; None if they are not calibrated."""
    decision: Decision | None = None
    """How one of two classes is predicted; None in a regression and with more classes."""
    class_weights: tuple[float, ...] | None = None
    """The weight of each class in training, to the power that is fitted to validation rows, if there are any.
    Probabilities are divided by them, so that they are those of the classes' frequencies, and decisions are
    made by weight times probability, as without the correction. None if all are equal."""
    exposure: str | None = None
    """The column with the exposures by which estimated rates are multiplied; None if there is none."""
    region: RegionLimits | None = field(default=None, compare=False)
    """How far regions around predictions reach; None if none are asked for."""

    @property
    def of_targets(self) -> tuple[OutputDecoder, ...]:
        """The decoder of each target; of a single one itself."""
        return (self,)

    @property
    def loss(self) -> LossRecord:
        """What is known of the output and its loss."""
        return loss_record(self.output.kind)

    @property
    def limits(self) -> tuple[float, float] | None:
        """The smallest and the largest score of a network; None if they are not limited.

        Scores that are neither outputs nor their logarithms have no limits: estimates are limited to the
        range of the scale alone.
        """
        limits = None if self.scale is None else self.scale.limits
        if limits is None or self.loss.scores not in ("outputs", "logarithm"):
            return None
        if self.loss.scores == "outputs":
            return limits
        low, high = (math.log(max(limit, math.exp(-BOUND))) for limit in limits)
        return low, high

    @property
    def power(self) -> float | None:
        """The power of the mean in the variance of counts and amounts; None for other targets."""
        return power_of(self.output)

    @property
    def least(self) -> float | None:
        """The smallest target that there can be; None if there is none."""
        return None if self.power is None else 0.0

    @property
    def has_loss_factors(self) -> bool:
        """Whether rows have factors in the loss."""
        return self.power is not None

    def loss_factors(self, targets: TargetArray, exposures: FloatArray | None) -> FloatArray | None:
        """The factor in the loss of rows with these targets and exposures, (n,) each; None if all are 1.

        The targets of the loss are rates: see `nn.losses.log_means`.
        """
        if self.power is None or self.scale is None or self.scale.deviance is None:
            return None
        factors = np.ones(len(targets)) if exposures is None else exposures ** (2.0 - self.power)
        return factors / self.scale.deviance

    @property
    def fitted(self) -> FittedValues:
        """What is fitted to rows that the network was not trained on."""
        return FittedValues(self.temperature, self.threshold, self.class_weights, self.residuals)

    def with_fitted(self, fitted: FittedValues) -> OutputDecoder:
        """The decoder with these values; outputs are divided by both temperatures if it has one already."""
        temperature = self.temperature
        if fitted.temperature is not None:
            temperature = (temperature or 1.0) * fitted.temperature
        decoder = replace(self, temperature=temperature).weighted(fitted.class_weights)
        return decoder.with_residuals(fitted.target_residuals).with_threshold(fitted.threshold)

    @property
    def transform_name(self) -> TargetTransformName:
        """The transform of the target that the network is trained on."""
        transform = None if self.scale is None else self.scale.transform
        return "none" if transform is None else transform.name

    @property
    def has_transform(self) -> bool:
        """Whether the network is trained on a transformed target."""
        return self.transform_name != "none"

    @property
    def needs_residuals(self) -> bool:
        """Whether estimates of a transformed target are to be its means."""
        return self.has_transform and self.loss.estimates == "mean"

    @property
    def residuals(self) -> tuple[float, ...]:
        """The residuals of the scale; empty if there are none."""
        return () if self.scale is None else self.scale.residuals

    def with_residuals(self, residuals: tuple[float, ...]) -> OutputDecoder:
        """The decoder whose scale has these residuals; unchanged without a scale."""
        return self if self.scale is None else replace(self, scale=replace(self.scale, residuals=residuals))

    @property
    def threshold(self) -> float | None:
        """The chosen threshold of the decision; None if none is chosen, and if there is no decision."""
        return None if self.decision is None else self.decision.threshold

    def with_threshold(self, threshold: float | None) -> OutputDecoder:
        """The decoder that decides at this threshold; unchanged if there is no decision."""
        if self.decision is None:
            return self
        return replace(self, decision=self.decision.at(threshold))

    def weighted(self, class_weights: tuple[float, ...] | None) -> OutputDecoder:
        """The decoder of a network whose classes had these weights in training; see `class_weights`."""
        if class_weights is None:
            return self
        decision = self.decision and self.decision.weighted(class_weights)
        return replace(self, decision=decision, class_weights=class_weights)

    def with_target_weights(self, weights: Mapping[str, float] | None) -> OutputDecoder:
        """The decoder with these weights of the losses of several targets; 1 for those that have none."""
        return self

    def standardized(self, targets: TargetArray) -> TargetArray:
        """Targets, (N,), standardized for training if there is a scale."""
        return targets if self.scale is None else self.scale.standardized(targets)
