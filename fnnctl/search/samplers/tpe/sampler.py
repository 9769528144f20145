"""The sampler: it divides trials into good ones and others, and proposes what is likely among the good."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.records.trials import Trial
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.search.samplers.tpe.parzen import MOST_CELLS, Mixture, ParzenDimension, Points
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment, values_by_dimension
from fnnctl.space.dimensions import Dimension
from fnnctl.space.space import Space
from fnnctl.space.values import identity

CANDIDATES: Final = 24
GOOD: Final = 0.1
"""The share of trials that count as good."""
MOST_GOOD: Final = 25
RECENT: Final = 25
"""So many of the latest trials have full weight."""
MOST_DRAWS: Final = 20
"""So many times candidates are drawn if all are known or violate the constraints."""


class TpeSampler(LearningSampler):
    """Proposes the candidate with the largest ratio of the densities of good and of other trials.

    Trials without results count as others, so that a batch spreads.
    """

    def __init__(self, space: Space, *, seed: int, key: Key = identity, one_budget: bool = True) -> None:
        """`one_budget` says that all results have the largest budget.

        Kernels are narrower then, which finds better values on smooth functions. The results of smaller
        budgets mislead, and narrow kernels would follow them too far.
        """
        super().__init__(space, seed=seed, key=key)
        self._narrow = one_budget
        self._dimensions = [parzen_dimension(each) for each in space.dimensions]
        self._rows = np.empty((0, len(self._dimensions)))
        """The coordinates of trials; NaN where a trial lacks a dimension. The last rows may be empty."""
        self._places: dict[int, int] = {}
        """The row of each trial, by number."""

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """See `Sampler`."""
        super().tell(trial, loss, budget)
        if trial.number not in self._places:
            place = self._places[trial.number] = len(self._places)
            if place == len(self._rows):
                self._rows = np.concatenate([self._rows, np.empty((place + 16, len(self._dimensions)))])
            self._rows[place] = self._row(trial.assignment)

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """See `LearningSampler`."""
        losses = self.known.of_largest_budget(len(self._dimensions) + 1)
        numbers, values = np.array(list(losses)), np.array(list(losses.values()))
        ordered = numbers[np.lexsort((numbers, values))]
        good = min(math.ceil(GOOD * len(ordered)), MOST_GOOD, int(np.isfinite(values).sum()))
        if not good:
            return
        likely = Mixture(
            self._dimensions, self._coordinates(ordered[:good]), weights(good), narrow=self._narrow
        )
        waiting = [self._row(each) for each in pending]
        others = np.vstack([self._coordinates(ordered[good:]), *waiting])
        unlikely = Mixture(self._dimensions, others, weights(len(others)), narrow=self._narrow)
        rng = stream(self.seed, Purpose.PROPOSALS, number)
        draw = partial(likely.draw, rng, CANDIDATES)
        found: list[Assignment] = []
        for drawn_before in range(MOST_DRAWS):
            drawn = (self.space.assignment(point) for point in draw().tolist())
            found += filter(self.space.allows, drawn)
            if found and (len(found) >= CANDIDATES or drawn_before + 1 == MOST_DRAWS):
                points = self._points(found)
                gain = likely.log_density(points) - unlikely.log_density(points)
                for index in np.argsort(-gain, kind="stable").tolist():
                    yield found[index]
                found, draw = [], partial(rng.random, (CANDIDATES, len(self._dimensions)))

    def _coordinates(self, trials: IntArray) -> FloatArray:
        """The rows of these trials, in the order of their numbers."""
        return self._rows[[self._places[number] for number in sorted(trials.tolist())]]

    def _row(self, assignment: Assignment) -> FloatArray:
        found = self.space.nearest_coordinates(assignment)
        return np.array([found.get(each.name, math.nan) for each in self.space.dimensions])

    def _points(self, assignments: Sequence[Assignment]) -> Points:
        middle = np.full((len(assignments), len(self._dimensions)), math.nan)
        low, high = middle.copy(), middle.copy()
        for row, assignment in enumerate(assignments):
            values = values_by_dimension(self.space.dimensions, assignment)
            for column, dimension in enumerate(self.space.dimensions):
                if dimension.name in values:
                    value = values[dimension.name]
                    middle[row, column] = dimension.domain.coordinate(value)
                    if self._dimensions[column].cells:
                        low[row, column], high[row, column] = dimension.domain.share(value)
        return Points(middle, low, high)


def parzen_dimension(dimension: Dimension) -> ParzenDimension:
    """What a mixture needs to know about the dimension."""
    values = dimension.domain.values
    if values is None:
        return ParzenDimension()
    if not dimension.ordered:
        return ParzenDimension(choices=len(values))
    ends = (dimension.domain.share(values[index]) for index in (0, len(values) // 2, -1))
    return ParzenDimension(cells=any(high - low > 1 / MOST_CELLS for low, high in ends))


def weights(count: int) -> FloatArray:
    """The weights of trials in the order of their numbers: the older ones beyond the last 25 have less."""
    older = max(count - RECENT, 0)
    return np.concatenate([np.linspace(1.0 / max(count, 1), 1.0, older), np.ones(count - older)])
