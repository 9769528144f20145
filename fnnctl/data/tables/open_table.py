"""What a reader of tables gets and returns: the format of a file, and its columns while it is open.

Only one block exists at a time, so the memory needed is little more than that of the typed arrays. Problems
in the file's form (ragged rows, open quotes, wrong bytes) are noted, not raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from fnnctl.config.table_files import WHOLE_FILE, TablePart
from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import NULL, Block
from fnnctl.text import quoted

if TYPE_CHECKING:
    from fnnctl.data.columns.formats.base import ColumnFormat, MarkSetting


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a CSV file is written, which texts of any table are missing values, and which table is meant."""

    delimiter: str | None
    """None if it is to be detected."""
    encoding: str
    missing: frozenset[str]
    """The texts of missing values: see `missing_texts`."""
    encoding_setting: str = "data.encoding"
    """What the user changes if the encoding is wrong."""
    decimal_mark: MarkSetting = "auto"
    """The decimal mark of numbers that are not plain."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """The declared patterns of columns of dates."""
    formats: Mapping[str, ColumnFormat] = field(default_factory=dict)
    """The formats of columns that are known from the training data; those of other columns are detected."""
    plain: frozenset[str] = frozenset()
    """The columns that are known to have plain numbers, so that no other notation is looked for."""
    part: TablePart = WHOLE_FILE
    """Which table of a file of several is read. It is null for kinds of files that have one table."""


def missing_texts(values: Iterable[str]) -> frozenset[str]:
    """The texts that stand for missing values, without blanks around them; a null is always missing."""
    return frozenset([NULL, *(text.strip() for text in values)])


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTable:
    """The names of a table's columns, and its rows, which can be read once."""

    names: tuple[str, ...]
    """The first may be empty: it is an index, such as that of pandas."""
    blocks: Iterator[Block]
    """All rows. Their values are read lazily."""
    share: Callable[[], float]
    """The share of the table that has been read, from 0 to 1; 0 for a pipe."""
    block_rows: int
    """The most rows of a block, but for those of a CSV file's cells, which are as many such blocks."""
    rows: int | None = None
    """How many rows there are; None if only reading them tells."""
    has_types: bool = True
    """Whether the values have types of their own; those of a CSV file are texts."""
    delimiter: str = ""
    """That of a CSV file."""
    header_line: int | None = None
    """The line of the names; None if the file has no such line."""
    sha256: Callable[[], str] | None = None
    """The digest of the names and rows, once all are read; None if that of the file's bytes tells them."""
    notes: tuple[str, ...] = ()
    """What the user should know of the rows."""

    @classmethod
    def of_rows(
        cls,
        names: tuple[str, ...],
        blocks: Iterable[Block],
        rows: int | None,
        *,
        block_rows: int,
        has_types: bool = True,
        sha256: Callable[[], str] | None = None,
        notes: tuple[str, ...] = (),
    ) -> Self:
        """A table whose number of rows may be known; those of the blocks so far are the share that has been
        read.
        """
        read = 0

        def counted() -> Iterator[Block]:
            nonlocal read
            for block in blocks:
                read += len(block.lines)
                yield block

        return cls(
            names=names,
            blocks=counted(),
            share=lambda: 0.0 if rows is None else read / max(1, rows),
            block_rows=block_rows,
            rows=rows,
            has_types=has_types,
            sha256=sha256,
            notes=notes,
        )


def check_names(names: Sequence[str], line: int | None, problems: Problems) -> None:
    """Note columns without a name, or with that of another; the first without a name is an index."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name and position > 1:
            problems.add(
                f"column {position} has no name in the header: give it one, or remove the column", line=line
            )
        elif name in seen:
            is_data = line is not None and plain_number(name) is not None
            advice = "; if this line is data, add a line of names before it" if is_data else ""
            same = f"columns {seen[name]} and {position} have the same name {quoted(name)}: rename one"
            problems.add(f"{same}{advice}", line=line)
        seen.setdefault(name, position)
