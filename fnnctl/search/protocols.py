"""The two parts of a search method: a sampler proposes configurations, a scheduler spends epochs on them.

Both depend on nothing but what they were asked and told (no clock, no shared random state), so that replaying
a journal restores their state.
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
        """The next one, never the same twice; None as soon as the space is exhausted."""

    def tell(self, trial: Trial, result: Result) -> None:
        """Take note of a job's result.

        A trial that has stopped early is told of again at every rung that it is promoted to, with no epochs.
        """


class Scheduler(Protocol):
    """Spends epochs, and passes every result on to its sampler."""

    def ask(self) -> Sequence[Job]:
        """All jobs that can start now, in the order of their trials; none if the search is over.

        The caller asks again when it has told all their results.
        """

    def tell(self, results: Sequence[Result]) -> None:
        """The results of all the jobs that were asked for, in the order of their trials."""
