"""The jobs of a search's trials: they are queued as fits, and their measurements become results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Executor
from fnnctl.messages import Message
from fnnctl.records.journal import Journal
from fnnctl.records.trials import Job, JobKey, Result, Trial, failed_result
from fnnctl.stacks.work import StackItem
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.training.checkpoint import state_digest
from fnnctl.trials.fit_queue import PlannedStack
from fnnctl.trials.fits import FailedTrialError, StackKey, StackKeys, TrialFits
from fnnctl.trials.measures import FitObjective
from fnnctl.trials.results import (
    MeasuredFit,
    ended_fits,
    recorded_digest,
    refuse_another_result,
    trial_digest,
    trial_result,
)
from fnnctl.trials.schemes import trial_scheme
from fnnctl.trials.stack_runner import Event, ObjectiveResult, StackRunner
from fnnctl.trials.weights import WeightLibrary


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """What must be known about the search to train its trials."""

    metric: str
    max_epochs: int
    """The largest budget: no trial continues from there, so no state is kept."""
    keep_checkpoints: bool


@dataclass(slots=True)
class _OpenJob:
    """A job whose fits are waiting or training."""

    job: Job
    since: int
    measured: dict[int, MeasuredFit]
    missing: int
    goes_on_with: Job | None = None
    """The job for whose lost checkpoint this one trains again."""


class TrialSource:
    """Does the jobs of `search.loop.run_search`."""

    def __init__(
        self,
        settings: TrialSettings,
        fits: TrialFits,
        checkpoints: TrialCheckpoints,
        journal: Journal,
        executor: Executor,
        *,
        on_stack: Callable[[Event], None],
        on_trained: Callable[[Result], None] = lambda result: None,
        library: WeightLibrary | None = None,
    ) -> None:
        """`on_stack` is called after each trained stack, for the timeline, and `on_trained` with each result
        of a job as it comes, before its turn to be recorded.

        The library, if there is one, gets the weights of trials at their end.
        """
        self._library, self._journal, self._on_trained = library, journal, on_trained
        self._settings, self._fits, self._checkpoints = settings, fits, checkpoints
        self._scheme = trial_scheme(fits.configs.scheme)
        self._runner = StackRunner(self, fits.data, executor, on_stack=on_stack)
        self._stack_keys: dict[int, StackKeys | FailedTrialError] = {}
        self._distinct_keys: dict[StackKey, StackKey] = {}
        """Each key once: most fits have equal ones, and there may be 10,000 trials of 25 fits."""
        self._open: dict[int, _OpenJob] = {}
        """By trial number: a trial has one job at a time."""
        self._results: list[Result] = []

    def cost(self, job: Job) -> int:
        """See `Runner`: epochs × rows × parameters × members, over all fits; 0 if the configuration is
        invalid.
        """
        stack_keys = self._stack_keys_of(job.trial)
        return 0 if isinstance(stack_keys, FailedTrialError) else stack_keys.cost_of(job)

    def submit(self, job: Job, since: int) -> None:
        """See `Runner`. A lost checkpoint is trained again first."""
        stack_keys = self._stack_keys_of(job.trial)
        if isinstance(stack_keys, FailedTrialError):
            self._results.append(failed_result(job, stack_keys.reason))
        elif job.start and not self._has_checkpoint(job):
            self._begin(replace(job, start=0, stop=job.start), stack_keys, since, goes_on_with=job)
        else:
            self._begin(job, stack_keys, since)

    def collect(self) -> Sequence[Result]:
        """Wait for results: see `Runner`."""
        while not self._results and self._runner.train_next():
            pass
        results, self._results = self._results, []
        return results

    def release(self, keys: Sequence[JobKey]) -> None:
        """Forget the checkpoints of these results: see `Runner`."""
        if not self._settings.keep_checkpoints:
            self._checkpoints.release(keys)

    def item(self, stack: PlannedStack) -> StackItem[FitObjective]:
        """The fits of the stack, which continue from the checkpoints of their rung."""
        state = None
        if stack.start:
            keys = [(trial.number, index) for trial, index in stack.members]
            state = self._checkpoints.read(keys, stack.start)
        return StackItem(
            fits=self._fits.of_stack(stack.members),
            measure=self._scheme.measure(
                self._settings.metric,
                epochs=self._settings.max_epochs,
                keeps_weights=self._library is not None,
            ),
            start=stack.start,
            state=state,
            stop=stack.stop,
            keep=self._settings.keep_checkpoints or stack.stop < self._settings.max_epochs,
            diagnose=self._scheme.facts.trains_ensembles,  # as `train` does: the best becomes a run
        )

    def labels(self, stack: PlannedStack) -> Event:
        """The trials and epochs of the stack, for the timeline."""
        return {
            "trials": stack.trials,
            "networks": len(stack.members),
            "from": stack.start,
            "to": stack.stop,
        }

    def receive(self, stack: PlannedStack, result: ObjectiveResult) -> None:
        """Note the measurements, and finish each job whose last fit this is.

        The states to keep are written first: before a result may be recorded.
        """
        if result.state is not None:
            keys = [(stack.members[k][0].number, stack.members[k][1]) for k in result.digests]
            self._checkpoints.write(keys, stack.stop, result.state)
        for k, ((trial, index), fit) in enumerate(zip(stack.members, result.measured, strict=True)):
            open_job = self._open.get(trial.number)
            if open_job is None:  # another of the trial's fits has killed its worker
                continue
            open_job.measured[index] = fit, result.digests.get(k)
            open_job.missing -= 1
            if not open_job.missing:
                del self._open[trial.number]
                fits = [open_job.measured[number] for number in sorted(open_job.measured)]
                outcome = trial_result(open_job.job, fits, self._settings.metric)
                if self._library and fit.weights:
                    self._library.add(outcome, fit.weights)
                self._finish(open_job, outcome)

    def fail(self, stack: PlannedStack, reason: Message) -> None:
        """Let each job of the stack fail for this reason."""
        for number in stack.trials:
            if open_job := self._open.pop(number, None):
                self._finish(open_job, failed_result(open_job.job, reason))

    def _stack_keys_of(self, trial: Trial) -> StackKeys | FailedTrialError:
        keys = self._stack_keys.get(trial.number)
        if keys is None:
            try:
                keys = self._fits.stack_keys(trial.assignment)
                distinct = [self._distinct_keys.setdefault(key, key) for key in keys.fit_keys]
                keys = replace(keys, fit_keys=distinct)
            except FailedTrialError as error:
                keys = error
            self._stack_keys[trial.number] = keys
        return keys

    def _begin(self, job: Job, stack_keys: StackKeys, since: int, *, goes_on_with: Job | None = None) -> None:
        measured = self._ended(job)
        keys = [(index, key) for index, key in enumerate(stack_keys.fit_keys) if index not in measured]
        self._open[job.trial.number] = _OpenJob(job, since, measured, len(keys), goes_on_with)
        self._runner.queue.add(job, stack_keys.order, keys, since)

    def _finish(self, open_job: _OpenJob, result: Result) -> None:
        """Keep the result; if only a checkpoint was lost, check the result and do the job itself."""
        if open_job.goes_on_with is None:
            self._results.append(result)
            self._on_trained(result)
            return
        refuse_another_result(result, self._journal.results[result.key])
        job = open_job.goes_on_with
        stack_keys = self._stack_keys_of(job.trial)
        if isinstance(stack_keys, StackKeys):
            self._begin(job, stack_keys, open_job.since)

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
