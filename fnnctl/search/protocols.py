"""The two seams of a search: a sampler says what to try, a scheduler how long to go on with it.

Both are functions of what they have been asked and told, and of nothing else (no clock, no shared random
state), so that replaying a journal brings them back to where they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fnnctl.records.trials import Job, Result, Trial
from fnnctl.space.assignments import Assignment


class Sampler(Protocol):
    """Chooses configurations."""

    @property
    def learns(self) -> bool:
        """Whether what it chooses depends on what it was told."""

    def ask(self) -> Assignment | None:
        """The next one, never the same twice; None where the space is exhausted, and from then on."""

    def tell(self, trial: Trial, result: Result) -> None:
        """Take note of a job's result.

        A trial that has stopped early is told of again at every rung that it is promoted to, with no epochs.
        """


class Scheduler(Protocol):
    """Spends epochs, and passes every result on to its sampler."""

    def ask(self) -> Sequence[Job]:
        """All the jobs that can be done now, in the order of their trials; empty where the search is over.

        Not asked again before every one of them has been told.
        """

    def tell(self, results: Sequence[Result]) -> None:
        """The results of all the jobs that were asked for, in the order of their trials."""
