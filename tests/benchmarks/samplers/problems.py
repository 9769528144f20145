"""What the benchmarks minimize: a space, and the loss of its assignments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.domains import Choice
from fnnctl.space.number_domains import Integer, LogUniform, Uniform
from fnnctl.space.space import Space


@dataclass(frozen=True)
class Problem:
    """A loss to minimize over a space."""

    name: str
    space: Space
    loss: Callable[[Assignment], float]
    minimum: float
    """The smallest loss in the space."""

    @property
    def numeric(self) -> bool:
        """Whether all dimensions are ordered and unconditional, as a Gaussian process needs."""
        return all(each.ordered and not each.conditions for each in self.space.dimensions)


HARTMANN_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN_A = {
    3: np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]]),
    6: np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    ),
}
HARTMANN_P = {
    3: 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
    6: 1e-4
    * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    ),
}
HARTMANN_MINIMUM = {3: -3.862779787332663, 6: -3.322368011415515}


def unit_cube(dimensions: int) -> Space:
    """Continuous dimensions from 0 to 1."""
    return Space([Dimension(f"x{k}", Uniform(0.0, 1.0)) for k in range(1, dimensions + 1)])


def coordinates(assignment: Assignment) -> FloatArray:
    """The values of a unit cube's dimensions."""
    return np.array([assignment[f"x{k}"] for k in range(1, len(assignment) + 1)])


def branin(x: Sequence[float] | FloatArray) -> float:
    """Branin's function with its domain, [−5, 10] × [0, 15], scaled to the unit square."""
    u, v = 15.0 * x[0] - 5.0, 15.0 * x[1]
    bowl = (v - 5.1 / (4 * math.pi**2) * u**2 + 5 / math.pi * u - 6) ** 2
    return float(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(u) + 10)


BRANIN_MINIMUM = 10 / (8 * math.pi)


def hartmann(x: FloatArray, shift: float = 0.0) -> float:
    """Hartmann's function of 3 or 6 dimensions; `shift` is taken from the heights of its four wells."""
    A, P = HARTMANN_A[len(x)], HARTMANN_P[len(x)]
    return float(-(HARTMANN_ALPHA - shift) @ np.exp(-(A * (x - P) ** 2).sum(axis=1)))


MIXED_MINIMUM = 0.1


def mixed_space() -> Space:
    """A choice with dimensions of its own for each branch, a whole number, and a rate on a log scale."""
    curved, flat = Condition("shape", ("curved",)), Condition("shape", ("flat",))
    return Space(
        [
            Dimension("shape", Choice(("curved", "flat", "none"))),
            Dimension("rate", LogUniform(1e-4, 1.0)),
            Dimension("count", Integer(1, 12)),
            Dimension("u", Uniform(0.0, 1.0), conditions=(curved,)),
            Dimension("v", Uniform(0.0, 1.0), conditions=(curved,)),
            Dimension("w", Uniform(0.0, 1.0), conditions=(flat,)),
            Dimension("slope", LogUniform(1e-3, 10.0), conditions=(flat,)),
        ]
    )


def mixed(assignment: Assignment) -> float:
    """Least, 0.1, where shape is curved, rate 0.01, count 7, u 0.3 and v 0.8.

    The best rate depends on the count. The branch without dimensions of its own is the easiest; the one with
    a narrow valley has the minimum.
    """
    rate, count = math.log10(assignment["rate"]), int(assignment["count"])
    shared = (rate + 2.0 + 0.1 * (count - 7)) ** 2 / 2 + (count - 7) ** 2 / 30
    match assignment["shape"]:
        case "curved":
            u, v = assignment["u"] - 0.3, assignment["v"] - 0.8
            return float(MIXED_MINIMUM + shared + 4 * u**2 + 40 * (v - u / 2) ** 2)
        case "flat":
            slope = math.log10(assignment["slope"])
            return float(0.4 + shared + 2 * (assignment["w"] - 0.6) ** 2 + (slope + 1) ** 2 / 4)
        case _:
            return 0.8 + shared


def functions() -> dict[str, Problem]:
    """The analytic functions, by name."""

    def hartmann_problem(size: int) -> Problem:
        return Problem(
            f"hartmann{size}", unit_cube(size), lambda a: hartmann(coordinates(a)), HARTMANN_MINIMUM[size]
        )

    problems = (
        Problem("branin", unit_cube(2), lambda a: branin(coordinates(a)), BRANIN_MINIMUM),
        hartmann_problem(3),
        hartmann_problem(6),
        Problem("mixed", mixed_space(), mixed, MIXED_MINIMUM),
    )
    return {each.name: each for each in problems}
