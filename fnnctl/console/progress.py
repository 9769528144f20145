"""Shows how far reading and training are: a bar on a terminal, otherwise a plain line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO, cast

from fnnctl.console.output import Output
from fnnctl.context import ShowAmount, ShowEpochs, ShowNothing
from fnnctl.metrics.stored import TARGETS
from fnnctl.progress import Interval, TimeLeft, TrainingPosition
from fnnctl.text import amount_done

if TYPE_CHECKING:  # `fnnctl runs` shows no progress, and needs none of these packages
    from fnnctl.data.files import OnRead
    from fnnctl.training.history import Record

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_DRAWINGS = 0.1
"""A bar that moves more often does not look smoother, and takes time from training."""
SECONDS_BEFORE_BAR = 1.0
"""A file that is read faster has no bar."""
PARTS = ("train", "validation")


@dataclass(frozen=True, slots=True)
class TerminalListener:
    """Prints notes and shows progress on standard error; of both, `--quiet` hides all."""

    output: Output

    def note(self, text: str, *, labelled: bool = False) -> None:
        self.output.note(f"note: {text}" if labelled else text)

    def warning(self, text: str, *, about: str | None = None, is_severe: bool = False) -> None:
        show = self.output.complain if is_severe else self.output.note
        show(": ".join(filter(None, (about, "warning", text))))

    def detail(self, text: str) -> None:
        self.output.detail(text)

    @contextmanager
    def reading(self) -> Iterator[OnRead]:
        """Nothing is shown of a file that is read at once."""
        with ExitStack() as stack:
            yield (lambda file, share: None) if self.output.quiet else _FileProgress(self.output, stack)

    @contextmanager
    def epochs(self, position: TrainingPosition) -> Iterator[ShowEpochs]:
        """Of a stack, the first member is shown."""
        if self.output.quiet:
            yield ShowNothing()
        elif sys.stderr.isatty() and not self.output.verbose:
            with _bar(
                self.output,
                "epoch {task.fields[count]}/{task.total}",
                position.epochs,
                position.time_left,
                reached=position.time_left.reached,
                done=position.epoch,
                in_thread=False,
            ) as draw:
                yield _EpochBar(position, draw)
        else:
            lines = _EpochLines(self.output, position)
            yield lines
            lines.end()

    def amount(
        self,
        total: int,
        *,
        noun: str = "epoch",
        bound: str = "at most",
        time_limit: float | None = None,
    ) -> AbstractContextManager[ShowAmount]:
        bar = f"{noun} {{task.fields[count]:,}} of {bound} {{task.total:,}}"
        line = partial(amount_done, planned=total, noun=noun, bound=bound)
        time_left = TimeLeft(total, limit=time_limit)
        return _amount(self.output, total, bar, line, time_left, in_thread=False)

    def columns(self, total: int, measured: str) -> AbstractContextManager[Callable[[int], None]]:
        bar = "column {task.completed:,} of {task.total:,}"
        time_left = TimeLeft(total)
        return _amount(
            self.output, total, bar, lambda done: f"{measured} of {done:,} of {total:,} columns", time_left
        )


@contextmanager
def _amount(
    output: Output,
    total: int,
    bar: str,
    line: Callable[[int], str],
    time_left: TimeLeft,
    *,
    in_thread: bool = True,
) -> Iterator[ShowAmount]:
    """Show how much of `total` has been done: `bar` is the text before a bar, `line` makes a line."""
    if output.quiet:
        yield lambda done, status=str: None
    elif sys.stderr.isatty():
        with _bar(output, bar, total, time_left, reached=time_left.reached, in_thread=in_thread) as draw:
            yield draw
    else:
        is_due = Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)

        def show(done: float, status: Callable[[], str] = str, /) -> None:
            left = time_left(done)
            if is_due():
                output.note("; ".join(filter(None, (line(int(done)), status(), left))))

        yield show


class _FileProgress:
    """Shows the share of a file that has been read."""

    def __init__(self, output: Output, stack: ExitStack) -> None:
        """The bar is closed with the `stack`."""
        self._output, self._stack = output, stack
        self._bar_due = time.monotonic() + SECONDS_BEFORE_BAR if sys.stderr.isatty() else None
        self._draw: Callable[..., None] | None = None
        self._line_due = Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)
        self._file, self._share, self._left = "", 0.0, TimeLeft(1.0, 0.0)

    def __call__(self, file: str, share: float) -> None:
        if file != self._file or share < self._share:
            self._left = TimeLeft(1.0, 0.0)  # another file, or another pass through this one
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


class _EpochLines:
    """Prints the first epoch, one every few seconds, and the last; with `--verbose`, all epochs.

    If an epoch takes longer, its steps are printed.
    """

    def __init__(self, output: Output, position: TrainingPosition) -> None:
        self._output, self._position = output, position
        self._epoch_due = Interval(SECONDS_BETWEEN_LINES)
        self._step_due = Interval(SECONDS_BETWEEN_LINES, first=SECONDS_BETWEEN_LINES)
        self._unprinted: Record | None = None

    def epoch(self, record: Record) -> None:
        self._unprinted = record
        self._step_due.restart()
        if self._epoch_due() or self._output.verbose:
            self.end()

    def step(self) -> None:
        if self._step_due():
            at = self._position
            self._print(f"epoch {at.epoch + 1}/{at.epochs}  {at.step_text()}")

    def end(self) -> None:
        """Print the last epoch."""
        if self._unprinted is not None:
            self._print(epoch_line(self._position.epoch, self._unprinted, epochs=self._position.epochs))
            self._unprinted = None

    def _print(self, line: str) -> None:
        self._output.note("  ".join(filter(None, (line, self._position.left_text()))))


class _EpochBar:
    """Draws a bar with the values of the latest epoch, and before the first one with its steps."""

    def __init__(self, position: TrainingPosition, draw: Callable[..., None]) -> None:
        self._position, self._draw = position, draw
        self._values: Callable[[], str] = position.step_text

    def epoch(self, record: Record) -> None:
        self._values = partial(_short_values, record)
        self._draw(self._position.epoch, self._values)

    def step(self) -> None:
        self._draw(self._position.done, self._values)


@contextmanager
def _bar(
    output: Output,
    text: str,
    total: float,
    time_left: Callable[[float], str],
    *,
    reached: Callable[[float], float] = float,
    done: int = 0,
    in_thread: bool = True,
) -> Iterator[Callable[..., None]]:
    """Yield a function to call with the amount done and a function that makes the text after the bar.

    The `text` before the bar may name fields of rich's task; `count` is the amount done as a whole number.
    `reached` says how much of the bar is full. `in_thread` says whether a thread redraws it, too. Such a
    process cannot safely fork workers.
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
    is_due = Interval(SECONDS_BETWEEN_DRAWINGS)
    with Progress(
        *columns, console=output.console(terminal), transient=True, auto_refresh=in_thread
    ) as progress:
        task = progress.add_task("training", total=total, completed=done, values="", left="", count=done)

        def draw(completed: float, values: Callable[[], str] = str) -> None:
            if is_due():
                progress.update(
                    task,
                    completed=reached(completed),
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


def epoch_line(epoch: int, record: Record, *, epochs: int) -> str:
    """The line `epoch 12/200  train_loss 0.1234  …` for the first member."""
    names = [f"{part}_{metric}" for part in PARTS for metric in _metrics(record)]
    values = "  ".join(f"{name} {_number(record[name][0], 4)}" for name in names if name in record)
    return f"epoch {epoch}/{epochs}  {values}"


def _short_values(record: Record) -> str:
    """The text `loss 0.123/0.234  accuracy 0.950/0.940`, for the training/validation parts."""
    texts = []
    for metric in _metrics(record):
        names = (f"{part}_{metric}" for part in PARTS)
        values = "/".join(_number(record[name][0], 3) for name in names if name in record)
        texts.append(f"{metric} {values}")
    return "  ".join(texts)


def _metrics(record: Record) -> list[str]:
    """The metrics of the training part, which are enough to follow training; not those of each target."""
    metrics = [name.removeprefix("train_") for name in record if name.startswith("train_")]
    return [metric for metric in metrics if not metric.startswith(f"{TARGETS}.")]


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if abs(value) < 1e4 else f"{value:.{decimals}g}"
