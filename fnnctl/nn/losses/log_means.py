"""The losses of counts and positive amounts, whose mean is the exponential of the score.

They are deviances of the distributions whose variance grows with a power p of the mean (Jørgensen, The Theory
of Dispersion Models, 1997, chapter 4): Poisson's for p = 1, the gamma distribution's for p = 2, and Tweedie's
compound ones between them, which may be 0. Targets are divided by the mean of the training rows, so a score
of 0 is the baseline. With an exposure e the targets are rates y/e, whose deviance counts e^(2 − p) times:
that is the deviance of y from e times the rate.

Each row's weight is the factor with which the baseline's losses have the mean ½, as the squared losses of
standardized targets have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.deviances import grown, half_deviances
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.real_values import RealValueLoss

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape

BOUND: Final = 20.0
"""Means are within exp(±20) times the baseline, a factor of 485 million, so that predictions are finite."""


class LogMeanLoss(RealValueLoss):
    """L(z) = L(0) + (exp((2 − p)z) − 1)/(2 − p) − y (exp((1 − p)z) − 1)/(1 − p) and
    ∂L/∂z = exp((2 − p)z) − y exp((1 − p)z): half the deviance of y from exp z.

    Scores beyond the bound count as the bound, with its derivative, which leads back. An example's
    contribution to the training metric beside the loss is 1 − 2L, whose mean is D².
    """

    power: ClassVar[float]
    """Of the mean in the variance."""

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(output, members, batch, dtype)
        self._at_zero = np.zeros((members, batch), dtype)
        """The loss of each example for a score of 0."""

    @classmethod
    def power_of(cls, output: OutputShape) -> float:
        """The power of the mean in the variance, from 1 to 2."""
        return cls.power

    @classmethod
    def row_losses(cls, outputs: FloatArray, targets: FloatArray, output: OutputShape) -> FloatArray:
        """The outputs are means relative to the baseline's: see `RealValueLoss`."""
        means = outputs[..., 0]
        return half_deviances(np.broadcast_to(targets, means.shape), means, cls.power_of(output))

    def set_targets(self, targets: Targets) -> None:
        super().set_targets(targets)
        self._at_zero = half_deviances(self._y, np.ones_like(self._y), self.power_of(self.output))

    def error_terms(self, z: FloatArray) -> None:
        losses, explained = self._totals.next_step()
        score, weights = z[:, 0], self._targets.weights
        np.clip(score, -BOUND, BOUND, out=score)
        losses[...] = self._losses(score, self._y, self._at_zero)
        score[...] = self._derivatives(score, self._y)
        score *= self._share
        if weights is not None:
            losses *= weights
            score *= weights
        np.multiply(losses, -2.0, out=explained)
        explained += self._one

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, FloatArray]:
        means = self.outputs(z)
        losses = _weighted(self.row_losses(means.transpose(0, 2, 1), targets.y, self.output), targets.weights)
        return losses, means[:, 0]

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, FloatArray]:
        values = self.outputs(z)[:, 0].reshape(-1, size, z.shape[2])
        means: FloatArray = values.sum(axis=1, dtype=np.float64) / size
        losses = _weighted(self.row_losses(means[..., None], targets.y, self.output), targets.weights)
        return losses, means

    def outputs(self, z: FloatArray) -> FloatArray:
        """The means relative to the baseline's: they, not their logarithms, are averaged."""
        means: FloatArray = np.exp(np.clip(z, -BOUND, BOUND))
        return means

    def _losses(self, score: FloatArray, y: FloatArray, at_zero: FloatArray) -> FloatArray:
        power = self.power_of(self.output)
        losses: FloatArray = at_zero + grown(score, 2.0 - power)
        losses -= y * grown(score, 1.0 - power)
        return losses

    def _derivatives(self, score: FloatArray, y: FloatArray) -> FloatArray:
        power = self.power_of(self.output)
        if power == 1.0:
            return np.exp(score) - y
        derivatives: FloatArray = np.exp((2.0 - power) * score) - y * np.exp((1.0 - power) * score)
        return derivatives


class PoissonLoss(LogMeanLoss):
    """Half of Poisson's deviance, y log(y/m) − (y − m)."""

    power = 1.0


class GammaLoss(LogMeanLoss):
    """Half the gamma deviance, y/m − 1 − log(y/m)."""

    power = 2.0


class TweedieLoss(LogMeanLoss):
    """Half of Tweedie's deviance with a power between 1 and 2, which is the loss's parameter."""

    @classmethod
    def power_of(cls, output: OutputShape) -> float:
        return output.loss_parameter


def _weighted(losses: FloatArray, weights: FloatArray | None) -> FloatArray:
    return losses if weights is None else losses * weights


LOG_MEAN_LOSSES: Final[dict[str, type[LogMeanLoss]]] = {
    "poisson": PoissonLoss,
    "gamma": GammaLoss,
    "tweedie": TweedieLoss,
}
"""By the name of the output."""
