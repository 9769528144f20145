"""Activation functions, in place on stacked arrays, with their slopes.

`apply` overwrites z with f(z) and, while training, writes f′(z) beside it, so that the backward pass
is one multiplication for every activation. Formulas: Qiu, Neural Networks and Deep Learning, section
4.1. At a kink the slope is that of the left side, and zero at the hard functions' clips.

Selections are made by multiplying with a mask: NumPy does that at the speed of a multiplication,
where `copyto(where=)` and `maximum` are several times as slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class ActivationBuffers:
    """What an activation may write to, each (K, units, batch): made once, used at every step."""

    mask: BoolArray
    slope: FloatArray
    """f′(z), where `training`; scratch elsewhere."""
    spare: FloatArray
    """Scratch; a learned activation's own from `apply` to `number_gradient`."""
    training: bool


class Activation:
    """A function of one variable, applied by every member with its own number."""

    learned: ClassVar[bool] = False
    """Whether the number is a parameter."""

    def __init__(self, number: FloatArray) -> None:
        """`number` is a slope, an alpha, or unused: (K, 1, 1), or (K, units, 1) where it is learned."""
        self.number = number

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        """Overwrite z, (K, units, batch), with f(z); write f′(z) to `buffers.slope`."""
        raise NotImplementedError

    def number_gradient(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        """∂L/∂number for a learned one, shaped like it; `delta` is ∂L/∂a. Called once after `apply`."""
        raise NotImplementedError

    def active(self, a: FloatArray, buffers: ActivationBuffers) -> FloatArray | None:
        """One where a unit is active for an example, zero where it is cut off; None where none ever is.

        A unit is cut off where a whole range of inputs gives 0 with slope 0. Called after `apply`.
        """
        return None


class Identity(Activation):
    """f(x) = x."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        if buffers.training:
            buffers.slope.fill(1.0)


def _logistic(x: FloatArray, out: FloatArray) -> None:
    """1/(1 + exp(−x)) as ½(1 + tanh(x/2)), which cannot overflow."""
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1.0
    out *= 0.5


class Logistic(Activation):
    """f(x) = 1/(1 + exp(−x)); f′ = f(1 − f)."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        _logistic(z, out=z)
        if buffers.training:
            np.subtract(1.0, z, out=buffers.slope)
            np.multiply(buffers.slope, z, out=buffers.slope)


class Tanh(Activation):
    """f(x) = tanh x; f′ = 1 − f²."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        np.tanh(z, out=z)
        if buffers.training:
            np.multiply(z, z, out=buffers.slope)
            np.subtract(1.0, buffers.slope, out=buffers.slope)


def _hard_tanh(z: FloatArray, buffers: ActivationBuffers) -> None:
    np.clip(z, -1.0, 1.0, out=z)
    if buffers.training:
        np.abs(z, out=buffers.slope)
        np.less(buffers.slope, 1.0, out=buffers.mask)
        np.copyto(buffers.slope, buffers.mask)


class HardTanh(Activation):
    """f(x) = max(min(x, 1), −1); f′ = 1 between the clips."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        _hard_tanh(z, buffers)


class HardLogistic(Activation):
    """f(x) = max(min(¼x + ½, 1), 0), which is ½ + ½ max(min(½x, 1), −1); f′ = ¼ between the clips."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        z *= 0.5
        _hard_tanh(z, buffers)
        z *= 0.5
        z += 0.5
        if buffers.training:
            np.multiply(buffers.slope, 0.25, out=buffers.slope)

    def active(self, a: FloatArray, buffers: ActivationBuffers) -> FloatArray | None:
        np.greater(a, 0.0, out=buffers.mask)
        np.copyto(buffers.spare, buffers.mask)
        return buffers.spare


class Relu(Activation):
    """f(x) = max(0, x); f′ = 1 for x > 0, else 0."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        np.greater(z, 0.0, out=buffers.mask)
        np.copyto(buffers.slope, buffers.mask)
        z *= buffers.slope

    def active(self, a: FloatArray, buffers: ActivationBuffers) -> FloatArray | None:
        return buffers.slope


class LeakyRelu(Activation):
    """f(x) = max(0, x) + γ·min(0, x); f′ = 1 for x > 0, else γ."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        slope = buffers.slope
        np.greater(z, 0.0, out=buffers.mask)
        np.copyto(slope, buffers.mask)
        np.subtract(1.0, slope, out=slope)
        slope *= self.number
        slope += buffers.mask
        z *= slope


class Prelu(LeakyRelu):
    """Leaky relu whose γ is learned (He et al., 2015): ∂L/∂γ = Σ ∂L/∂a · min(0, z).

    Each unit has its own γ, or the layer shares one; the sum is over the examples, or the units too.
    """

    learned = True

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        if buffers.training:
            np.minimum(z, 0.0, out=buffers.spare)
        super().apply(z, buffers)

    def number_gradient(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        np.multiply(delta, buffers.spare, out=buffers.spare)
        gradient: FloatArray = buffers.spare.sum(axis=2, keepdims=True)
        return gradient if self.number.shape[1] > 1 else gradient.sum(axis=1, keepdims=True)


class Elu(Activation):
    """f(x) = max(0, x) + min(0, γ(exp(x) − 1)) (Clevert et al., 2016); f′ = 1 for x > 0, else f(x) + γ."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        negative, mask, slope = buffers.spare, buffers.mask, buffers.slope
        np.minimum(z, 0.0, out=negative)
        np.expm1(negative, out=negative)
        negative *= self.number
        if buffers.training:
            np.less_equal(z, 0.0, out=mask)
            np.add(negative, self.number, out=slope)
            slope *= mask
        np.greater(z, 0.0, out=mask)
        if buffers.training:
            slope += mask
        z *= mask
        z += negative


class Softplus(Activation):
    """f(x) = log(1 + exp(x)) as max(x, 0) + log1p(exp(−|x|)), which cannot overflow; f′ = logistic(x)."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        tail = buffers.spare
        np.abs(z, out=tail)
        np.negative(tail, out=tail)
        np.exp(tail, out=tail)
        np.log1p(tail, out=tail)
        if buffers.training:
            _logistic(z, out=buffers.slope)
        np.greater(z, 0.0, out=buffers.mask)
        z *= buffers.mask
        z += tail


ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "logistic": Logistic,
    "tanh": Tanh,
    "hard_logistic": HardLogistic,
    "hard_tanh": HardTanh,
    "relu": Relu,
    "leaky_relu": LeakyRelu,
    "prelu": Prelu,
    "elu": Elu,
    "softplus": Softplus,
}
