"""Runs a search's jobs: trials of one shape and age as stacks, by all workers, recorded in a fixed order."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median_low

import numpy as np

from fnnctl.commands.search_setup import PreparedSearch
from fnnctl.commands.trial_networks import FailedTrialError, NetworkMaker, TrialNetworks
from fnnctl.commands.trial_plan import in_order, stack_tasks
from fnnctl.commands.trial_training import StackResult, StackTask, TrialWork, UnitResult, digest, train_trials
from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Executor, Shared
from fnnctl.executors.work import run_work
from fnnctl.records.journal import Journal
from fnnctl.records.trials import Job, Result, Status
from fnnctl.store.run import OpenRun
from fnnctl.store.trial_checkpoints import Network, Place, TrialCheckpoints, read_state
from fnnctl.training.state import select_members
from fnnctl.training.trainer import Outcome

CHECKPOINT = "checkpoint"
FOLDS = "folds"
"""Each fold's objective."""
ENDED = "ended"
"""The folds that stopped early while others go on, each with its epochs and the one whose weights it kept."""
KEPT_EPOCH = "kept_epoch"
"""Of a trial that stopped early: the epoch whose weights it ended with, over folds the lower median."""


class TrialRunner:
    """A runner for `search.loop.run_search`."""

    def __init__(
        self,
        search: PreparedSearch,
        run: OpenRun,
        journal: Journal,
        executor: Executor,
        work: Shared[TrialWork],
    ) -> None:
        self._search, self._run, self._journal = search, run, journal
        self._executor, self._work = executor, work
        self._maker = NetworkMaker(search)
        self._networks: dict[int, TrialNetworks] = {}
        self._checkpoints = TrialCheckpoints(run.path)
        self._written: set[tuple[Network, int]] = set()
        self._stopped = self._begun = False

    def __call__(self, jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        """Do the jobs, and yield their results in the order of `trial_plan.in_order`."""
        failed: dict[int, Result] = {}
        for job in jobs:
            try:
                if job.trial.number not in self._networks:
                    self._networks[job.trial.number] = self._maker.networks(job.trial)
            except FailedTrialError as error:
                failed[job.trial.number] = _failed(job, str(error))
        # Before the first jobs nothing is removed: the others of their rung may be recorded, and be promoted.
        if self._begun and not self._search.settings.keep_checkpoints:
            self._checkpoints.keep_only({(job.trial.number, job.start) for job in jobs})
        self._begun = True
        self._train_lost(jobs)
        if self._stopped:
            return
        ordered = in_order(jobs, self._networks)
        results = dict(failed)
        begun = [job for job in ordered if job.trial.number not in failed]
        waiting = iter(ordered)
        due = next(waiting, None)
        for result in self._results(begun):
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

    def _results(self, jobs: Sequence[Job]) -> Iterator[Result]:
        """Train the jobs; a result comes once all of its trial's networks are done."""
        if not jobs:
            return
        units = range(len(self._search.units))
        found = {job.trial.number: self._ended(job) for job in jobs}
        missing = {number: len(units) - len(of_units) for number, of_units in found.items()}
        ended = {(number, unit) for number, of_units in found.items() for unit in of_units}
        places = {
            network: place
            for job in jobs
            for network, place in self._places(job).items()
            if place is not None
        }
        tasks = stack_tasks(jobs, self._networks, places, ended, self._search, workers=self._executor.workers)
        of_trial = {job.trial.number: job for job in jobs}
        for task, numbers, of_stack in self._train(tasks):
            if of_stack is None:
                for number in dict.fromkeys(numbers):
                    if missing.pop(number, None):
                        yield _failed(of_trial[number], "its worker process was killed, twice")
                continue
            if any(unit.outcome is Outcome.INTERRUPTED for unit in of_stack.units):
                continue
            self._keep(task, numbers, of_stack)
            self._note(task, numbers, of_stack)
            for number, network, unit in zip(numbers, task.networks, of_stack.units, strict=True):
                if number in missing:
                    found[number][network.unit] = unit
                    missing[number] -= 1
            for number in dict.fromkeys(numbers):
                if missing.get(number) == 0:
                    del missing[number]
                    of_units = found.pop(number)
                    yield self._result(of_trial[number], [of_units[unit] for unit in sorted(of_units)])
        if missing:  # stacks were interrupted, or not started
            self._stopped = True

    def _train(
        self, tasks: Sequence[tuple[StackTask, list[int]]]
    ) -> Iterator[tuple[StackTask, list[int], StackResult | None]]:
        """Each stack with its trials and what became of it; None where a trial alone has killed its process.

        What kills its process in a stack is trained trial by trial: the others are not to blame, and alone
        they may all find room.
        """
        items = ((self._work, task) for task, _ in tasks)
        done = run_work(self._executor, train_trials, items, on_killed=lambda index: None)
        apart: list[tuple[StackTask, list[int]]] = []
        for index, of_stack in done:
            task, numbers = tasks[index]
            if of_stack is None and len(set(numbers)) > 1:
                for own in dict.fromkeys(numbers):
                    networks = [
                        each for each, number in zip(task.networks, numbers, strict=True) if number == own
                    ]
                    apart.append((replace(task, networks=tuple(networks)), [own] * len(networks)))
            else:
                yield task, numbers, of_stack
        if apart:
            yield from self._train(apart)

    def _keep(self, task: StackTask, numbers: Sequence[int], of_stack: StackResult) -> None:
        if of_stack.state is not None:
            networks = [(numbers[k], task.networks[k].unit) for k in of_stack.reached]
            self._checkpoints.write(networks, task.stop, of_stack.state)
            self._written |= {(network, task.stop) for network in networks}

    def _note(self, task: StackTask, numbers: Sequence[int], of_stack: StackResult) -> None:
        event = {
            "trials": list(dict.fromkeys(numbers)),
            "networks": len(numbers),
            "from": task.start,
            "to": task.stop,
            "seconds": round(of_stack.seconds, 4),
        }
        self._run.note_times([event])

    def _result(self, job: Job, units: Sequence[UnitResult]) -> Result:
        """The trial's result: the mean over its networks; one that diverged diverges it."""
        epochs = max(unit.epochs for unit in units) - job.start
        outcomes = {unit.outcome for unit in units}
        facts: dict[str, object] = {}
        if len(self._search.units) == 1:
            facts["curve"] = _finite(units[0].curves)
        if Outcome.DIVERGED in outcomes:
            count = sum(unit.outcome is Outcome.DIVERGED for unit in units)
            where = (
                f"in {count} of {len(units)} folds" if len(units) > 1 else f"in epoch {job.start + epochs}"
            )
            return replace(
                _failed(job, f"the loss was no finite number any more, {where}"),
                status=Status.DIVERGED, epochs=epochs, facts=facts,
            )  # fmt: skip
        objectives = [unit.objective for unit in units if unit.objective is not None]
        if len(objectives) < len(units):
            metric = self._search.settings.objective.metric
            return replace(_failed(job, f"{metric} has no value here"), epochs=epochs, facts=facts)
        done = Outcome.COMPLETED in outcomes
        if len(units) > 1:
            facts[FOLDS] = objectives
            ended = [
                [k, unit.epochs, unit.kept_epoch]
                for k, unit in enumerate(units)
                if unit.outcome is not Outcome.COMPLETED
            ]
            if done and ended:
                facts[ENDED] = ended
        if done:
            facts[CHECKPOINT] = _together([unit.digest for unit in units if unit.digest])
        else:
            facts[KEPT_EPOCH] = median_low(unit.kept_epoch for unit in units)
        status = Status.COMPLETED if done else Status.STOPPED_EARLY
        mean = math.fsum(objectives) / len(objectives)
        return Result(job.trial.number, job.rung, job.stop, status, mean, epochs, facts=facts)

    def _ended(self, job: Job) -> dict[int, UnitResult]:
        """The trial's networks that had stopped early before this job: they keep their value for nothing."""
        facts = self._journal.results[job.trial.number, job.start].facts if job.start else None
        if not facts or ENDED not in facts:
            return {}
        return {
            unit: UnitResult(Outcome.STOPPED_EARLY, epochs, kept, facts[FOLDS][unit], {}, None)
            for unit, epochs, kept in facts[ENDED]
        }

    def _places(self, job: Job) -> dict[Network, Place | None]:
        """Where the checkpoints are that the job goes on from; None in place of what is lost."""
        if not job.start:
            return {}
        number, ended = job.trial.number, self._ended(job)
        networks = [(number, unit) for unit in range(len(self._search.units)) if unit not in ended]
        return {network: self._checkpoints.place(network, job.start) for network in networks}

    def _train_lost(self, jobs: Sequence[Job]) -> None:
        """Train again what jobs go on from and is not there, or is not what the journal says.

        Raises `DataError` where it comes out differently: then this machine is another one.
        """
        lost = [
            replace(job, start=0, stop=job.start)
            for job in jobs
            if job.start and job.trial.number in self._networks and not self._is_there(job)
        ]
        for stop in sorted({job.stop for job in lost}):
            ordered = in_order([job for job in lost if job.stop == stop], self._networks)
            for result in self._results(ordered):
                recorded = self._journal.results[result.trial, stop]
                if (result.objective, _digest(result)) != (recorded.objective, _digest(recorded)):
                    raise MachineError(
                        f"trial {result.trial}, trained again because its checkpoint was lost, comes to "
                        f"{result.objective} after {stop} epochs, and the journal has {recorded.objective}: "
                        "this machine, or its NumPy, does not repeat it to the bit. Begin a new search here"
                    )

    def _is_there(self, job: Job) -> bool:
        """Whether the checkpoint that a job goes on from is there, and is the one that was recorded."""
        places = self._places(job)
        if all((network, job.start) in self._written for network in places):
            return True
        digests = []
        for place in places.values():
            if place is None:
                return False
            try:
                state = read_state(place.file)
                digests.append(digest(select_members(state, np.array([place.row]))))
            except (DataError, MachineError, IndexError):
                return False
        return _together(digests) == _digest(self._journal.results[job.trial.number, job.start])


def _failed(job: Job, reason: str) -> Result:
    return Result(job.trial.number, job.rung, job.stop, Status.FAILED, None, 0, reason)


def _digest(result: Result) -> object:
    return (result.facts or {}).get(CHECKPOINT)


def _together(digests: Sequence[str]) -> str:
    """One digest of a trial's networks, in the order of its units."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _finite(curves: Mapping[str, Sequence[float]]) -> dict[str, list[float | None]]:
    return {
        name: [value if math.isfinite(value) else None for value in values] for name, values in curves.items()
    }
