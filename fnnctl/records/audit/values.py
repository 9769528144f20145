"""What is known of every trial at each rung's epochs, read from its results and its learning curves.

A trial that trains to 9 epochs at once has the objective after 1 and 3 epochs in its curve. These are the
bits that it would have had at rungs there: lr_schedules have the same horizon in every bracket.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.records.history import SearchHistory
from fnnctl.records.trials import CURVE, Result, Status

NEVER: Final = np.iinfo(np.int64).max
"""The end of a trial that did not end by itself."""
_ENDED: Final = {Status.STOPPED_EARLY, Status.DIVERGED, Status.FAILED}


@dataclass(frozen=True, slots=True)
class RungValues:
    """n trials with results, by number, at L rungs."""

    epochs: tuple[int, ...]
    """(L,) the cumulative budgets of the rungs of all brackets, rising."""
    losses: FloatArray
    """(n, L) the objective as a loss to minimize. NaN if it is unknown.

    As in the search, a trial that stopped early keeps its value at every later rung, and one that diverged or
    failed is worse than all others from then on: infinite. One that its curve stopped is unknown from then
    on.
    """
    first: IntArray
    """(n,) the epochs that each trial was granted in its first job, before it was compared with any other."""
    spent: IntArray
    """(n,) the epochs that it trained in all jobs."""
    ends: IntArray
    """(n,) the epoch in which it ended by itself (it stopped early, diverged or failed), or `NEVER`."""


def rung_values(search: SearchHistory) -> RungValues:
    """The values of all trials that have a result; rows in the order of the trials' numbers."""
    epochs, curve = tuple(sorted({rung.epochs for rung in search.rungs})), search.objective_curve
    sign = 1.0 if search.direction == "minimize" else -1.0
    rows = {number: row for row, number in enumerate(sorted(search.standings.latest))}
    values = RungValues(
        epochs=epochs,
        losses=np.full((len(rows), len(epochs)), np.nan),
        first=np.zeros(len(rows), np.int64),
        spent=np.zeros(len(rows), np.int64),
        ends=np.full(len(rows), NEVER),
    )
    for result in search.results:
        row, start = rows[result.trial], search.starts[result.key]
        if not values.first[row]:
            values.first[row] = result.budget
        values.spent[row] += result.epochs
        if result.status in _ENDED:
            values.ends[row] = min(values.ends[row], _end(result, start))
        for rung, value in _values(result, start, epochs, _curve(result, curve)):
            values.losses[row, rung] = math.inf if value is None else sign * value
    return values


def _values(
    result: Result, start: int, epochs: Sequence[int], curve: Sequence[float | None]
) -> Iterator[tuple[int, float | None]]:
    """The objectives that a result says, each with the index of its rung; None is worse than all others."""
    has_ended = result.status in _ENDED
    end = _end(result, start) if has_ended else result.budget
    for rung in range(bisect_right(epochs, start), len(epochs)):
        epoch = epochs[rung]
        if epoch == end or (epoch > end and has_ended):
            yield rung, result.objective
        elif epoch < end and epoch - start <= len(curve):
            yield rung, curve[epoch - start - 1]


def _end(result: Result, start: int) -> int:
    """The last epoch of a job; if it could not train at all, the one that it should have begun with."""
    return start + max(1, result.epochs)


def _curve(result: Result, name: str | None) -> Sequence[float | None]:
    """The objective after each epoch of the job; empty if it was not recorded."""
    curve: Sequence[float | None] = ((result.facts or {}).get(CURVE) or {}).get(name, ())
    return curve if len(curve) == result.epochs else ()
