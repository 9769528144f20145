"""An SQLite database of which SQL can only read, and a query that ends.

Both may come from anyone: a config with a query is a file like others, and a database may have views. The
file is opened without the right to write, an authorizer refuses every action but reading, and a query of too
many steps is ended.
"""

from __future__ import annotations

import re
import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fnnctl.errors import DataError, Problem
from fnnctl.text import quoted

LOCK_SECONDS: Final = 5.0
"""How long another program may go on writing before the database counts as locked."""
LONGEST_VALUE: Final = 2**24
"""The most bytes of a value, and of a row, as of a row of a CSV file."""
LEAST_STEPS: Final = 10**9
"""A query may take so many steps of SQLite's machine, and more for a large file: about twenty seconds."""
STEPS_PER_BYTE: Final = 200
"""To read all columns of a table, and to sort its rows, takes less than ten."""
_STEPS: Final = 100_000
"""The steps between two looks at the signals: a millisecond."""
_READING: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_REFUSED_FUNCTIONS: Final = {
    "random": "it gives other values each time",
    "randomblob": "it gives other values each time",
    "load_extension": "it runs the code of a library",
    "fts3_tokenizer": "it runs the code of a library",
}
_TOKEN: Final = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)"
    r"|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|\S",
    re.DOTALL,
)
"""A comment, a text, a quoted name, a word or a sign of SQL."""


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT statement of SQL."""

    sql: str
    """Without a semicolon at its end."""
    has_order: bool
    """Whether ORDER BY gives the order of its rows."""

    @classmethod
    def parse(cls, text: str, file: str) -> Query:
        """The query in a text; raises DataError if it is no SELECT, or has more than one statement."""
        tokens = [match for match in _TOKEN.finditer(text) if not match[0].startswith(("--", "/*"))]
        words = [token[0].upper() for token in tokens]
        advice = "write one SELECT statement, which only reads"
        if not words or words[0] not in {"SELECT", "WITH", "VALUES"}:
            begins = f"it begins with {quoted(tokens[0][0])}" if tokens else "it is empty"
            raise _error(f"the query is no SELECT: {begins}; {advice}", file)
        end = words.index(";") if ";" in words else len(words)
        if any(word != ";" for word in words[end:]):
            raise _error(f"the query has more than one statement: {advice}", file)
        depth, is_ordered = 0, False
        for word, following in zip(words[:end], [*words[1:end], ""], strict=True):
            depth += (word == "(") - (word == ")")
            is_ordered |= depth == 0 and (word, following) == ("ORDER", "BY")
        return cls(text[: tokens[end].start()] if end < len(tokens) else text, is_ordered)


@dataclass(slots=True)
class _Guard:
    """What SQL may do in a connection, and for how long."""

    most_steps: int
    refused: str | None = None
    """What was refused last."""
    steps: int = 0
    signal: KeyboardInterrupt | None = None
    """A signal that arrived during a query. SQLite would lose it."""
    ticks: Iterator[bool] = field(init=False)

    def __post_init__(self) -> None:
        self.ticks = self._ticks()

    def authorize(self, action: int, first: str | None, second: str | None, *_: object) -> int:
        """Whether an action is allowed: see `sqlite3.Connection.set_authorizer`."""
        reason = _REFUSED_FUNCTIONS.get((second or "").lower()) if action == sqlite3.SQLITE_FUNCTION else None
        if reason is not None:
            self.refused = f"the query has the function {second}, which is not allowed: {reason}"
        elif action not in _READING:
            self.refused = "the query would do more than read: write one SELECT statement, which only reads"
        else:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _ticks(self) -> Iterator[bool]:
        """Whether the query must end, each time some steps have been taken.

        A generator is called without a frame of its own, so a signal arrives in its `try`.
        """
        try:
            while True:
                self.steps += _STEPS
                yield self.steps > self.most_steps
        except KeyboardInterrupt as signal:
            self.signal = signal
            while True:
                yield True


@contextmanager
def open_database(path: Path, file: str) -> Iterator[sqlite3.Connection]:
    """Open a database of which SQL can only read, in one state of its tables.

    Raises DataError, also while it is read, if it is locked or damaged, or if SQL does more than read or
    does not end.
    """
    guard = _Guard(LEAST_STEPS + STEPS_PER_BYTE * path.stat().st_size)
    try:
        with closing(_connect(path)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.execute("BEGIN")
            connection.set_authorizer(guard.authorize)
            connection.set_progress_handler(guard.ticks.__next__, _STEPS)
            yield connection
    except sqlite3.Error as error:
        if guard.signal is not None:
            raise guard.signal from None
        raise _error(_problem(error, guard), file) from error


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that cannot write.

    A database with a write-ahead log gets two more files beside it as soon as it is opened. If it has none
    now, nobody is writing, and as an immutable file it gets none.
    """
    name = urllib.parse.quote(str(path.resolve()))
    log = Path(f"{path.resolve()}-wal")
    with path.open("rb") as start:
        has_log = start.read(20)[18:20] == b"\2\2"
    immutable = "&immutable=1" if has_log and not (log.exists() and log.stat().st_size) else ""
    return sqlite3.connect(
        f"file:{name}?mode=ro{immutable}", uri=True, timeout=LOCK_SECONDS, isolation_level=None
    )


def _problem(error: sqlite3.Error, guard: _Guard) -> str:
    """What is wrong, and what to do."""
    if guard.refused is not None:
        return guard.refused
    name = getattr(error, "sqlite_errorname", "")
    match name.split("_")[1] if name.startswith("SQLITE_") else "":
        case "BUSY" | "LOCKED":
            return "another program has locked the database: try again when it has finished writing"
        case "INTERRUPT":
            return (
                f"the query has not ended after {guard.steps:,} steps of SQLite: "
                "does it repeat itself without end, or join tables without a condition?"
            )
        case "TOOBIG":
            return (
                f"a row has more than {LONGEST_VALUE:,} bytes: select the columns that you need in data.query"
            )
        case "CORRUPT" | "NOTADB":
            return f"the SQLite file is damaged ({error}): copy it again"
        case "CANTOPEN" | "READONLY" | "IOERR" | "PROTOCOL":
            return (
                f"the database cannot be opened for reading ({error}): copy it with the files beside it "
                "whose names begin like its own to a folder in which you may write"
            )
    return f"SQLite cannot run the query: {error}"


def _error(message: str, file: str) -> DataError:
    return DataError(Problem(message, file=file))
