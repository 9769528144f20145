"""Follows the training of a run: shows where it is, and notes that in the run's folder for lists of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from fnnctl.context import Listener, ShowAmount, ShowEpochs
from fnnctl.progress import Interval, TimeLeft, TrainingPosition
from fnnctl.store.run import OpenRun
from fnnctl.training.history import Record

SECONDS_BETWEEN_NOTES: Final = 5.0


class FollowedTraining:
    """What a training calls after each epoch and each step."""

    def __init__(self, run: OpenRun, position: TrainingPosition, show: ShowEpochs) -> None:
        self._run, self._position, self._show = run, position, show
        self._note_due = Interval(SECONDS_BETWEEN_NOTES, first=SECONDS_BETWEEN_NOTES)

    def epoch(self, epoch: int, record: Record) -> None:
        """Follow an epoch that has ended."""
        self._position.end_epoch(epoch)
        self._show.epoch(record)
        self._note()

    def step(self) -> None:
        """Follow a step of the epoch under way."""
        self._position.end_step()
        self._show.step()
        self._note()

    def _note(self) -> None:
        at = self._position
        if self._note_due():
            _note(self._run, at.epoch, at.epochs, at.time_left.seconds(at.done))


@contextmanager
def followed_training(
    run: OpenRun,
    listener: Listener,
    epochs: int,
    *,
    done: int,
    steps: int,
    time_limit: float | None = None,
) -> Iterator[FollowedTraining]:
    """Follow a training of one stack; `done` epochs are already trained; `steps` is the number per epoch."""
    position = TrainingPosition(epochs, done, max(1, steps), time_limit=time_limit)
    with listener.epochs(position) as show:
        yield FollowedTraining(run, position, show)


@contextmanager
def followed_amount(
    run: OpenRun,
    listener: Listener,
    total: int,
    *,
    noun: str = "epoch",
    bound: str = "at most",
    time_limit: float | None = None,
) -> Iterator[ShowAmount]:
    """Follow the number of epochs that all networks have trained; see `Listener.amount`."""
    note_due = Interval(SECONDS_BETWEEN_NOTES, first=SECONDS_BETWEEN_NOTES)
    time_left = TimeLeft(total, limit=time_limit)
    with listener.amount(total, noun=noun, bound=bound, time_limit=time_limit) as show:

        def follow(done: float, status: Callable[[], str] = str, /) -> None:
            seconds_left = time_left.seconds(done)
            show(done, status)
            if note_due():
                _note(run, int(done), total, seconds_left)

        yield follow


def _note(run: OpenRun, epoch: int, epochs: int, seconds_left: float | None) -> None:
    run.note_position({"epoch": epoch, "epochs": epochs, "seconds_left": seconds_left})
