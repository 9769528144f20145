"""Where a command's words go: data to standard output, all else to standard error.

A reader that closes its end of the pipe has seen enough: what follows is thrown away, and the command
goes on to its own end and exit code.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from fnnctl.errors import UnwritableOutputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

LINES_AT_ONCE = 1000
WIDEST = 300
"""Columns that a table may take, whatever the terminal has."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the user wants to hear, and in which form."""

    json: bool = False
    """One JSON object on standard output, and nothing else there."""
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    def data(self, text: str) -> None:
        """A line of what was asked for."""
        _write(sys.stdout, text + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of what was asked for, each with its end, as long as somebody reads them."""
        lines = iter(lines)
        while some := "".join(islice(lines, LINES_AT_ONCE)):
            if not _write(sys.stdout, some):
                return

    def json_object(self, value: Mapping[str, Any]) -> None:
        """The one object that a script reads."""
        self.data(self.json_text(value))

    def json_text(self, value: Mapping[str, Any]) -> str:
        """The object as text."""
        from fnnctl.store.documents import to_json

        return to_json(value).rstrip("\n")

    def render(self, renderable: RenderableType) -> None:
        """What was asked for, as a table or the like."""
        _write(sys.stdout, self.rendered(renderable))

    @property
    def width(self) -> int:
        """The terminal's columns; 80 where the output goes elsewhere."""
        return self.console(sys.stdout or io.StringIO()).width

    def rendered(self, renderable: RenderableType, *, plain: bool = False) -> str:
        """A table or the like as text; `plain` is without colours wherever it goes."""
        from rich.measure import Measurement

        console = self.console(io.StringIO() if plain or sys.stdout is None else sys.stdout)
        needed = Measurement.get(console, console.options.update(width=WIDEST), renderable).minimum
        console.width = max(console.width, min(needed, WIDEST))  # a narrow terminal must not lose a column
        with console.capture() as captured:
            console.print(renderable)
        return "\n".join(line.rstrip() for line in captured.get().split("\n"))

    def note(self, text: str) -> None:
        """A line beside what was asked for, which `--quiet` leaves out."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """What went wrong, which no option leaves out. Where it cannot be said, the exit code still tells."""
        with suppress(UnwritableOutputError):
            _write(sys.stderr, text + "\n")

    def detail(self, text: str) -> None:
        """A line for `--verbose`."""
        if self.verbose:
            self.complain(text)

    def console(self, stream: TextIO) -> Console:
        """A rich console for a stream: colours on a terminal only, if they are wanted at all."""
        from rich.console import Console

        plain = not self.color or os.environ.get("NO_COLOR")
        return Console(file=stream, color_system=None if plain else "auto", highlight=False, markup=False)


def _write(stream: TextIO | None, text: str) -> bool:
    """Write and flush; False where nobody reads any more."""
    if stream is None:  # it was closed before the program began
        return False
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _throw_away(stream)
        return False
    except OSError as error:
        _throw_away(stream)
        raise UnwritableOutputError(error.strerror or str(error)) from error
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    return True


def _throw_away(stream: TextIO) -> None:
    """Let the stream lead nowhere, so that closing it at the end does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
