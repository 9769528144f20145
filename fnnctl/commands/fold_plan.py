"""How the folds are put into stacks, and who trains these: a matter of time and memory, never of results."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fnnctl.commands.folds import CrossValidation
from fnnctl.executors.processes import can_fork
from fnnctl.executors.registry import ExecutorKind
from fnnctl.memory import available_bytes
from fnnctl.training.members import StackSettings
from fnnctl.training.stacking import (
    affordable_members,
    best_size,
    group_into_stacks,
    rough_seconds,
    step_values,
)

WORTH_FORKS = 0.1
"""Seconds of training from which it pays to divide it among forks of this process."""
WORTH_THREADS = 0.5
"""Seconds from which it pays to divide it among threads."""
WORTH_PROCESSES = 4.0
"""Seconds from which it pays to start processes, each of which imports NumPy and the rest."""
LONG_STEP = 2**16
"""Numbers of a network's step from which threads share the time well: operations are long enough then."""
MOST_SENT = 2**24
"""Numbers of a data set beyond which no copy is sent to processes: threads share it."""
SHARE_OF_MEMORY = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """Which folds train together, and by whom."""

    kind: ExecutorKind
    workers: int
    stacks: list[list[int]]


def plan_folds(validation: CrossValidation, *, workers: int) -> Plan:
    """Stacks for so many workers at most; what they take together fits into the memory that is free."""
    networks, rows = validation.networks, len(validation.dataset)
    largest = max((network.settings for network in networks), key=step_values)
    affordable = affordable_at_once(largest, rows=rows)
    epochs = validation.experiment.training.epochs
    seconds = math.fsum(
        rough_seconds(network.settings, train_rows=network.train_rows, epochs=epochs) for network in networks
    )
    values = rows * largest.shape.inputs
    kind = executor_kind(seconds, step_values(largest), values=values, forks=can_fork())
    workers = 1 if kind == "serial" else min(workers, affordable, len(networks))
    most = min(best_size(largest), affordable // workers, math.ceil(len(networks) / workers))
    stacks = group_into_stacks([network.job for network in networks], most=max(1, most), workers=workers)
    stacks.sort(key=len, reverse=True)  # the longest first, so that the workers end at about one time
    workers = min(workers, len(stacks))
    return Plan(kind if workers > 1 else "serial", workers, stacks)


def affordable_at_once(settings: StackSettings, *, rows: int) -> int:
    """How many networks, each with rows of its own, may train at one time in the memory that is free."""
    free = available_bytes()
    available = None if free is None else int(SHARE_OF_MEMORY * free)
    return affordable_members(settings, rows=rows, available=available)


def executor_kind(seconds: float, step: int, *, values: int, forks: bool) -> ExecutorKind:
    """Who should do so many seconds of work, of which a step works on so many numbers.

    Short operations hold the interpreter's lock most of the time, so that threads would only wait; `values`
    are those of the data. `forks`: whether processes can be forked from this one, and then have all it has.
    """
    if forks:
        return "processes" if seconds >= WORTH_FORKS else "serial"
    if step >= LONG_STEP or values > MOST_SENT:
        return "threads" if seconds >= WORTH_THREADS else "serial"
    return "processes" if seconds >= WORTH_PROCESSES else "serial"
