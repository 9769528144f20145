"""How training goes, epoch by epoch: a bar on a terminal, elsewhere a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from fnnctl.console.output import Output
from fnnctl.training.history import Record

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_DRAWINGS = 0.05

OnEpoch = Callable[[int, Record], None]


@contextmanager
def epoch_progress(output: Output, epochs: int, *, done: int = 0) -> Iterator[OnEpoch]:
    """What to call after each epoch; shows the first member of the stack, which has `done` so many."""
    if output.quiet:
        yield lambda epoch, record: None
    elif sys.stderr.isatty() and not output.verbose:
        with _bar(output, epochs, done) as on_epoch:
            yield on_epoch
    else:
        lines = _Lines(output, epochs)
        yield lines.on_epoch
        lines.tell_last()


@contextmanager
def amount_progress(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """What to call now and then with how many epochs of `total` all networks together have trained."""
    if output.quiet:
        yield lambda done: None
    elif sys.stderr.isatty():
        with _amount_bar(output, total) as show:
            yield show
    else:
        due = time.monotonic() + SECONDS_BETWEEN_LINES

        def tell(done: int) -> None:
            nonlocal due
            if time.monotonic() >= due:
                output.note(f"{done:,} of {total:,} epochs at most")
                due = time.monotonic() + SECONDS_BETWEEN_LINES

        yield tell


def epoch_line(epoch: int, record: Record, *, epochs: int) -> str:
    """`epoch 12/200  train_loss 0.1234  …` for the first member."""
    shown = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    values = "  ".join(f"{name} {_number(record[name][0], 4)}" for name in shown if name in record)
    return f"epoch {epoch}/{epochs}  {values}"


class _Lines:
    """The first epoch, one every few seconds, and the last; with `--verbose` all."""

    def __init__(self, output: Output, epochs: int) -> None:
        self._output, self._epochs = output, epochs
        self._due = time.monotonic()
        self._untold: tuple[int, Record] | None = None

    def on_epoch(self, epoch: int, record: Record) -> None:
        self._untold = (epoch, record)
        if self._output.verbose or time.monotonic() >= self._due:
            self.tell_last()
            self._due = time.monotonic() + SECONDS_BETWEEN_LINES

    def tell_last(self) -> None:
        """Print the last epoch, if it was not printed yet."""
        if self._untold:
            self._output.note(epoch_line(*self._untold, epochs=self._epochs))
            self._untold = None


@contextmanager
def _bar(output: Output, epochs: int, done: int) -> Iterator[OnEpoch]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    columns = (
        TextColumn("epoch {task.completed}/{task.total}", table_column=Column(no_wrap=True)),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[values]}"),
        TimeRemainingColumn(compact=True),
    )
    terminal = cast(TextIO, _Forgiving(sys.stderr))
    with Progress(*columns, console=output.console(terminal), transient=True) as progress:
        task = progress.add_task("training", total=epochs, completed=done, values="")

        drawn = 0.0

        def on_epoch(epoch: int, record: Record) -> None:
            nonlocal drawn
            if (now := time.monotonic()) - drawn >= SECONDS_BETWEEN_DRAWINGS:
                progress.update(task, completed=epoch, values=_short_values(record))
                drawn = now

        yield on_epoch


@contextmanager
def _amount_bar(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("epoch {task.completed:,} of {task.total:,} at most"),
        BarColumn(bar_width=20),
        TimeRemainingColumn(compact=True),
    )
    terminal = cast(TextIO, _Forgiving(sys.stderr))
    # It is drawn when it is told, for a process with a thread that draws can fork no workers.
    with Progress(*columns, console=output.console(terminal), transient=True, auto_refresh=False) as progress:
        task = progress.add_task("training", total=total)
        drawn = 0.0

        def show(done: int) -> None:
            nonlocal drawn
            if (now := time.monotonic()) - drawn >= SECONDS_BETWEEN_DRAWINGS:
                progress.update(task, completed=done, refresh=True)
                drawn = now

        yield show


class _Forgiving:
    """A terminal that may go away while something is drawn on it: that must not end a run."""

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
    loss, accuracy = (
        "/".join(_number(record[name][0], 3) for name in names if name in record)
        for names in (("train_loss", "validation_loss"), ("train_accuracy", "validation_accuracy"))
    )
    return f"loss {loss}  accuracy {accuracy}"


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if abs(value) < 1e4 else f"{value:.{decimals}g}"
