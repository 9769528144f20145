"""What the tasks share for cross-validations: the folds of a repeat together, and means over repeats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray
from fnnctl.tasks.task import FoldScores, PartScores

P = TypeVar("P", bound=PartScores)


@dataclass(frozen=True, slots=True)
class Repeat(Generic[P]):
    """The folds of one repeat that have scores; together they have n rows."""

    number: int
    """Counted from 0."""
    parts: Sequence[P]
    """The scores of each fold."""
    rows: IntArray
    """(n,) row indices of the data set, ascending."""
    folds: IntArray
    """(n,) the fold that predicted each row."""
    order: IntArray
    """(n,) the order that sorts the rows of all parts."""

    def concatenate(self, parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Arrays whose first axis runs over the rows of a part, one per part, as one array (n, …)."""
        return np.concatenate(parts)[self.order]

    def concatenate_known(self, parts: Sequence[npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
        """The same; None if a part has none."""
        known = [part for part in parts if part is not None]
        return self.concatenate(known) if len(known) == len(parts) else None

    def mean(self, values: Sequence[float], sizes: Sequence[int]) -> float:
        """The mean over all rows, from the mean and the number of rows of each part."""
        total = math.fsum(mean * rows for mean, rows in zip(values, sizes, strict=True))
        return total / len(self.rows)


def repeats_of(folds: Sequence[FoldScores], kind: type[P]) -> list[Repeat[P]]:
    """The repeats that have scores of this kind."""
    repeats = []
    for number in dict.fromkeys(scores.repeat for scores in folds):
        scored = [
            (scores, scores.part)
            for scores in folds
            if scores.repeat == number and isinstance(scores.part, kind)
        ]
        if scored:
            rows = np.concatenate([scores.rows for scores, _ in scored])
            fold = np.concatenate([np.full(len(scores.rows), scores.fold) for scores, _ in scored])
            order = np.argsort(rows)
            parts = [part for _, part in scored]
            repeats.append(Repeat(number, parts, rows[order], fold[order], order))
    return repeats


def mean_metrics(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean of metrics and of interval ends; of counts, such as `support`, the largest.

    If some parts lack a metric, its mean is over the others.
    """
    mean: dict[str, Any] = _mean_value(parts)
    return mean


def _mean_value(values: Sequence[Any]) -> Any:
    """The mean of numbers and interval ends, also within mappings; of counts, the largest."""
    present = [value for value in values if value is not None]
    if not present:
        return None
    if isinstance(present[0], Mapping):
        names = dict.fromkeys(name for mapping in present for name in mapping)
        return {name: _mean_value([mapping.get(name) for mapping in present]) for name in names}
    if isinstance(present[0], list):
        return [_mean_value(ends) for ends in zip(*present, strict=True)]
    if isinstance(present[0], int):
        return max(present)
    return math.fsum(present) / len(present)
