"""How a network's outputs become estimates or probabilities: steps, each a value that computes with NumPy.

Who decodes by other means, as an exported graph does, translates the steps one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.limits import limited
from fnnctl.tasks.target_transforms import TargetTransform


@dataclass(frozen=True, slots=True)
class Scaled:
    """values · factor + offset, in float64."""

    factor: float
    offset: float

    def apply(self, values: FloatArray) -> FloatArray:
        """The step's result for values of any shape, as in the other steps."""
        scaled: FloatArray = values.astype(np.float64) * self.factor + self.offset
        return scaled


@dataclass(frozen=True, slots=True)
class Standardized:
    """(values − mean) / deviation."""

    mean: float
    deviation: float

    def apply(self, values: FloatArray) -> FloatArray:
        return (values - self.mean) / self.deviation


@dataclass(frozen=True, slots=True)
class Transformed:
    """The transform of target values."""

    transform: TargetTransform

    def apply(self, values: FloatArray) -> FloatArray:
        return self.transform.forward(values)


@dataclass(frozen=True, slots=True)
class BackTransformed:
    """Transformed values in the target's units: the mean of the inverses of their sums with the residuals."""

    transform: TargetTransform
    residuals: tuple[float, ...]
    """Without any, the inverse of the values."""

    def apply(self, values: FloatArray) -> FloatArray:
        # One by one: the order of the additions in `numpy.sum` depends on the number of rows.
        shifts, total = self.residuals or (0.0,), np.zeros(values.shape)
        for shift in shifts:
            total += self.transform.inverse(values + shift)
        total /= len(shifts)
        return total


@dataclass(frozen=True, slots=True)
class Limited:
    """Values limited to a range; NaN and infinity stay."""

    low: float
    high: float

    def apply(self, values: FloatArray) -> FloatArray:
        return limited(values, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Divided:
    """values / divisor, in float64."""

    divisor: float

    def apply(self, values: FloatArray) -> FloatArray:
        quotients: FloatArray = values.astype(np.float64) / self.divisor
        return quotients


@dataclass(frozen=True, slots=True)
class LogsSubtracted:
    """Scores, (n, C), minus the logarithm of each class's weight, in float64."""

    weights: tuple[float, ...]

    def apply(self, values: FloatArray) -> FloatArray:
        differences: FloatArray = values.astype(np.float64) - np.log(self.weights)
        return differences


Step: TypeAlias = Scaled | Standardized | Transformed | BackTransformed | Limited | Divided | LogsSubtracted


def decoded(values: FloatArray, steps: Sequence[Step]) -> FloatArray:
    """Values of any shape after these steps."""
    for step in steps:
        values = step.apply(values)
    return values


def calibration_steps(temperature: float | None, class_weights: Sequence[float] | None = None) -> list[Step]:
    """From scores of classes to those whose softmax are the probabilities.

    They are divided by the temperature; then the logarithm of its weight is subtracted from each class.
    """
    steps: list[Step] = []
    if temperature is not None:
        steps.append(Divided(temperature))
    if class_weights is not None:
        steps.append(LogsSubtracted(tuple(class_weights)))
    return steps
