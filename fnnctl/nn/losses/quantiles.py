"""The pinball loss of estimated quantiles, which cannot cross.

A network has a score per level. One of them gives the quantile of the reference level, the one nearest to
0.5. The others give the gaps between neighbouring quantiles, which are never negative. With scores of 0,
which an untrained network has on average, the quantiles are those of the standard normal distribution: the
target is standardized.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.real_values import RealValueLoss

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape

_DIGITS: Final = 9
"""Levels are compared after rounding: 0.5 − 0.3 and 0.7 − 0.5 differ in their last bits."""


def reference_index(levels: Sequence[float]) -> int:
    """The index of the level that is nearest to 0.5; of two equally near ones, the lower."""
    return min(range(len(levels)), key=lambda index: (round(abs(levels[index] - 0.5), _DIGITS), index))


def score_offsets(levels: Sequence[float]) -> FloatArray:
    """What is added to the scores, (levels,): see the module.

    The softplus of the offset of a gap is the distance between the normal quantiles on both of its sides.
    """
    normal = [NormalDist().inv_cdf(level) for level in levels]
    reference = reference_index(levels)
    gaps = [after - before for before, after in pairwise(normal)]
    offsets = [math.log(math.expm1(gap)) for gap in gaps]
    return np.array([*offsets[:reference], normal[reference], *offsets[reference:]])


class PinballLoss(RealValueLoss):
    """L = (1/Q) Σ 2ρ_τ(y − q_τ) over Q levels τ, with ρ_τ(u) = u(τ − [u < 0]) (Koenker & Bassett, 1978).

    With e = q − y it is the mean of |e| + (1 − 2τ)e, so it is the absolute error for the median alone, and
    ∂L/∂q_τ = (sign e + 1 − 2τ)/Q. The reference quantile is its score plus its offset; going away from it,
    each quantile is farther by softplus(x) = log(1 + exp x), x being its score plus its offset.
    """

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(output, members, batch, dtype)
        self._reference = reference_index(output.levels)
        self._offsets = score_offsets(output.levels).astype(dtype)[:, None]
        self._slopes = _slopes(output).astype(dtype)[:, None]
        self._part = np.array(1.0 / output.size, dtype)
        """The share of a level in the mean."""

    @classmethod
    def row_losses(cls, outputs: FloatArray, targets: FloatArray, output: OutputShape) -> FloatArray:
        losses: FloatArray = _twice_pinball(outputs - targets[:, None], _slopes(output)).mean(axis=-1)
        return losses

    def error_terms(self, z: FloatArray) -> None:
        losses, explained = self._totals.next_step()
        arguments, decays = self._arguments(z)
        errors = self._quantiles(arguments, decays)
        errors -= self._y[:, None]
        of_reference = errors[:, self._reference]
        np.multiply(of_reference, of_reference, out=explained)
        np.subtract(self._one, explained, out=explained)
        np.add.reduce(_twice_pinball(errors, self._slopes), axis=1, out=losses)
        losses *= self._part
        np.sign(errors, out=errors)
        errors += self._slopes
        self._derive(errors, arguments, decays, out=z)
        z *= self._part * self._share
        if (weights := self._targets.weights) is not None:
            losses *= weights
            z *= weights[:, None]

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, FloatArray]:
        quantiles = self.outputs(z)
        return self._losses(quantiles, targets), quantiles[:, self._reference].copy()

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, FloatArray]:
        of_members = self.outputs(z).reshape(-1, size, *z.shape[1:])
        quantiles: FloatArray = of_members.sum(axis=1, dtype=np.float64) / size
        return self._losses(quantiles, targets), quantiles[:, self._reference].copy()

    def outputs(self, z: FloatArray) -> FloatArray:
        return self._quantiles(*self._arguments(z))

    def _losses(self, quantiles: FloatArray, targets: Targets) -> FloatArray:
        """(K, batch) from quantiles, (K, levels, batch)."""
        losses: FloatArray = _twice_pinball(quantiles - targets.y[:, None], self._slopes).sum(axis=1)
        losses *= self._part
        return losses

    def _arguments(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The arguments x of softplus, as for the reference score, and exp(−|x|), (K, levels, batch) each.

        They are contiguous: NumPy's last bits may depend on the stride.
        """
        arguments = np.empty(z.shape, z.dtype)
        np.add(z, self._offsets, out=arguments)
        decays = np.abs(arguments)
        np.negative(decays, out=decays)
        np.exp(decays, out=decays)
        return arguments, decays

    def _quantiles(self, arguments: FloatArray, decays: FloatArray) -> FloatArray:
        """The quantiles, (K, levels, batch). Rounding keeps their order: sums are rounded monotonically."""
        reference, quantiles = self._reference, np.log1p(decays)
        quantiles += np.maximum(arguments, 0.0)
        quantiles[:, reference] = arguments[:, reference]
        for above in range(reference + 1, quantiles.shape[1]):
            quantiles[:, above] += quantiles[:, above - 1]
        for below in reversed(range(reference)):
            np.subtract(quantiles[:, below + 1], quantiles[:, below], out=quantiles[:, below])
        return quantiles

    def _derive(self, terms: FloatArray, arguments: FloatArray, decays: FloatArray, out: FloatArray) -> None:
        """Write the derivatives by the scores, from those by the quantiles, which are overwritten.

        A gap moves all quantiles beyond it, and the reference score moves all. The derivative of softplus is
        the logistic function: 1/(1 + exp(−|x|)), times exp(−|x|) if x is negative.
        """
        reference, levels = self._reference, terms.shape[1]
        for above in reversed(range(reference, levels - 1)):
            terms[:, above] += terms[:, above + 1]
        for below in range(reference):
            terms[:, below + 1] += terms[:, below]
        np.copyto(out, 1.0)
        np.copyto(out, decays, where=arguments < 0.0)
        decays += self._one
        out /= decays
        np.negative(out[:, :reference], out=out[:, :reference])
        out[:, reference] = 1.0
        out *= terms


def _slopes(output: OutputShape) -> FloatArray:
    """1 − 2τ of each level, (levels,)."""
    return 1.0 - 2.0 * np.array(output.levels)


def _twice_pinball(errors: FloatArray, slopes: FloatArray) -> FloatArray:
    """Twice the pinball losses of errors q − y of any shape."""
    losses: FloatArray = np.abs(errors)
    losses += slopes * errors
    return losses
