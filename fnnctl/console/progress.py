"""Shows how far reading and training are: a bar on a terminal, otherwise a plain line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TextIO, TypeAlias, cast

from fnnctl.console.output import Output
from fnnctl.data.files import UNREPORTED, OnRead
from fnnctl.text import amount_done, time_left_text
from fnnctl.training.history import Record

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_DRAWINGS = 0.05
SECONDS_BEFORE_BAR = 1.0
"""A file that is read faster has no bar."""
PARTS = ("train", "validation")

NotePosition: TypeAlias = Callable[[Mapping[str, float | None]], None]
"""Gets `epoch`, `epochs` and `seconds_left` of a training, the last one None if it is not known yet."""


@contextmanager
def reading_progress(output: Output) -> Iterator[OnRead]:
    """Yield a function to call while files are read; nothing is shown of a file that is read at once."""
    if output.quiet:
        yield UNREPORTED
        return
    with ExitStack() as stack:
        yield _ReadProgress(output, stack)


class _ReadProgress:
    """Shows the share of a file that has been read."""

    def __init__(self, output: Output, stack: ExitStack) -> None:
        """The bar is closed with the `stack`."""
        self._output, self._stack = output, stack
        self._bar_due = time.monotonic() + SECONDS_BEFORE_BAR if sys.stderr.isatty() else None
        self._draw: Callable[..., None] | None = None
        self._line_due = _Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)
        self._file, self._share, self._left = "", 0.0, _TimeLeft(1.0, 0.0)

    def __call__(self, file: str, share: float) -> None:
        if file != self._file or share < self._share:
            self._left = _TimeLeft(1.0, 0.0)  # another file, or another pass through this one
        self._file, self._share = file, share
        if self._draw:
            self._draw(share, lambda: f"{100 * share:.0f} %")
        elif self._bar_due is None:
            if self._line_due():
                parts = (f"reading {file}: {100 * share:.0f} %", self._left(share))
                self._output.note("; ".join(filter(None, parts)))
        elif time.monotonic() >= self._bar_due:
            name = file.replace("{", "{{").replace("}", "}}")
            bar = _bar(self._output, f"reading {name}", 1.0, self._left_text)
            self._draw = self._stack.enter_context(bar)

    def _left_text(self, share: float) -> str:
        return self._left(share)


@dataclass(slots=True)
class _Position:
    """Where a training is."""

    epochs: int
    epoch: int
    """The epochs that have ended."""
    steps: int
    """The steps of an epoch."""
    time_left: _TimeLeft
    step: int = 0
    """The steps of the epoch under way."""

    @property
    def done(self) -> float:
        """The epochs that have been trained, with the share of the one under way."""
        return self.epoch + min(self.step / self.steps, 1.0)

    def step_text(self) -> str:
        """The text `step 12 of 500`; a line search may take more steps than one per batch."""
        return f"step {self.step:,}" + (f" of {self.steps:,}" if self.step <= self.steps else "")

    def left_text(self) -> str:
        """How long the training still takes."""
        return self.time_left(self.done)


class EpochProgress:
    """Called after each epoch and each step of a training."""

    def __init__(
        self,
        position: _Position,
        show_epoch: Callable[[Record], None],
        show_step: Callable[[], None],
        note: NotePosition,
    ) -> None:
        """`note` is called every few seconds; the others show what has changed."""
        self._position, self._show_epoch, self._show_step, self._note = position, show_epoch, show_step, note
        self._note_due = _Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)

    def __call__(self, epoch: int, record: Record) -> None:
        """Show an epoch that has ended."""
        self._position.epoch, self._position.step = epoch, 0
        self._show_epoch(record)
        self._note_position()

    def step(self) -> None:
        """Show a step of the epoch under way."""
        self._position.step += 1
        self._show_step()
        self._note_position()

    def _note_position(self) -> None:
        if self._note_due():
            at = self._position
            self._note(_noted(at.epoch, at.epochs, at.time_left.seconds(at.done)))


def _noted(epoch: int, epochs: int, seconds_left: float | None) -> Mapping[str, float | None]:
    """See `NotePosition`."""
    return {"epoch": epoch, "epochs": epochs, "seconds_left": seconds_left}


@contextmanager
def epoch_progress(
    output: Output,
    epochs: int,
    *,
    done: int = 0,
    steps: int = 1,
    note: NotePosition = lambda position: None,
) -> Iterator[EpochProgress]:
    """Yield what is to be called after each epoch and each step; it shows the first member of the stack.

    `done` is the number of epochs that a resumed training has already completed, `steps` the number of steps
    of an epoch. `note` is told the position every few seconds, even with `--quiet`.
    """
    position = _Position(epochs, done, max(1, steps), _TimeLeft(epochs, done))
    if output.quiet:
        yield EpochProgress(position, lambda record: None, lambda: None, note)
        return
    on_terminal = sys.stderr.isatty() and not output.verbose
    with (_epoch_bar if on_terminal else _epoch_lines)(output, position) as shows:
        yield EpochProgress(position, *shows, note)


class ShowAmount(Protocol):
    """Shows the number of epochs that all networks have trained."""

    def __call__(self, done: int, status: Callable[[], str] = str, /) -> None:
        """Show it, with a text that is made only if it is shown."""


@contextmanager
def amount_progress(
    output: Output,
    total: int,
    *,
    bound: str = "at most",
    note: NotePosition = lambda position: None,
) -> Iterator[ShowAmount]:
    """Yield a function to call with the number of epochs that all networks have trained, out of `total`.

    `bound` says whether they will be at most or at least as many. `note` is told the position every few
    seconds, even with `--quiet`.
    """
    note_due = _Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)
    time_left = _TimeLeft(total)
    with _shown_amounts(output, total, bound, time_left) as show:

        def tell(done: int, status: Callable[[], str] = str, /) -> None:
            left = time_left.seconds(done)
            show(done, status)
            if note_due():
                note(_noted(done, total, left))

        yield tell


@contextmanager
def _shown_amounts(
    output: Output, total: int, bound: str, time_left: Callable[[float], str]
) -> Iterator[ShowAmount]:
    if output.quiet:
        yield lambda done, status=str: None
    elif sys.stderr.isatty():
        # Draw the bar only on updates: a process with a drawing thread cannot safely fork workers.
        text = f"epoch {{task.completed:,}} of {bound} {{task.total:,}}"
        with _bar(output, text, total, time_left, in_thread=False) as draw:
            yield draw
    else:
        is_due = _Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)

        def tell(done: int, status: Callable[[], str] = str, /) -> None:
            if is_due():
                parts = (amount_done(done, total, "epoch", bound=bound), status(), time_left(done))
                output.note("; ".join(filter(None, parts)))

        yield tell


@contextmanager
def column_progress(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of columns, out of `total`, whose importance is measured."""
    if output.quiet:
        yield lambda done: None
    elif sys.stderr.isatty():
        with _bar(output, "column {task.completed:,} of {task.total:,}", total, _TimeLeft(total)) as draw:
            yield draw
    else:
        is_due = _Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)
        time_left = _TimeLeft(total)

        def tell(done: int) -> None:
            left = time_left(done)
            if is_due():
                output.note("; ".join(filter(None, (f"importance of {done:,} of {total:,} columns", left))))

        yield tell


class _TimeLeft:
    """Estimates the time left from the amount done since the start, or since the first call."""

    def __init__(self, total: float, done: float | None = None) -> None:
        """`done` is the amount at the start; by default, the first call says it."""
        self._total, self._begun = total, time.monotonic()
        self._before = done

    def __call__(self, done: float) -> str:
        """A text such as `about 12 s left`; empty if nothing was done yet, or hardly anything is left."""
        seconds = self.seconds(done)
        return "" if seconds is None or seconds < 0.5 else time_left_text(seconds)

    def seconds(self, done: float) -> float | None:
        """The seconds left; None if nothing was done yet, or more than expected."""
        if self._before is None:
            self._before = done
        if not self._before < done <= self._total:
            return None
        elapsed = time.monotonic() - self._begun
        return elapsed * (self._total - done) / (done - self._before)


def epoch_line(epoch: int, record: Record, *, epochs: int) -> str:
    """The line `epoch 12/200  train_loss 0.1234  …` for the first member."""
    names = [f"{part}_{metric}" for part in PARTS for metric in _metrics(record)]
    values = "  ".join(f"{name} {_number(record[name][0], 4)}" for name in names if name in record)
    return f"epoch {epoch}/{epochs}  {values}"


class _Interval:
    """Tells when it is time to show something again."""

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


Shows: TypeAlias = tuple[Callable[[Record], None], Callable[[], None]]
"""What shows an epoch and a step."""


@contextmanager
def _epoch_lines(output: Output, position: _Position) -> Iterator[Shows]:
    """Print the first epoch, one every few seconds, and the last; with `--verbose`, all epochs.

    If an epoch takes longer, its steps are printed.
    """
    epoch_due = _Interval(SECONDS_BETWEEN_LINES)
    step_due = _Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)
    unprinted: Record | None = None

    def print_epoch(record: Record) -> None:
        line = epoch_line(position.epoch, record, epochs=position.epochs)
        output.note("  ".join(filter(None, (line, position.left_text()))))

    def show_epoch(record: Record) -> None:
        nonlocal unprinted
        unprinted = record
        step_due.restart()
        if epoch_due() or output.verbose:
            print_epoch(record)
            unprinted = None

    def show_step() -> None:
        if step_due():
            line = f"epoch {position.epoch + 1}/{position.epochs}  {position.step_text()}"
            output.note("  ".join(filter(None, (line, position.left_text()))))

    yield show_epoch, show_step
    if unprinted is not None:
        print_epoch(unprinted)


@contextmanager
def _epoch_bar(output: Output, position: _Position) -> Iterator[Shows]:
    """Draw a bar with the values of the latest epoch, and before the first one with its steps."""
    text = "epoch {task.fields[count]}/{task.total}"
    values: Callable[[], str] = position.step_text
    with _bar(output, text, position.epochs, position.time_left, done=position.epoch) as draw:

        def show_epoch(record: Record) -> None:
            nonlocal values
            values = partial(_short_values, record)
            draw(position.epoch, values)

        yield show_epoch, lambda: draw(position.done, values)


@contextmanager
def _bar(
    output: Output,
    text: str,
    total: float,
    time_left: Callable[[float], str],
    *,
    done: int = 0,
    in_thread: bool = True,
) -> Iterator[Callable[..., None]]:
    """Yield a function to call with the amount done and a function that makes the text after the bar.

    The `text` before the bar may name fields of rich's task; `count` is the amount done as a whole number.
    """
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    columns = (
        TextColumn(text, markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[values]}", markup=False),
        TextColumn("{task.fields[left]}"),
    )
    terminal = cast(TextIO, _ClosableTerminal(sys.stderr))
    is_due = _Interval(SECONDS_BETWEEN_DRAWINGS)
    with Progress(
        *columns, console=output.console(terminal), transient=True, auto_refresh=in_thread
    ) as progress:
        task = progress.add_task("training", total=total, completed=done, values="", left="", count=done)

        def draw(completed: float, values: Callable[[], str] = str) -> None:
            if is_due():
                progress.update(
                    task,
                    completed=completed,
                    refresh=not in_thread,
                    values=values(),
                    left=time_left(completed),
                    count=int(completed),
                )

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
