"""Shows the progress of training: a bar on a terminal, otherwise a plain line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TextIO, cast

from fnnctl.console.output import Output
from fnnctl.text import amount_done
from fnnctl.training.history import Record

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_DRAWINGS = 0.05
PARTS = ("train", "validation")

OnEpoch = Callable[[int, Record], None]


@contextmanager
def epoch_progress(output: Output, epochs: int, *, done: int = 0) -> Iterator[OnEpoch]:
    """Yield a function to call after each epoch; it shows the first member of the stack.

    `done` is the number of epochs that a resumed training has already completed.
    """
    if output.quiet:
        yield lambda epoch, record: None
    elif sys.stderr.isatty() and not output.verbose:
        with _bar(output, "epoch {task.completed}/{task.total}", epochs, done=done) as draw:
            yield lambda epoch, record: draw(epoch, lambda: _short_values(record))
    else:
        with _epoch_lines(output, epochs) as on_epoch:
            yield on_epoch


class ShowAmount(Protocol):
    """Shows the number of epochs that all networks have trained."""

    def __call__(self, done: int, status: Callable[[], str] = str, /) -> None:
        """Show it, with a text that is made only if it is shown."""


@contextmanager
def amount_progress(output: Output, total: int, *, bound: str = "at most") -> Iterator[ShowAmount]:
    """Yield a function to call with the number of epochs that all networks have trained, out of `total`.

    `bound` says whether they will be at most or at least as many.
    """
    if output.quiet:
        yield lambda done, status=str: None
    elif sys.stderr.isatty():
        # Draw the bar only on updates: a process with a drawing thread cannot safely fork workers.
        text = f"epoch {{task.completed:,}} of {bound} {{task.total:,}}"
        with _bar(output, text, total, in_thread=False) as draw:
            yield draw
    else:
        is_due = _Interval(SECONDS_BETWEEN_LINES)
        is_due()  # print the first line only after one interval
        time_left = _TimeLeft(total)

        def tell(done: int, status: Callable[[], str] = str, /) -> None:
            left = time_left(done)
            if is_due():
                told = (amount_done(done, total, "epoch", bound=bound), status(), left)
                output.note("; ".join(filter(None, told)))

        yield tell


@contextmanager
def column_progress(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of columns, out of `total`, whose importance is measured."""
    if output.quiet:
        yield lambda done: None
    elif sys.stderr.isatty():
        with _bar(output, "column {task.completed:,} of {task.total:,}", total) as draw:
            yield draw
    else:
        is_due, time_left = _Interval(SECONDS_BETWEEN_LINES), _TimeLeft(total)
        is_due()  # print the first line only after one interval

        def tell(done: int) -> None:
            left = time_left(done)
            if is_due():
                output.note("; ".join(filter(None, (f"importance of {done:,} of {total:,} columns", left))))

        yield tell


class _TimeLeft:
    """Estimates the time left from the amount done since the first call."""

    def __init__(self, total: int) -> None:
        self._total, self._begun = total, time.monotonic()
        self._before: int | None = None

    def __call__(self, done: int) -> str:
        """A text such as `about 12 s left`; empty if nothing was done yet, or more than expected."""
        if self._before is None:
            self._before = done
        if not self._before < done <= self._total:
            return ""
        elapsed = time.monotonic() - self._begun
        seconds = elapsed * (self._total - done) / (done - self._before)
        return f"about {seconds:.0f} s left" if seconds < 120 else f"about {seconds / 60:.0f} min left"


def epoch_line(epoch: int, record: Record, *, epochs: int) -> str:
    """The line `epoch 12/200  train_loss 0.1234  …` for the first member."""
    names = [f"{part}_{metric}" for part in PARTS for metric in _metrics(record)]
    values = "  ".join(f"{name} {_number(record[name][0], 4)}" for name in names if name in record)
    return f"epoch {epoch}/{epochs}  {values}"


class _Interval:
    """Tells when it is time to show something again."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._due = seconds, time.monotonic()

    def __call__(self) -> bool:
        """Whether the interval is over, or this is the first call; if so, start a new interval."""
        now = time.monotonic()
        is_due = now >= self._due
        if is_due:
            self._due = now + self._seconds
        return is_due


@contextmanager
def _epoch_lines(output: Output, epochs: int) -> Iterator[OnEpoch]:
    """Print the first epoch, one every few seconds, and the last; with `--verbose`, all epochs."""
    is_due = _Interval(SECONDS_BETWEEN_LINES)
    unprinted: tuple[int, Record] | None = None

    def on_epoch(epoch: int, record: Record) -> None:
        nonlocal unprinted
        unprinted = (epoch, record)
        if is_due() or output.verbose:
            output.note(epoch_line(epoch, record, epochs=epochs))
            unprinted = None

    yield on_epoch
    if unprinted:
        output.note(epoch_line(*unprinted, epochs=epochs))


@contextmanager
def _bar(
    output: Output, text: str, total: int, *, done: int = 0, in_thread: bool = True
) -> Iterator[Callable[..., None]]:
    """Yield a function to call with the completed epochs and a function that makes the text after the bar."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    columns = (
        TextColumn(text, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[values]}"),
        TimeRemainingColumn(compact=True),
    )
    terminal = cast(TextIO, _ClosableTerminal(sys.stderr))
    is_due = _Interval(SECONDS_BETWEEN_DRAWINGS)
    with Progress(
        *columns, console=output.console(terminal), transient=True, auto_refresh=in_thread
    ) as progress:
        task = progress.add_task("training", total=total, completed=done, values="")

        def draw(completed: int, values: Callable[[], str] = str) -> None:
            if is_due():
                progress.update(task, completed=completed, values=values(), refresh=not in_thread)

        yield draw


class _ClosableTerminal:
    """A terminal that may be closed while something is drawn on it; that must not end a run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _short_values(record: Record) -> str:
    """The text `loss 0.123/0.234  accuracy 0.950/0.940`, for the training/validation parts."""
    texts = []
    for metric in _metrics(record):
        names = (f"{part}_{metric}" for part in PARTS)
        values = "/".join(_number(record[name][0], 3) for name in names if name in record)
        texts.append(f"{metric} {values}")
    return "  ".join(texts)


def _metrics(record: Record) -> list[str]:
    """The metrics of the training part, which are enough to follow training."""
    return [name.removeprefix("train_") for name in record if name.startswith("train_")]


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if abs(value) < 1e4 else f"{value:.{decimals}g}"
