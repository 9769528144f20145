"""The networks of a confirmation: a search's leaders are trained again, each with several seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from fnnctl.executors.protocols import Executor
from fnnctl.messages import Message
from fnnctl.records.trials import Confirmed, Job, Trial, non_finite_loss, undefined_metric
from fnnctl.stacks.work import StackItem
from fnnctl.training.trainer import Outcome
from fnnctl.trials.fit_queue import PlannedStack
from fnnctl.trials.fits import FailedTrialError, TrialFits
from fnnctl.trials.measures import FitObjective, ObjectiveMeasure
from fnnctl.trials.stack_runner import Event, ObjectiveResult, StackRunner

Network: TypeAlias = tuple[Trial, int]
"""A leader and the number of a seed."""


class ConfirmationSource:
    """Has networks trained for a confirmation."""

    def __init__(
        self,
        fits: TrialFits,
        executor: Executor,
        *,
        metric: str,
        budget: int,
        on_stack: Callable[[Event], None],
    ) -> None:
        """The rows of the `fits` are the draws of the seeds; `budget` is the epochs at most."""
        self._fits, self._metric, self._budget = fits, metric, budget
        self._runner = StackRunner(self, fits.data, executor, on_stack=on_stack)
        self._results: dict[tuple[int, int], Confirmed] = {}
        """By trial and seed, those that come before their turn."""

    def run(self, networks: Sequence[Network]) -> Iterator[Confirmed]:
        """Train the networks, and yield their results in this order, whichever is trained first.

        It ends early if the executor is asked to stop. The networks of a leader follow one another.
        """
        for rank, (_, group) in enumerate(groupby(networks, key=lambda network: network[0].number)):
            self._enqueue(list(group), rank)
        for trial, seed in networks:
            while (trial.number, seed) not in self._results:
                if not self._runner.train_next():
                    return
            yield self._results.pop((trial.number, seed))

    def item(self, stack: PlannedStack) -> StackItem[FitObjective]:
        """The networks of the stack, which train to the end, without checkpoints."""
        measure = ObjectiveMeasure(self._metric)
        return StackItem(self._fits.of_stack(stack.members), measure, stop=stack.stop)

    def labels(self, stack: PlannedStack) -> Event:
        """The trials and seeds of the stack, for the timeline."""
        confirmed = [[trial.number, seed] for trial, seed in stack.members]
        return {"confirmed": confirmed, "networks": len(stack.members)}

    def receive(self, stack: PlannedStack, result: ObjectiveResult) -> None:
        """Measure each network, and put the measurement where `run` waits for it."""
        for (trial, seed), fit in zip(stack.members, result.measured, strict=True):
            self._add(self._measured(trial, seed, fit))

    def fail(self, stack: PlannedStack, reason: Message) -> None:
        """Let each network of the stack fail for this reason."""
        for trial, seed in stack.members:
            self._add(self._failed(trial, seed, reason))

    def _enqueue(self, networks: Sequence[Network], rank: int) -> None:
        """Queue the networks of a leader; if they cannot be trained, their results are known."""
        trial = networks[0][0]
        try:
            stack_keys = self._fits.stack_keys(trial.assignment)
        except FailedTrialError as error:
            for _, seed in networks:
                self._add(self._failed(trial, seed, error.reason))
            return
        job = Job(trial, rung=0, start=0, stop=self._budget)
        keys = [(seed, stack_keys.fit_keys[seed]) for _, seed in networks]
        self._runner.queue.add(job, stack_keys.order, keys, since=rank)

    def _add(self, confirmed: Confirmed) -> None:
        self._results[confirmed.trial, confirmed.seed] = confirmed

    def _measured(self, trial: Trial, seed: int, fit: FitObjective) -> Confirmed:
        confirmed = self._confirmed(trial, seed, fit.objective, fit.epochs, fit.kept_epoch)
        if fit.outcome is Outcome.DIVERGED:
            return _without_objective(confirmed, non_finite_loss(f"in epoch {fit.epochs}"))
        if fit.objective is None or not math.isfinite(fit.objective):
            undefined = replace(confirmed, is_undefined=True)
            return _without_objective(undefined, undefined_metric(self._metric))
        return confirmed

    def _failed(self, trial: Trial, seed: int, reason: Message) -> Confirmed:
        return _without_objective(self._confirmed(trial, seed, None, 0, 0), reason)

    def _confirmed(
        self, trial: Trial, seed: int, objective: float | None, epochs: int, kept_epoch: int
    ) -> Confirmed:
        split = self._fits.rows[seed].split(self._fits.data.strata, self._fits.data.dataset.groups)
        sizes = split.train.size, split.validation.size
        value = None if objective is None else float(objective)
        return Confirmed(trial.number, self._budget, seed, value, epochs, kept_epoch, *sizes)


def _without_objective(confirmed: Confirmed, reason: Message) -> Confirmed:
    return replace(confirmed, objective=None, reason=str(reason), reason_kind=reason.kind)
