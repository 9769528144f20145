"""Tells the user how columns were converted, once: a line per kind of conversion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fnnctl.messages import Message
from fnnctl.text import alike, counted, joined_words, printable, quoted, word_list

if TYPE_CHECKING:
    from fnnctl.data.columns.formats.base import ColumnKind
    from fnnctl.data.columns.types import ColumnType


MAX_NAMED: Final = 10
MAX_SPELLINGS: Final = 10_000
"""A column with more categories is not searched for two spellings of one."""
_CONVERTED: Final[Mapping[ColumnKind, str]] = {
    "numeric": "numbers in another notation",
    "date": "dates and times as numbers",
    "boolean": "one category for all spellings",
    "categorical": "digits with a zero in front as codes (data.columns.numeric reads them as numbers)",
}


def conversion_notes(columns: Iterable[ColumnType]) -> Iterator[str]:
    """One line per kind of conversion that needs no warning, and one about an index."""
    columns = list(columns)
    for kind, words in _CONVERTED.items():
        examples = [
            f"{printable(column.name)}: {quoted(column.example[0])} is read as {printable(column.example[1])}"
            for column in columns
            if column.kind == kind and column.example and not column.warning
        ]
        if examples:
            yield f"{words}: {_some(examples)}"
    for column in columns:
        if column.kind == "index":
            index = f"the column {quoted(column.name)}" if column.name else "the first column"
            yield f"{index} is ignored: {column.ignored}"


def spelling_notes(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """One line about the columns with categories that differ only in case or blanks."""
    spellings = {name: written_twice(texts) for name, texts in columns.items()}
    named = [f"{printable(name)}: {pairs}" for name, pairs in spellings.items() if pairs]
    if named:
        advice = "write them alike if they are one"
        yield f"categories that differ only in case or blanks ({advice}): {_some(named)}"


def written_twice(texts: Sequence[str]) -> str | None:
    """The first texts that differ only in case or blanks; None if there are none, or too many to compare."""
    groups = alike(texts) if len(texts) <= MAX_SPELLINGS else []
    if not groups:
        return None
    more = f" (and {len(groups) - 1:,} more)" if len(groups) > 1 else ""
    return joined_words([*map(quoted, groups[0])]) + more


def conversion_warnings(columns: Iterable[ColumnType], file: str) -> Iterator[Message]:
    """The conversions that may be wrong, and the columns of texts that are not used."""
    columns = list(columns)
    for column in columns:
        if column.warning:
            unused = "; it is ignored" if column.ignored else ""
            sentence = f"column {quoted(column.name)} of {file}: {column.warning}{unused}"
            yield Message("doubtful_conversion", sentence)
    texts = [
        quoted(column.name)
        for column in columns
        if column.kind == "text" and column.ignored and not column.warning
    ]
    if texts:
        one = len(texts) == 1
        which = "a column" if one else f"{len(texts):,} columns"
        yield Message(
            "ignored_texts",
            f"{which} of {file} {'has' if one else 'have'} a different text in (nearly) every row and "
            f"{'is' if one else 'are'} ignored: {word_list(texts)} "
            f"(to use {'it' if one else 'one'}, add it to data.columns.categorical)",
        )


def _some(parts: Sequence[str]) -> str:
    more = len(parts) - MAX_NAMED
    rest = [f"and {counted(more, 'more column')}"] if more > 0 else []
    return "; ".join([*parts[:MAX_NAMED], *rest])
