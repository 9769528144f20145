"""Functions to minimize, in plain NumPy, and helpers for the tests of L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.lbfgs import Evaluate

Function = Callable[[FloatArray], tuple[float, FloatArray]]
Numbers = dict[str, npt.NDArray[Any]]


def numbers_of(members: int = 1, *, max_evaluations: int = 20) -> Numbers:
    return {
        "gradient_tolerance": np.full(members, 1e-8),
        "decrease_tolerance": np.zeros(members),
        "max_evaluations": np.full(members, max_evaluations),
    }


def stacked(functions: list[Function], calls: list[FloatArray] | None = None) -> Evaluate:
    """Evaluate all members at once, with one function per member, and record the points of each call."""

    def evaluate(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        if calls is not None:
            calls.append(points.copy())
        answers = [function(point) for function, point in zip(functions, points, strict=True)]
        gradients = np.stack([gradient for _, gradient in answers])
        return np.array([value for value, _ in answers], np.float64), gradients.astype(points.dtype)

    return evaluate


def rosenbrock(x: FloatArray) -> tuple[float, FloatArray]:
    bend = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * bend - 2 * (1 - x[:-1])
    gradient[1:] += 200 * bend
    return float((100 * bend**2 + (1 - x[:-1]) ** 2).sum()), gradient


def beale(x: FloatArray) -> tuple[float, FloatArray]:
    a, b = x
    rest = np.array([1.5 - a + a * b, 2.25 - a + a * b**2, 2.625 - a + a * b**3])
    return float(rest @ rest), 2 * np.array(
        [[b - 1, b**2 - 1, b**3 - 1], [a, 2 * a * b, 3 * a * b**2]]
    ) @ rest


def bowl(condition: float, size: int) -> Function:
    scale = np.logspace(0, np.log10(condition), size)
    return lambda x: (float(scale @ (x * x)) / 2, scale * x)


def quadratic(matrix: FloatArray, centre: FloatArray, bad_after: int | None = None) -> Function:
    """½(x − c)ᵀA(x − c), which becomes NaN after some evaluations."""
    asked = 0

    def function(x: FloatArray) -> tuple[float, FloatArray]:
        nonlocal asked
        asked += 1
        away = x - centre
        gradient = matrix @ away
        if bad_after is not None and asked > bad_after:
            return np.nan, gradient * np.nan
        return float(away @ gradient) / 2, gradient

    return function
