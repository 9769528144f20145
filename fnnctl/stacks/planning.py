"""Which fits train together, on which executor, and with how many workers.

These choices affect only time and memory. A fit's results never depend on the rest of its stack.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from fnnctl.executors.processes import can_fork
from fnnctl.executors.registry import EXECUTORS, ExecutorKind
from fnnctl.memory import available_bytes
from fnnctl.modelling.fit import Fit
from fnnctl.stacks.costs import rough_seconds, step_values
from fnnctl.training.members import StackSettings
from fnnctl.training.memory import training_bytes

CACHE_VALUES = 2**18
"""The most values that one step of a stack should touch: 1 MB of float32, which fits second-level caches."""
MIN_FITS_PER_WORKER = 4
"""With fewer fits per worker than this, each worker gets some of them, however small its stacks are.

A judgement: an idle worker then costs more than the calls of a stack of one fit.
"""
WORTH_FORKS = 0.1
"""With more seconds of training than this, forks of this process pay off."""
WORTH_THREADS = 0.5
"""With more seconds than this, threads pay off."""
WORTH_PROCESSES = 4.0
"""With more seconds than this, starting processes pays off; each must import NumPy and the rest."""
LONG_STEP = 2**16
"""If a step touches more values than this, operations are long enough for threads to be efficient."""
MAX_SENT = 2**24
"""Larger data sets, by number of values, are shared by threads instead of copied to processes."""
SHARE_OF_MEMORY = 0.5
"""The share of the available memory that stacks may take. A judgement: the rest is for scores and
checkpoints, for programs that start later, and for errors of the estimate."""


def group_into_stacks(
    keys: Sequence[Hashable], *, most: int, workers: int = 1, costs: Sequence[float] | None = None
) -> list[list[int]]:
    """The indices of the keys, stack by stack: equal keys together, in order, at most `most` in a stack.

    The fits, ordered by key, are cut into one run per worker, of about equal costs. So there are hardly more
    stacks than workers and keys, because each stack adds the time of its steps' calls. A single fit is not
    cut off from its key, unless workers would be idle.

    Args:
        keys: What networks of one stack must have in common: their settings and their numbers of rows.
        most: The size of the largest stack.
        workers: How many of them share the stacks.
        costs: The time of each fit, in any unit; equal by default.
    """
    alike: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        alike.setdefault(key, []).append(index)
    order = [index for indices in alike.values() for index in indices]
    cuts = {0, *accumulate(len(indices) for indices in alike.values())}
    # a cut next to the end of a key would leave a stack of one fit, which pays for the calls of all its steps
    spared = 1 if len(order) >= workers * MIN_FITS_PER_WORKER else 0
    for cut in _equal_cuts([1.0 if costs is None else costs[index] for index in order], workers):
        if min(abs(cut - earlier) for earlier in cuts) > spared:
            cuts.add(cut)
    stacks: list[list[int]] = []
    for start, end in pairwise(sorted(cuts)):
        count = math.ceil((end - start) / most)
        ends = [start + (end - start) * k // count for k in range(count + 1)]
        stacks += [order[first:last] for first, last in pairwise(ends)]
    return stacks


def _equal_cuts(costs: Sequence[float], parts: int) -> Iterator[int]:
    """Where to cut the sequence into so many parts of about equal total costs, as indices."""
    ends = list(accumulate(costs))
    middles = [end - cost / 2 for end, cost in zip(ends, costs, strict=True)]
    for part in range(1, parts):
        yield bisect(middles, ends[-1] * part / parts) if ends else 0


def best_size(settings: StackSettings) -> int:
    """The number of fits with which a step's values still fit in the cache."""
    return max(1, CACHE_VALUES // step_values(settings))


def affordable_fits(settings: StackSettings, *, rows: int, available: int | None) -> int:
    """How many fits may train at the same time, each with its own pool of `rows` rows; at least one."""
    if available is None:
        return 10**9
    return max(1, available // training_bytes(settings, rows=rows))


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """An executor kind and its number of workers."""

    kind: ExecutorKind
    workers: int


def plan_folds(fits: Sequence[Fit], *, rows: int, workers: int) -> tuple[WorkerPlan, list[list[int]]]:
    """The workers, and stacks of fits by index; together they fit into the free memory."""
    largest = max((fit.settings for fit in fits), key=step_values)
    affordable = affordable_at_once(largest, rows=rows)
    seconds = [
        rough_seconds(fit.settings, train_rows=fit.trained_rows, epochs=fit.experiment.training.epochs)
        for fit in fits
    ]
    values = rows * largest.shape.inputs
    kind = executor_kind(math.fsum(seconds), step_values(largest), values=values, forks=can_fork())
    workers = min(workers, affordable, len(fits)) if EXECUTORS[kind].has_workers else 1
    stacks = group_into_stacks(
        [(fit.settings, (*fit.sizes, fit.trained_rows)) for fit in fits],
        most=max(1, min(best_size(largest), affordable // workers)),
        workers=workers,
        costs=seconds,
    )
    # the longest first, so that all workers finish at about the same time
    stacks.sort(key=lambda stack: math.fsum(seconds[index] for index in stack), reverse=True)
    workers = min(workers, len(stacks))
    return WorkerPlan(kind if workers > 1 else "serial", workers), stacks


def plan_search_workers(
    settings: StackSettings,
    *,
    rows: int,
    train_rows: int,
    epochs: int,
    workers: int,
    executor: ExecutorKind | None,
) -> WorkerPlan:
    """Workers for a search whose networks are about as large as these and train `epochs` epochs in total."""
    seconds = rough_seconds(settings, train_rows=train_rows, epochs=epochs)
    step = step_values(settings) * best_size(settings)
    kind = executor or executor_kind(seconds, step, values=rows * settings.shape.inputs, forks=can_fork())
    return WorkerPlan(kind, workers if EXECUTORS[kind].has_workers else 1)


def stack_size(settings: StackSettings, fits: int, *, rows: int, workers: int) -> int:
    """The stack size for this number of fits that suits cache and memory and leaves no worker idle."""
    affordable = affordable_at_once(settings, rows=rows)
    return max(1, min(best_size(settings), affordable // workers, math.ceil(fits / workers)))


def affordable_at_once(settings: StackSettings, *, rows: int) -> int:
    """How many networks, each with its own rows, fit into the free memory at the same time."""
    free = available_bytes()
    available = None if free is None else int(SHARE_OF_MEMORY * free)
    return affordable_fits(settings, rows=rows, available=available)


def executor_kind(seconds: float, step: int, *, values: int, forks: bool) -> ExecutorKind:
    """The executor for work of this duration and step size.

    With short operations the interpreter's lock is held most of the time, so threads would only wait for it.

    Args:
        seconds: How long the work takes.
        step: The number of values that one step touches.
        values: The number of values of the data.
        forks: Whether workers can be forked from this process, so that nothing must be copied.
    """
    if forks:
        return "processes" if seconds >= WORTH_FORKS else "serial"
    if step >= LONG_STEP or values > MAX_SENT:
        return "threads" if seconds >= WORTH_THREADS else "serial"
    return "processes" if seconds >= WORTH_PROCESSES else "serial"
