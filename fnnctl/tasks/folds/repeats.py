"""The repeats of a cross-validation: the folds of each, combined in the order of the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
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

    def joined(self, of_parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Arrays whose first axis runs over the rows of a part, one per part, as one array (n, …)."""
        return np.concatenate(of_parts)[self.order]

    def mean(self, of_parts: Sequence[float], sizes: Sequence[int]) -> float:
        """The mean over all rows, from the mean and the number of rows of each part."""
        total = math.fsum(mean * rows for mean, rows in zip(of_parts, sizes, strict=True))
        return total / len(self.rows)


def repeats_of(folds: Sequence[FoldScores], kind: type[P]) -> list[Repeat[P]]:
    """The repeats that have scores of this kind."""
    found = []
    for number in dict.fromkeys(each.repeat for each in folds):
        scored = [
            (each, each.part) for each in folds if each.repeat == number and isinstance(each.part, kind)
        ]
        if scored:
            rows = np.concatenate([each.rows for each, _ in scored])
            fold = np.concatenate([np.full(len(each.rows), each.fold) for each, _ in scored])
            order = np.argsort(rows)
            parts = [part for _, part in scored]
            found.append(Repeat(number, parts, rows[order], fold[order], order))
    return found
