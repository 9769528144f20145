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
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.members import Member
from fnnctl.training.pool import Pool

LEAST_ROWS: Final = 10
"""A leaf has at least so many rows."""
LEAST_GAIN: Final = 1e-9
"""A division has to gain more than this per row: less may be a rounding error."""
BIN: Final = np.dtype(np.uint16)
"""The type of the numbers of fine bins, of which there are a few hundred."""
BLOCK_VALUES: Final = 2**20
"""The features that are gathered together to find their bins."""


def initial_statistics(
    layout: ParameterLayout, members: Sequence[Member], pool: Pool, dtype: np.dtype[np.floating]
) -> FloatArray:
    """The statistics of K networks before their training, (K, S), with the edges of their own bins."""
    statistics = layout.initial_statistics(len(members), dtype)
    if layout.stage is None or layout.stage.edges is None:
        return statistics
    edges = layout.stage.edges.view(statistics)
    numbers, ends = edges.shape[1:]
    first_of_rows: dict[tuple[bytes, bytes], int] = {}  # members without bags, and twins, have equal rows
    for k, member in enumerate(members):
        rows, weights = member.train_rows, member.weights
        first = first_of_rows.setdefault((rows.tobytes(), b"" if weights is None else weights.tobytes()), k)
        if first < k:
            edges[k] = edges[first]
            continue
        if weights is not None:
            rows, weights = rows[weights > 0.0], weights[weights > 0.0]
        bins = _fine_bins(pool, rows, layout.shape.inputs, numbers, dtype)
        targets = pool.targets[rows]
        for j in range(numbers):
            edges[k, j] = tree_edges(bins[:, j].astype(np.intp), targets, weights, leaves=ends - 1)
    return statistics


def _fine_bins(
    pool: Pool, rows: IntArray, features: int, numbers: int, dtype: np.dtype[np.floating]
) -> IntArray:
    """The fine bins, (n, numbers), of rows of a pool; the numbers' coordinates are the last features."""
    bins = np.empty((rows.size, numbers), BIN)
    step = max(1, BLOCK_VALUES // (features + 1))
    for start in range(0, rows.size, step):
        block = rows[None, start : start + step]
        inputs = np.empty((1, block.size, features + 1), dtype)
        pool.gather(block, inputs)
        bins[start : start + step] = inputs[0, :, -1 - numbers : -1]
    return bins


def tree_edges(
    bins: IntArray,
    targets: TargetArray,
    weights: FloatArray | None = None,
    *,
    leaves: int,
    least_rows: int = LEAST_ROWS,
) -> FloatArray:
    """The edges of at most `leaves` groups of fine bins, (leaves + 1,); the last one is repeated.

    `bins` (n,) are the rows' fine bins, and `targets` (n,) their classes, which are integers, or numbers.
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
    """(F + 1, c): the rows of each class, or the sum of the targets."""
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
            centred = targets - np.average(targets.astype(np.float64), weights=weights)
            sums, purity = np.bincount(bins, weights * centred, count)[:, None], _explained_squares
        return cls(_before(rows), _before(sums), purity)

    def best_division(self, start: int, stop: int, *, least_rows: int) -> _Division | None:
        """The best division of the leaf of some fine bins into two of enough rows; None if there is none."""
        rows, sums = self.rows, self.sums
        first = int(np.searchsorted(rows, rows[start] + least_rows))
        last = int(np.searchsorted(rows, rows[stop] - least_rows, side="right"))
        if first >= last:
            return None
        lower_part = self.purity(rows[first:last] - rows[start], sums[first:last] - sums[start])
        upper_part = self.purity(rows[stop] - rows[first:last], sums[stop] - sums[first:last])
        whole = self.purity(rows[stop, None] - rows[start], sums[stop, None] - sums[start])
        gains = lower_part + upper_part - whole
        best = int(gains.argmax())
        if gains[best] <= LEAST_GAIN * (rows[stop] - rows[start]):
            return None
        return _Division(-float(gains[best]), start, stop, first + best)


def _before(values: FloatArray | IntArray) -> FloatArray:
    """The sums of the values before each one, and of all."""
    return np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)]).astype(np.float64)


def _negative_entropy(rows: FloatArray, counts: FloatArray) -> FloatArray:
    """Σ n log n over the classes, less n log n of all: 0 if all rows are of one class."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0.0, counts * np.log(counts), 0.0)
    return np.asarray(terms.sum(axis=1) - rows * np.log(rows))


def _explained_squares(rows: FloatArray, sums: FloatArray) -> FloatArray:
    """The squares of the mean of the targets, summed over the rows."""
    return np.asarray(sums[:, 0] ** 2 / rows)
