"""The jobs that a scheduler has given out and has no results of yet."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.records.trials import Job, JobKey, Result


class OpenJobs:
    """Jobs under way, by key."""

    def __init__(self) -> None:
        self._jobs: dict[JobKey, Job] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._jobs)

    def begin(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Add jobs, and return them."""
        self._jobs |= {job.key: job for job in jobs}
        return jobs

    def end(self, result: Result) -> Job:
        """Remove the result's job and return it; raises ValueError if it is not under way."""
        job = self._jobs.pop(result.key, None)
        if job is None:
            raise ValueError(f"a result of a job that is not under way: (trial, budget) {result.key}")
        return job
