"""Runs a search's jobs: fits of equal shape and epoch that wait for a worker train as a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Executor
from fnnctl.executors.work import run_pulled
from fnnctl.modelling.fit import Fit
from fnnctl.records.journal import Journal
from fnnctl.records.trials import Job, JobKey, Result, Trial
from fnnctl.stacks.fit_queue import FitQueue, PlannedStack
from fnnctl.stacks.measures import FitObjective, ObjectiveMeasure
from fnnctl.stacks.planning import stack_size
from fnnctl.stacks.trial_ensemble import WeightLibrary
from fnnctl.stacks.trial_fits import FailedTrialError, StackKey, TrialFits, epoch_cost
from fnnctl.stacks.trial_results import (
    MeasuredFit,
    ended_fits,
    failed_result,
    recorded_digest,
    refuse_another_result,
    trial_digest,
    trial_result,
)
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.training.checkpoint import state_digest
from fnnctl.training.trainer import Outcome

Event = Mapping[str, Any]
ObjectiveResult = StackResult[FitObjective]


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """What the runner must know about the search."""

    metric: str
    on_folds: bool
    """Whether trials are measured on the test rows of folds."""
    max_epochs: int
    """The largest budget: no trial continues from there, so no state is kept."""
    keep_checkpoints: bool


@dataclass(frozen=True, slots=True)
class _Shapes:
    """What determines with which fits those of a trial can train together, and what they cost."""

    order: str
    keys: Sequence[StackKey]
    """One key per fit."""
    cost: int
    """Rows times parameters, over all fits: the virtual time of an epoch."""


@dataclass(slots=True)
class _OpenJob:
    """A job whose fits are waiting or training."""

    job: Job
    since: int
    found: dict[int, MeasuredFit]
    missing: int
    goes_on_with: Job | None = None
    """The job for whose lost checkpoint this one trains again."""


class TrialRunner:
    """Does the jobs of `search.loop.run_search`."""

    def __init__(
        self,
        settings: RunnerSettings,
        fits: TrialFits,
        checkpoints: TrialCheckpoints,
        journal: Journal,
        executor: Executor,
        *,
        on_stack: Callable[[Event], None],
        library: WeightLibrary | None = None,
    ) -> None:
        """`on_stack` is called after each trained stack, for the timeline.

        The library, if there is one, gets the weights of trials at their end.
        """
        self._library = library
        self._settings, self._fits, self._checkpoints = settings, fits, checkpoints
        self._journal, self._executor, self._on_stack = journal, executor, on_stack
        self._shared = executor.share(WorkerData(fits.data, reuse=True))
        self._queue = FitQueue(
            lambda settings, count: stack_size(settings, count, rows=len(fits.data), workers=executor.workers)
        )
        self._shapes: dict[int, _Shapes | FailedTrialError] = {}
        self._keys: dict[StackKey, StackKey] = {}
        """Each key once: most fits have equal ones, and there may be 10,000 trials of 25 fits."""
        self._open: dict[int, _OpenJob] = {}
        """By trial number: a trial has one job at a time."""
        self._results: list[Result] = []
        self._trained: Iterator[tuple[PlannedStack, ObjectiveResult | None]] = iter(())

    def cost(self, job: Job) -> int:
        """See `Runner`: epochs × rows × parameters, over all fits; 0 if the configuration is invalid."""
        shapes = self._shapes_of(job.trial)
        return 0 if isinstance(shapes, FailedTrialError) else (job.stop - job.start) * shapes.cost

    def submit(self, job: Job, since: int) -> None:
        """See `Runner`. A lost checkpoint is trained again first."""
        shapes = self._shapes_of(job.trial)
        if isinstance(shapes, FailedTrialError):
            self._results.append(failed_result(job, str(shapes)))
        elif job.start and not self._has_checkpoint(job):
            self._begin(replace(job, start=0, stop=job.start), shapes, since, goes_on_with=job)
        else:
            self._begin(job, shapes, since)

    def collect(self) -> Sequence[Result]:
        """See `Runner`."""
        while not self._results:
            done = next(self._trained, None)
            if done is None:
                self._trained = run_pulled(self._executor, train_item, self._pull, on_killed=lambda _: None)
                done = next(self._trained, None)
                if done is None:
                    break
            self._receive(*done)
        results, self._results = self._results, []
        return results

    def release(self, keys: Sequence[JobKey]) -> None:
        """See `Runner`."""
        if not self._settings.keep_checkpoints:
            self._checkpoints.release(keys)

    def _shapes_of(self, trial: Trial) -> _Shapes | FailedTrialError:
        found = self._shapes.get(trial.number)
        if found is None:
            try:
                order, keys = self._fits.stack_keys(trial.assignment)
                shared = [self._keys.setdefault(key, key) for key in keys]
                found = _Shapes(order, shared, epoch_cost(keys))
            except FailedTrialError as error:
                found = error
            self._shapes[trial.number] = found
        return found

    def _begin(self, job: Job, shapes: _Shapes, since: int, *, goes_on_with: Job | None = None) -> None:
        found = self._ended(job)
        keys = [(index, key) for index, key in enumerate(shapes.keys) if index not in found]
        self._open[job.trial.number] = _OpenJob(job, since, found, len(keys), goes_on_with)
        self._queue.add(job, shapes.order, keys, since)

    def _pull(self) -> tuple[PlannedStack, tuple[Any, ...]] | None:
        """The next stack and its item: its fits are made when a worker is free, and released afterwards."""
        stack = self._queue.pull()
        return (stack, (self._shared, self._item(stack))) if stack else None

    def _item(self, stack: PlannedStack) -> StackItem[FitObjective]:
        made: dict[int, list[Fit]] = {}
        for trial, _ in stack.members:
            if trial.number not in made:
                made[trial.number] = self._fits.fits(trial.assignment)
        state = None
        if stack.start:
            keys = [(trial.number, index) for trial, index in stack.members]
            state = self._checkpoints.read(keys, stack.start)
        return StackItem(
            fits=tuple(made[trial.number][index] for trial, index in stack.members),
            measure=ObjectiveMeasure(
                self._settings.metric,
                self._settings.on_folds,
                weights_at=self._settings.max_epochs if self._library else None,
            ),
            start=stack.start,
            state=state,
            stop=stack.stop,
            keep=self._settings.keep_checkpoints or stack.stop < self._settings.max_epochs,
        )

    def _receive(self, stack: PlannedStack, result: ObjectiveResult | None) -> None:
        """Add a stack's measurements to its trials.

        There is no result if the worker was killed, twice. The trials of a stack are then trained one by one:
        they may have exhausted the memory together but fit in it alone.
        """
        if result is None and len(stack.trials) > 1:
            self._queue.add_stacks(stack.by_trial())
            return
        if result is None:
            for number in stack.trials:
                if opened := self._open.pop(number, None):
                    self._finish(opened, failed_result(opened.job, "its worker process was killed twice"))
            return
        if any(fit.outcome is Outcome.INTERRUPTED for fit in result.measured):
            return
        self._note(stack, result)
        for k, ((trial, index), fit) in enumerate(zip(stack.members, result.measured, strict=True)):
            opened = self._open.get(trial.number)
            if opened is None:  # another of the trial's fits has killed its worker
                continue
            opened.found[index] = fit, result.digests.get(k)
            opened.missing -= 1
            if not opened.missing:
                del self._open[trial.number]
                done = [opened.found[each] for each in sorted(opened.found)]
                found = trial_result(opened.job, done, self._settings.metric)
                if self._library and fit.weights:
                    self._library.add(found, fit.weights)
                self._finish(opened, found)

    def _note(self, stack: PlannedStack, result: ObjectiveResult) -> None:
        """Write the states to keep, and add the stack to the timeline."""
        if result.state is not None:
            keys = [(stack.members[k][0].number, stack.members[k][1]) for k in result.digests]
            self._checkpoints.write(keys, stack.stop, result.state)
        self._on_stack(
            {
                "trials": stack.trials,
                "networks": len(stack.members),
                "from": stack.start,
                "to": stack.stop,
                "seconds": round(result.seconds, 4),
                "ended": round(result.ended, 4),
                "trained_by": result.trained_by,
            }
        )

    def _finish(self, opened: _OpenJob, result: Result) -> None:
        """Keep the result; if only a checkpoint was lost, check the result and do the job itself."""
        if opened.goes_on_with is None:
            self._results.append(result)
            return
        refuse_another_result(result, self._journal.results[result.key])
        job = opened.goes_on_with
        shapes = self._shapes_of(job.trial)
        if isinstance(shapes, _Shapes):
            self._begin(job, shapes, opened.since)

    def _ended(self, job: Job) -> dict[int, MeasuredFit]:
        """The trial's fits that had stopped early before this job."""
        return ended_fits(self._journal.results[job.trial.number, job.start].facts) if job.start else {}

    def _has_checkpoint(self, job: Job) -> bool:
        """Whether the job's checkpoint exists and has the recorded digest."""
        ended = self._ended(job)
        keys = [(job.trial.number, index) for index in range(len(self._fits.rows)) if index not in ended]
        if all(self._checkpoints.has_written(key, job.start) for key in keys):
            return True
        try:
            digests = [state_digest(self._checkpoints.read([key], job.start)) for key in keys]
        except (DataError, MachineError, IndexError):
            return False
        recorded = recorded_digest(self._journal.results[job.trial.number, job.start])
        return trial_digest(digests) == recorded
