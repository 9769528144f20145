"""Opens CSV files, and standard input, as blocks of columns: of cells if a file is regular, else of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import ColumnBlock
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.csv_file import CsvFile, CsvRecords
from fnnctl.data.tables.open_table import CsvFormat, OpenTable, check_names
from fnnctl.data.tables.text_files import open_text, share_read
from fnnctl.text import counted, quoted

CsvBlock: TypeAlias = CellRows | ColumnBlock


@contextmanager
def open_table(path: Path | None, form: CsvFormat, problems: Problems) -> Iterator[OpenTable]:
    """Open a CSV file, or standard input (None), and read its header.

    Problems are noted in `problems`, except those that make reading impossible: these are raised as DataError
    (an empty file, a wrong encoding) or MachineError (see `open_text`).
    """
    with open_text(path, form.encoding, form.encoding_setting) as text:
        reader = CsvFile(text, problems, delimiter=form.delimiter, encoding_setting=form.encoding_setting)
        if reader.header is None:
            if not problems:
                problems.add("the file is empty")
            raise problems.error()
        line, header = reader.header
        names = tuple(name.strip() for name in header)
        blocks, named = _blocks(reader, len(names), problems), _named(names)
        if named < len(names):
            blocks = _without_ends(blocks, named, problems)
        _check_header(names[:named], line, problems)
        yield OpenTable(
            names=names[:named],
            blocks=blocks,
            share=partial(share_read, text.fileno()),
            block_rows=reader.block_rows,
            has_types=False,
            delimiter=reader.delimiter,
            header_line=line,
        )


def _named(names: Sequence[str]) -> int:
    """How many columns precede those without a name at the end of a header; all if there is only an index."""
    named = max((position for position, name in enumerate(names, start=1) if name), default=0)
    return named if named else len(names)


def _check_header(names: Sequence[str], line: int, problems: Problems) -> None:
    if all(plain_number(name) is not None for name in names):
        problems.add("the first line must name the columns, but it has only numbers", line=line)
        return
    check_names(names, line, problems)


def _blocks(records: Iterable[CsvRecords], width: int, problems: Problems) -> Iterator[CsvBlock]:
    """The records as blocks. Those of another width are noted and left out."""
    is_first = True
    for block in records:
        if isinstance(block, CellRows):  # all have this width
            is_first = False
            yield block
            continue
        lines, rows = block
        widths = list(map(len, rows))
        if is_first and len(rows) > 1 and widths.count(widths[0]) == len(rows) and widths[0] != width:
            problems.add(_other_width(rows, width), line=lines[0])
            return
        is_first = False
        if widths.count(width) == len(rows):
            if rows:
                yield ColumnBlock.of_texts(lines, rows)
            continue
        for line, count in zip(lines, widths, strict=True):
            if count != width:
                values = counted(count, "value")
                problems.add(f"the row has {values}, but the header has {counted(width, 'name')}", line=line)
        fitting = [k for k, count in enumerate(widths) if count == width]
        if fitting:
            yield ColumnBlock.of_texts([lines[k] for k in fitting], [rows[k] for k in fitting])


def _other_width(rows: Sequence[Sequence[str]], width: int) -> str:
    """What is wrong if all rows have as many values as one another, but not as the header has names."""
    count = len(rows[0])
    difference = f"the rows have {counted(count, 'value')}, but the header has {counted(width, 'name')}"
    if count > width and not any(value.strip() for row in rows for value in row[width:]):
        return f"{difference}: each row ends with a delimiter; end the header with one, too"
    if count > width:
        return f"{difference}: if the header stands further down, remove the lines before it"
    return f"{difference}: name as many columns as there are"


def _without_ends(blocks: Iterator[CsvBlock], named: int, problems: Problems) -> Iterator[CsvBlock]:
    """The blocks without columns that have neither names nor values: each line ends with a delimiter.

    The first value without a name is noted.
    """
    for block in blocks:
        ends = [column.texts() for column in block.columns[named:]]
        if any("".join(texts).strip() for texts in ends):
            rows = zip(block.lines, zip(*ends, strict=True), strict=True)
            line, row = next((line, row) for line, row in rows if any(map(str.strip, row)))
            index = next(k for k, value in enumerate(row) if value.strip())
            problem = (
                f"{quoted(row[index])} is in column {named + index + 1}, which has no name in the header"
            )
            problems.add(f"{problem}: give it one, or remove the column", line=line)
            return
        yield block.first_columns(named)
