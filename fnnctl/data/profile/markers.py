"""Texts like `unknown` or `-` in columns of numbers or dates, which probably mark missing values.

A config must declare them, because a text among numbers may also be a typing error; `init` does so, and says
so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np

from fnnctl.config.yaml_text import is_allowed_value
from fnnctl.data.files import UNREPORTED, OnRead
from fnnctl.data.problems import Problems
from fnnctl.data.tables.formats.finding import MARKS, Notations, find_date
from fnnctl.data.tables.formats.number import written_number
from fnnctl.data.tables.numbers import almost_number
from fnnctl.data.tables.rows import CsvFormat
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import Problem
from fnnctl.text import counted, shown

MOST_MARKERS: Final = 3
"""A column with more different texts among its numbers or dates has errors to be corrected, unless all are
known."""
KNOWN_MARKERS: Final = frozenset(
    {"-", "--", "---", ".", "..", "…", "–", "—", "?", "*", "none", "nil", "na", "n/a", "n.a.", "n.a", "#n/a",
     "<na>", "nan", "null", "missing", "unknown", "not available", "not applicable", "k.a.", "k. a.", "n.d.",
     "nd", "#div/0!", "#value!", "#ref!", "#null!", "#num!", "#name?"}
)  # fmt: skip
"""What stands for a missing value in most tables, in lower case."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A text that is read as a missing value."""

    text: str
    column: str
    rows: int
    line: int | None
    """Where it occurs first."""
    noun: Literal["number", "date"] = "number"
    """What the column's other values are."""

    def __str__(self) -> str:
        where = "" if self.line is None else f", first in line {self.line:,}"
        rows = f"{counted(self.rows, 'row')}{where}"
        return f"{shown(self.text)} ({rows}) is no {self.noun}, so it is read as missing"


def read_with_markers(
    path: Path, form: CsvFormat, kinds: Mapping[str, Kind], file: str, on_read: OnRead = UNREPORTED
) -> tuple[Table, tuple[Marker, ...]]:
    """Read a table; if a few texts among numbers or dates are its only faults, read them as missing values.

    Raises DataError for any other fault.
    """
    problems = Problems(file)
    table = read_table(path, form, kinds, problems, on_read=on_read)
    if not problems:
        return table, ()
    refused = problems.error()
    faulty = _faulty_columns(table, refused.problems)
    if faulty:
        texts = read_table(path, form, {**kinds, **dict.fromkeys(faulty, "categorical")}, Problems(file))
        markers = tuple(_markers(texts, faulty, kinds))
        again, missing = Problems(file), form.missing | {marker.text for marker in markers}
        if {marker.column for marker in markers} == set(faulty):
            table = read_table(path, replace(form, missing=missing), kinds, again)
            if not again:
                return table, markers
    raise refused


def _faulty_columns(table: Table, problems: tuple[Problem, ...]) -> list[str]:
    """The columns that the problems are about; empty if a problem is about something else."""
    found: dict[str, None] = {}
    for problem in problems:
        starts = {f"column {shown(name)}: ": name for name in table.names}
        name = next((name for start, name in starts.items() if problem.message.startswith(start)), None)
        if name is None:
            return []
        found[name] = None
    return list(found)


def _markers(table: Table, faulty: list[str], declared: Mapping[str, Kind]) -> Iterator[Marker]:
    """The texts among each column's numbers or dates; none for a column whose texts may be something else.

    No class of the target, which is among the `declared` columns, becomes a missing value.
    """
    others = [column.texts for name, column in table.categorical.items() if name not in faulty]
    elsewhere = frozenset(text for texts in others for text in texts)
    classes = frozenset(
        text for name, column in table.categorical.items() if name in declared for text in column.texts
    )
    for name in faulty:
        column = table.categorical[name]
        counts = column.counts()
        numbers = Notations(column.texts, counts).find("auto", european=False)
        dates = find_date(column.texts, counts, european=False)
        found = [each for each in (numbers, dates) if each is not None]
        best = max(found, key=lambda each: each.rows(counts), default=None)
        wrong = [] if best is None else np.flatnonzero(~best.fits).tolist()
        texts = [column.texts[place] for place in wrong]
        doubtful = [text for text in texts if text in classes or text.casefold() not in KNOWN_MARKERS]
        is_wrong = any(text in elsewhere or _is_amount(text) for text in doubtful)
        is_wrong |= not all(map(is_allowed_value, texts))  # no config can declare it
        if len(doubtful) <= MOST_MARKERS and not is_wrong:
            for place in wrong:
                noun: Literal["number", "date"] = "number" if best is numbers else "date"
                yield Marker(column.texts[place], name, int(counts[place]), column.lines[place], noun)


def _is_amount(text: str) -> bool:
    """Whether a text is a number in another notation, which is to be corrected."""
    return almost_number(text) is not None or any(written_number(text, mark) for mark in MARKS)
