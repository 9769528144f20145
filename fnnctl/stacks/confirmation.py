"""Trains a search's leaders again, each with several seeds; networks of equal shape train as a stack."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

from fnnctl.executors.protocols import Executor
from fnnctl.executors.work import run_pulled
from fnnctl.records.trials import Confirmed, Job, Trial
from fnnctl.stacks.fit_queue import FitQueue, PlannedStack
from fnnctl.stacks.measures import FitObjective, ObjectiveMeasure
from fnnctl.stacks.planning import stack_size
from fnnctl.stacks.trial_fits import FailedTrialError, TrialFits
from fnnctl.stacks.trial_runner import Event, ObjectiveResult
from fnnctl.stacks.work import StackItem, WorkerData, train_item
from fnnctl.training.trainer import Outcome

Network: TypeAlias = tuple[Trial, int]
"""A leader and the number of a seed."""


@dataclass(slots=True)
class ConfirmationRunner:
    """Trains networks for a confirmation."""

    fits: TrialFits
    """Their rows are the draws of the seeds."""
    metric: str
    budget: int
    """The epochs at most."""
    executor: Executor
    on_stack: Callable[[Event], None]
    """Called after each trained stack, for the timeline."""

    def run(self, networks: Sequence[Network]) -> Iterator[Confirmed]:
        """Train the networks, and yield their results in this order, whichever is trained first.

        It ends early if the executor is asked to stop. The networks of a leader follow one another.
        """
        queue = FitQueue(
            lambda settings, count: stack_size(
                settings, count, rows=len(self.fits.data), workers=self.executor.workers
            )
        )
        shared = self.executor.share(WorkerData(self.fits.data, reuse=True))
        found = self._enqueue(queue, networks)
        order = ((trial.number, seed) for trial, seed in networks)
        wanted = next(order, None)

        def pull() -> tuple[PlannedStack, tuple[Any, ...]] | None:
            stack = queue.pull()
            return (stack, (shared, self._item(stack))) if stack else None

        results = run_pulled(self.executor, train_item, pull, on_killed=lambda _: None)
        while wanted is not None:
            if wanted in found:
                yield found.pop(wanted)
                wanted = next(order, None)
                continue
            done = next(results, None)
            if done is None:
                return
            found |= self._received(queue, *done)

    def _enqueue(self, queue: FitQueue, networks: Sequence[Network]) -> dict[tuple[int, int], Confirmed]:
        """Queue all networks; return the results of those that cannot be trained."""
        failed: dict[tuple[int, int], Confirmed] = {}
        for rank, (_, own) in enumerate(groupby(networks, key=lambda each: each[0].number)):
            members = list(own)
            trial = members[0][0]
            try:
                text, keys = self.fits.stack_keys(trial.assignment)
            except FailedTrialError as error:
                failed |= {(trial.number, seed): self._failed(trial, seed, str(error)) for _, seed in members}
                continue
            job = Job(trial, rung=0, start=0, stop=self.budget)
            queue.add(job, text, [(seed, keys[seed]) for _, seed in members], since=rank)
        return failed

    def _item(self, stack: PlannedStack) -> StackItem[FitObjective]:
        made = {trial.number: self.fits.fits(trial.assignment) for trial, _ in stack.members}
        return StackItem(
            fits=tuple(made[trial.number][seed] for trial, seed in stack.members),
            measure=ObjectiveMeasure(self.metric, on_folds=False),
            stop=stack.stop,
        )

    def _received(
        self, queue: FitQueue, stack: PlannedStack, result: ObjectiveResult | None
    ) -> dict[tuple[int, int], Confirmed]:
        """The results of a stack. If its worker was killed twice, its leaders are trained one by one."""
        if result is None and len(stack.trials) > 1:
            queue.add_stacks(stack.by_trial())
            return {}
        if result is None:
            reason = "its worker process was killed twice"
            return {(trial.number, seed): self._failed(trial, seed, reason) for trial, seed in stack.members}
        if any(fit.outcome is Outcome.INTERRUPTED for fit in result.measured):
            return {}
        self.on_stack(
            {
                "confirmed": [[trial.number, seed] for trial, seed in stack.members],
                "networks": len(stack.members),
                "seconds": round(result.seconds, 4),
                "ended": round(result.ended, 4),
                "trained_by": result.trained_by,
            }
        )
        return {
            (trial.number, seed): self._measured(trial, seed, fit)
            for (trial, seed), fit in zip(stack.members, result.measured, strict=True)
        }

    def _measured(self, trial: Trial, seed: int, fit: FitObjective) -> Confirmed:
        made = self._confirmed(trial, seed, fit.objective, fit.epochs, fit.kept_epoch)
        if fit.outcome is Outcome.DIVERGED:
            return replace(made, objective=None, reason=f"the loss became non-finite in epoch {fit.epochs}")
        if fit.objective is None or not math.isfinite(fit.objective):
            return replace(made, objective=None, reason=f"{self.metric} is undefined here", is_undefined=True)
        return made

    def _failed(self, trial: Trial, seed: int, reason: str) -> Confirmed:
        return replace(self._confirmed(trial, seed, None, 0, 0), reason=reason)

    def _confirmed(
        self, trial: Trial, seed: int, objective: float | None, epochs: int, kept: int
    ) -> Confirmed:
        split = self.fits.rows[seed].split(self.fits.data.strata, self.fits.data.dataset.groups)
        sizes = split.train.size, split.validation.size
        value = None if objective is None else float(objective)
        return Confirmed(trial.number, self.budget, seed, value, epochs, kept, *sizes)
