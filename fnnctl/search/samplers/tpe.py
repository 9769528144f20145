"""A tree-structured Parzen estimator: densities of good and of other trials propose the next one.

Bergstra et al., Algorithms for hyper-parameter optimization, NeurIPS 2011; the constants are those of Optuna
where nothing else is said.

The densities are Parzen estimators: mixtures with one kernel per trial, a product over dimensions, and a
prior kernel. All dimensions have coordinates in [0, 1]. A kernel is a normal distribution truncated to [0, 1]
in an ordered dimension, and a distribution over the values of a choice. A dimension that a trial lacks,
because its condition does not hold, has the prior's distribution in the trial's kernel; a point without the
dimension has a density over the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from statistics import NormalDist
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.normal import normal_cdf
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment, values_by_dimension
from fnnctl.space.dimensions import Dimension
from fnnctl.space.identity import identity
from fnnctl.space.space import Space

END: Final = 8.5
"""Farther from 0 a tail is less than the rounding of 1."""
PER_UNIT: Final = 256
PRIOR_MEAN: Final = 0.5
PRIOR_SIGMA: Final = 1.0
MAX_CELLS: Final = 100
"""With more values than this, all equally likely, the density at a value stands for its probability."""
_LOG_ROOT: Final = 0.5 * math.log(2 * math.pi)
_MIN_MASS: Final = 1e-300
CANDIDATES: Final = 24
GOOD: Final = 0.1
"""The share of trials that count as good."""
MAX_GOOD: Final = 25
MIN_RESULTS: Final = 30
"""From this many results at a budget on, they are modelled instead of those at a smaller one: three are good.

With one good result, all proposals of ASHA gathered around it.
"""
RECENT: Final = 25
"""This many of the latest trials have full weight."""
MAX_DRAWS: Final = 20
"""This many times candidates are drawn if all are known or violate the constraints."""


def cdf(z: FloatArray) -> FloatArray:
    """The share below each z, to 10⁻¹²: cubic interpolation in a table, with the density as the slope."""
    cubes = _cubes()
    t = np.clip(z, -END, END)
    t += END
    t *= PER_UNIT
    left = t.astype(np.intp)
    t -= left
    shares: FloatArray = cubes[3][left]
    for coefficients in cubes[2::-1]:
        shares *= t
        shares += coefficients[left]
    return shares


@cache
def _cubes() -> FloatArray:
    """The coefficients of t⁰ to t³ in each step of the table."""
    points = np.arange(round(2 * END * PER_UNIT) + 2) / PER_UNIT - END
    shares = normal_cdf(points)
    slopes = np.exp(-0.5 * points**2) / (math.sqrt(2 * math.pi) * PER_UNIT)
    rise = np.diff(shares)
    first, last = slopes[:-1] - rise, slopes[1:] - rise
    return np.stack([shares[:-1], slopes[:-1], -2 * first - last, first + last])


@dataclass(frozen=True, slots=True)
class ParzenDimension:
    """What a mixture needs to know about a dimension."""

    choices: int = 0
    """The number of values of a choice; 0 if the dimension is ordered."""
    cells: bool = False
    """Whether an ordered dimension has values with probabilities instead of a density."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points whose density is wanted; NaN where a point lacks a dimension."""

    middle: FloatArray
    """Coordinates, by point and dimension."""
    low: FloatArray
    """The lower end of each value's share of the unit interval."""
    high: FloatArray


class ParzenMixture:
    """A mixture with a kernel for each trial, and the prior as the last kernel."""

    def __init__(
        self,
        dimensions: Sequence[ParzenDimension],
        trials: FloatArray,
        weights: FloatArray,
        *,
        narrow: bool = False,
    ) -> None:
        """`trials` are coordinates, by trial and dimension, with NaN where a trial lacks a dimension.

        The prior's weight is 1. Continuous dimensions can have `narrow` kernels.
        """
        self._dimensions = dimensions
        self._weights = np.append(weights, 1.0) / (weights.sum() + 1.0)
        shape = len(trials) + 1, len(dimensions)
        self._mean, self._sigma = np.full(shape, PRIOR_MEAN), np.full(shape, PRIOR_SIGMA)
        self._tables: dict[int, FloatArray] = {}
        """The probabilities of the values of each choice, by kernel and value."""
        for index, dimension in enumerate(dimensions):
            column = trials[:, index]
            if dimension.choices:
                self._tables[index] = choice_kernels(column, dimension.choices)
            else:
                present = np.flatnonzero(~np.isnan(column))
                self._mean[present, index] = column[present]
                self._sigma[present, index] = bandwidths(
                    column[present], narrow=narrow and not dimension.cells
                )
        self._below, self._above = cdf(-self._mean / self._sigma), cdf((1 - self._mean) / self._sigma)

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Random points: coordinates by point and dimension."""
        kernels = rng.choice(len(self._weights), size=count, p=self._weights)
        uniform = rng.random((count, len(self._dimensions)))
        points = np.empty_like(uniform)
        inverse = NormalDist().inv_cdf
        for index in range(len(self._dimensions)):
            u = uniform[:, index]
            if index in self._tables:
                table = self._tables[index][kernels]
                categories = (np.cumsum(table, axis=1) < u[:, None]).sum(axis=1)
                points[:, index] = (np.minimum(categories, table.shape[1] - 1) + 0.5) / table.shape[1]
                continue
            low, high = self._below[kernels, index], self._above[kernels, index]
            shares = np.clip(low + u * (high - low), 1e-16, 1 - 1e-16)
            z = np.array([inverse(share) for share in shares.tolist()])
            points[:, index] = self._mean[kernels, index] + self._sigma[kernels, index] * z
        return np.clip(points, 0.0, np.nextafter(1.0, 0.0))

    def log_density(self, points: Points) -> FloatArray:
        """The logarithm of each point's density; of its probability in dimensions with values."""
        logs = np.log(self._weights) + np.zeros((len(points.middle), 1))
        lacks = np.isnan(points.middle)
        for index, dimension in enumerate(self._dimensions):
            if dimension.choices:
                added = self._log_choice(index, points.middle[:, index])
            elif dimension.cells:
                added = self._log_mass(index, points.low[:, index], points.high[:, index])
            else:
                added = self._log_normal(index, points.middle[:, index])
            if lacks[:, index].any():
                added[lacks[:, index]] = 0.0
            logs += added
        most = logs.max(axis=1)
        log_densities: FloatArray = most + np.log(np.exp(logs - most[:, None]).sum(axis=1))
        return log_densities

    def _log_choice(self, index: int, column: FloatArray) -> FloatArray:
        table = self._tables[index]
        logs: FloatArray = np.log(table).T[chosen_values(np.nan_to_num(column), table.shape[1])]
        return logs

    def _log_normal(self, index: int, column: FloatArray) -> FloatArray:
        mean, sigma = self._mean[:, index], self._sigma[:, index]
        z = (column[:, None] - mean) / sigma
        z *= z
        z *= -0.5
        z -= np.log(sigma * (self._above[:, index] - self._below[:, index])) + _LOG_ROOT
        density: FloatArray = z
        return density

    def _log_mass(self, index: int, low: FloatArray, high: FloatArray) -> FloatArray:
        """Each kernel is computed once: many trials have the same value, and few kernels differ."""
        # pairs are complex numbers, because NumPy finds unique rows much more slowly
        kernels = self._mean[:, index] + 1j * self._sigma[:, index]
        _, first, which = np.unique(kernels, return_index=True, return_inverse=True)
        mean, sigma = self._mean[first, index], self._sigma[first, index]
        ends = (np.stack([low, high])[:, :, None] - mean) / sigma
        below = cdf(np.nan_to_num(ends))
        mass = np.maximum(below[1] - below[0], _MIN_MASS)
        logs: FloatArray = np.log(mass / (self._above[first, index] - self._below[first, index]))[:, which]
        return logs


def bandwidths(column: FloatArray, *, narrow: bool = False) -> FloatArray:
    """The standard deviation of each kernel: the larger gap to its neighbours or to the ends.

    The outermost two have one gap, if there are several. All are at most 1 and at least 1 / min(100, n + 2),
    as in Optuna, or half of that if they may be narrow.
    """
    count = len(column)
    if not count:
        return np.empty(0)
    order = np.argsort(column, kind="stable")
    gaps = np.diff(column[order], prepend=0.0, append=1.0)
    if count > 1:
        gaps[0] = gaps[-1] = 0.0
    widths = np.empty(count)
    widths[order] = np.maximum(gaps[:-1], gaps[1:])
    least = 1.0 / min(100, count + 2)
    return np.clip(widths, least / 2 if narrow else least, 1.0)


def choice_kernels(column: FloatArray, choices: int) -> FloatArray:
    """The probabilities of a choice's values, by kernel and value; the last kernel is the prior."""
    table = np.full((len(column) + 1, choices), 1.0 / choices)
    present = np.flatnonzero(~np.isnan(column))
    even = 1.0 / (len(present) + 1)
    table[present] = even
    table[present, chosen_values(column[present], choices)] += 1.0
    table /= table.sum(axis=1, keepdims=True)
    return table


def chosen_values(column: FloatArray, choices: int) -> IntArray:
    """The index of each coordinate's value."""
    return np.minimum((column * choices).astype(np.intp), choices - 1)


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
        self._dimensions = [parzen_dimension(dimension) for dimension in space.dimensions]
        self._rows = np.empty((0, len(self._dimensions)))
        """The coordinates of trials; NaN where a trial lacks a dimension. The last rows may be empty."""
        self._places: dict[int, int] = {}
        """The row of each trial, by number."""

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Add the trial's coordinates and its loss."""
        super().tell(trial, loss, budget)
        if trial.number not in self._places:
            row = self._places[trial.number] = len(self._places)
            if row == len(self._rows):
                self._rows = np.concatenate([self._rows, np.empty((row + 16, len(self._dimensions)))])
            self._rows[row] = self._row(trial.assignment)

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """Candidates that are more likely among good trials than among the others, the most so first."""
        losses = self.known.of_largest_budget(max(len(self._dimensions) + 1, MIN_RESULTS))
        numbers, values = np.array(list(losses)), np.array(list(losses.values()))
        ordered = numbers[np.lexsort((numbers, values))]
        good = min(math.ceil(GOOD * len(ordered)), MAX_GOOD, int(np.isfinite(values).sum()))
        if not good:
            return
        likely = ParzenMixture(
            self._dimensions, self._coordinates(ordered[:good]), weights(good), narrow=self._narrow
        )
        waiting = [self._row(assignment) for assignment in pending]
        worse = np.vstack([self._coordinates(ordered[good:]), *waiting])
        unlikely = ParzenMixture(self._dimensions, worse, weights(len(worse)), narrow=self._narrow)
        rng = stream(self.seed, Purpose.PROPOSALS, number)
        draw = partial(likely.draw, rng, CANDIDATES)
        candidates: list[Assignment] = []
        for drawn_before in range(MAX_DRAWS):
            assignments = (self.space.assignment(point) for point in draw().tolist())
            candidates += filter(self.space.allows, assignments)
            if candidates and (len(candidates) >= CANDIDATES or drawn_before + 1 == MAX_DRAWS):
                points = self._points(candidates)
                gain = likely.log_density(points) - unlikely.log_density(points)
                for index in np.argsort(-gain, kind="stable").tolist():
                    yield candidates[index]
                candidates, draw = [], partial(rng.random, (CANDIDATES, len(self._dimensions)))

    def _coordinates(self, trials: IntArray) -> FloatArray:
        """The rows of these trials, in the order of their numbers."""
        return self._rows[[self._places[number] for number in sorted(trials.tolist())]]

    def _row(self, assignment: Assignment) -> FloatArray:
        coordinates = self.space.nearest_coordinates(assignment)
        return np.array([coordinates.get(dimension.name, math.nan) for dimension in self.space.dimensions])

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
    return ParzenDimension(cells=any(high - low > 1 / MAX_CELLS for low, high in ends))


def weights(count: int) -> FloatArray:
    """The weights of trials in the order of their numbers: the older ones beyond the last 25 have less."""
    older = max(count - RECENT, 0)
    return np.concatenate([np.linspace(1.0 / max(count, 1), 1.0, older), np.ones(count - older)])


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler that knows whether all results have one budget."""
    one_budget = not search.method.scheduling.has_rungs
    return TpeSampler(space, seed=seed, key=key, one_budget=one_budget)
