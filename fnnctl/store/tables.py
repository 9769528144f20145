"""CSV as fnnctl writes and reads it: UTF-8, LF line ends, all digits, an empty field for None."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import add
from pathlib import Path
from typing import TypeAlias

from fnnctl.arrays import FloatArray
from fnnctl.store.atomic import damaged
from fnnctl.text import counted, cut, quoted

Rows: TypeAlias = Iterable[Sequence[object]]
ROWS_OF_A_BLOCK = 1000
"""How many rows become a text at once; one at a time, they take three times as long."""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file's columns and rows, as text."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, index: int) -> list[str]:
        """The values of one column."""
        return [row[index] for row in self.rows]

    def numbers(self, index: int) -> list[float | None]:
        """The values of one column as numbers; an empty field is None, other text raises `DataError`."""
        try:
            return [float(value) if value else None for value in self.column(index)]
        except ValueError as error:
            problem = f"column {quoted(self.columns[index])}: {cut(str(error))}"
            raise damaged(self.path, f"is damaged: {problem}") from error


class _Line:
    """A file for `csv.writer`, whose `writerow` returns what this `write` returns."""

    def write(self, row: str) -> str:
        return row.removesuffix("\r\n") + "\n"


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The table as CSV, in texts of many lines. Floats have all their digits, and None is an empty field."""
    left = chain([columns], rows)
    while block := list(islice(left, ROWS_OF_A_BLOCK)):
        yield "\n".join(_line_list(block)) + "\n"


def wide_csv_lines(
    columns: Sequence[str],
    blocks: Iterable[tuple[Rows, FloatArray]],
    *,
    decimals: int | None = None,
) -> Iterator[str]:
    """As `csv_lines`, from blocks of n rows, each row followed by its numbers from an array (n, C), float64.

    The lines of a block come together, as one text. Numbers have 17 digits, which give back the same bits.
    Finding the shortest such form, as `csv_lines` does, takes 1.5 times as long, and nearly all computed
    numbers need 16 or 17 digits. With `decimals`, they and all floats in the rows have that many digits after
    the decimal point.
    """
    yield from csv_lines(columns, ())
    yield from wide_lines(blocks, decimals=decimals)


def wide_lines(
    blocks: Iterable[tuple[Rows, FloatArray, *tuple[Rows, ...]]], *, decimals: int | None = None
) -> Iterator[str]:
    """The lines of `wide_csv_lines` without the one of the columns' names; a block may have cells after the
    numbers.
    """
    field = ",%.17g" if decimals is None else f",%.{decimals}f"
    for rows, numbers, *trailing in blocks:
        lines = _line_list(rows if decimals is None else _rounded(rows, decimals))
        if numbers.shape[1]:
            form = "\n".join([field * numbers.shape[1]] * len(numbers))
            lines = list(map(add, lines, (form % tuple(numbers.ravel().tolist())).split("\n")))
        for cells in trailing:
            ends = _line_list(cells if decimals is None else _rounded(cells, decimals))
            lines = [f"{line},{end}" for line, end in zip(lines, ends, strict=True)]
        if lines:
            yield "\n".join(lines) + "\n"


def _rounded(rows: Iterable[Sequence[object]], decimals: int) -> Iterator[list[object]]:
    """The rows with floats as texts; a number that is rounded to zero has no sign."""
    for row in rows:
        yield [f"{value:z.{decimals}f}" if isinstance(value, float) else value for value in row]


def _line_list(rows: Iterable[Sequence[object]]) -> list[str]:
    """The rows as CSV lines without line ends, faster than with `_lines`."""
    rows, text = list(rows), io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    whole = text.getvalue()
    if whole.count("\r") == len(rows):  # none is inside a field
        return whole.split("\r\n")[:-1]
    return [line[:-1] for line in _lines(rows)]


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    # With "\r\n" as the line end csv quotes both characters; with "\n" a lone "\r" would not be read back.
    writer = csv.writer(_Line(), lineterminator="\r\n")
    return map(writer.writerow, rows)


def read_table(content: bytes, path: Path) -> CsvTable:
    """The table in a file's content; raises `DataError`, which names `path`, if it is damaged."""
    rows = read_rows(content, path)
    return CsvTable(path, tuple(next(rows)), tuple(tuple(row) for row in rows))


def read_rows(content: bytes, path: Path) -> Iterator[list[str]]:
    """The table's column names, then its rows, one at a time; raises `DataError` as `read_table` does."""
    try:
        with io.TextIOWrapper(io.BytesIO(content), "utf-8", newline="") as text:
            reader = csv.reader(text, strict=True)
            columns = next(reader, None)
            if columns is None:
                raise damaged(path, "is damaged: it is not a CSV table (it is empty)")
            yield columns
            for number, row in enumerate(reader, start=1):
                if len(row) != len(columns):
                    difference = (
                        f"row {number} has {counted(len(row), 'value')}, but the header has {len(columns)}"
                    )
                    raise damaged(path, f"is damaged: {difference}")
                yield row
    except (ValueError, csv.Error) as error:
        raise damaged(path, f"is damaged: it is not a CSV table ({error})") from error
