"""CSV as every run has it: UTF-8, one line end, numbers in full, an empty field for what does not exist."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnnctl.store.atomic import damaged


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file's columns and rows, as text."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, index: int) -> list[str]:
        """The values of one column."""
        return [row[index] for row in self.rows]

    def numbers(self, index: int) -> list[float | None]:
        """The values of one column as numbers, None where the field is empty; `DataError` for other text."""
        try:
            return [float(value) if value else None for value in self.column(index)]
        except ValueError as error:
            raise damaged(self.path, f"is damaged: column '{self.columns[index]}': {error}") from error


class _Lines(list[str]):
    """What `csv.writer` writes to: each row ends with a plain line feed."""

    def write(self, row: str) -> None:
        self.append(row.removesuffix("\r\n") + "\n")


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as CSV text. Floats have all their digits, None is empty, and text stands as it is."""
    lines = _Lines()
    # With "\r\n" as the line end csv quotes both characters; with "\n" a lone "\r" would not be read back.
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return "".join(lines)


def read_table(content: bytes, path: Path) -> Table:
    """The table in a file's content; raises `DataError`, which names `path`, where it is none."""
    try:
        columns, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
    except (ValueError, csv.Error) as error:
        raise damaged(path, f"is damaged: it is not a CSV table ({error})") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise damaged(path, f"is damaged: row {number} has {len(row)} values, the header {len(columns)}")
    return Table(path, tuple(columns), tuple(tuple(row) for row in rows))
