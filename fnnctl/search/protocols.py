"""The protocols of a search method's two parts, and of what does their jobs.

A sampler proposes configurations, a scheduler spends epochs on them, a runner does the jobs. Samplers and
schedulers depend only on the calls of `ask` and `tell` (no clock, no shared random state), so replaying a
journal restores their state.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, Protocol

from fnnctl.records.trials import Job, JobKey, Result, Stop, Trial
from fnnctl.space.assignments import Assignment

UNLIMITED: Final = sys.maxsize
"""The number of virtual slots of methods whose decisions do not depend on the order of results."""


class Sampler(Protocol):
    """Proposes configurations."""

    @property
    def learns(self) -> bool:
        """Whether its proposals depend on results."""

    @property
    def is_waiting(self) -> bool:
        """Whether it proposes no further configurations until it is told of results that it waits for."""

    @property
    def saved(self) -> int:
        """How many configurations it has skipped because they equal an earlier one."""

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """The next configurations, never the same twice: n, or fewer if it waits or the space is exhausted.

        `pending` are the configurations of trials that have no result yet.
        """

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Receive a trial's loss after `budget` epochs; it is infinite if the trial diverged or failed.

        A trial that stopped early is reported again at every rung that it is promoted to.
        """


class Scheduler(Protocol):
    """Spends epochs, and passes every result on to its sampler."""

    def ask(self, free: int) -> Sequence[Job]:
        """At most `free` jobs that can start now, by trial.

        Without jobs it waits for results or, if no job is under way, the search is over. It can be asked
        again at once, and may then have further jobs.
        """

    def tell(self, result: Result) -> Sequence[Stop]:
        """Receive the result of a job, and return what is stopped because of it.

        Raises ValueError if no such job is under way.
        """

    def released(self) -> Sequence[JobKey]:
        """The results whose checkpoints no job will resume from any more; only those not returned before."""


class Runner(Protocol):
    """Does jobs. Their results depend on the jobs alone, not on which of them are done together or first."""

    def cost(self, job: Job) -> int:
        """How long the job takes in virtual time, which must follow from the job alone."""

    def submit(self, job: Job, since: int) -> None:
        """Do the job, which starts at the virtual time `since`: earlier ones are more urgent.

        In this order long jobs start early, and the workers have short ones left for the end.
        """

    def collect(self) -> Sequence[Result]:
        """Wait for results; none if the runner was asked to stop."""

    def release(self, keys: Sequence[JobKey]) -> None:
        """Forget the checkpoints of these results: no job will resume from them."""
