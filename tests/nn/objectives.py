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


def numbers_of(
    members: int = 1, *, gradient: float = 1e-8, decrease: float = 0.0, max_evaluations: int = 20
) -> Numbers:
    return {
        "gradient_tolerance": np.full(members, gradient),
        "decrease_tolerance": np.full(members, decrease),
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


def wood(x: FloatArray) -> tuple[float, FloatArray]:
    a, b, c, d = x
    value = 100 * (b - a * a) ** 2 + (1 - a) ** 2 + 90 * (d - c * c) ** 2 + (1 - c) ** 2
    value += 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2
    shared, apart = 20 * (b + d - 2), 0.2 * (b - d)
    gradient = np.array(
        [
            -400 * a * (b - a * a) - 2 * (1 - a),
            200 * (b - a * a) + shared + apart,
            -360 * c * (d - c * c) - 2 * (1 - c),
            180 * (d - c * c) + shared - apart,
        ]
    )
    return float(value), gradient


def powell(x: FloatArray) -> tuple[float, FloatArray]:
    """Powell's singular function: its Hessian at the minimum has rank 2."""
    a, b, c, d = x
    rest = np.array([a + 10 * b, np.sqrt(5) * (c - d), (b - 2 * c) ** 2, np.sqrt(10) * (a - d) ** 2])
    jacobian = np.array(
        [
            [1, 10, 0, 0],
            [0, 0, np.sqrt(5), -np.sqrt(5)],
            [0, 2 * (b - 2 * c), -4 * (b - 2 * c), 0],
            [2 * np.sqrt(10) * (a - d), 0, 0, -2 * np.sqrt(10) * (a - d)],
        ]
    )
    return float(rest @ rest), 2 * rest @ jacobian


def bowl(condition: float, size: int = 30) -> Function:
    scale = np.logspace(0, np.log10(condition), size)
    return lambda x: (float(scale @ (x * x)) / 2, scale * x)


def softmax_regression(table: Any, l2: float, dtype: npt.DTypeLike = np.float64) -> tuple[Function, int]:
    """Mean log loss on standardized features plus ½λ‖W‖², without biases; weights (classes, 1 + d)."""
    features, labels = table(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    rows = len(labels)
    inputs = np.vstack([np.ones(rows), features.T]).astype(dtype)
    targets = np.eye(labels.max() + 1, dtype=dtype)[labels].T

    def function(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(len(targets), -1)
        logits = weights @ inputs
        logits = logits - logits.max(axis=0)
        exponentials = np.exp(logits)
        sums = exponentials.sum(axis=0)
        loss = (np.log(sums) - (targets * logits).sum(axis=0)).mean()
        gradient = (exponentials / sums - targets) @ inputs.T / rows
        gradient[:, 1:] += l2 * weights[:, 1:]
        return float(loss + l2 / 2 * (weights[:, 1:] ** 2).sum()), gradient.ravel()

    return function, len(targets) * len(inputs)


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


def cosh_bowl(scale: FloatArray) -> Function:
    def function(x: FloatArray) -> tuple[float, FloatArray]:
        clipped = np.clip(x, -50, 50)
        return float(np.cosh(clipped) @ scale), np.sinh(clipped) * scale

    return function
