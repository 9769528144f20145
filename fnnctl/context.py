"""What a command runs with: where runs go, whom to tell of progress, what asks to stop, who draws figures.

The command line has the context of a terminal (see `console.terminal`). A Python program has the silent one,
`Context()`: nothing is printed, no signal handler is installed, and no process is started for figures. The
results are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # `fnnctl runs` has a context too, and needs none of these packages
    from fnnctl.data.files import OnRead
    from fnnctl.progress import TrainingPosition
    from fnnctl.store.folder import RunFolder
    from fnnctl.training.history import Record


class ShowEpochs(Protocol):
    """Shows the position of a training after each epoch and each step."""

    def epoch(self, record: Record) -> None:
        """Show the epoch that has ended."""

    def step(self) -> None:
        """Show a step of the epoch under way."""


class ShowAmount(Protocol):
    """Shows the number of epochs that all networks have trained."""

    def __call__(self, done: float, status: Callable[[], str] = str, /) -> None:
        """Show it, with shares of those under way, and with a text that is made only if it is shown."""


class Listener(Protocol):
    """Gets notes and shows progress."""

    def note(self, text: str, *, labelled: bool = False) -> None:
        """Take a message for the user; `labelled` if a terminal should write `note: ` before it."""

    def warning(self, text: str, *, about: str | None = None, is_severe: bool = False) -> None:
        """Take a message that something may be wrong; `about` names the file or rows that it is about.

        One `is_severe` if the result is useless: even a quiet command shows it.
        """

    def detail(self, text: str) -> None:
        """Take a message for a user who wants every detail."""

    def reading(self) -> AbstractContextManager[OnRead]:
        """Yield a function to call while files are read."""

    def epochs(self, position: TrainingPosition) -> AbstractContextManager[ShowEpochs]:
        """Yield what shows the position of a training, which the caller moves."""

    def amount(
        self,
        total: int,
        *,
        noun: str = "epoch",
        bound: str = "at most",
        time_limit: float | None = None,
    ) -> AbstractContextManager[ShowAmount]:
        """Yield a function to call with the number of epochs that all networks have trained, out of `total`.

        `noun` is what is counted; `bound` says whether they will be at most or at least as many. After
        `time_limit` seconds training ends.
        """

    def columns(self, total: int, measured: str) -> AbstractContextManager[Callable[[int], None]]:
        """Yield a function to call with the number of columns, out of `total`, that have been measured.

        `measured` is what of them, such as `importance`.
        """


class Stop(Protocol):
    """Asks a command to stop, and is told what an interrupted run can be resumed from."""

    def requested(self) -> bool:
        """Whether the command should end after the current step."""

    def raise_if_requested(self, epochs: int | None = None) -> None:
        """Raise the error of an interrupted run; `epochs` is the number of trained epochs."""

    def graceful(self) -> AbstractContextManager[None]:
        """Within the block, a first request stops nothing; it only makes `requested` true.

        Blocks can be nested. The outer one raises the error of an earlier request, as it begins.
        """

    def resumable(self, run: Path, command: str) -> None:
        """Remember the run, and the command whose `--resume` continues it."""

    def kept(self, work: str | None) -> None:
        """Remember what the run would resume from, in words; None if it would start again."""


class Figures(Protocol):
    """Draws the figures of the runs that a command makes."""

    def begin(self, run: RunFolder) -> None:
        """Begin with the figures of a run, so that the next `draw` has less to do."""

    def draw(self, *runs: RunFolder) -> None:
        """Draw each figure that the runs have numbers for; raises `MachineError` if one cannot be written."""


class SilentListener:
    """The listener of a Python program: it prints nothing, and shows no progress."""

    def note(self, text: str, *, labelled: bool = False) -> None: ...

    def warning(self, text: str, *, about: str | None = None, is_severe: bool = False) -> None: ...

    def detail(self, text: str) -> None: ...

    @contextmanager
    def reading(self) -> Iterator[OnRead]:
        yield lambda file, share: None

    @contextmanager
    def epochs(self, position: TrainingPosition) -> Iterator[ShowEpochs]:
        yield ShowNothing()

    @contextmanager
    def amount(
        self,
        total: int,
        *,
        noun: str = "epoch",
        bound: str = "at most",
        time_limit: float | None = None,
    ) -> Iterator[ShowAmount]:
        yield lambda done, status=str: None

    @contextmanager
    def columns(self, total: int, measured: str) -> Iterator[Callable[[int], None]]:
        yield lambda done: None


class ShowNothing:
    """Shows no epoch and no step."""

    def epoch(self, record: Record) -> None: ...

    def step(self) -> None: ...


class NoStop:
    """Asks for nothing: Ctrl-C raises `KeyboardInterrupt`, as in any Python program."""

    def requested(self) -> bool:
        return False

    def raise_if_requested(self, epochs: int | None = None) -> None: ...

    @contextmanager
    def graceful(self) -> Iterator[None]:
        yield

    def resumable(self, run: Path, command: str) -> None: ...

    def kept(self, work: str | None) -> None: ...


class NoFigures:
    """Draws nothing; `fnnctl report` draws the figures later."""

    def begin(self, run: RunFolder) -> None: ...

    def draw(self, *runs: RunFolder) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """Where runs go, whom to tell of progress, what asks to stop, who draws figures, and the command line."""

    runs_dir: Path = Path("runs")
    listener: Listener = field(default_factory=SilentListener)
    stop: Stop = field(default_factory=NoStop)
    figures: Figures = field(default_factory=NoFigures)
    command: str | None = None
    """The command line, quoted for a shell; None for a Python program, whose arguments may be secret."""

    known_runs_dir: Path | None = None
    """Where earlier runs are looked up, if not in `runs_dir` because this one is in memory."""

    @property
    def known_runs(self) -> Path:
        """Where earlier runs are looked up by their names."""
        return self.known_runs_dir or self.runs_dir

    def note(self, text: str) -> None:
        """Give a message to the user."""
        self.listener.note(text)

    def labelled_note(self, text: str) -> None:
        """Give a message to the user that a terminal calls a note, as it is about what is worked with."""
        self.listener.note(text, labelled=True)

    def warning(self, text: str, *, about: str | None = None, is_severe: bool = False) -> None:
        """Tell the user that something may be wrong; see `Listener.warning`."""
        self.listener.warning(text, about=about, is_severe=is_severe)
