"""A sampler that models the loss as a Gaussian process and proposes where it expects most improvement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from fnnctl.records.trials import Trial
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.fit import Parameters, fit
from fnnctl.search.samplers.gp.maximize import ranked
from fnnctl.search.samplers.gp.process import Process
from fnnctl.search.samplers.gp.transform import powered, standardized
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.space.values import identity

FIRST_EVALUATIONS: Final = 60
EVALUATIONS: Final = 15


def gp_problem(space: Space) -> str | None:
    """Why a Gaussian process cannot model the space; None if it can."""
    for dimension in space.dimensions:
        if dimension.conditions:
            return f"gp needs dimensions without conditions, but {dimension.name} has one; use tpe"
        if not dimension.ordered:
            return f"gp needs numbers, but {dimension.name} is a choice; use tpe"
    return None


class GpSampler(LearningSampler):
    """See the module. Infinite losses count as the largest finite one; pending trials as good as expected."""

    def __init__(self, space: Space, *, seed: int, key: Key = identity) -> None:
        """Raises ValueError if the space has choices or conditions."""
        if problem := gp_problem(space):
            raise ValueError(problem)
        super().__init__(space, seed=seed, key=key)
        self._cube = Cube(space)
        self._parameters = Parameters.default(len(space.dimensions))
        self._process: Process | None = None

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        super().tell(trial, loss, budget)
        self._process = None

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """See the base class."""
        process = self._process = self._process or self._fitted()
        best = float(process.predict(process.points)[0].min())
        if pending:
            points = self._cube.points(pending)
            y = process.predict(points)[0]
            process = Process(
                np.concatenate([process.points, points]), np.concatenate([process.y, y]), process.parameters
            )
        rng = stream(self.seed, Purpose.PROPOSALS, number)
        yield from map(self._cube.assignment, ranked(process, self._cube, best, rng))

    def _fitted(self) -> Process:
        losses = self.known.of_largest_budget(len(self.space.dimensions) + 1)
        numbers = sorted(losses)
        points = self._cube.points([self.known.trials[number].assignment for number in numbers])
        y = powered(standardized(np.array([losses[number] for number in numbers])))
        logs = [self._parameters.logs, Parameters.default(points.shape[1]).logs]
        evaluations = EVALUATIONS if len(numbers) > 30 else FIRST_EVALUATIONS
        self._parameters = fit(points, y, np.array(logs), evaluations=evaluations)
        return Process(points, y, self._parameters)
