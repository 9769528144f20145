"""What losses of real values share, and those that are functions of the error: squared, absolute, Huber's.

The error is e = z − y. The targets y are standardized: they have mean 0 and variance 1 over the training
rows. So an example's contribution to the training metric beside the loss is 1 − e², whose mean is R².
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Loss, Targets

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape


class RealValueLoss(Loss):
    """The common part of the losses of real values."""

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(output, members, batch, dtype)
        self._y = np.zeros((members, batch), dtype)
        """The targets, mixed if mixup has chosen partners."""
        self._one = np.ones((), dtype)
        """An operand that NumPy need not convert, which saves half a microsecond in each operation."""

    @classmethod
    def row_losses(cls, outputs: FloatArray, targets: FloatArray, output: OutputShape) -> FloatArray:
        """The loss of each row, (…, n), from a network's outputs, (…, n, outputs), and targets, (n,).

        In float64, as scores are computed; both are standardized.
        """
        raise NotImplementedError

    def set_targets(self, targets: Targets) -> None:
        super().set_targets(targets)
        if targets.partners is None or targets.share is None:
            self._y = targets.y
        else:
            self._y = targets.share * targets.y + (self._one - targets.share) * targets.partners

    def outputs(self, z: FloatArray) -> FloatArray:
        return z


class ErrorLoss(RealValueLoss):
    """The common part of the losses that are functions of the error."""

    @classmethod
    def losses(cls, errors: FloatArray, parameter: float, out: FloatArray) -> None:
        """Write the loss of each error to `out`, an array of the same shape.

        `parameter` is that of the loss function, such as Huber's δ, if it has one.
        """
        raise NotImplementedError

    @classmethod
    def derive(cls, errors: FloatArray, parameter: float) -> None:
        """Overwrite errors of any shape with the derivatives of their losses; see `losses`."""
        raise NotImplementedError

    @classmethod
    def row_losses(cls, outputs: FloatArray, targets: FloatArray, output: OutputShape) -> FloatArray:
        errors = outputs[..., 0] - targets
        losses = np.empty_like(errors)
        cls.losses(errors, output.loss_parameter, out=losses)
        return losses

    def error_terms(self, z: FloatArray) -> None:
        losses, explained = self._totals.next_step()
        errors = z[:, 0]
        errors -= self._y
        np.multiply(errors, errors, out=explained)
        np.subtract(self._one, explained, out=explained)
        self.losses(errors, self.output.loss_parameter, out=losses)
        self.derive(errors, self.output.loss_parameter)
        errors *= self._share
        if (weights := self._targets.weights) is not None:
            losses *= weights
            errors *= weights

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, FloatArray]:
        predictions, losses = z[:, 0].copy(), np.empty(targets.y.shape, z.dtype)
        self.losses(predictions - targets.y, self.output.loss_parameter, out=losses)
        return losses, predictions

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, FloatArray]:
        values = z[:, 0].reshape(-1, size, z.shape[2])
        predictions: FloatArray = values.sum(axis=1, dtype=np.float64) / size
        losses = np.empty_like(predictions)
        self.losses(predictions - targets.y, self.output.loss_parameter, out=losses)
        return losses, predictions


class SquaredError(ErrorLoss):
    """L = ½e² and ∂L/∂z = e, as in scikit-learn's MLPRegressor."""

    @classmethod
    def losses(cls, errors: FloatArray, parameter: float, out: FloatArray) -> None:
        np.multiply(errors, errors, out=out)
        out *= 0.5

    @classmethod
    def derive(cls, errors: FloatArray, parameter: float) -> None:
        """Does nothing, because an error is its own derivative."""


class AbsoluteError(ErrorLoss):
    """L = |e| and ∂L/∂z = sign(e), which is 0 for e = 0."""

    @classmethod
    def losses(cls, errors: FloatArray, parameter: float, out: FloatArray) -> None:
        np.abs(errors, out=out)

    @classmethod
    def derive(cls, errors: FloatArray, parameter: float) -> None:
        np.sign(errors, out=errors)


class HuberLoss(ErrorLoss):
    """L = ½e² for |e| ≤ δ, else δ(|e| − ½δ); ∂L/∂z is e, clipped to ±δ (Huber, 1964).

    The parameter is δ. With c = min(|e|, δ) both branches are c(|e| − ½c).
    """

    @classmethod
    def losses(cls, errors: FloatArray, parameter: float, out: FloatArray) -> None:
        np.abs(errors, out=out)
        clipped = np.minimum(out, parameter)
        out -= 0.5 * clipped
        out *= clipped

    @classmethod
    def derive(cls, errors: FloatArray, parameter: float) -> None:
        np.clip(errors, -parameter, parameter, out=errors)


ERROR_LOSSES: Final[dict[str, type[ErrorLoss]]] = {
    "squared": SquaredError,
    "absolute": AbsoluteError,
    "huber": HuberLoss,
}
"""By the name of the output."""
