"""The sampler: it models the loss as a Gaussian process, and proposes where most improvement is expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.records.trials import Trial
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.fit import Parameters, fitted
from fnnctl.search.samplers.gp.maximize import promising
from fnnctl.search.samplers.gp.process import Process
from fnnctl.search.samplers.gp.suitability import MOST_TRIALS, gp_problem
from fnnctl.search.samplers.gp.transform import normalized
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.space.values import identity

EVALUATIONS: Final = 60
LATER_EVALUATIONS: Final = 15
"""With many trials, one more changes the parameters little, and a fit starts from those of the last fit."""
MANY: Final = 30
"""With more trials than this, a fit has `LATER_EVALUATIONS`."""


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
        """See `Sampler`."""
        super().tell(trial, loss, budget)
        if trial.number not in self._points:
            self._points[trial.number] = self._cube.points([trial.assignment])[0]
        self._process = None

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """See `LearningSampler`."""
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
        known = self.known.of_largest_budget(len(self.space.dimensions) + 1)
        numbers = np.array(sorted(known))
        losses = np.array([known[number] for number in numbers.tolist()])
        if not np.isfinite(losses).any():
            return None
        chosen = _chosen(losses)
        y = normalized(losses)[chosen]
        points = np.array([self._points[number] for number in numbers[chosen].tolist()])
        starts = [self._parameters, Parameters.default(points.shape[1])]
        evaluations = LATER_EVALUATIONS if len(y) > MANY else EVALUATIONS
        self._parameters = fitted(points, y, starts, evaluations=evaluations)
        return Process(points, y, self._parameters)


def _chosen(losses: FloatArray) -> slice | list[int]:
    """Which trials a process knows: if there are too many, the best and the last ones."""
    if len(losses) <= MOST_TRIALS:
        return slice(None)
    last = range(len(losses) - MOST_TRIALS // 2, len(losses))
    others = np.argsort(losses[: last.start], kind="stable")[: MOST_TRIALS - len(last)]
    return sorted([*others.tolist(), *last])
