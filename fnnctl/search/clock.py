"""Virtual time: a job takes its cost, and results are told in the order in which jobs end.

Decisions of asynchronous methods depend on which result comes first. In virtual time that does not depend on
the number of workers, their speed or interruptions.
"""

from __future__ import annotations

import heapq

from fnnctl.records.trials import Job


class VirtualClock:
    """The jobs under way, and the virtual time."""

    def __init__(self) -> None:
        self.now = 0
        self._under_way: list[tuple[int, int, Job]] = []
        """A heap of (end, trial, job): a trial has one job at a time, so jobs are never compared."""

    def __len__(self) -> int:
        """The number of jobs under way."""
        return len(self._under_way)

    def start(self, job: Job, cost: int) -> int:
        """Start a job now; return the time at which it ends."""
        end = self.now + cost
        heapq.heappush(self._under_way, (end, job.trial.number, job))
        return end

    @property
    def first(self) -> Job:
        """The job that ends first; of several, the one with the smallest trial number."""
        return self._under_way[0][2]

    def end_first(self) -> Job:
        """End that job: it is then as late as its end."""
        self.now, _, job = heapq.heappop(self._under_way)
        return job
