"""What is kept of a training, whatever ends it: a signal, a bug, a display that cannot be drawn.

Training calls out after each step and each epoch. What fails there ends it in order, as a first signal does,
so that the best weights are there to be written before the failure goes on its way. What fails in the engine
itself leaves the history of the epochs before.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from fnnctl.commands.preparation import Prepared
from fnnctl.commands.progress import OnEpoch
from fnnctl.commands.recording import model_description
from fnnctl.store.run import OpenRun
from fnnctl.training.history import History, Record, history_table
from fnnctl.training.trainer import Outcome, TrainedMember


class Keeping:
    """Within the block a network trains; when the block ends, however it ends, what was trained is written.

    `trained` is for the block to fill in. `on_epoch` and `should_stop` are what training calls, and call in
    turn what they are given here.
    """

    def __init__(
        self, run: OpenRun, prepared: Prepared, *, on_epoch: OnEpoch, should_stop: Callable[[], bool]
    ) -> None:
        self.trained: TrainedMember | None = None
        self._run, self._prepared = run, prepared
        self._on_epoch, self._should_stop = on_epoch, should_stop
        self._history = History()
        self._failure: Exception | None = None

    def on_epoch(self, epoch: int, record: Record) -> None:
        """Take note of an epoch's record, and pass it on."""
        self._history.append(record)
        try:
            self._on_epoch(epoch, record)
        except Exception as error:
            self._failure = self._failure or error

    def should_stop(self) -> bool:
        """Whether training should end after this step: because it is asked to, or because a call failed."""
        try:
            return self._failure is not None or self._should_stop()
        except Exception as error:
            self._failure = error
            return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = error or self._failure
        try:
            self._write(failure)
        except Exception as unwritten:
            if failure is None:
                raise
            self._run.log(f"what was trained cannot be kept: {unwritten}")
        if error is None and self._failure:
            raise self._failure

    def _write(self, failure: BaseException | None) -> None:
        trained, prepared, run = self.trained, self._prepared, self._run
        history = trained.history if trained else self._history.of_member(0)
        columns, rows = history_table(history, layers=len(prepared.settings.shape.hidden))
        if not (trained or rows):
            return
        stopped = self._why_stopped(failure)
        last = "  ".join(f"{name} {values[-1]:.6g}" for name, values in history.items() if values)
        run.log(f"{len(rows)} epochs: {stopped}; {last}")
        best_epoch = trained.best_epoch if trained else None
        run.record({"training": {"epochs": len(rows), "best_epoch": best_epoch, "stopped": stopped}})
        run.write_history(columns, rows)
        if trained:
            run.write_model(prepared.layout.named_arrays(trained.parameters), model_description(prepared))

    def _why_stopped(self, failure: BaseException | None) -> str | None:
        """Why training ended, in words."""
        if isinstance(failure, Exception):
            return "a failure broke it off"
        rule = self._prepared.experiment.training.early_stopping
        reasons = {
            Outcome.COMPLETED: "all epochs were trained",
            Outcome.STOPPED_EARLY: f"no better {rule.monitor} for {rule.patience} epochs" if rule else None,
            Outcome.DIVERGED: "the loss was no finite number any more",
            Outcome.INTERRUPTED: "a signal interrupted it",
        }
        return reasons[self.trained.outcome if self.trained else Outcome.INTERRUPTED]
