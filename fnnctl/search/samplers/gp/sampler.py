"""The sampler: it models the loss as a Gaussian process, and proposes where most improvement is expected.

The process models losses with mean 0, variance 1 and without a long tail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.auto import MAX_TRIALS, gp_problem
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.gp.acquisition import promising
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.process import Parameters, Process, fitted_parameters
from fnnctl.search.samplers.learning import LearningSampler, bounded
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from fnnctl.space.space import Space

POWERS: Final = tuple(np.linspace(-2.0, 2.0, 41).tolist())
EVALUATIONS: Final = 60
LATER_EVALUATIONS: Final = 15
"""With many trials, one more changes the parameters little, and a fit starts from those of the last fit."""
MANY: Final = 30
"""With more trials than this, a fit has `LATER_EVALUATIONS`."""


def normalized(losses: FloatArray) -> FloatArray:
    """Losses in the order of trials, made as normal as a power can make them, and standardized.

    The power is that of the Yeo-Johnson transform under which a normal sample is likeliest, as in HEBO
    (Cowen-Rivers et al., JAIR 2022). At least one loss must be finite.
    """
    y = standardized(bounded(losses))
    logs = float((np.sign(y) * np.log1p(np.abs(y))).sum())
    best, transformed = -np.inf, y
    for power in POWERS:
        moved = yeo_johnson(y, power)
        variance = float(moved.var())
        likelihood = (power - 1.0) * logs - 0.5 * len(y) * np.log(variance) if variance > 0.0 else -np.inf
        if likelihood > best:
            best, transformed = likelihood, moved
    return standardized(transformed)


def standardized(values: FloatArray) -> FloatArray:
    """Values with mean 0 and variance 1; zeros if all are equal."""
    if values.min() == values.max():
        return np.zeros_like(values)
    scaled = values / np.abs(values).max()  # so that no square overflows
    centred = scaled - scaled.mean()
    standard: FloatArray = centred / centred.std()
    return standard


def yeo_johnson(y: FloatArray, power: float) -> FloatArray:
    """(1 + y)ᵖ above 0 and (1 − y)²⁻ᵖ below, shifted and scaled: smooth and increasing."""
    above, below = np.maximum(y, 0.0), np.maximum(-y, 0.0)
    return _box_cox(above, power) - _box_cox(below, 2.0 - power)


def _box_cox(y: FloatArray, power: float) -> FloatArray:
    return np.log1p(y) if abs(power) < 1e-9 else np.expm1(power * np.log1p(y)) / power


class GpSampler(LearningSampler):
    """Proposes the configuration with the largest expected improvement.

    Trials without results count as results as good as expected, so that a batch spreads.
    """

    def __init__(self, space: Space, *, seed: int, key: Key = identity) -> None:
        """Raises ValueError if the space has a `gp_problem`."""
        if problem := gp_problem(space):
            raise ValueError(problem)
        super().__init__(space, seed=seed, key=key)
        self._cube = Cube(space)
        self._parameters = Parameters.default(len(space.dimensions))
        self._points: dict[int, FloatArray] = {}
        """The point of each trial, by number."""
        self._process: Process | None = None
        """The process that knows all results; None if it must be fitted."""

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Add the trial's point and its loss; the process is fitted again for the next proposal."""
        super().tell(trial, loss, budget)
        if trial.number not in self._points:
            self._points[trial.number] = self._cube.points([trial.assignment])[0]
        self._process = None

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """Points with the largest expected improvement, the best first."""
        self._process = self._process or self._fitted()
        if self._process is None:
            return
        process = self._process.with_expected(self._cube.points(pending))
        best = process.least_mean()  # a pending trial may be expected to be better than all results
        rng = stream(self.seed, Purpose.PROPOSALS, number)
        yield from map(self._cube.assignment, promising(process, self._cube, best, rng, self._allowed))

    def _allowed(self, points: FloatArray) -> FloatArray:
        if not self.space.constraints:
            return points
        return points[[self.space.allows(self._cube.assignment(point)) for point in points]]

    def _fitted(self) -> Process | None:
        """The process that knows the results at the largest budget; None if no trial has a finite loss."""
        results = self.known.of_largest_budget(len(self.space.dimensions) + 1)
        numbers = np.array(sorted(results))
        losses = np.array([results[number] for number in numbers.tolist()])
        if not np.isfinite(losses).any():
            return None
        indices = _modelled_trials(losses)
        y = normalized(losses)[indices]
        points = np.array([self._points[number] for number in numbers[indices].tolist()])
        starts = [self._parameters, Parameters.default(points.shape[1])]
        evaluations = LATER_EVALUATIONS if len(y) > MANY else EVALUATIONS
        self._parameters = fitted_parameters(points, y, starts, evaluations=evaluations)
        return Process(points, y, self._parameters)


def _modelled_trials(losses: FloatArray) -> slice | list[int]:
    """Which trials a process knows: if there are too many, the best and the last ones."""
    if len(losses) <= MAX_TRIALS:
        return slice(None)
    last = range(len(losses) - MAX_TRIALS // 2, len(losses))
    best = np.argsort(losses[: last.start], kind="stable")[: MAX_TRIALS - len(last)]
    return sorted([*best.tolist(), *last])


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler with no more settings than the space."""
    return GpSampler(space, seed=seed, key=key)
