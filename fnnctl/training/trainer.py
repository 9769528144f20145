"""Training: epochs until every member has completed, stopped early, converged, or diverged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median_low

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS
from fnnctl.training.history import Record
from fnnctl.training.stack import Stack


class Outcome(StrEnum):
    """How a member's training ended."""

    COMPLETED = "completed"
    STOPPED_EARLY = "stopped early"
    CONVERGED = "converged"
    OUT_OF_TIME = "out of time"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class TrainedMember:
    """A member at the end of its training."""

    parameters: FloatArray
    """(P,): those of the best epoch if early stopping restores them."""
    statistics: FloatArray
    """(S,): the running statistics that belong to the parameters."""
    outcome: Outcome
    epochs: int
    """The number of completed epochs."""
    best_epoch: int | None
    """The epoch whose monitored value was best; None without early stopping."""
    history: dict[str, list[float]]
    """The recorded columns, one entry per epoch."""


def representative(members: Sequence[TrainedMember], separate_targets: int) -> TrainedMember:
    """The first member of an ensemble, which shares outcome, epochs and history with the others.

    If each target has networks of its own, its best epoch is the lower median of theirs.
    """
    first = members[0]
    of_targets = members[:: len(members) // separate_targets]
    epochs = [member.best_epoch for member in of_targets if member.best_epoch is not None]
    return replace(first, best_epoch=median_low(epochs)) if len(epochs) == len(of_targets) else first


def train_stack(
    stack: Stack,
    *,
    diagnose: bool = False,
    on_epoch: Callable[[Stack, Record], None] = lambda stack, record: None,
    should_stop: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
) -> list[TrainedMember]:
    """Train a stack's members from their current epoch to their end; each gets the bits that it has alone.

    Args:
        diagnose: Whether to also record the gradient norm and the units' activity.
        on_epoch: Called with the stack and its record after each epoch.
        should_stop: Called after each step; after the last step of an epoch, once the epoch is recorded. If
            it returns True, training ends and returns the members as trained so far.
        seconds: The time limit: no epoch starts after it, except the first.
    """
    deadline = time.monotonic() + seconds
    trained: dict[int, TrainedMember] = {}
    present = np.arange(len(stack.members))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result
        while present.size:
            if leaving := _leaving(stack, late=time.monotonic() >= deadline):
                for k, outcome in leaving.items():
                    trained[int(present[k])] = trained_member(stack, k, outcome)
                staying = np.array([k for k in range(present.size) if k not in leaving], dtype=np.intp)
                present = present[staying]
                if present.size:
                    stack = stack.select(staying)
                continue
            stopped = stack.epoch > 0 and should_stop()
            record = None if stopped else stack.run_epoch(diagnose=diagnose, should_stop=should_stop)
            if record is None:
                trained |= {
                    int(j): trained_member(stack, k, Outcome.INTERRUPTED) for k, j in enumerate(present)
                }
                break
            on_epoch(stack, record)
    return [trained[index] for index in range(len(trained))]


def _leaving(stack: Stack, *, late: bool) -> dict[int, Outcome]:
    """The members that have ended, and how; apart from the time limit this depends only on their state."""
    if stack.epoch == 0 or (stack.continues and not late):
        return {}
    finite, done = stack.finite, stack.epoch >= stack.last_epochs
    out_of_patience, converged = stack.out_of_patience, stack.converged
    ended = ~finite | out_of_patience | converged | done
    leaving: dict[int, Outcome] = {}
    for k in np.flatnonzero(ended | late).tolist():
        if not (finite[k] and stack.has_finite_weights(k)):
            leaving[k] = Outcome.DIVERGED
        elif out_of_patience[k]:
            leaving[k] = Outcome.STOPPED_EARLY
        elif converged[k]:
            leaving[k] = Outcome.CONVERGED
        else:
            leaving[k] = Outcome.COMPLETED if done[k] else Outcome.OUT_OF_TIME
    return leaving


def trained_member(stack: Stack, k: int, outcome: Outcome) -> TrainedMember:
    """The stack's member k as trained so far.

    The last epoch of a diverged member is recorded as NaN, because training may have left it in the middle of
    the epoch if all other members diverged, too.
    """
    best_epoch = int(stack.stopping.best_epoch[k]) if stack.members[k].stopping else None
    history, weights = stack.history.of_member(k), stack.final_weights(k)
    if outcome is Outcome.DIVERGED:
        for name, values in history.items():
            if name != "learning_rate":
                values[-1] = math.nan
        if not all(np.isfinite(array).all() for array in weights.values()):
            weights = {name: np.full_like(array, np.nan) for name, array in weights.items()}
    return TrainedMember(
        **weights,
        outcome=outcome,
        epochs=len(history.get(TRAIN_LOSS, ())),
        best_epoch=best_epoch or None,
        history=history,
    )
