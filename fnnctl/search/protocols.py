"""The two parts of a search method: a sampler proposes configurations, a scheduler spends epochs on them.

Both depend only on the calls of `ask` and `tell` (no clock, no shared random state), so replaying a journal
restores their state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fnnctl.records.trials import Job, Result, Trial
from fnnctl.space.assignments import Assignment


class Sampler(Protocol):
    """Proposes configurations."""

    @property
    def learns(self) -> bool:
        """Whether its proposals depend on results."""

    def ask(self) -> Assignment | None:
        """The next configuration, never the same twice; None once the space is exhausted."""

    def tell(self, trial: Trial, result: Result) -> None:
        """Receive a job's result.

        A trial that stopped early is reported again, with 0 epochs, at every rung that it is promoted to.
        """


class Scheduler(Protocol):
    """Spends epochs, and passes every result on to its sampler."""

    def ask(self) -> Sequence[Job]:
        """All jobs that can start now, in the order of their trials; none if the search is over.

        The caller asks again after it has told all results.
        """

    def tell(self, results: Sequence[Result]) -> None:
        """Receive the results of all requested jobs, in the order of their trials."""
