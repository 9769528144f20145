"""A command's output: data go to standard output, everything else to standard error.

If the reader closes the pipe, further output is discarded; the command continues to its normal end and exit
code.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO

from fnnctl.errors import UnwritableOutputError
from fnnctl.text import printable_lines

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

CHARACTERS_AT_ONCE = 2**16
WIDEST = 300
"""The most columns that a table may use, even on a narrower terminal."""


@dataclass(frozen=True, slots=True)
class Output:
    """Prints according to a command's output options, such as `--quiet` and `--json`."""

    json: bool = False
    """Print one JSON object to standard output, and nothing else there."""
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    def data(self, text: str) -> None:
        """Print a line of data."""
        _write(sys.stdout, text + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines of data, one or several per text, with line ends, until the reader closes the pipe.

        On a terminal, non-printable characters are escaped: data may contain codes that control it.
        """
        _write_lines(map(printable_lines, lines) if self.is_terminal else lines)

    def json_lines(self, lines: Iterable[str]) -> None:
        """Print parts of one JSON text as `json_text` does, until the reader closes the pipe."""
        _write_lines(lines, encoding="utf-8")

    def json_object(self, value: Mapping[str, Any]) -> None:
        """Print the single object of `--json`."""
        from fnnctl.store.documents import to_json

        self.json_text(to_json(value))

    def json_text(self, text: str) -> None:
        """Print JSON in UTF-8, whatever the terminal's encoding is.

        A lone surrogate, which stands for a byte of a file name that is not UTF-8, is written as an escape.
        """
        _write(sys.stdout, text, encoding="utf-8")

    def render(self, renderable: RenderableType) -> None:
        """Print data that rich lays out, such as a table."""
        _write(sys.stdout, self.rendered(renderable))

    def flush(self) -> None:
        """Flush other code's output, such as a command's help, while an error can still be reported."""
        _write(sys.stdout, "")

    @property
    def width(self) -> int:
        """The terminal's width in columns; 80 if there is no terminal."""
        return self.console(sys.stdout or io.StringIO()).width

    @property
    def is_terminal(self) -> bool:
        """Whether standard output is a terminal."""
        return sys.stdout is not None and sys.stdout.isatty()

    @property
    def terminal_width(self) -> int | None:
        """The width in columns of the terminal that standard output is; None if it is none. Without rich."""
        if not self.is_terminal:
            return None
        with suppress(ValueError):
            return int(os.environ.get("COLUMNS", "")) or None
        with suppress(OSError, ValueError):
            return os.get_terminal_size(sys.stdout.fileno()).columns or None
        return None

    def rendered(self, renderable: RenderableType, *, plain: bool = False) -> str:
        """The text of something that rich lays out; with `plain`, without colours even on a terminal."""
        from rich.measure import Measurement

        text = io.StringIO()
        console = self.console(text if plain or sys.stdout is None else sys.stdout)
        needed = Measurement.get(console, console.options.update(width=WIDEST), renderable).minimum
        console.width = max(console.width, min(needed, WIDEST))  # a narrow terminal must not lose a column
        console.file = text  # rich also writes to its stream when it captures, which may fail
        console.print(renderable, crop=False)
        return "\n".join(line.rstrip() for line in text.getvalue().split("\n"))

    def note(self, text: str) -> None:
        """Print a message, unless `--quiet` is given."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Print an error. If standard error cannot be written, only the exit code reports it.

        Non-printable characters are escaped, because a message may quote names from any file.
        """
        with suppress(UnwritableOutputError):
            _write(sys.stderr, printable_lines(text) + "\n")

    def detail(self, text: str) -> None:
        """Print a message if `--verbose` is given."""
        if self.verbose:
            self.complain(text)

    def console(self, stream: TextIO) -> Console:
        """A rich console for a stream, with colours on a terminal unless they are switched off."""
        from rich.console import Console

        plain = not self.color or os.environ.get("NO_COLOR")
        system: Literal["auto"] | None = None if plain else "auto"
        return Console(file=stream, color_system=system, highlight=False, markup=False, emoji=False)


def _write_lines(lines: Iterable[str], *, encoding: str | None = None) -> None:
    waiting: list[str] = []
    characters = 0
    for text in lines:
        waiting.append(text)
        characters += len(text)
        if characters >= CHARACTERS_AT_ONCE:
            if not _write(sys.stdout, "".join(waiting), encoding=encoding):
                return
            waiting, characters = [], 0
    if waiting:
        _write(sys.stdout, "".join(waiting), encoding=encoding)


def _write(stream: TextIO | None, text: str, *, encoding: str | None = None) -> bool:
    """Write and flush; False if the reader has closed the pipe.

    An `encoding` replaces the stream's own, if the stream has an underlying stream of bytes.
    """
    if stream is None:  # closed before the program began
        return False
    try:
        if encoding and hasattr(stream, "buffer"):
            stream.flush()
            stream.buffer.write(text.encode(encoding, "backslashreplace"))
        else:
            stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        return False
    except OSError as error:
        _discard(stream)
        raise UnwritableOutputError(error.strerror or str(error)) from error
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    return True


def _discard(stream: TextIO) -> None:
    """Redirect the stream to the null device, so that closing it at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
