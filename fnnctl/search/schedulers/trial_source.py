"""Where a scheduler gets its trials: numbered in the order in which they begin, up to a limit.

A scheduler need not tell a limit from an exhausted sampler: both give fewer trials than it asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.records.trials import Job, Result, Trial
from fnnctl.search.protocols import Sampler


class TrialSource:
    """Begins trials with what a sampler proposes."""

    def __init__(self, sampler: Sampler, most: int | None = None) -> None:
        """At most `most` trials begin."""
        self.sampler, self._most = sampler, most
        self._begun = 0

    def begin(self, count: int | None = None, *, bracket: int = 0) -> list[Trial]:
        """Return `count` new trials (None: all), or fewer if there are no more."""
        trials: list[Trial] = []
        while len(trials) != count and self._begun != self._most:
            assignment = self.sampler.ask()
            if assignment is None:
                break
            trials.append(Trial(self._begun, assignment, bracket))
            self._begun += 1
        return trials


def check_answers(jobs: Sequence[Job], results: Sequence[Result]) -> None:
    """Raise ValueError if the results are not those of the jobs, in their order."""
    asked, told = [job.key for job in jobs], [result.key for result in results]
    if asked != told:
        first = next((k for k, pair in enumerate(zip(asked, told, strict=False)) if pair[0] != pair[1]), None)
        if first is None:
            raise ValueError(f"{len(asked)} jobs were asked for, and {len(told)} results told")
        raise ValueError(f"result {first} is of (trial, budget) {told[first]}, the job of {asked[first]}")
