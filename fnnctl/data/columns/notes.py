"""Tells the user how columns were converted, once: a line per kind of conversion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fnnctl.errors import quoted_list
from fnnctl.text import alike, counted, joined_words, printable, shown

if TYPE_CHECKING:
    from fnnctl.data.columns.types import ColumnKind, ColumnType


MOST_NAMED: Final = 10
MOST_SPELLINGS: Final = 10_000
"""A column with more categories is not searched for two spellings of one."""
_CONVERTED: Final[Mapping[ColumnKind, str]] = {
    "numeric": "numbers in another notation",
    "date": "dates and times as numbers",
    "boolean": "one category for all spellings",
    "categorical": "digits with a zero in front as codes (data.columns.numeric reads them as numbers)",
}


def conversion_notes(readings: Iterable[ColumnType]) -> Iterator[str]:
    """One line per kind of conversion that is not doubtful, and one about an index."""
    used = list(readings)
    for kind, words in _CONVERTED.items():
        told = [
            f"{printable(each.name)}: {shown(each.example[0])} is read as {printable(each.example[1])}"
            for each in used
            if each.kind == kind and each.example and not each.doubt
        ]
        if told:
            yield f"{words}: {_some(told)}"
    for each in used:
        if each.kind == "index":
            which = f"the column {shown(each.name)}" if each.name else "the first column"
            yield f"{which} is ignored: {each.ignored}"


def spelling_notes(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """One line about the columns with categories that differ only in case or blanks."""
    found = {name: written_twice(texts) for name, texts in columns.items()}
    told = [f"{printable(name)}: {pairs}" for name, pairs in found.items() if pairs]
    if told:
        advice = "write them alike if they are one"
        yield f"categories that differ only in case or blanks ({advice}): {_some(told)}"


def written_twice(texts: Sequence[str]) -> str | None:
    """The first texts that differ only in case or blanks; None if there are none, or too many to compare."""
    several = alike(texts) if len(texts) <= MOST_SPELLINGS else []
    if not several:
        return None
    more = f" (and {len(several) - 1:,} more)" if len(several) > 1 else ""
    return joined_words([*map(shown, several[0])]) + more


def conversion_warnings(readings: Iterable[ColumnType], file: str) -> Iterator[str]:
    """The doubtful conversions, and the columns of texts that are not used."""
    readings = list(readings)
    for each in readings:
        if each.doubt:
            unused = "; it is ignored" if each.ignored else ""
            yield f"column {shown(each.name)} of {file}: {each.doubt}{unused}"
    texts = [shown(each.name) for each in readings if each.kind == "text" and each.ignored and not each.doubt]
    if texts:
        one = len(texts) == 1
        which = "a column" if one else f"{len(texts):,} columns"
        yield (
            f"{which} of {file} {'has' if one else 'have'} a different text in (nearly) every row and "
            f"{'is' if one else 'are'} ignored: {quoted_list(texts)} "
            f"(to use {'it' if one else 'one'}, add it to data.columns.categorical)"
        )


def _some(told: Sequence[str]) -> str:
    more = len(told) - MOST_NAMED
    rest = [f"and {counted(more, 'more column')}"] if more > 0 else []
    return "; ".join([*told[:MOST_NAMED], *rest])
