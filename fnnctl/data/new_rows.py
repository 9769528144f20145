"""New rows for a trained network, and the columns that it needs, independent of the kind of file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.errors import did_you_mean, quoted_list
from fnnctl.text import printable, shown

if TYPE_CHECKING:
    from fnnctl.data.tables.readings import ColumnFormat

MOST_NAMED_ALONE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows(Columns):
    """n consecutive rows; the categories are those that occur in them."""

    first: int
    """The first row's number in its file, from 0."""
    labels: CodedTexts | None
    """(n,) if they were requested."""
    kept: Sequence[Sequence[str]] | None = None
    """For each row, the texts of the columns to keep, as they are in the file; None if none was requested."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """An open file of new rows."""

    unused: tuple[str, ...]
    """The columns that the network does not use."""
    kept: tuple[str, ...]
    """The columns whose texts are kept for the output."""
    blocks: Iterator[NewRows]
    """Can be iterated once. Raises DataError for problems in a block when the block is read."""


def columns_of(
    preprocessor: Preprocessor, formats: Mapping[str, ColumnFormat] | None = None
) -> tuple[str, ...]:
    """The columns that a network was trained on, numeric ones first.

    With the `formats` of a table, a column that became several is named as in the table.
    """
    source = {part: name for name, form in (formats or {}).items() for part in form.columns(name)}
    numeric = dict.fromkeys(source.get(number.name, number.name) for number in preprocessor.numbers)
    return (*numeric, *(column.name for column in preprocessor.categories))


def note_missing(
    wanted: Sequence[str],
    unused: Sequence[str],
    names: Sequence[str],
    problems: Problems,
    *,
    line: int | None = None,
) -> None:
    """Note which of the `wanted` columns are missing from a file's `names`, and suggest `unused` columns.

    A few missing columns are a problem each. Many suggest that this is the wrong file: they are one problem.
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
    """A hint at the unused column with the most similar name, if there is one."""
    return did_you_mean(name, map(printable, unused))
