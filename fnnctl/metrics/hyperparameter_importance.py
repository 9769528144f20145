"""The importance of searched settings: how much the best trials' values differ from those of all trials.

It is PED-ANOVA (Watanabe, Bansal & Hutter, IJCAI 2023, arXiv 2304.10255): the variance that a setting alone
explains in being one of the best trials, from two density estimates. So it says what has to be set right to
be among the best, and not what ruins a trial. It has two limitations. A setting that matters only in
combination with another one gets little. And if the search ended trials early, the remaining trials have
similar values of the settings that matter most, so these settings seem less important than they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.normal import normal_cdf
from fnnctl.seeds import Purpose, stream

Scale: TypeAlias = Literal["linear", "log", "choice"]

MIN_TRIALS: Final = 20
"""With fewer trials, importances would be noise."""
BEST_SHARE: Final = 0.1
MIN_BEST: Final = 5
"""At least this many trials count as the best, however few there are."""
MIN_IN_BRANCH: Final = 2.0
"""If fewer of the best trials have a conditional setting, it has no part in what makes them the best."""
CELLS: Final = 50
"""The number of cells into which the range of a number is divided."""
MIN_DEVIATION: Final = 0.5 / 1.64
"""The smallest bandwidth in cells: 90 % of the kernel is then inside its own cell."""
PERMUTATIONS: Final = 200


@dataclass(frozen=True, slots=True)
class HyperparameterImportance:
    """The importance of one setting, relative to that of all settings."""

    share: float
    """The share of the sum over all settings, 0 to 1."""
    chance: float
    """The 95th percentile of the share if the losses are permuted, so that no setting has an effect."""
    trials: int
    """The number of trials that have the setting."""


@dataclass(frozen=True, slots=True)
class SettingValues:
    """The values of one setting."""

    values: FloatArray
    """(n,), one per trial: a number or, for a choice, the index of the value; NaN if it was not set."""
    scale: Scale


def hyperparameter_importances(
    columns: Sequence[SettingValues], losses: FloatArray
) -> list[HyperparameterImportance | None]:
    """The importance of each setting, from its values in n trials with these losses, (n,).

    A loss is infinite if the trial has none; only the order of losses matters. The best trials T are the best
    tenth of all trials R, at least five; trials that tie for the last places share them. With the densities
    p_T and p_R of a setting's values on a grid, and the shares α of T and β of R that have the setting, its
    importance is α²/β · Σ p_R·(p_T/p_R − 1)² (for conditional settings: arXiv 2601.20800). The factor
    (|T|/|R|)² of the paper is the same for all settings. An entry is None if its setting has too few trials
    or only one value; all are None if there are fewer than 20 trials or if all losses are equal.
    """
    best = _best(losses)
    if best is None:
        return [None] * len(columns)
    grids = [_Grid.of(column) for column in columns]
    rng = stream(0, Purpose.PERMUTATIONS)
    permuted = [rng.permutation(best) for _ in range(PERMUTATIONS)]
    values: list[tuple[float, float]] = []
    for grid in filter(None, grids):
        by_chance = [grid.importance(degrees) for degrees in permuted]
        values.append((grid.importance(best), float(np.quantile(by_chance, 0.95))))
    total = math.fsum(value for value, _ in values) or 1.0
    grid_values = iter(values)
    return [_relative(*next(grid_values), total, grid.trials) if grid else None for grid in grids]


def _relative(value: float, chance: float, total: float, trials: int) -> HyperparameterImportance:
    return HyperparameterImportance(value / total, min(1.0, chance / total), trials)


def _best(losses: FloatArray) -> FloatArray | None:
    """How far each trial belongs to the best, (n,), 0 to 1; None if there are too few trials to say."""
    n = len(losses)
    if n < MIN_TRIALS or (losses == losses[0]).all():
        return None
    count = max(MIN_BEST, math.ceil(BEST_SHARE * n))
    last = np.sort(losses)[count - 1]
    better, tied = losses < last, losses == last
    degrees: FloatArray = better + tied * ((count - np.count_nonzero(better)) / np.count_nonzero(tied))
    return degrees


@dataclass(frozen=True, slots=True)
class _Grid:
    """The trials that have a setting, and the cells of their values."""

    where: IntArray
    """(m,), the trials that have it."""
    cells: IntArray
    """(m,), from 0."""
    count: int
    """The number of cells."""
    ordered: bool
    share: float
    """The share of all trials that have it."""
    density: FloatArray
    """(count,), of all trials."""

    @classmethod
    def of(cls, column: SettingValues) -> _Grid | None:
        """None if too few trials have the setting, or if it has only one value."""
        where = np.flatnonzero(np.isfinite(column.values))
        values = column.values[where]
        distinct = np.unique(values)
        if len(where) < MIN_TRIALS or len(distinct) < 2:
            return None
        if column.scale == "choice" or 2 * len(distinct) <= min(len(values), 2 * CELLS):
            # Few values, such as integers or steps, are a cell each: they are evenly spaced on their scale.
            cells, count = np.searchsorted(distinct, values), len(distinct)
        else:
            places = np.log(values) if column.scale == "log" else values
            low, high = places.min(), places.max()
            cells = np.minimum(((places - low) / (high - low) * CELLS).astype(np.intp), CELLS - 1)
            count = CELLS
        ordered = column.scale != "choice"
        density = _density(np.bincount(cells, minlength=count).astype(float), ordered=ordered)
        return cls(where, cells, count, ordered, len(where) / len(column.values), density)

    @property
    def trials(self) -> int:
        """The number of trials that have the setting."""
        return len(self.where)

    def importance(self, best: FloatArray) -> float:
        """The setting's importance if each trial belongs to the best to this degree, (n,)."""
        weights = best[self.where]
        if (weight := float(weights.sum())) < MIN_IN_BRANCH:
            return 0.0
        density = _density(np.bincount(self.cells, weights, self.count).astype(float), ordered=self.ordered)
        divergence = float((self.density * np.square(density / self.density - 1)).sum())
        return float((weight / best.sum()) ** 2 / self.share * divergence)


def _density(counts: FloatArray, *, ordered: bool) -> FloatArray:
    """A Parzen estimate on cells from the counts per cell, (cells,), with a uniform prior of weight 1.

    For numbers, kernels are normal distributions, truncated to the cells, with Scott's bandwidth; for
    choices, they give the cells of other choices a share that falls with the number of trials.
    """
    total, count = float(counts.sum()), len(counts)
    if not ordered:
        similarity = 1 / (total + 1)
        density = (counts + total * similarity) / (1 + count * similarity)
        return np.asarray((density + 1 / count) / (total + 1))
    density = counts @ _kernels(count, _bandwidth(counts))
    return np.asarray((density + _prior(count)) / (total + 1))


@lru_cache(maxsize=16)
def _prior(count: int) -> FloatArray:
    """The mass of the prior in each cell, (cells,); it is kept, as hundreds of permutations need it."""
    mass = np.diff(normal_cdf((np.arange(count + 1) - count / 2) / count))
    return np.asarray(mass / mass.sum())


def _bandwidth(counts: FloatArray) -> float:
    """Scott's rule in cells, with the interquartile range as in Silverman's, from counts per cell."""
    total, places = float(counts.sum()), np.arange(len(counts))
    mean = float(counts @ places) / total
    deviation = math.sqrt(float(counts @ np.square(places - mean)) / max(1.0, total - 1))
    upto = np.cumsum(counts)
    low, high = (int(np.searchsorted(upto, share * total - 1e-9)) for share in (0.25, 0.75))
    return max(1.059 * min((high - low) / 1.34, deviation) / math.pow(total, 0.2), MIN_DEVIATION)


@lru_cache(maxsize=256)
def _kernels(count: int, deviation: float) -> FloatArray:
    """The mass that a normal distribution at the middle of each cell has in each cell, (cells, cells).

    It is kept: where a setting has few values, most permutations have one of a few deviations.
    """
    below = normal_cdf((np.arange(1 - count, count + 1) - 0.5) / deviation)
    cells = np.arange(count)
    edges = below[np.arange(count + 1) - cells[:, None] + count - 1]
    mass = np.diff(edges, axis=1)
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))
