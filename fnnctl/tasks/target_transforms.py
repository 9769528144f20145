"""Transforms of a regression's target, fitted to the training rows, for a network to be trained on."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal, Self, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.errors import ConfigError, Problem

SKEWED: Final = 1.0
"""The skewness above which `auto` takes logarithms, the usual limit of a highly skewed distribution. Of the
development tables those below it are predicted worse with a transform, or no better."""
MOST_KNOTS: Final = 512
"""The most points of a quantile transform, so that model.json stays small."""
RESIDUALS: Final = 32
"""The most residuals that are kept for the correction of a quantile transform."""
SMALLEST_SHIFT: Final = 1e-150
LARGEST_LOG: Final = 345.0
"""The square of a larger number's exponential may overflow."""


@dataclass(frozen=True, slots=True)
class LogTransform:
    """t = log(y + shift)."""

    shift: float
    least: float
    """The smallest training target. A smaller one counts as this in losses, as it may have no logarithm."""
    name: Literal["log"] = "log"

    @property
    def is_defined(self) -> bool:
        """Whether all logarithms exist."""
        return self.shift >= 0 and self.least + self.shift > 0

    @classmethod
    def of(cls, targets: FloatArray) -> Self:
        """The transform for training targets, (n,); if one is 0, with half of the smallest positive as shift.

        Raises `ConfigError` if one is negative.
        """
        least = float(targets.min())
        if least < 0:
            message = (
                f"log needs targets of 0 or more, but a training row has {least:g}; write quantile or none"
            )
            raise ConfigError(Problem(message, path="data.target_transform"))
        if least > 0:
            return cls(0.0, least)
        positive = targets[targets > 0]
        return cls(max(float(positive.min()) / 2, SMALLEST_SHIFT) if positive.size else 1.0, least)

    def forward(self, targets: FloatArray) -> FloatArray:
        """Targets of any shape, transformed."""
        logs: FloatArray = np.log(np.maximum(targets, self.least) + self.shift)
        return logs

    def inverse(self, values: FloatArray) -> FloatArray:
        """Transformed values of any shape in the target's units."""
        return np.exp(np.minimum(values, LARGEST_LOG)) - self.shift

    def smearing(self, means: FloatArray, values: FloatArray) -> tuple[float, ...]:
        """The single residual that stands for all, from estimated means and values of n transformed targets.

        Its exponential is the factor with which estimates have the mean of the targets. That is Duan's mean
        of the exponentials of residuals, weighted by the estimates: without the weights, relatively large
        residuals of small targets, such as those of 0, make all estimates too large.
        """
        return (float(_log_of_mean(values) - _log_of_mean(means)),)


@dataclass(frozen=True, slots=True)
class QuantileTransform:
    """The normal score of a target's rank among the training targets, linear between distinct values."""

    values: tuple[float, ...]
    """Distinct training targets, rising; larger and smaller ones than all count as the last and the first."""
    scores: tuple[float, ...]
    """The normal score of each."""
    name: Literal["quantile"] = "quantile"

    @property
    def is_rising(self) -> bool:
        """Whether values and scores are as many, at least one, and rise."""
        many = {len(self.values), len(self.scores)}
        return (
            many != {0} and len(many) == 1 and all((np.diff(x) > 0).all() for x in (self.values, self.scores))
        )

    @classmethod
    def of(cls, targets: FloatArray) -> Self:
        """The transform for training targets, (n,); equal ones have the middle of their ranks."""
        values, counts = np.unique(targets, return_counts=True)
        shares = (np.cumsum(counts) - 0.5 * counts) / len(targets)
        if len(values) > MOST_KNOTS:
            knots = np.linspace(0, len(values) - 1, MOST_KNOTS).round().astype(np.intp)
            values, shares = values[knots], shares[knots]
        normal = NormalDist()
        return cls(tuple(values.tolist()), tuple(normal.inv_cdf(share) for share in shares.tolist()))

    def forward(self, targets: FloatArray) -> FloatArray:
        """Targets of any shape, transformed."""
        return np.interp(targets, self.values, self.scores)

    def inverse(self, values: FloatArray) -> FloatArray:
        """Transformed values of any shape in the target's units."""
        return np.interp(values, self.scores, self.values)

    def smearing(self, means: FloatArray, values: FloatArray) -> tuple[float, ...]:
        """The residuals of n transformed targets or, if there are many, fewer of their quantiles."""
        residuals = values - means
        if len(residuals) <= RESIDUALS:
            return tuple(residuals.tolist())
        return tuple(np.quantile(residuals, (np.arange(RESIDUALS) + 0.5) / RESIDUALS).tolist())


TargetTransform: TypeAlias = LogTransform | QuantileTransform


def transform_of(setting: TargetTransformName, targets: FloatArray) -> TargetTransform | None:
    """The transform that a setting asks for, fitted to the training targets, (n,); None for none.

    Raises `ConfigError` if the targets have no logarithm.
    """
    match setting:
        case "none":
            return None
        case "quantile":
            return QuantileTransform.of(targets)
        case "log":
            return LogTransform.of(targets)
        case "auto":
            return _log_if_skewed(targets)
    raise ValueError(f"{setting} is not a transform of a target")


def _log_if_skewed(targets: FloatArray) -> LogTransform | None:
    """The logarithm if the targets have one and are less skewed with it; else None."""
    if targets.min() < 0:
        return None
    log, skewness = LogTransform.of(targets), _skewness(targets)
    return log if skewness > SKEWED and abs(_skewness(log.forward(targets))) < skewness else None


def _log_of_mean(logs: FloatArray) -> float:
    """The logarithm of the mean of exponentials, without overflow."""
    largest = float(logs.max())
    return largest + float(np.log(np.exp(logs - largest).mean()))


def _skewness(values: FloatArray) -> float:
    """The mean of the cubes of standardized values, (n,); 0 if all are equal."""
    largest = np.abs(values).max()
    centred = values - values.mean()
    deviation = centred.std()
    return float(np.mean((centred / deviation) ** 3)) if deviation > 1e-12 * largest else 0.0
