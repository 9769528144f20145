"""Activation functions, in place on stacked arrays, with their derivatives.

`apply` overwrites z with f(z) and, while training, writes f′(z) to a buffer, so the backward pass is one
multiplication (except for maxout). Formulas: Qiu, Neural Networks and Deep Learning, section 4.1. At a kink
the derivative is the left one; at the clips of the hard functions it is zero.

Selections are multiplications with a mask, because `copyto(where=)` is several times as slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, UnsignedArray
from fnnctl.arrays.limits import exp_or_zero


class Bits(NamedTuple):
    """Views of floating-point arrays as unsigned integers with the same bits."""

    z: UnsignedArray
    slope: UnsignedArray
    delta: UnsignedArray
    """∂L/∂a, the argument of `backward`."""

    @classmethod
    def of(cls, z: FloatArray, slope: FloatArray, delta: FloatArray) -> Bits:
        """Views of the arrays."""
        unsigned = np.dtype(f"u{z.itemsize}")
        return cls(z.view(unsigned), slope.view(unsigned), delta.view(unsigned))


@dataclass(frozen=True, slots=True)
class ActivationBuffers:
    """The arrays that an activation writes to: allocated once, used at every step."""

    mask: BoolArray
    """Shaped like the pre-activations, (K, rows, batch)."""
    slope: FloatArray
    """f′(z), shaped like z, if `training`, else scratch. Empty if `keeps_slope` is False."""
    spare: FloatArray
    """Scratch, (K, units, batch); a learned activation's own from `apply` to `parameter_gradient`."""
    zeros: FloatArray
    """(1, units, batch) zeros to compare with, which is far faster than to compare with a Python number."""
    training: bool
    bits: Bits


class Activation:
    """A function from pre-activations to activations; each member has its own parameter.

    All but maxout are functions of one variable and work in place: their z and a are the same array.
    """

    learned: ClassVar[bool] = False
    """Whether the parameter is learned."""
    keeps_slope: ClassVar[bool] = True
    """Whether f′(z) is written to the buffers."""
    saturates: ClassVar[bool] = False
    """Whether f′(z) can be tiny without being 0."""
    needs_alpha_dropout: ClassVar[bool] = False
    """Whether dropped activations become selu's lowest value, so that mean 0 and variance 1 are kept."""
    has_pieces: ClassVar[bool] = False
    """Whether it is a function of several pre-activations per unit."""

    def __init__(self, parameter: FloatArray) -> None:
        """`parameter` is a slope, an alpha, or unused: (K, 1, 1), or (K, units, 1) if it is learned."""
        self.parameter = parameter

    def forward(self, z: FloatArray, a: FloatArray, buffers: ActivationBuffers) -> None:
        """Write the activations a, (K, units, batch), of z, (K, rows, batch), which is overwritten."""
        self.apply(z, buffers)

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        """Overwrite z, (K, units, batch), with f(z); write f′(z) to `buffers.slope`."""
        raise NotImplementedError

    def backward(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        """The error terms ∂L/∂z, (K, rows, batch), from ∂L/∂a, (K, units, batch), which is overwritten."""
        delta *= buffers.slope
        return delta

    def parameter_gradient(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        """∂L/∂parameter for a learned one, in its shape; `delta` is ∂L/∂a. Called once after `apply`."""
        raise NotImplementedError

    def active(self, buffers: ActivationBuffers) -> FloatArray | None:
        """1 if a unit is active for an example, 0 if it is cut off; None if that never happens.

        A unit is cut off if its input is in a range in which f and f′ are 0. Called after `forward`.
        """
        return None


class Identity(Activation):
    """f(x) = x."""

    keeps_slope = False

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        """Does nothing."""

    def backward(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        return delta


def _logistic(x: FloatArray, out: FloatArray) -> None:
    """1/(1 + exp(−x)) as ½(1 + tanh(x/2)), which cannot overflow."""
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1.0
    out *= 0.5


class Logistic(Activation):
    """f(x) = 1/(1 + exp(−x)); f′ = f(1 − f)."""

    saturates = True

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        _logistic(z, out=z)
        if buffers.training:
            np.subtract(1.0, z, out=buffers.slope)
            np.multiply(buffers.slope, z, out=buffers.slope)


class Tanh(Activation):
    """f(x) = tanh x; f′ = 1 − f²."""

    saturates = True

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
            np.greater(z, 0.0, out=buffers.mask)

    def active(self, buffers: ActivationBuffers) -> FloatArray | None:
        np.copyto(buffers.spare, buffers.mask)
        return buffers.spare


class Relu(Activation):
    """f(x) = max(0, x); f′ = 1 for x > 0, else 0.

    The slope is kept as an integer: read as an unsigned integer, max(0, x) is 0 or positive, so its sign is
    f′, and the bits of the error terms are multiplied by it. With a boolean mask, which NumPy converts to
    floating point at each use, both passes together take 1.5 times as long.
    """

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        np.maximum(z, buffers.zeros, out=z)
        if buffers.training:
            np.sign(buffers.bits.z, out=buffers.bits.slope)

    def backward(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        bits = buffers.bits
        np.multiply(bits.delta, bits.slope, out=bits.delta)
        return delta

    def active(self, buffers: ActivationBuffers) -> FloatArray | None:
        np.copyto(buffers.spare, buffers.bits.slope)
        return buffers.spare


class LeakyRelu(Activation):
    """f(x) = max(0, x) + γ·min(0, x); f′ = 1 for x > 0, else γ."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        slope = buffers.slope
        np.greater(z, 0.0, out=buffers.mask)
        np.copyto(slope, buffers.mask)
        np.subtract(1.0, slope, out=slope)
        slope *= self.parameter
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

    def parameter_gradient(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        np.multiply(delta, buffers.spare, out=buffers.spare)
        gradient: FloatArray = buffers.spare.sum(axis=2, keepdims=True)
        return gradient if self.parameter.shape[1] > 1 else gradient.sum(axis=1, keepdims=True)


class Elu(Activation):
    """f(x) = max(0, x) + min(0, γ(exp(x) − 1)) (Clevert et al., 2016); f′ = 1 for x > 0, else f(x) + γ."""

    saturates = True

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        negative, mask, slope = buffers.spare, buffers.mask, buffers.slope
        np.minimum(z, buffers.zeros, out=negative)
        np.expm1(negative, out=negative)
        negative *= self.parameter
        if buffers.training:
            np.less_equal(z, 0.0, out=mask)
            np.add(negative, self.parameter, out=slope)
            slope *= mask
        np.greater(z, 0.0, out=mask)
        if buffers.training:
            slope += mask
        z *= mask
        z += negative


def _softplus(x: FloatArray, out: FloatArray, mask: BoolArray, spare: FloatArray) -> None:
    """log(1 + exp(x)) as max(x, 0) + log1p(exp(−|x|)), which cannot overflow."""
    np.abs(x, out=out)
    np.negative(out, out=out)
    exp_or_zero(out)
    np.log1p(out, out=out)
    np.greater(x, 0.0, out=mask)
    np.multiply(x, mask, out=spare)
    out += spare


class Softplus(Activation):
    """f(x) = log(1 + exp(x)) ; f′ = logistic(x)."""

    saturates = True

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        _softplus(z, out=buffers.spare, mask=buffers.mask, spare=buffers.slope)
        if buffers.training:
            _logistic(z, out=buffers.slope)
        np.copyto(z, buffers.spare)


class Selu(Elu):
    """f(x) = λ·elu(x) with α: the constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""

    ALPHA: ClassVar[float] = 1.6732632423543772848170429916717
    SCALE: ClassVar[float] = 1.0507009873554804934193349852946
    needs_alpha_dropout = True

    def __init__(self, parameter: FloatArray) -> None:
        super().__init__(np.array(self.ALPHA, parameter.dtype))  # 0-d, which is faster than a column

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        super().apply(z, buffers)
        z *= self.SCALE
        if buffers.training:
            np.multiply(buffers.slope, self.SCALE, out=buffers.slope)


class Swish(Activation):
    """f(x) = x·σ(βx) (Ramachandran et al., 2017); f′ = βf + σ(1 − βf) = 1 − (1 − σ)(1 − βf)."""

    saturates = True

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        gate, slope = buffers.spare, buffers.slope
        np.multiply(z, self.parameter, out=gate)
        _logistic(gate, out=gate)
        z *= gate
        if buffers.training:
            np.multiply(z, self.parameter, out=slope)
            np.subtract(1.0, slope, out=slope)
            np.subtract(1.0, gate, out=gate)
            slope *= gate
            np.subtract(1.0, slope, out=slope)


class Gelu(Activation):
    """f(x) = ½x(1 + t), t = tanh u, u = √(2/π)(x + kx³), k = 0.044715 (Hendrycks & Gimpel, 2016).

    f′ = ½(1 + t) + ½x(1 + t)(1 − t)u′, u′ = √(2/π)(1 + 3kx²).
    """

    saturates = True

    CUBIC: ClassVar[float] = 0.044715
    FACTOR: ClassVar[float] = 0.79788456080286535587989211986876
    MAX_SQUARE: ClassVar[float] = 100.0
    """For larger |x|, t is 1 or −1 to the last bit, and u and u′ could overflow."""

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        t, slope = buffers.spare, buffers.slope
        np.multiply(z, z, out=t)
        np.minimum(t, self.MAX_SQUARE, out=t)
        if buffers.training:
            np.multiply(t, 3.0 * self.CUBIC * self.FACTOR, out=slope)
            slope += self.FACTOR
            slope *= z  # x·u′
        t *= self.CUBIC * self.FACTOR
        t += self.FACTOR
        t *= z
        np.tanh(t, out=t)
        t += 1.0
        t *= 0.5  # ½(1 + t); ½(1 − t) is 1 minus that
        z *= t
        if buffers.training:
            slope *= t
            np.subtract(1.0, t, out=t)
            slope *= t
            slope *= 2.0  # ½x(1 + t)(1 − t)u′ = 2·xu′·½(1 + t)·½(1 − t)
            np.subtract(1.0, t, out=t)
            slope += t


class Mish(Activation):
    """f(x) = x·t, t = tanh(softplus(x)) (Misra, 2020); f′ = t + x(1 − t)(1 + t)σ(x)."""

    saturates = True

    def apply(self, z: FloatArray, buffers: ActivationBuffers) -> None:
        t, slope = buffers.spare, buffers.slope
        _softplus(z, out=t, mask=buffers.mask, spare=slope)
        np.tanh(t, out=t)
        if buffers.training:
            _logistic(z, out=slope)
            slope *= z
        z *= t
        if buffers.training:
            np.subtract(1.0, t, out=t)  # 1 − t
            slope *= t
            np.subtract(2.0, t, out=t)  # 1 + t
            slope *= t
            t -= 1.0  # t again
            slope += t


class Maxout(Activation):
    """f(z) = max over k pieces of wₚᵀx + bₚ (Goodfellow et al., 2013); a tie goes to the first piece.

    The rows of z are all units' first pieces, then all their second ones, and so on.
    """

    has_pieces = True

    def forward(self, z: FloatArray, a: FloatArray, buffers: ActivationBuffers) -> None:
        units = a.shape[1]
        pieces = [slice(start, start + units) for start in range(0, z.shape[1], units)]
        np.copyto(a, z[:, pieces[0]])
        for piece in pieces[1:]:
            np.maximum(a, z[:, piece], out=a)
        if buffers.training:
            won = np.zeros(a.shape, np.bool_)
            for piece in pieces:
                wins = buffers.mask[:, piece]
                np.equal(z[:, piece], a, out=wins)  # the piece has the maximum
                np.greater(wins, won, out=wins)  # except where an earlier piece has won
                won |= wins
            np.copyto(buffers.slope, buffers.mask)

    def backward(self, delta: FloatArray, buffers: ActivationBuffers) -> FloatArray:
        slope = buffers.slope
        by_piece = slope.reshape(len(slope), -1, *delta.shape[1:])  # (K, pieces, units, batch)
        by_piece *= delta[:, None]
        return slope


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
    "selu": Selu,
    "swish": Swish,
    "gelu": Gelu,
    "mish": Mish,
    "maxout": Maxout,
}
