"""The logarithm of the expected improvement, and the points at which it is largest.

EI = σh(z) with z = (best − μ)/σ and h(z) = φ(z) + zΦ(z). Where hardly any improvement is expected, EI is 0 in
floating point, but its logarithm still has a slope (Ament et al., NeurIPS 2023).

Points all over the space and points near the best trials are compared; from the best of them the gradient
leads on, and steps from value to value where a dimension has a list of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.normal import normal_cdf
from fnnctl.search.samplers.gp.bfgs import minimize
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.process import Process

ASYMPTOTIC_BELOW: Final = -20.0
"""Below it, φ(z) + zΦ(z) would be lost in rounding, and asymptotic series are exact."""
TERMS: Final = 9
"""The next term of the series, at most 21!! / 20²⁰ ≈ 1.3e-16 of the sum, would be lost in rounding."""
LOG_SQRT_2_PI: Final = 0.5 * math.log(2.0 * math.pi)
SPREAD, NEAR = 1024, 256
"""How many points are all over the space, and near the best trials, where a late search finds improvements. A
judgement: Optuna draws 2,048 all over the space."""
BEST: Final = 3
"""How many trials count as the best. A judgement: with one, all points near it would be in one valley."""
NEAREST: Final = 1e-5
"""The smallest distance from a best trial, as a share of the lengthscales; the largest is half of them."""
STARTS: Final = 8
"""From this many points the gradient is followed (in Optuna from 10); two are near the best trials."""
EVALUATIONS: Final = 40
"""The most evaluations of the gradient per start. A judgement: a proposal must be quicker than a trial."""
TOLERANCE: Final = 1e-4
"""The gradient at which a search ends, as in Optuna."""
SCALE: Final = 0.1
"""The first step, as a share of the lengthscales."""
ROUNDS: Final = 10
"""The most steps from level to level. A judgement: where the gradient has led, few are left to go."""


def log_improvement(process: Process, points: FloatArray, best: float) -> FloatArray:
    """log EI of values below `best`, at m points."""
    mean, variance = process.predict(points)
    deviation = np.sqrt(variance)
    return log_h((best - mean) / deviation)[0] + np.log(deviation)


def log_improvement_with_gradient(
    process: Process, points: FloatArray, best: float
) -> tuple[FloatArray, FloatArray]:
    """log EI and its gradient, (m, d)."""
    mean, variance, mean_slope, variance_slope = process.predict_with_gradients(points)
    deviation = np.sqrt(variance)[:, None]
    z = (best - mean[:, None]) / deviation
    value, slope = log_h(z)
    relative = variance_slope / (2.0 * variance[:, None])
    gradient = slope * (-mean_slope / deviation - z * relative) + relative
    return (value + np.log(deviation))[:, 0], gradient


def log_h(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """log h and its derivative, Φ/h."""
    near = np.maximum(z, ASYMPTOTIC_BELOW)
    cumulative = normal_cdf(near)  # exact in the tail, where h is a small difference: no table would do
    h = np.exp(-0.5 * np.square(near) - LOG_SQRT_2_PI) + near * cumulative
    value, slope = np.log(h), cumulative / h
    far = z < ASYMPTOTIC_BELOW
    value[far], slope[far] = _log_h_far(z[far])
    return value, slope


def _log_h_far(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Φ = φ/|z| (1 − 1/z² + 1·3/z⁴ − …) and h = φ/z² (1 − 3/z² + 3·5/z⁴ − …)."""
    term = np.ones_like(z)
    cumulative_sum, h_sum = term.copy(), term.copy()
    for k in range(1, TERMS + 1):
        term *= (1 - 2 * k) / np.square(z)
        cumulative_sum += term
        h_sum += (2 * k + 1) * term
    value = -0.5 * np.square(z) - LOG_SQRT_2_PI - 2.0 * np.log(-z) + np.log(h_sum)
    return value, -z * cumulative_sum / h_sum


Allowed = Callable[[FloatArray], FloatArray]
"""Of some points, those that the constraints allow."""


def promising(
    process: Process, cube: Cube, best: float, rng: np.random.Generator, allowed: Allowed
) -> FloatArray:
    """Points with the largest log EI of values below `best`, in descending order.

    All are snapped. Those that were found by following gradients and levels may violate constraints.
    """
    all_points = cube.listed()
    if all_points is not None:
        points = allowed(all_points)
        values = log_improvement(process, points, best)
    else:
        wide = allowed(cube.snapped(spread(SPREAD, len(cube.dimensions), rng)))
        near = allowed(cube.snapped(near_best(process, rng)))
        sampled = np.concatenate([wide, near])
        value = log_improvement(process, sampled, best)
        refined = climbed(process, cube, sampled[starts(value, len(wide), rng)], best)
        points = np.concatenate([refined, sampled])
        values = np.concatenate([log_improvement(process, refined, best), value])
    return points[np.argsort(-values, kind="stable")]


def spread(count: int, size: int, rng: np.random.Generator) -> FloatArray:
    """A Latin hypercube: in every dimension each of `count` equal intervals contains one point."""
    cells = rng.permuted(np.tile(np.arange(count), (size, 1)), axis=1)
    return (cells.T + rng.random((count, size))) / count


def near_best(process: Process, rng: np.random.Generator) -> FloatArray:
    """Points around the best trials, at distances of every order of magnitude."""
    centres = process.points[np.argsort(process.y, kind="stable")[:BEST]]
    repeated = centres[np.arange(NEAR) % len(centres)]
    distance = 0.5 * 10.0 ** rng.uniform(np.log10(NEAREST), 0.0, (NEAR, 1))
    return np.clip(
        repeated + distance * lengthscales(process) * rng.standard_normal(repeated.shape), 0.0, 1.0
    )


def lengthscales(process: Process) -> FloatArray:
    """The lengthscales of the process, but at most the size of the unit cube."""
    return np.minimum(1.0 / np.sqrt(process.parameters.weights), 1.0)


def starts(values: FloatArray, wide: int, rng: np.random.Generator) -> IntArray:
    """Where to start: at the best point, near the best trials, and at others in proportion to EI.

    The first `wide` points are all over the space, the others are near the best trials.
    """
    near = wide + np.argsort(-values[wide:], kind="stable")[:2]
    # the largest of log weights with Gumbel noise are a weighted sample without repetition
    sampled = np.argsort(-(values[:wide] + rng.gumbel(size=wide)), kind="stable")
    best = np.argmax(values, keepdims=True) if len(values) else []
    return np.unique(np.concatenate([best, near, sampled[: STARTS - 3]]).astype(np.int64))


def climbed(process: Process, cube: Cube, points: FloatArray, best: float) -> FloatArray:
    """Points of larger EI than the given ones."""
    if cube.smooth.any() and len(points):

        def function(moved: FloatArray) -> tuple[FloatArray, FloatArray]:
            value, slope = log_improvement_with_gradient(process, moved, best)
            return -value, np.where(cube.smooth, -slope, 0.0)

        bounds = np.zeros(len(cube.dimensions)), np.ones(len(cube.dimensions))
        scale = SCALE * lengthscales(process)
        points, _ = minimize(
            function, points, bounds, scale=scale, evaluations=EVALUATIONS, tolerance=TOLERANCE
        )
    snapped = cube.snapped(points)
    return snapped if cube.continuous else _stepped(process, cube, snapped, best)


def _stepped(process: Process, cube: Cube, points: FloatArray, best: float) -> FloatArray:
    """From each point, go to the best neighbouring level until no level is better."""
    reached = points.copy()
    going = np.ones(len(points), bool)
    for _ in range(ROUNDS):
        for row in np.flatnonzero(going):
            neighbours = cube.neighbours(reached[row])
            around = np.concatenate([reached[row : row + 1], neighbours])
            highest = int(np.argmax(log_improvement(process, around, best)))
            reached[row], going[row] = around[highest], highest > 0
    return reached
