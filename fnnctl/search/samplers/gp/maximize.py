"""Where the expected improvement is largest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.acquisition import log_improvement, log_improvement_slope
from fnnctl.search.samplers.gp.bfgs import minimize
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.process import Process

SPREAD: Final = 1024
LOCAL: Final = 256
CENTRES: Final = 3
STARTS: Final = 8
EVALUATIONS: Final = 40


def ranked(process: Process, cube: Cube, best: float, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Points in descending order of log EI, as far as they are found."""
    d = len(cube.names)
    raw = cube.snapped(np.concatenate([spread(SPREAD, d, rng), around_best(process, rng)]))
    value = log_improvement(*process.predict(raw), best)
    chosen = starts(value, rng)
    refined = cube.snapped(refine(process, cube, raw[chosen], best))
    points = np.concatenate([refined, raw])
    values = np.concatenate([log_improvement(*process.predict(refined), best), value])
    for index in np.argsort(-values, kind="stable"):
        yield points[index]


def spread(count: int, d: int, rng: np.random.Generator) -> FloatArray:
    """Quasi-random points: an additive recurrence (Roberts 2018), shifted at random."""
    root = 2.0
    for _ in range(64):
        root = (1.0 + root) ** (1.0 / (d + 1))
    steps = root ** -np.arange(1.0, d + 1)
    return (rng.random(d) + np.arange(count)[:, None] * steps) % 1.0


def around_best(process: Process, rng: np.random.Generator) -> FloatArray:
    """Points near the best known ones, at distances of all sizes."""
    n, d = process.points.shape
    centres = process.points[np.argsort(process.y, kind="stable")[:CENTRES]]
    chosen = np.repeat(centres, -(-LOCAL // len(centres)), axis=0)[:LOCAL]
    radius = 10.0 ** rng.uniform(-5.0, 0.0, (len(chosen), 1))
    lengths = np.minimum(1.0 / np.sqrt(process.parameters.weights), 1.0)
    return np.clip(chosen + 0.5 * radius * lengths * rng.standard_normal(chosen.shape), 0.0, 1.0)


def starts(value: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The best, the best near the best known points, and others that are drawn by their EI."""
    best = int(np.argmax(value))
    local = SPREAD + np.argsort(-value[SPREAD:], kind="stable")[:2]
    chance = np.exp(value[:SPREAD] - value[:SPREAD].max())
    noise = np.log(np.maximum(chance, 1e-300)) + rng.gumbel(size=SPREAD)
    drawn = np.argsort(-noise, kind="stable")[: STARTS - 3]
    return np.unique([best, *local, *drawn])


def refine(process: Process, cube: Cube, points: FloatArray, best: float) -> FloatArray:
    """Climb from the points in the continuous dimensions."""
    if not cube.continuous.any():
        return points
    d = points.shape[1]

    def function(moved: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, slope = log_improvement_slope(*process.gradients(moved), best)
        return -value, np.where(cube.continuous, -slope, 0.0)

    scale = 0.1 * np.minimum(1.0 / np.sqrt(process.parameters.weights), 1.0)
    bounds = (np.zeros(d), np.ones(d))
    return minimize(function, points, bounds, scale=scale, evaluations=EVALUATIONS, tolerance=1e-4)[0]
