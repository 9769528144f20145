"""What is suspicious about columns: each note has a reason, and says whether to leave the column out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.ids import MIN_ROWS, may_number_rows
from fnnctl.data.columns.notes import written_twice
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.dataset import RawTarget
from fnnctl.data.profile.columns import ColumnFacts, target_numbers
from fnnctl.data.profile.source import Source
from fnnctl.text import quoted

NoteKind = Literal[
    "ignored",
    "format",
    "marker",
    "odd",
    "id",
    "constant",
    "missing",
    "copy",
    "target",
    "sentinel",
    "codes",
    "group",
    "spelling",
]

MOSTLY_MISSING, NEARLY_ALL_MISSING = 0.9, 0.99
MAX_CODES: Final = 50
"""Columns of more different whole numbers are taken for amounts, and for no copy of the target."""
_ID_WORDS: Final = frozenset({"id", "ids", "key", "uuid", "guid", "index", "rownames", "nr", "no", "number"})
_CODE_WORDS: Final = frozenset({"code", "zip", "zipcode", "postcode", "type", "class", "category", "field"})
_WHO: Final = (
    "customer|client|patient|subject|user|person|participant|member|student|employee|household|family|account|"
    "session|device|animal"
)
_GROUP_NAME: Final = re.compile(rf"\b(ids?|uuid|guid|({_WHO})(id|s)?|({_WHO}) (no|nr|num|number|key|code))$")
"""The names of ids that several rows may have."""
MIN_GROUPS: Final = 10
_SENTINEL: Final = re.compile("-?9{2,6}")


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """Something that the user should know about a column."""

    kind: NoteKind
    text: str
    """What is wrong with the column, as a predicate: `has the same value in every row`."""
    leave_out: bool = False
    """Whether a network should not be trained on the column."""
    value: str | None = None
    """The text that may stand for missing values, in a note on a sentinel."""
    in_common: str = ""
    """The text without counts and examples of the column, which several columns may have in common; empty if
    there are none."""


def column_notes(source: Source, facts: Sequence[ColumnFacts]) -> dict[str, tuple[ColumnNote, ...]]:
    """The notes on each column; targets and columns without a note are left out."""
    first_with: dict[bytes, str] = {}
    notes: dict[str, tuple[ColumnNote, ...]] = {}
    for column in facts:
        if column.name in source.target_names:
            continue
        if column_notes := tuple(_notes(source, column, first_with)):
            notes[column.name] = column_notes
    return notes


def _notes(source: Source, column: ColumnFacts, first_with: dict[bytes, str]) -> Iterator[ColumnNote]:
    if column.type.ignored is not None:
        reason = column.type.ignored
        warning = f"; {column.type.warning}" if column.type.warning else ""
        yield ColumnNote("ignored", f"{reason}{warning}", leave_out=True)
        return
    if column.unique <= 1:
        yield _single_value(column)
        return
    yield from (
        ColumnNote("marker", str(marker), in_common=marker.without_rows)
        for marker in source.markers
        if marker.column == column.name
    )
    if odd := source.odd_values.get(column.name):
        read = "is read as categories"
        text = f"{read}: {odd}; correct it, and it has {odd.noun}s"
        yield ColumnNote("odd", text, in_common=f"{read}: {odd.problem}")
    yield from _of_format(column.type)
    yield from _of_most_missing(column)
    first = column.name if column.digest is None else first_with.setdefault(column.digest, column.name)
    if first != column.name:
        equal_to = "the same values as" if column.extent else "one value for each value of"
        yield ColumnNote("copy", f"has {equal_to} {quoted(first)}", leave_out=True)
    elif _is_id(column):
        yield ColumnNote("id", "has a different whole number in every row, like an id", leave_out=True)
    elif copied := next((target for target in source.targets if _gives_target(source, target, column)), None):
        copy = f"has one value for each value of {quoted(copied.name)}"
        yield ColumnNote("target", copy, leave_out=True)
    else:
        yield from _sentinels(column)
        yield from _codes(column)
        yield from _groups(column)
        yield from _spellings(source, column)


def _single_value(column: ColumnFacts) -> ColumnNote:
    if not column.missing:
        return ColumnNote("constant", "has the same value in every row", leave_out=True)
    nearly = column.missing >= NEARLY_ALL_MISSING * column.rows
    text = f"has one value, and is missing in {_percent(column)} of the rows"
    return ColumnNote("constant", text, leave_out=nearly)


def _of_most_missing(column: ColumnFacts) -> Iterator[ColumnNote]:
    if column.missing >= MOSTLY_MISSING * column.rows:
        nearly = column.missing >= NEARLY_ALL_MISSING * column.rows
        yield ColumnNote("missing", f"is missing in {_percent(column)} of the rows", leave_out=nearly)


def _of_format(column_type: ColumnType) -> Iterator[ColumnNote]:
    if column_type.example is not None:
        text, read = column_type.example
        warning = f"; {column_type.warning}" if column_type.warning else ""
        yield ColumnNote("format", f"{quoted(text)} is read as {read}{warning}")
    elif column_type.warning:
        yield ColumnNote("format", column_type.warning)


def _percent(column: ColumnFacts) -> str:
    """The share of the missing values: `97 %`, or `over 99.9 %` where that would be rounded to all."""
    share = 100 * column.missing / column.rows
    return "over 99.9 %" if share > 99.9 else f"{share:.3g} %"


def _is_id(column: ColumnFacts) -> bool:
    """Whether it numbers the rows, or has an id's name and a different whole number in every row."""
    extent = column.extent
    distinct = column.unique == column.rows >= MIN_ROWS
    if extent is None or not extent.integral or not distinct:
        return False
    named_so = bool(_words(column.name) & _ID_WORDS)
    return named_so or bool(may_number_rows(extent.low, extent.high, column.rows))


def _gives_target(source: Source, target: RawTarget, column: ColumnFacts) -> bool:
    """Whether each value of the column stands for one value of the target, which has no other."""
    values = len(target.texts)
    rows = np.flatnonzero(target.codes >= 0)
    if column.missing or not 1 < column.unique == values:
        return False
    numbers = source.table.numeric.get(column.type.columns[-1])
    if 2 * values > len(rows):  # any two columns without equal values stand for one another
        targets = target_numbers(target)
        return numbers is not None and targets is not None and bool(np.all(numbers[rows] == targets[rows]))
    codes = source.table.categorical[column.name].codes if numbers is None else _coded(numbers)
    pairs = np.unique(np.stack([codes[rows], target.codes[rows]]), axis=1)
    return int(pairs.shape[1]) == values


def _coded(numbers: FloatArray) -> IntArray:
    codes: IntArray = np.unique(numbers, return_inverse=True)[1]
    return codes


def _sentinels(column: ColumnFacts) -> Iterator[ColumnNote]:
    """A number like -999 or 9999 that is farther from the others than these are from one another."""
    extent = column.extent
    if extent is None or not extent.integral or len(extent.lowest) < 2 or column.unique < 3:
        return
    ends = (
        (extent.low, extent.lowest[1] - extent.low, extent.high - extent.lowest[1]),
        (extent.high, extent.high - extent.highest[0], extent.highest[0] - extent.low),
    )
    for end, gap, width in ends:
        text = f"{end:.0f}"
        if _SENTINEL.fullmatch(text) and gap > max(width, 1.0):
            yield ColumnNote(
                "sentinel", f"has {text}, far from its other numbers: is it missing?", value=text
            )


def _codes(column: ColumnFacts) -> Iterator[ColumnNote]:
    """Whole numbers whose column's name says that they are codes."""
    extent = column.extent
    named_so = bool(_words(column.name) & _CODE_WORDS)
    if extent is not None and extent.integral and named_so and 2 < column.unique <= MAX_CODES:
        yield ColumnNote("codes", f"has {column.unique:,} different whole numbers: are they codes?")


def _groups(column: ColumnFacts) -> Iterator[ColumnNote]:
    """Ids that several rows have, such as customers."""
    extent = column.extent
    repeats = MIN_GROUPS <= column.unique <= column.present / 2
    if repeats and (extent is None or extent.integral) and _GROUP_NAME.search(_spaced(column.name)):
        yield ColumnNote(
            "group",
            f"has {column.unique:,} different values in {column.rows:,} rows, like an id that repeats: if "
            "new rows will have other ones, set data.split.group to it",
        )


def _spellings(source: Source, column: ColumnFacts) -> Iterator[ColumnNote]:
    texts = source.table.categorical.get(column.name)
    if texts is not None and (pairs := written_twice(texts.texts)):
        yield ColumnNote("spelling", f"has {pairs}: if they are one category, write them alike")


def _words(name: str) -> frozenset[str]:
    """The words of a name, in lower case: of `customer_id`, `customerId` or `Customer ID`."""
    return frozenset(_spaced(name).split())


def _spaced(name: str) -> str:
    """The words of a name, in lower case, with blanks between them."""
    return re.sub(r"[\W_]+", " ", re.sub("([a-z])([A-Z])", r"\1 \2", name)).strip().lower()


def left_out(notes: Mapping[str, Sequence[ColumnNote]]) -> dict[str, str]:
    """The columns that should be left out, each with the reason."""
    return {
        name: next(note.text for note in column_notes if note.leave_out)
        for name, column_notes in notes.items()
        if any(note.leave_out for note in column_notes)
    }
