"""Runs a search's jobs: trials of equal shape and epoch train as stacks; results come in a fixed order."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low
from typing import Any

from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Executor
from fnnctl.executors.work import run_work
from fnnctl.modelling.fit import Fit
from fnnctl.records.journal import Journal
from fnnctl.records.trials import Job, Result, Status, Trial
from fnnctl.stacks.measures import FitObjective, ObjectiveMeasure
from fnnctl.stacks.planning import stack_size
from fnnctl.stacks.trial_fits import FailedTrialError, StackKey, TrialFits, settings_text
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.store.trial_checkpoints import TrialCheckpoints, read_states
from fnnctl.text import counted
from fnnctl.training.checkpoint import state_digest
from fnnctl.training.members import StackSettings
from fnnctl.training.trainer import Outcome

CHECKPOINT = "checkpoint"
"""The digest of a trial's training state."""
FOLDS = "folds"
"""Each fold's objective."""
ENDED = "ended"
"""The folds that stopped early while others continue, each with its epochs and its kept epoch."""
KEPT_EPOCH = "kept_epoch"
"""For a trial that stopped early: the epoch of its final weights; with folds, the lower median."""

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
class _JobGroup:
    """What determines which fits can train together."""

    order: str
    """The sort key of jobs with equal budgets."""
    keys: Sequence[StackKey]
    """One key per fit."""


@dataclass(frozen=True, slots=True)
class _PlannedStack:
    """A stack before its fits are made."""

    start: int
    stop: int
    members: tuple[tuple[Trial, int], ...]
    """The trial of each fit, and the fit's index in the trial."""

    @property
    def trials(self) -> list[int]:
        """The trial numbers, without repetition."""
        return list(dict.fromkeys(trial.number for trial, _ in self.members))

    def by_trial(self) -> list[_PlannedStack]:
        """One stack per trial."""
        return [
            replace(self, members=tuple(each for each in self.members if each[0].number == number))
            for number in self.trials
        ]


class TrialRunner:
    """A runner for `search.loop.run_search`."""

    def __init__(
        self,
        settings: RunnerSettings,
        fits: TrialFits,
        checkpoints: TrialCheckpoints,
        journal: Journal,
        executor: Executor,
        *,
        on_stack: Callable[[Event], None],
    ) -> None:
        """`on_stack` is called after each trained stack, for the timeline."""
        self._settings, self._fits, self._checkpoints = settings, fits, checkpoints
        self._journal, self._executor, self._on_stack = journal, executor, on_stack
        self._shared = executor.share(WorkerData(fits.data, reuse=True))
        self._stopped = self._begun = False

    def __call__(self, jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        """Run the jobs, and yield their results in the order of `_ordered`."""
        failed: dict[int, Result] = {}
        groups: dict[int, _JobGroup] = {}
        for job in jobs:
            try:
                groups[job.trial.number] = _JobGroup(*self._fits.stack_keys(job.trial.assignment))
            except FailedTrialError as error:
                failed[job.trial.number] = _failed(job, str(error))
        # Nothing is removed before the first jobs: recorded trials of the same rung may still be promoted.
        if self._begun and not self._settings.keep_checkpoints:
            self._checkpoints.keep_only({(job.trial.number, job.start) for job in jobs})
        self._begun = True
        self._train_lost([job for job in jobs if job.trial.number in groups], groups)
        if self._stopped:
            return
        ordered = _ordered(jobs, groups)
        results = dict(failed)
        waiting = iter(ordered)
        due = next(waiting, None)
        for result in self._results([job for job in ordered if job.trial.number not in failed], groups):
            results[result.trial] = result
            batch = []
            while due and due.trial.number in results:
                batch.append(results[due.trial.number])
                due = next(waiting, None)
            if batch:
                yield batch
        rest = [results[job.trial.number] for job in [due, *waiting] if job and job.trial.number in results]
        if rest and not self._stopped:
            yield rest

    def _results(self, jobs: Sequence[Job], groups: Mapping[int, _JobGroup]) -> Iterator[Result]:
        """Train the jobs; a trial's result is yielded once all its fits are done."""
        count = len(self._fits.rows)
        found = {job.trial.number: self._ended(job) for job in jobs}
        missing = {number: count - len(ended) for number, ended in found.items()}
        of_trial = {job.trial.number: job for job in jobs}
        for stack, result in self._train(self._plan(jobs, found, groups)):
            if result is None:
                for number in stack.trials:
                    if missing.pop(number, None):
                        yield _failed(of_trial[number], "its worker process was killed twice")
                continue
            if any(fit.outcome is Outcome.INTERRUPTED for fit in result.measured):
                self._stopped = True
                continue
            self._note(stack, result)
            for k, ((trial, index), fit) in enumerate(zip(stack.members, result.measured, strict=True)):
                if trial.number in missing:
                    found[trial.number][index] = fit, result.digests.get(k)
                    missing[trial.number] -= 1
            for number in stack.trials:
                if missing.get(number) == 0:
                    del missing[number]
                    done = found.pop(number)
                    yield self._result(of_trial[number], [done[index] for index in sorted(done)])
        self._stopped = self._stopped or bool(missing)

    def _plan(
        self, jobs: Sequence[Job], ended: Mapping[int, Mapping[int, object]], groups: Mapping[int, _JobGroup]
    ) -> list[_PlannedStack]:
        """Stacks for jobs in sorted order; fits that have ended are left out."""
        alike: dict[tuple[int, int, str], list[tuple[Trial, int]]] = {}
        settings_of: dict[tuple[int, int, str], StackSettings] = {}
        for job in jobs:
            group = groups[job.trial.number]
            for index, (settings, sizes) in enumerate(group.keys):
                if index not in ended[job.trial.number]:
                    key = job.start, job.stop, f"{group.order} {settings_text(settings)} {sizes}"
                    settings_of[key] = settings
                    alike.setdefault(key, []).append((job.trial, index))
        stacks = []
        for key, members in alike.items():
            start, stop, _ = key
            rows, workers = len(self._fits.data), self._executor.workers
            most = stack_size(settings_of[key], len(members), rows=rows, workers=workers)
            count = math.ceil(len(members) / most)
            ends = [len(members) * k // count for k in range(count + 1)]
            parts = (members[first:last] for first, last in pairwise(ends))
            stacks += [_PlannedStack(start, stop, tuple(part)) for part in parts]
        return stacks

    def _train(
        self, stacks: Sequence[_PlannedStack]
    ) -> Iterator[tuple[_PlannedStack, ObjectiveResult | None]]:
        """Each stack and its result; None if the worker of a trial that trained alone was killed.

        If a stack's worker was killed, its trials are trained one by one: they may have exhausted the memory
        together but fit in it alone.
        """
        # A generator, so that a stack's fits are made when a worker is free, and released afterwards.
        items = ((self._shared, self._item(stack)) for stack in stacks)
        again: list[_PlannedStack] = []
        for index, result in run_work(self._executor, train_item, items, on_killed=lambda index: None):
            if result is None and len(stacks[index].trials) > 1:
                again += stacks[index].by_trial()
            else:
                yield stacks[index], result
        if again:
            yield from self._train(again)

    def _item(self, stack: _PlannedStack) -> StackItem[FitObjective]:
        made: dict[int, list[Fit]] = {}
        for trial, _ in stack.members:
            if trial.number not in made:
                made[trial.number] = self._fits.fits(trial.assignment)
        states = []
        if stack.start:
            places = (
                self._checkpoints.place((trial.number, index), stack.start) for trial, index in stack.members
            )
            states = [place for place in places if place is not None]
        return StackItem(
            fits=tuple(made[trial.number][index] for trial, index in stack.members),
            measure=ObjectiveMeasure(self._settings.metric, self._settings.on_folds),
            start=stack.start,
            states=tuple(states),
            stop=stack.stop,
            keep=self._settings.keep_checkpoints or stack.stop < self._settings.max_epochs,
        )

    def _note(self, stack: _PlannedStack, result: ObjectiveResult) -> None:
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
            }
        )

    def _result(self, job: Job, done: Sequence[tuple[FitObjective, str | None]]) -> Result:
        """The trial's result: the mean over its fits. If one fit diverged, the trial diverged."""
        fits = [fit for fit, _ in done]
        epochs = max(fit.epochs for fit in fits) - job.start
        outcomes = {fit.outcome for fit in fits}
        facts: dict[str, object] = {}
        if len(fits) == 1:
            facts["curve"] = fits[0].curves
        if Outcome.DIVERGED in outcomes:
            count = sum(fit.outcome is Outcome.DIVERGED for fit in fits)
            where = f"in {count} of {len(fits)} folds" if len(fits) > 1 else f"in epoch {job.start + epochs}"
            result = _failed(job, f"the loss became non-finite {where}")
            return replace(result, status=Status.DIVERGED, epochs=epochs, facts=facts)
        objectives = [fit.objective for fit in fits if fit.objective is not None]
        if len(objectives) < len(fits):
            result = _failed(job, f"{self._settings.metric} is undefined here")
            return replace(result, epochs=epochs, facts=facts)
        goes_on = Outcome.COMPLETED in outcomes
        if len(fits) > 1:
            facts[FOLDS] = objectives
            ended = [
                [k, fit.epochs, fit.kept_epoch]
                for k, fit in enumerate(fits)
                if fit.outcome is not Outcome.COMPLETED
            ]
            if goes_on and ended:
                facts[ENDED] = ended
        if goes_on:
            facts[CHECKPOINT] = _trial_digest([digest for _, digest in done if digest])
        else:
            facts[KEPT_EPOCH] = median_low(fit.kept_epoch for fit in fits)
        status = Status.COMPLETED if goes_on else Status.STOPPED_EARLY
        mean = math.fsum(objectives) / len(objectives)
        return Result(job.trial.number, job.rung, job.stop, status, mean, epochs, facts=facts)

    def _ended(self, job: Job) -> dict[int, tuple[FitObjective, str | None]]:
        """The trial's fits that had stopped early before this job; they keep their value at no cost."""
        facts = self._journal.results[job.trial.number, job.start].facts if job.start else None
        if not facts or ENDED not in facts:
            return {}
        return {
            index: (FitObjective(Outcome.STOPPED_EARLY, epochs, kept, facts[FOLDS][index]), None)
            for index, epochs, kept in facts[ENDED]
        }

    def _train_lost(self, jobs: Sequence[Job], groups: Mapping[int, _JobGroup]) -> None:
        """Retrain lost checkpoints that jobs resume from, and those that differ from the journal.

        Raises `MachineError` if the result differs: then this is another kind of machine.
        """
        lost = [
            replace(job, start=0, stop=job.start) for job in jobs if job.start and not self._is_there(job)
        ]
        for stop in sorted({job.stop for job in lost}):
            ordered = _ordered([job for job in lost if job.stop == stop], groups)
            for result in self._results(ordered, groups):
                if result.status is Status.FAILED:
                    raise MachineError(
                        f"trial {result.trial} could not be trained again after its checkpoint was lost: "
                        f"{result.reason}"
                    )
                recorded, after = self._journal.results[result.trial, stop], counted(stop, "epoch")
                if (result.objective, _digest(result)) != (recorded.objective, _digest(recorded)):
                    raise MachineError(
                        f"trial {result.trial}, trained again because its checkpoint was lost, has the "
                        f"objective {result.objective} after {after}, but the journal has "
                        f"{recorded.objective}: this machine or its NumPy does not reproduce results "
                        "exactly. Start a new search here"
                    )

    def _is_there(self, job: Job) -> bool:
        """Whether the job's checkpoint exists and has the recorded digest."""
        ended = self._ended(job)
        keys = [(job.trial.number, index) for index in range(len(self._fits.rows)) if index not in ended]
        if all(self._checkpoints.has_written(key, job.start) for key in keys):
            return True
        places = [self._checkpoints.place(key, job.start) for key in keys]
        try:
            digests = [state_digest(read_states([place])) for place in places if place is not None]
        except (DataError, MachineError, IndexError):
            return False
        recorded = _digest(self._journal.results[job.trial.number, job.start])
        return None not in places and _trial_digest(digests) == recorded


def _ordered(jobs: Sequence[Job], groups: Mapping[int, _JobGroup]) -> list[Job]:
    """The jobs in the order in which they are recorded: short ones first, those of one stack together.

    The sort key depends on each job alone, so leaving out jobs does not change the order of the others.
    """

    def key(job: Job) -> tuple[int, int, str, int]:
        own = groups.get(job.trial.number)
        return job.stop, job.start, own.order if own else "", job.trial.number

    return sorted(jobs, key=key)


def _failed(job: Job, reason: str) -> Result:
    return Result(job.trial.number, job.rung, job.stop, Status.FAILED, None, 0, reason)


def _digest(result: Result) -> object:
    return (result.facts or {}).get(CHECKPOINT)


def _trial_digest(digests: Sequence[str]) -> str:
    """One digest of a trial's states, in the order of its fits."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
