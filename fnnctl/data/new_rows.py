"""New rows for a network that is trained, and the columns that it needs, whatever kind of file has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.errors import did_you_mean, quoted_list
from fnnctl.text import printable, shown

MOST_NAMED_ALONE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows(Columns):
    """n rows that follow one another; the categories are those among them."""

    first: int
    """The first row's number in its file, from 0."""
    labels: CodedTexts | None
    """(n,) if they are wanted."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """An open file of new rows."""

    unused: tuple[str, ...]
    """The columns that the network does not know."""
    blocks: Iterator[NewRows]
    """To be used once. DataError for what is wrong in a block is raised when the block is read."""


def columns_of(preprocessor: Preprocessor) -> tuple[str, ...]:
    """The columns that a network knows: the numeric ones before the others."""
    numeric = (number.name for number in preprocessor.numbers)
    return (*numeric, *(column.name for column in preprocessor.categories))


def note_missing(
    wanted: Sequence[str],
    unused: Sequence[str],
    names: Sequence[str],
    problems: Problems,
    *,
    line: int | None = None,
) -> None:
    """Note which of the `wanted` columns are not among a file's `names`; an `unused` one may be meant.

    A few are named one by one. Many missing columns suggest another file altogether: they are one problem.
    """
    found = set(names)
    missing = [name for name in wanted if name not in found]
    if len(missing) > MOST_NAMED_ALONE:
        count = f"{len(missing):,} of the {len(wanted):,} columns that the network needs"
        problems.add(f"{count} are missing: {quoted_list([*map(shown, missing)])}", line=line)
        return
    for name in missing:
        problems.add(f"the column {shown(name)} is missing{suggestion(name, unused)}", line=line)


def suggestion(name: str, unused: Sequence[str]) -> str:
    """A hint at the unused column whose name is nearly this one, if there is one."""
    return did_you_mean(name, map(printable, unused))
