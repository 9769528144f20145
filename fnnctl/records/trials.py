"""What a search consists of: trials, their jobs, and the results of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from fnnctl.space.assignments import Assignment

Direction: TypeAlias = Literal["maximize", "minimize"]
"""Whether a large or a small objective is good."""

JobKey: TypeAlias = tuple[int, int]
"""A trial's number and a cumulative budget: they identify a job and its result."""


class Status(StrEnum):
    """How a job ended."""

    COMPLETED = "completed"
    STOPPED_EARLY = "stopped early"
    """It needs no more epochs: it keeps its value at every higher rung and costs nothing there."""
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def finite(self) -> bool:
        """Whether there is an objective."""
        return self in {Status.COMPLETED, Status.STOPPED_EARLY}


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration's whole life in a search."""

    number: int
    """From 0, in the order in which trials begin."""
    assignment: Assignment
    bracket: int = 0
    """The s of the ladder it climbs; 0 if there is one ladder."""


@dataclass(frozen=True, slots=True)
class Job:
    """A trial from one budget to the next."""

    trial: Trial
    rung: int
    start: int
    """Epochs that the trial has had before; 0 for its first job."""
    stop: int
    """Epochs that it will have had after it: the rung's cumulative budget."""

    @property
    def key(self) -> JobKey:
        """The key of the result that answers it."""
        return self.trial.number, self.stop


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job."""

    trial: int
    rung: int
    budget: int
    """The job's `stop`."""
    status: Status
    objective: float | None
    """As it was measured, whatever the direction; None unless the status is finite."""
    epochs: int
    """Epochs trained by this job: fewer than granted if it stopped early or diverged."""
    reason: str | None = None
    """Why it diverged or failed."""
    facts: Mapping[str, Any] | None = None
    """What else is recorded: learning curves, a checkpoint's digest, the epoch that was kept. Resumed trials
    and the refit depend on it; samplers and schedulers do not."""

    @property
    def key(self) -> JobKey:
        """The key of the job that it answers."""
        return self.trial, self.budget
