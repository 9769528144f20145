"""The members of one ensemble on several workers: each epoch, every worker takes the steps of some members.

What is decided jointly is decided here after each epoch: the averaged score, early stopping, schedules that
watch it. So members go through the executor an epoch at a time, with their state there and back, and get the
bits that they have in one stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.executors.processes import can_fork
from fnnctl.executors.protocols import Executor, Progress, Shared, Warn
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.modelling.fit import Fit
from fnnctl.stacks.costs import pays_off, rough_seconds, step_values
from fnnctl.stacks.planning import WorkerPlan, executor_kind
from fnnctl.training.learning import EpochColumns, Learning, RunEpoch
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Pool
from fnnctl.training.state import State, concatenate_members, select_members


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What every worker has of an ensemble: all members, and the rows."""

    settings: StackSettings
    members: Sequence[Member]
    pool: Pool


def plan_members(fit: Fit, *, rows: int, workers: int) -> WorkerPlan:
    """The workers for the members of a fit, and `rows` rows in all; one worker if more do not pay off."""
    if not pays_off(fit, workers=workers):
        return WorkerPlan("serial", 1)
    settings = fit.settings
    seconds = rough_seconds(settings, train_rows=fit.trained_rows, epochs=fit.experiment.training.epochs)
    values = rows * settings.shape.inputs
    kind = executor_kind(seconds, step_values(settings), values=values, forks=can_fork())
    return WorkerPlan(kind, min(workers, settings.ensemble) if kind != "serial" else 1)


@contextmanager
def member_workers(
    plan: WorkerPlan,
    settings: StackSettings,
    members: Sequence[Member],
    pool: Pool,
    /,
    *,
    should_stop: Callable[[], bool],
    is_overdue: Callable[[], bool],
    warn: Warn,
) -> Iterator[RunEpoch]:
    """What takes the steps of these members, by the plan; its workers end with the block: see `Workers`.

    `is_overdue` says, at any time, whether to stop even if no step ends: a worker may be suspended. `warn` is
    called with a message if the system cannot start workers.
    """
    if plan.workers == 1:
        yield Learning.run_epoch
        return
    count = min(plan.workers, len(members))
    groups = [np.array(group) for group in np.array_split(np.arange(len(members)), count)]
    steps = 0

    def poll(done: int) -> bool:
        nonlocal steps
        while steps < done // len(groups):
            steps += 1
            if should_stop():
                return True
        return is_overdue()

    with make_executor(plan.kind, workers=plan.workers, poll=poll, warn=warn) as executor:
        shared = executor.share(Ensemble(settings, members, pool))
        yield _OnWorkers(executor, shared, groups)


@dataclass(frozen=True, slots=True)
class _OnWorkers:
    """A `RunEpoch` that gives each group of members to a worker."""

    executor: Executor
    shared: Shared[Ensemble]
    groups: Sequence[IntArray]
    """The indices of each group's members; together they are all members in order."""

    def __call__(
        self, learning: Learning, epoch: int, /, *, diagnose: bool, should_stop: Callable[[], bool]
    ) -> EpochColumns | None:
        """See `RunEpoch`; the executor's poll asks whether to stop."""
        state = learning.state
        items = ((self.shared, group, epoch, select_members(state, group), diagnose) for group in self.groups)
        results: list[_EpochResult | None] = [None] * len(self.groups)
        for index, result in run_work(self.executor, train_members, items):
            results[index] = result
        ended = [result for result in results if result is not None]
        if len(ended) < len(results):
            return None
        learning.take_over(concatenate_members([result.state for result in ended]))
        trained = concatenate_members([result.columns[0] for result in ended])
        return trained, concatenate_members([result.columns[1] for result in ended])


@dataclass(frozen=True, slots=True)
class _EpochResult:
    state: State
    columns: EpochColumns


def train_members(
    progress: Progress,
    ensemble: Ensemble,
    indices: IntArray,
    epoch: int,
    state: State,
    diagnose: bool,
) -> _EpochResult | None:
    """Take the steps of an epoch for the members with these indices; None if the work is to stop."""

    def after_step() -> bool:
        progress.advance(1)
        return progress.should_stop()

    members = [ensemble.members[k] for k in indices]
    learning = Learning(ensemble.settings, members, ensemble.pool, state)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result
        columns = learning.run_epoch(epoch, diagnose=diagnose, should_stop=after_step)
    return None if columns is None else _EpochResult(learning.state, columns)
