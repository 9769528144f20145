"""Chooses the executor, the number of workers, and the stacks of a cross-validation.

These choices affect only time and memory, never results.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fnnctl.executors.processes import can_fork
from fnnctl.executors.registry import ExecutorKind
from fnnctl.memory import available_bytes
from fnnctl.modelling.fit import Fit
from fnnctl.stacks.grouping import (
    affordable_fits,
    best_size,
    group_into_stacks,
    rough_seconds,
    step_values,
)
from fnnctl.training.members import StackSettings

WORTH_FORKS = 0.1
"""With more seconds of training than this, forks of this process pay off."""
WORTH_THREADS = 0.5
"""With more seconds than this, threads pay off."""
WORTH_PROCESSES = 4.0
"""With more seconds than this, starting processes pays off; each must import NumPy and the rest."""
LONG_STEP = 2**16
"""If a step touches more values than this, operations are long enough for threads to be efficient."""
MOST_SENT = 2**24
"""Larger data sets, by number of values, are shared by threads instead of copied to processes."""
SHARE_OF_MEMORY = 0.5


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
    workers = 1 if kind == "serial" else min(workers, affordable, len(fits))
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
    return WorkerPlan(kind, 1 if kind == "serial" else workers)


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
    if step >= LONG_STEP or values > MOST_SENT:
        return "threads" if seconds >= WORTH_THREADS else "serial"
    return "processes" if seconds >= WORTH_PROCESSES else "serial"
