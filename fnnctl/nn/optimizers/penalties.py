"""Regularization of weights and gradients: penalties, gradient clipping, bounded norms.

Only weights are penalized, not biases, gains or slopes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.base import blocks
from fnnctl.nn.parameters import ParameterLayout

Penalised: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray | None]
"""Some columns of the parameters, the gradient, the scratch array, and the factors of W and of sign(W)."""


class Penalty:
    """½λ‖W‖²_F + λ₁Σ|w|, with λ and λ₁ of each member (Qiu, section 7.7.1)."""

    def __init__(self, is_weight: FloatArray, *, l2: FloatArray, l1: FloatArray | None) -> None:
        """`l2` and `l1` are the members' λ and λ₁, (K,); None for `l1` leaves out that penalty.

        `is_weight`, (1, P), is 1 at weights and 0 elsewhere: see `ParameterLayout.weight_mask`.
        """
        self.is_weight = is_weight
        self._l2, self._l1 = l2, l1
        self._of_weights = _factors(l2, is_weight)
        self._of_signs = None if l1 is None else _factors(l1, is_weight)

    def parts(self, parameters: FloatArray, gradient: FloatArray, scratch: FloatArray) -> list[Penalised]:
        """What `add_gradient` needs for these arrays, (K, P) each, at every step; empty without a penalty."""
        if self._of_signs is None and not self._l2.any():
            return []
        return [
            (
                parameters[:, at],
                gradient[:, at],
                scratch[:, at],
                self._of_weights[:, at],
                None if self._of_signs is None else self._of_signs[:, at],
            )
            for at in blocks(*parameters.shape)
        ]

    @staticmethod
    def add_gradient(parts: Iterable[Penalised]) -> None:
        """Add λW + λ₁ sign(W) to the gradient; a weight of 0 has the subgradient 0."""
        for W, gradient, scratch, l2, l1 in parts:
            np.multiply(W, l2, out=scratch)
            np.add(gradient, scratch, out=gradient)
            if l1 is not None:
                np.sign(W, out=scratch)
                np.multiply(scratch, l1, out=scratch)
                np.add(gradient, scratch, out=gradient)

    def values(self, parameters: FloatArray) -> FloatArray:
        """The penalties of K members, (K,), in float64."""
        weights = parameters.astype(np.float64) * self.is_weight
        total: FloatArray = 0.5 * self._l2 * np.vecdot(weights, weights)
        if self._l1 is not None:
            total += self._l1 * np.abs(weights).sum(axis=1)
        return total


def _factors(member_factors: FloatArray, is_weight: FloatArray) -> FloatArray:
    """λ at weights and 0 elsewhere, (K, P), or (1, P) if all members have the same λ."""
    cast = member_factors.astype(is_weight.dtype)[:, None]
    return is_weight * (cast[:1] if (cast == cast[0]).all() else cast)


def clip_values(gradient: FloatArray, bound: FloatArray) -> None:
    """Clip each component of the gradients, (K, P), to ±bound, (K, 1), in place."""
    np.clip(gradient, -bound, bound, out=gradient)


def clip_norms(gradient: FloatArray, bound: FloatArray) -> None:
    """Scale each gradient, (K, P), whose norm is larger than its bound, (K, 1), to that norm, in place.

    Pascanu et al. 2013, algorithm 1.
    """
    norms = np.sqrt(np.vecdot(gradient, gradient))[:, None]
    if not np.isfinite(norms).all():  # squares overflow long before the components do
        large = ~np.isfinite(norms[:, 0])
        scale = np.abs(gradient[large]).max(axis=1, keepdims=True)
        scaled = gradient[large] / scale
        norms[large] = scale * np.sqrt(np.vecdot(scaled, scaled))[:, None]
    gradient *= bound / np.maximum(norms, bound)


def bound_norms(layout: ParameterLayout, parameters: FloatArray, bound: FloatArray) -> None:
    """Scale each hidden unit's incoming weights whose norm is larger than the bound, (K, 1), in place.

    Srivastava et al. 2014, section 5.1.
    """
    bound = bound[:, :, None]
    for layer in layout.layers[:-1]:
        W = layer.weights_alone(parameters)
        norms = np.sqrt(np.vecdot(W, W))[..., None]
        W *= bound / np.maximum(norms, bound)
