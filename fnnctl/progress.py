"""How far a training is, how long it still takes, and when it is time to say so again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from fnnctl.text import time_left_text


class Interval:
    """Tells when it is time to do something again."""

    def __init__(self, seconds: float, *, first: float = 0.0) -> None:
        """`first` is when the first interval ends."""
        self._seconds, self._due = seconds, time.monotonic() + first

    def __call__(self) -> bool:
        """Whether the interval is over; if so, start a new one."""
        now = time.monotonic()
        is_due = now >= self._due
        if is_due:
            self._due = now + self._seconds
        return is_due

    def restart(self) -> None:
        """Start a new interval now."""
        self._due = time.monotonic() + self._seconds


class TimeLeft:
    """Estimates the time left from the amount done since the clock's start, and from the time limit."""

    def __init__(self, total: float, done: float | None = None, *, limit: float | None = None) -> None:
        """`done` is the amount now; without it, the clock starts with the first call, which says it.

        After `limit` seconds from now the work ends, however much is done.
        """
        self._total, self._started = total, time.monotonic()
        self._before = done
        self._limit, self._opened = limit, self._started

    def start(self, done: float) -> None:
        """Start the clock at this amount unless it is running."""
        if self._before is None:
            self._before, self._started = done, time.monotonic()

    def __call__(self, done: float) -> str:
        """A text such as `about 12 s left`; empty if nothing was done yet, or hardly anything is left.

        It is `at most 12 s left` if only the limit tells.
        """
        seconds = self.seconds(done)
        if seconds is None or seconds < 0.5:
            return ""
        return time_left_text(seconds, is_bound=self._by_work(done) is None)

    def seconds(self, done: float) -> float | None:
        """The seconds left; without a limit, None if nothing was done yet, or more than expected."""
        self.start(done)
        estimates = [self._by_work(done)]
        if self._limit is not None:
            estimates.append(max(0.0, self._limit - (time.monotonic() - self._opened)))
        return min((seconds for seconds in estimates if seconds is not None), default=None)

    def _by_work(self, done: float) -> float | None:
        if self._before is None or not self._before < done <= self._total:
            return None
        elapsed = time.monotonic() - self._started
        return elapsed * (self._total - done) / (done - self._before)

    def reached(self, done: float) -> float:
        """The amount done; if the share of the time that is over is larger, that share of the total."""
        if self._limit is None:
            return done
        elapsed = time.monotonic() - self._opened
        return max(done, self._total * (elapsed / self._limit if elapsed < self._limit else 1.0))


@dataclass(slots=True)
class TrainingPosition:
    """Where a training is."""

    epochs: int
    epoch: int = 0
    """The epochs that have ended."""
    steps: int = 1
    """The steps of an epoch."""
    step: int = 0
    """The steps of the epoch under way."""
    time_limit: float | None = None
    """The seconds from now after which no further epoch begins."""
    time_left: TimeLeft = field(init=False)

    def __post_init__(self) -> None:
        self.time_left = TimeLeft(self.epochs, limit=self.time_limit)

    @property
    def done(self) -> float:
        """The epochs that have been trained, with the share of the one under way."""
        return self.epoch + min(self.step / self.steps, 1.0)

    def end_step(self) -> None:
        """A step has ended. The first starts the clock: before it, rows are prepared and workers start."""
        self.step += 1
        self.time_left.start(self.done)

    def end_epoch(self, epoch: int) -> None:
        """The epoch has ended."""
        self.epoch, self.step = epoch, 0
        self.time_left.start(self.done)

    def step_text(self) -> str:
        """The text `step 12 of 500`; a line search may take more steps than one per batch."""
        return f"step {self.step:,}" + (f" of {self.steps:,}" if self.step <= self.steps else "")

    def left_text(self) -> str:
        """How long the training still takes, in words."""
        return self.time_left(self.done)
