"""The edges of bins that tell the targets apart: each network's own, from its own training rows.

They are the thresholds of a decision tree with one input, a number's coordinate among the fine bins of the
preprocessing (Gorishniy et al., 2022, section 3.2). Edges from other rows than the network's would make its
predictions of rows that it is not trained on, such as those outside of its bag, look better than they are.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.shape import NetworkShape
from fnnctl.training.joint_targets import targets_of_rows
from fnnctl.training.members import Member, weights_in_loss, with_equal_rows
from fnnctl.training.pool import Pool, gathered_features

LEAST_ROWS: Final = 10
"""A leaf has at least so many rows."""
LEAST_GAIN: Final = 1e-9
"""A division has to gain more than this per row: less may be a rounding error."""
SMALLEST: Final = np.finfo(np.float64).tiny
"""In place of 0 within a logarithm."""
BIN: Final = np.dtype(np.uint16)
"""The type of the numbers of fine bins, of which there are a few hundred."""


def target_edges(
    shape: NetworkShape, members: Sequence[Member], pool: Pool, dtype: np.dtype[np.floating]
) -> FloatArray:
    """The edges of the bins of K networks with an embedding of numbers, (K, numbers, bins + 1)."""
    if shape.stage is None or shape.stage.numeric is None:
        raise ValueError("the networks have no embedding of numbers")
    numbers, bins = shape.stage.numeric.numbers, shape.stage.numeric.bins
    end = shape.inputs - shape.stage.coded
    edges = np.empty((len(members), numbers, bins + 1), dtype)
    for group in with_equal_rows(members):
        rows, weights = members[group[0]].train_rows, weights_in_loss(members[group[0]], pool.factors)
        if weights is not None:
            rows, weights = rows[weights > 0.0], weights[weights > 0.0]
        fine_bins = gathered_features(pool, rows, shape.inputs, slice(end - numbers, end), dtype, BIN)
        targets = targets_of_rows(shape.output, pool, rows, members[group[0]].target)
        for j in range(numbers):
            edges[group, j] = tree_edges(fine_bins[:, j].astype(np.intp), targets, weights, leaves=bins)
    return edges


def tree_edges(
    bins: IntArray,
    targets: TargetArray,
    weights: FloatArray | None = None,
    *,
    leaves: int,
    least_rows: int = LEAST_ROWS,
) -> FloatArray:
    """The edges of at most `leaves` groups of fine bins, (leaves + 1,); the last one is repeated.

    `bins` (n,) are the rows' fine bins, and `targets` (n,) their classes, which are integers, or numbers,
    (n,) or several columns of them.
    Rows count by their `weights` (n,), all above 0, divided by their mean. The leaf whose division gains most
    is divided first. Of classes, the gain is that of the entropy, of numbers that of the sum of squares.
    """
    totals = _Totals.of(bins, targets, np.ones(len(bins)) if weights is None else weights / weights.mean())
    edges = [0, len(totals.rows) - 1]
    divisions = [division for division in [totals.best_division(*edges, least_rows=least_rows)] if division]
    while divisions and len(edges) <= leaves:
        _, start, stop, middle = heapq.heappop(divisions)
        edges.append(middle)
        for part in ((start, middle), (middle, stop)):
            if division := totals.best_division(*part, least_rows=least_rows):
                heapq.heappush(divisions, division)
    edges.sort()
    return np.array([*edges, *[edges[-1]] * (leaves + 1 - len(edges))], np.float64)


class _Division(NamedTuple):
    """A leaf and where it is divided; the one that gains most is the smallest."""

    loss: float
    """The gain, negative."""
    start: int
    stop: int
    middle: int


class _Totals(NamedTuple):
    """What is known of the rows before each of F fine bins, and before the end."""

    rows: FloatArray
    """(F + 1,): their number, by weight."""
    sums: FloatArray
    """(F + 1, c): the rows of each class, or the sum of each column of targets."""
    purity: Callable[[FloatArray, FloatArray], FloatArray]
    """How alike the targets of groups (g,) are, from their numbers of rows and their sums (g, c)."""

    @classmethod
    def of(cls, bins: IntArray, targets: TargetArray, weights: FloatArray) -> _Totals:
        count = int(bins.max()) + 1
        rows = np.bincount(bins, weights, count)
        purity: Callable[[FloatArray, FloatArray], FloatArray]
        if np.issubdtype(targets.dtype, np.integer):
            classes = int(targets.max()) + 1
            sums = np.bincount(bins * classes + targets, weights, count * classes).reshape(count, classes)
            purity = _negative_entropy
        else:
            numbers = targets.reshape(len(targets), -1)
            centred = numbers - np.average(numbers.astype(np.float64), axis=0, weights=weights)
            of_columns = [np.bincount(bins, weights * column, count) for column in centred.T]
            sums, purity = np.stack(of_columns, axis=1), _explained_squares
        return cls(_before(rows), _before(sums), purity)

    def best_division(self, start: int, stop: int, *, least_rows: int) -> _Division | None:
        """The best division of the leaf of some fine bins into two of enough rows; None if there is none."""
        rows, sums = self.rows, self.sums
        first = int(np.searchsorted(rows, rows[start] + least_rows))
        last = int(np.searchsorted(rows, rows[stop] - least_rows, side="right"))
        if first >= last:
            return None
        before, sums_before = rows[first:last] - rows[start], sums[first:last] - sums[start]
        whole, sums_of_whole = rows[stop] - rows[start], sums[stop] - sums[start]
        # Together, because there are few bins, so that each operation takes hardly longer for one part.
        purities = self.purity(
            np.concatenate([before, whole - before, [whole]]),
            np.concatenate([sums_before, sums_of_whole - sums_before, sums_of_whole[None]]),
        )
        gains = purities[: last - first] + purities[last - first : -1] - purities[-1]
        best = int(gains.argmax())
        if gains[best] <= LEAST_GAIN * (rows[stop] - rows[start]):
            return None
        return _Division(-float(gains[best]), start, stop, first + best)


def _before(values: FloatArray | IntArray) -> FloatArray:
    """The sums of the values before each one, and of all."""
    return np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)]).astype(np.float64)


def _negative_entropy(rows: FloatArray, counts: FloatArray) -> FloatArray:
    """Σ n log n over the classes, less n log n of all: 0 if all rows are of one class."""
    terms = counts * np.log(np.maximum(counts, SMALLEST))
    return np.asarray(terms.sum(axis=1) - rows * np.log(rows))


def _explained_squares(rows: FloatArray, sums: FloatArray) -> FloatArray:
    """The squares of the means of the targets, summed over their columns and the rows."""
    return np.asarray((sums**2).sum(axis=1) / rows)
