"""The fits of a search that wait for a worker; those of equal shape and epoch leave the queue as a stack."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from fnnctl.records.trials import Job, Trial
from fnnctl.stacks.costs import rough_seconds
from fnnctl.training.members import StackSettings
from fnnctl.trials.fits import StackKey, settings_text

StackSize: TypeAlias = Callable[[StackSettings, int], int]
"""The best number of members for a stack with these settings if this many such fits are waiting."""

_GroupKey: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """A stack before its fits are made."""

    start: int
    stop: int
    members: tuple[tuple[Trial, int], ...]
    """The trial of each fit, and the fit's index in the trial."""

    @property
    def trials(self) -> list[int]:
        """The trial numbers, without repetition."""
        return list(dict.fromkeys(trial.number for trial, _ in self.members))

    def by_trial(self) -> list[PlannedStack]:
        """One stack per trial."""
        return [
            replace(self, members=tuple(member for member in self.members if member[0].number == number))
            for number in self.trials
        ]


@dataclass(slots=True)
class _Group:
    """Waiting fits that can train together."""

    settings: StackSettings
    start: int
    stop: int
    cost: int
    """The estimated nanoseconds that a fit takes."""
    waiting: list[tuple[int, int, int, Trial]]
    """A heap of (since, trial number, index of the fit, trial)."""
    size: int = 0
    """The size of stacks that was chosen when the most fits were waiting: the rest must not shrink it."""


class FitQueue:
    """Waiting fits, in groups that can train together. The most urgent fit takes its group along.

    How many leave as a stack follows from all fits that wait. If the workers shared each group instead, a
    search over several settings that networks of a stack have in common would train in very small stacks.
    """

    def __init__(self, stack_size: StackSize) -> None:
        self._stack_size = stack_size
        self._groups: dict[_GroupKey, _Group] = {}
        self._cost = 0
        """That of all fits in the groups together."""
        self._urgent: list[tuple[int, int, int, _GroupKey]] = []
        """A heap of all fits that were added; those that have left as others' company are skipped."""
        self._single: deque[PlannedStack] = deque()

    def add(self, job: Job, order: str, keys: Sequence[tuple[int, StackKey]], since: int) -> None:
        """Add fits of a job, each with its index in the trial.

        `order` and the keys determine which fits can train together: see `TrialFits.stack_keys`.
        """
        for index, (settings, sizes) in keys:
            key = job.start, job.stop, f"{order} {settings_text(settings)} {sizes}"
            group = self._groups.get(key)
            if group is None:
                seconds = rough_seconds(settings, train_rows=sizes[-1], epochs=job.stop - job.start)
                cost = max(1, round(1e9 * seconds))
                group = self._groups[key] = _Group(settings, job.start, job.stop, cost, [])
            self._cost += group.cost
            heapq.heappush(group.waiting, (since, job.trial.number, index, job.trial))
            heapq.heappush(self._urgent, (since, job.trial.number, index, key))

    def add_stacks(self, stacks: Sequence[PlannedStack]) -> None:
        """Add stacks that are to be trained as they are, before anything else."""
        self._single += stacks

    def next_stack(self) -> PlannedStack | None:
        """The next stack; None if nothing waits."""
        if self._single:
            return self._single.popleft()
        while self._urgent:
            since, number, index, key = heapq.heappop(self._urgent)
            group = self._groups.get(key)
            if group and group.waiting[0][:3] == (since, number, index):
                return self._stack(key, group)
        return None

    def _stack(self, key: _GroupKey, group: _Group) -> PlannedStack:
        count = len(group.waiting)
        most = self._stack_size(group.settings, math.ceil(self._cost / group.cost))
        group.size = max(group.size, -(-count // -(-count // most)))  # stacks of about equal size
        members = [heapq.heappop(group.waiting) for _ in range(min(group.size, count))]
        self._cost -= group.cost * len(members)
        if not group.waiting:
            del self._groups[key]
        return PlannedStack(group.start, group.stop, tuple((trial, index) for _, _, index, trial in members))
