"""Opens sheets of Excel workbooks as blocks of columns.

The only file that imports python-calamine. Values are those that Excel has stored: no formula is computed,
and no macro runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from fnnctl.data.files import displayed_name, file_errors
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import Block, Column, ColumnBlock, UnusableValues, typed_block_rows
from fnnctl.data.tables.memory_columns import object_text
from fnnctl.data.tables.open_table import CsvFormat, OpenTable, check_names
from fnnctl.data.tables.value_columns import value_column
from fnnctl.data.tables.workbook import Sheet, SheetCells, Workbook, cell_name, open_workbook
from fnnctl.errors import DataError, Problem
from fnnctl.text import did_you_mean, install_command, printable, quoted, word_list

_UNUSABLE: Final[Mapping[type, str]] = {timedelta: "duration"}
_MOST_DIGITS: Final = 1e15
"""Excel shows whole numbers below with all their digits, and has no others than floating-point numbers."""
Row: TypeAlias = list[object]
_Fault: TypeAlias = tuple[int, str]
"""The row of a cell that no table can have, and what is wrong with it."""


@contextmanager
def open_table(path: Path, form: CsvFormat, problems: Problems) -> Iterator[OpenTable]:
    """Open a sheet of an Excel workbook. The first row with a value names the columns.

    Raises DataError if python-calamine is not installed, if there is no such sheet, or several and none is
    named, and if the file is damaged; and MachineError if the system cannot read it.
    """
    file = displayed_name(path)
    if not path.is_file():
        raise DataError(Problem("an Excel file cannot be read from a pipe: save it", file=file))
    try:
        import python_calamine as calamine
    except ImportError as error:
        advice = f"an Excel file needs python-calamine: {install_command('python-calamine')}"
        raise DataError(Problem(advice, file=file)) from error
    with file_errors(file):
        with open_workbook(path, file) as workbook:
            sheet = _sheet(workbook, form.part.sheet, file)
            cells = workbook.cells(sheet)
            workbook.refuse_too_large(cells)
        try:
            with calamine.load_workbook(path) as values:
                table = _SheetTable(values.get_sheet_by_name(sheet.name), cells, problems)
        except calamine.CalamineError as error:
            message = f"the Excel file is damaged, or python-calamine cannot read it ({error})"
            raise DataError(Problem(message, file=file)) from error
        yield OpenTable.of_rows(
            table.names,
            table.blocks(),
            table.rows,
            block_rows=typed_block_rows(len(table.names)),
            sha256=table.digest.hexdigest,
        )


def _sheet(workbook: Workbook, name: str | None, file: str) -> Sheet:
    """The sheet of this name, or the only visible one with values."""
    names = [sheet.name for sheet in workbook.sheets]
    if name is not None:
        if named := next((sheet for sheet in workbook.sheets if sheet.name == name), None):
            return named
        hint = (
            did_you_mean(name, map(printable, names))
            or f"; its sheets are {word_list([*map(quoted, names)])}"
        )
        raise DataError(Problem(f"there is no sheet {quoted(name)}{hint}", file=file))
    visible = [sheet for sheet in workbook.sheets if not sheet.is_hidden]
    if len(visible) > 1:
        visible = [sheet for sheet in visible if workbook.has_values(sheet)]
    if len(visible) == 1:
        return visible[0]
    listing = word_list([quoted(sheet.name) for sheet in visible] or [*map(quoted, names)])
    several = f"there are several sheets, {listing}: name one in data.sheet (--sheet)"
    none = f"no visible sheet has values; name one of {listing} in data.sheet (--sheet)"
    raise DataError(Problem(several if visible else none, file=file))


class _SheetTable:
    """A sheet whose rows can be read once."""

    def __init__(self, sheet: Any, cells: SheetCells, problems: Problems) -> None:
        """Wrong names are noted; raises DataError if the first row cannot name the columns."""
        self._cells = cells
        self._filled = self._filled_rows(sheet.iter_rows())
        line, header = next(self._filled, (0, []))
        if not line:
            problems.add(f"the sheet {quoted(sheet.name)} has no values")
            raise problems.error()
        self._column = sheet.start[1] + 1
        """The first column of the table, counted from 1."""
        if faults := [fault for row, fault in cells.faults.values() if row == line]:
            problems.add(faults[0], line=line)
            raise problems.error()
        if header[0] is not None and len(header) > 1 and header.count(None) == len(header) - 1:
            place = cell_name(line, self._column)
            message = f"the first row has the value of {place} alone, but the columns are {len(header)}"
            problems.add(f"{message}: remove what precedes the row of their names", line=line)
            raise problems.error()
        self.names = tuple("" if value is None else (object_text(value) or "").strip() for value in header)
        check_names(self.names, line, problems)
        self.rows = sheet.end[0] + 1 - line
        self.digest = hashlib.sha256(ascii(self.names).encode())

    def blocks(self) -> Iterator[Block]:
        """The rows that have a value."""
        while part := [*islice(self._filled, typed_block_rows(len(self.names)))]:
            self.digest.update("".join(f"\n{row!a}" for _, row in part).encode())
            lines = [line for line, _ in part]
            columns = zip(*(row for _, row in part), strict=True)
            merged = self._merged(dict(part))
            yield ColumnBlock(
                lines, [self._block_column(j, values, lines, merged) for j, values in enumerate(columns)]
            )

    def _filled_rows(self, rows: Iterable[Sequence[object]]) -> Iterator[tuple[int, Row]]:
        """The rows that have a value, or a cell that is wrong, with their numbers.

        The library yields the rows above the table, too.
        """
        faulty = {row for row, _ in self._cells.faults.values()}
        for line, values in enumerate(rows, start=1):
            row = _row(values)
            if row.count(None) < len(row) or line in faulty:
                yield line, row

    def _block_column(
        self, position: int, values: Sequence[object], lines: Sequence[int], merged: Mapping[int, _Fault]
    ) -> Column:
        column = self._column + position
        for fault in (self._cells.faults.get(column), merged.get(column)):
            if fault is not None and lines[0] <= fault[0] <= lines[-1]:
                return UnusableValues(len(values), "error", *fault)
        return value_column(values, lines, _UNUSABLE)

    def _merged(self, rows: Mapping[int, Row]) -> dict[int, _Fault]:
        """The columns of which some cells have lost their values, because they are one with another cell."""
        faults: dict[int, _Fault] = {}
        for top, left, bottom, right in self._cells.merged:
            row, position = rows.get(top), left - self._column
            if row is None or not 0 <= position < len(row) or row[position] is None:
                continue
            cells = f"{cell_name(top, left)}:{cell_name(bottom, right)}"
            fault = f"the cells {cells} are one, and only the first has a value: unmerge and fill them"
            for column in range(left if bottom > top else left + 1, min(right, self._column + len(row)) + 1):
                faults.setdefault(column, (top, fault))
        return faults


def _row(values: Sequence[object]) -> Row:
    """The values of a row, None for an empty cell; whole numbers are integers, as Excel shows them."""
    return [
        None
        if value == ""
        else int(value)
        if type(value) is float and value.is_integer() and abs(value) < _MOST_DIGITS
        else value
        for value in values
    ]
