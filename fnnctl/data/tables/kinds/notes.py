"""Tells the user how columns were converted, once: a line per kind of conversion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fnnctl.errors import quoted_list
from fnnctl.text import counted, printable, shown

if TYPE_CHECKING:
    from fnnctl.data.tables.readings import Reading, ReadKind

MOST_NAMED: Final = 10
_CONVERTED: Final[Mapping[ReadKind, str]] = {
    "numeric": "numbers in another notation",
    "date": "dates and times as numbers",
    "boolean": "one category for all spellings",
    "categorical": "digits with a zero in front as codes (data.columns.numeric reads them as numbers)",
}


def conversion_notes(readings: Iterable[Reading]) -> Iterator[str]:
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


def conversion_warnings(readings: Iterable[Reading], file: str) -> Iterator[str]:
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
