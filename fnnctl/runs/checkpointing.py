"""Saves the trained network however training ends: by a signal, a bug, or a closed terminal.

Training calls back after each step and each epoch. An exception in a callback stops training gracefully, as
a first signal does, so that the best weights are written before the exception is raised again. After an
exception in the engine itself, the history of the complete epochs and the latest weights are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.errors import DataError, MachineError, Problem
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.model_description import NetworkDescription, TrainedPart, fitted_entries, model_files
from fnnctl.modelling.predictor import as_weight, kind_weights, member_slices
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.tasks.post_training import PostTraining
from fnnctl.text import counted
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.history import Record, history_table
from fnnctl.training.stack import Stack
from fnnctl.training.state import MissingArrayError
from fnnctl.training.trainer import Outcome, TrainedMember, representative, trained_member

SECONDS_BETWEEN_CHECKPOINTS = 0.5
"""The least time between checkpoints. A judgement: a kill costs about as much of the training."""
MAX_SHARE = 0.02
"""The largest share of the time that may be spent on writing checkpoints."""
SECONDS_TO_FINISH = 2.0
"""A stop waits for the end of an epoch that takes no longer: only whole epochs can be kept."""


def incomplete_checkpoint(run: OpenRun, error: MissingArrayError) -> DataError:
    """The error for an edited checkpoint; a damaged one fails its checksums, and training starts again."""
    message = f"lacks the array {error}: restore the file, or remove it to train from the start"
    return DataError(Problem(message, file=str(run.path / names.CHECKPOINT)))


def _why_stopped_early(rule: EarlyStoppingConfig) -> str | None:
    """Why early stopping ended training; None if the rule never does."""
    if rule.patience == "auto":
        return f"the best {rule.monitor} was out of reach"
    if rule.patience is None:
        return None
    return f"no better {rule.monitor} for {counted(rule.patience, 'epoch')}"


class Checkpointer:
    """A context in which one fit trains. It writes checkpoints, and at the end history and weights.

    The block sets `trained`, and passes `on_epoch` and `should_stop` to the training.
    """

    def __init__(
        self,
        run: OpenRun,
        fit: Fit,
        description: NetworkDescription,
        *,
        show: Callable[[int, Record], None],
        on_written: Callable[[int], None],
        should_stop: Callable[[], bool],
        is_stop_requested: Callable[[], bool],
        seconds: Callable[[], float],
    ) -> None:
        """Start the clock of the checkpoints.

        Args:
            run: The run to write to.
            fit: The fit that is trained.
            description: The description of each network for model.json.
            show: Called after each epoch to show the progress.
            on_written: Called with the epoch of each written checkpoint.
            should_stop: Called after each step.
            is_stop_requested: Called at any time.
            seconds: Returns how long training has taken so far.
        """
        self.trained: Sequence[TrainedMember] = ()
        self._run, self._fit, self._description = run, fit, description
        self._show, self._on_written, self._seconds = show, on_written, seconds
        self._should_stop, self._is_stop_requested = should_stop, is_stop_requested
        self._epoch_began = time.monotonic()
        self._checkpoint_due = self._epoch_began + SECONDS_BETWEEN_CHECKPOINTS
        self._is_short = False
        """Whether the last epoch was short enough to wait for the end of the next."""
        self._is_between_epochs = True
        self._stack: Stack | None = None
        self._failure: Exception | None = None

    def on_epoch(self, stack: Stack, record: Record) -> None:
        """Write a checkpoint if one is due, and show the epoch."""
        self._stack = stack
        now = time.monotonic()
        self._is_short, self._epoch_began = now - self._epoch_began <= SECONDS_TO_FINISH, now
        self._is_between_epochs = True
        if now >= self._checkpoint_due:
            self._write_checkpoint(stack)
        try:
            self._show(stack.epoch, record)
        except Exception as error:
            self._failure = self._failure or error

    def _write_checkpoint(self, stack: Stack) -> None:
        """Write a checkpoint; skip it if it cannot be written, because a later one may succeed."""
        before = time.monotonic()
        try:
            self._run.write_checkpoint(Checkpoint.of(stack, seconds=self._seconds()).arrays())
            self._on_written(stack.epoch)
        except (MachineError, MemoryError) as error:
            self._run.log(f"no checkpoint after epoch {stack.epoch}: {error or 'out of memory'}")
        now = time.monotonic()
        self._checkpoint_due = now + max(SECONDS_BETWEEN_CHECKPOINTS, (now - before) / MAX_SHARE)

    def should_stop(self) -> bool:
        """Whether training should end after this step: on request, or because a callback failed."""
        is_whole, self._is_between_epochs = self._is_between_epochs or not self._is_short, False
        try:
            return self._failure is not None or (self._should_stop() and (is_whole or self._is_late()))
        except Exception as error:
            self._failure = error
            return True

    def is_overdue(self) -> bool:
        """Whether a stop was asked for, and the epoch lasts longer than the stop waits for its end."""
        return self._is_late() and self._is_stop_requested()

    def _is_late(self) -> bool:
        return time.monotonic() - self._epoch_began > SECONDS_TO_FINISH

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = error or self._failure
        try:
            self._write(failure)
            if failure is None:
                self._keep_whole_epoch()
        except Exception as unwritten:
            if failure is None:
                raise
            self._run.log(f"the trained network cannot be saved: {unwritten}")
        if error is None and self._failure:
            raise self._failure

    def _keep_whole_epoch(self) -> None:
        """Write a checkpoint if training stopped between two epochs, so that it can continue from there."""
        stack = self._stack
        for first in self.trained[:1]:
            if stack and first.outcome is Outcome.INTERRUPTED and first.epochs == stack.epoch:
                self._write_checkpoint(stack)

    def _write(self, failure: BaseException | None) -> None:
        members = self.trained
        if not members and (stack := self._stack):
            members = [trained_member(stack, k, Outcome.INTERRUPTED) for k in range(len(stack.members))]
        if members:
            ended_by_error = isinstance(failure, Exception)
            write_members(self._run, self._fit, self._description, members, ended_by_error=ended_by_error)


def write_members(
    run: OpenRun,
    fit: Fit,
    description: NetworkDescription,
    members: Sequence[TrainedMember],
    *,
    ended_by_error: bool = False,
) -> None:
    """Write history and weights of the fit's members, and how training ended."""
    trained = representative(members, fit.settings.separate_targets)
    stopped = "ended by an error" if ended_by_error else _why_stopped(fit, trained.outcome)
    last = "  ".join(f"{name} {values[-1]:.6g}" for name, values in trained.history.items() if values)
    run.log(f"{counted(trained.epochs, 'epoch')}: {stopped}; {last}")
    facts = {
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
        "stopped": stopped,
        "stopped_kind": "error" if ended_by_error else trained.outcome.name.lower(),
    }
    run.record({"training": facts})
    shape, calibrated = fit.settings.shape, fit.settings.calibrated
    columns, rows = history_table(
        trained.history, epoch_metrics(shape), layers=len(shape.hidden), calibrated=calibrated
    )
    run.write_table(names.HISTORY, columns, rows)
    parameters, statistics = (
        np.stack([getattr(member, name) for member in members]) for name in ("parameters", "statistics")
    )
    arrays, model = model_files(
        [
            TrainedPart(description, fit.layout, parameters[part], statistics[part], as_weight(weights))
            for part, weights in zip(member_slices(fit), kind_weights(fit), strict=True)
        ]
    )
    decoder = fit.decoder.with_threshold(PostTraining.of(fit.experiment.model).fixed_threshold)
    run.write_model(arrays, {**model, **fitted_entries(decoder)})


def _why_stopped(fit: Fit, outcome: Outcome) -> str | None:
    """Why training ended, in words."""
    training = fit.experiment.training
    rule, limit = training.early_stopping, training.time_limit
    converged = "the training loss no longer fell"
    if training.optimizer.name == "lbfgs":
        converged = "the gradient was nearly zero, or no step lowered the training loss further"
    reasons = {
        Outcome.COMPLETED: "all epochs were trained",
        Outcome.STOPPED_EARLY: _why_stopped_early(rule) if rule else None,
        Outcome.CONVERGED: converged,
        Outcome.OUT_OF_TIME: f"the time limit of {limit:g} s" if limit else None,
        Outcome.DIVERGED: "the loss became non-finite",
        Outcome.INTERRUPTED: "interrupted by a signal",
    }
    return reasons[outcome]
