"""What each worker of a search did when, from the run's timeline.

A search that was resumed has several *sessions*, with a pause between them; a confirmation has workers of its
own, and so is a session too. Times are in seconds, with all sessions put end to end: pauses are cut out.
Machines whose clocks differ are shown as far apart as their clocks are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, TypeGuard

TOUCH: Final = 0.002
"""Stacks that overlap by at most this many seconds can be those of one worker, because times are rounded."""

Event: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackTime:
    """Networks that a worker trained together."""

    start: float
    stop: float
    budget: int | None
    """The epochs up to which the trials trained; None in a confirmation."""
    networks: int


@dataclass(frozen=True, slots=True)
class WorkerTime:
    """One worker; the k-th ones on a host in all sessions count as the same."""

    name: str
    """`worker 1`; with several hosts `HOST, worker 1`."""
    stacks: tuple[StackTime, ...]
    """In the order of time."""
    busy: float
    """The seconds of training."""
    share: float
    """The share of training in the time of the sessions in which it trained something."""

    @property
    def networks(self) -> int:
        """The number of networks; one that was trained in several steps counts for each."""
        return sum(stack.networks for stack in self.stacks)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The work of a search."""

    workers: tuple[WorkerTime, ...]
    ends: tuple[float, ...]
    """The end of each session, in seconds; the last is the end of all."""
    busy: float
    """The share of training in the time of all workers, including those that got nothing to do."""


@dataclass(frozen=True, slots=True)
class _Done:
    """A stack, and who trained it; empty texts if the timeline does not say it."""

    host: str
    name: str
    stack: StackTime


@dataclass(slots=True)
class _WorkerSession:
    """What was done between two starts of workers."""

    workers: int | None = None
    """How many workers were started; None if the timeline does not say it."""
    done: list[_Done] = field(default_factory=list)

    @property
    def first(self) -> float:
        return min(done.stack.start for done in self.done)

    @property
    def seconds(self) -> float:
        return max(done.stack.stop for done in self.done) - self.first

    def by_worker(self, offset: float) -> dict[tuple[str, int], list[StackTime]]:
        """The stacks by host and by the number of the worker on it, from 0; the session begins at `offset`.

        Workers are numbered in the order of their first stacks. Where the timeline does not name them, each
        stack goes to the first worker that was free.
        """
        stacks: dict[tuple[str, int], list[StackTime]] = {}
        numbers: dict[str, dict[str, int]] = {}
        shift = offset - self.first
        for done in sorted(self.done, key=lambda done: done.stack.start):
            start, stop = done.stack.start + shift, done.stack.stop + shift
            number = 0
            if done.name:
                named = numbers.setdefault(done.host, {})
                number = named.setdefault(done.name, len(named))
            else:
                while (former := stacks.get((done.host, number))) and former[-1].stop > start + TOUCH:
                    number += 1
            stacks.setdefault((done.host, number), []).append(replace(done.stack, start=start, stop=stop))
        return stacks


def timeline(events: Iterable[Event]) -> Timeline | None:
    """The timeline of a search's events, without unknown ones; None if nothing was trained."""
    sessions = _sessions(events)
    if not sessions:
        return None
    ends = [0.0]
    stacks: dict[tuple[str, int], list[StackTime]] = {}
    present: dict[tuple[str, int], float] = {}
    available = 0.0
    for session in sessions:
        by_worker = session.by_worker(ends[-1])
        for worker, times in by_worker.items():
            stacks.setdefault(worker, []).extend(times)
            present[worker] = present.get(worker, 0.0) + session.seconds
        available += session.seconds * (session.workers or len(by_worker))
        ends.append(ends[-1] + session.seconds)
    has_hosts = len({host for host, _ in stacks}) > 1
    workers = [
        _worker(f"{host}, worker {k + 1}" if has_hosts else f"worker {k + 1}", times, present[host, k])
        for (host, k), times in sorted(stacks.items())
    ]
    return Timeline(
        tuple(workers), tuple(ends[1:]), _share(sum(worker.busy for worker in workers), available)
    )


def trial_times(events: Iterable[Event]) -> dict[int, tuple[float, float]]:
    """When each trial's first stack began and its last one ended, in seconds since 1970, by its number."""
    times: dict[int, tuple[float, float]] = {}
    for event in events:
        done, trials = _done(event), event.get("trials")
        if done is None or done.stack.budget is None or not isinstance(trials, list):
            continue
        for number in trials:
            start, stop = times.get(number, (math.inf, -math.inf))
            times[number] = min(start, done.stack.start), max(stop, done.stack.stop)
    return times


def started_event(executor: str, workers: int) -> dict[str, Any]:
    """The event that begins a session with this number of workers."""
    return {"executor": executor, "workers": workers}


def _worker(name: str, stacks: list[StackTime], present: float) -> WorkerTime:
    busy = math.fsum(stack.stop - stack.start for stack in stacks)
    return WorkerTime(name, tuple(stacks), busy, _share(busy, present))


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole > 0 else 1.0


def _sessions(events: Iterable[Event]) -> list[_WorkerSession]:
    """The sessions in which something was trained."""
    sessions = [_WorkerSession()]
    for event in events:
        if "executor" in event:
            if sessions[-1].done:
                sessions.append(_WorkerSession())
            workers = event.get("workers")
            sessions[-1].workers = workers if isinstance(workers, int) and workers > 0 else None
        elif done := _done(event):
            sessions[-1].done.append(done)
    return [session for session in sessions if session.done]


def _done(event: Event) -> _Done | None:
    """The event as a trained stack; None if it is another one, or damaged."""
    seconds, stop, networks = event.get("seconds"), event.get("ended"), event.get("networks")
    if not (_is_time(seconds) and _is_time(stop) and isinstance(networks, int)):
        return None
    host, _, name = str(event.get("trained_by", "")).rpartition(":")
    budget = event.get("to")
    stack = StackTime(stop - seconds, stop, budget if isinstance(budget, int) else None, networks)
    return _Done(host, name, stack)


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0
