"""Gives a scheduler its trials, numbered in the order in which they start, up to a limit.

For a scheduler, a limit and an exhausted sampler look the same: it gets fewer trials than requested.
"""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.records.trials import Job, Result, Trial
from fnnctl.search.protocols import Sampler


class TrialSource:
    """Starts trials with the assignments that a sampler proposes."""

    def __init__(self, sampler: Sampler, most: int | None = None) -> None:
        """Start at most `most` trials."""
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
    """Raise ValueError unless the results belong to the jobs, in the same order."""
    asked, told = [job.key for job in jobs], [result.key for result in results]
    if asked != told:
        first = next((k for k, pair in enumerate(zip(asked, told, strict=False)) if pair[0] != pair[1]), None)
        if first is None:
            raise ValueError(f"there are {len(told)} results for {len(asked)} jobs")
        raise ValueError(f"result {first} has (trial, budget) {told[first]}, its job has {asked[first]}")
