"""The parts of a search: trials, their jobs, and the jobs' results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from fnnctl.messages import Message
from fnnctl.space.assignments import Assignment

Direction: TypeAlias = Literal["maximize", "minimize"]
"""Whether a large or a small objective is better."""

JobKey: TypeAlias = tuple[int, int]
"""A trial's number and a cumulative budget: they identify a job and its result."""


CURVE = "curve"
"""The fact of a result that holds the learning curves of its job's epochs, by name."""

NON_FINITE_LOSS: Final = "non_finite_loss"
"""The kind of the reason of a network whose loss became infinite or NaN."""

FOLDS = "folds"
"""The fact of a result that holds each fold's objective."""


class Status(StrEnum):
    """How a job ended."""

    COMPLETED = "completed"
    STOPPED_EARLY = "stopped early"
    """Early stopping ended the trial: it keeps its value at every higher rung and costs nothing there."""
    STOPPED_BY_CURVE = "stopped by curve"
    """The search ended the trial because of its learning curve: it ranks below those that were not."""
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def finite(self) -> bool:
        """Whether there is an objective."""
        return self in {Status.COMPLETED, Status.STOPPED_EARLY, Status.STOPPED_BY_CURVE}


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration's whole life in a search."""

    number: int
    """From 0, in the order in which trials begin."""
    assignment: Assignment
    bracket: int = 0
    """The bracket's number s; 0 if there is only one bracket."""


@dataclass(frozen=True, slots=True)
class Job:
    """A trial from one budget to the next."""

    trial: Trial
    rung: int
    start: int
    """Epochs that the trial has trained before this job; 0 for its first job."""
    stop: int
    """Epochs that it has trained after this job: the rung's cumulative budget."""

    @property
    def key(self) -> JobKey:
        """The key of the job's result."""
        return self.trial.number, self.stop


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a job."""

    trial: int
    rung: int
    budget: int
    """The job's `stop`."""
    status: Status
    objective: float | None
    """The measured value, independent of the direction; None unless the status is finite."""
    epochs: int
    """Epochs trained by this job: fewer than granted if it stopped early or diverged."""
    reason: str | None = None
    """Why it diverged or failed."""
    facts: Mapping[str, Any] | None = None
    """Further facts: learning curves, a checkpoint's digest, the epoch of the kept weights. Resumed trials
    and the refit depend on them; samplers and schedulers do not."""
    reason_kind: str | None = None
    """The kind of the reason."""

    @property
    def key(self) -> JobKey:
        """The key of the result's job."""
        return self.trial, self.budget


def failed_result(job: Job, reason: Message, *, status: Status = Status.FAILED, epochs: int = 0) -> Result:
    """The result of a trial without an objective: it could not be trained or measured, or has diverged."""
    return Result(
        job.trial.number, job.rung, job.stop, status, None, epochs, str(reason), reason_kind=reason.kind
    )


@dataclass(frozen=True, slots=True)
class EarlyResult(Result):
    """The result of a job whose turn had not come when the search was asked to stop.

    No decision depends on it. It is recorded as a `Result` in its turn, after the search is resumed.
    """


ConfirmedKey: TypeAlias = tuple[int, int, int]
"""A trial's number, its largest number of epochs, and a seed's number: they identify a network of a
confirmation."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The result of a leader that was trained again, from scratch, with another seed and on other rows."""

    trial: int
    budget: int
    """The largest number of epochs."""
    seed: int
    """The seed's number, from 0."""
    objective: float | None
    """The measured value, always on validation rows; None if it is undefined, or if the network diverged or
    failed.
    """
    epochs: int
    """Epochs trained."""
    kept_epoch: int
    """The epoch of the final weights."""
    train_rows: int
    validation_rows: int
    reason: str | None = None
    """Why there is no objective."""
    is_undefined: bool = False
    """Whether a trained network has no objective because the metric is undefined on these rows."""
    reason_kind: str | None = None
    """The kind of the reason."""

    @property
    def key(self) -> ConfirmedKey:
        """What identifies this network."""
        return self.trial, self.budget, self.seed


StopKey: TypeAlias = tuple[int | None, int | None, str | None]
"""A trial's number, its epochs and the kind of the reason identify the decision to end it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The decision to end a trial because of its learning curve, or the search before its plan is done."""

    reason: str
    trial: int | None = None
    """None if the search ends."""
    budget: int | None = None
    """The trial's epochs so far."""
    saved: int | None = None
    """The epochs that the trial was granted and does not use."""
    reason_kind: str | None = None
    """The kind of the reason."""

    @property
    def key(self) -> StopKey:
        """What identifies the decision."""
        return self.trial, self.budget, self.reason_kind


def non_finite_loss(place: str = "") -> Message:
    """The reason of a network that diverged, with the epoch or the folds if they are known."""
    return Message(NON_FINITE_LOSS, f"the loss became non-finite {place}".rstrip())


def non_finite_objective(objective: float | None) -> Message:
    """The reason of a trial whose objective is infinite or NaN, or None if its curve says no more."""
    value = "not finite" if objective is None else f"{objective}"
    return Message("non_finite_objective", f"the objective is {value}")


def undefined_metric(metric: str) -> Message:
    """The reason of a network whose objective has no value on the rows that measure it."""
    return Message("undefined_metric", f"{metric} is undefined here")
