"""Initial weights: Glorot's, He's and LeCun's, uniform and normal, and orthogonal; and initial biases.

The factors of inner members' inputs are drawn here, too: see `shared_weights`.

Glorot & Bengio 2010, equation 16: variance 2/(inputs + outputs). He et al. 2015, equation 10: variance
2/inputs. LeCun et al. 1998, section 4.6: variance 1/inputs. A uniform distribution on ±a has variance a²/3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fnnctl.arrays import FloatArray


def _uniform(rng: np.random.Generator, variance: float, shape: tuple[int, ...]) -> FloatArray:
    limit = np.sqrt(3.0 * variance)
    return rng.uniform(-limit, limit, shape)


def _normal(rng: np.random.Generator, variance: float, shape: tuple[int, int]) -> FloatArray:
    return rng.normal(0.0, np.sqrt(variance), shape)


def _orthogonal(rng: np.random.Generator, variance: float, shape: tuple[int, int]) -> FloatArray:
    """Orthonormal rows, or columns if there are fewer columns (Saxe et al., 2014), drawn uniformly.

    Fixing the signs of R's diagonal makes the decomposition unique and the draw uniform (Mezzadri, 2007).
    """
    outputs, inputs = shape
    tall = rng.normal(size=(max(shape), min(shape)))
    Q, R = np.linalg.qr(tall)
    Q *= np.where(np.diag(R) < 0.0, -1.0, 1.0)
    return np.asarray(np.sqrt(variance) * (Q if outputs >= inputs else Q.T))


_Draw = Callable[[np.random.Generator, float, tuple[int, int]], FloatArray]
_Variance = Callable[[int, int], float]

_VARIANCES: dict[str, _Variance] = {
    "glorot": lambda inputs, outputs: 2.0 / (inputs + outputs),
    "he": lambda inputs, outputs: 2.0 / inputs,
    "lecun": lambda inputs, outputs: 1.0 / inputs,
}
INITIALIZERS: dict[str, tuple[_Draw, _Variance]] = {
    **{f"{name}_uniform": (_uniform, variance) for name, variance in _VARIANCES.items()},
    **{f"{name}_normal": (_normal, variance) for name, variance in _VARIANCES.items()},
    "orthogonal": (_orthogonal, lambda inputs, outputs: 1.0),
}


def draw_weights(scheme: str, outputs: int, inputs: int, *, rng: np.random.Generator) -> FloatArray:
    """A weight matrix, (outputs, inputs), in float64, so that both precisions start from the same weights."""
    draw, variance = INITIALIZERS[scheme]
    return draw(rng, variance(inputs, outputs), (outputs, inputs))


def draw_input_factors(inputs: int, *, rng: np.random.Generator) -> FloatArray:
    """An inner member's factors of the network's inputs, (inputs,), each 1 or −1 (Gorishniy et al., 2025)."""
    return rng.choice([-1.0, 1.0], inputs)


def draw_biases(scheme: str, outputs: int, inputs: int, *, rng: np.random.Generator) -> FloatArray:
    """A layer's biases, (outputs,), in float64: `zero` or `uniform`.

    `uniform` is between ±√(6/(inputs + outputs)), as Glorot's weights, whatever the scheme of the weights.
    The bound is the same as in scikit-learn, which however uses √(2/(inputs + outputs)) in all layers if the
    hidden activation is logistic.
    """
    if scheme == "zero":
        return np.zeros(outputs)
    return _uniform(rng, _VARIANCES["glorot"](inputs, outputs), (outputs,))
