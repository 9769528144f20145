"""Opens JSON Lines files, which have an object per line, as blocks of columns.

A file is read twice, because the names of all columns come first, and any line may have a new key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from pydantic_core import from_json

from fnnctl.data.files import displayed_name
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import Block, ColumnBlock, typed_block_rows
from fnnctl.data.tables.open_table import CsvFormat, OpenTable, check_names
from fnnctl.data.tables.text_files import open_bytes
from fnnctl.data.tables.value_columns import value_column
from fnnctl.errors import DataError, Problem

LONGEST_LINE: Final = 2**24
"""The most bytes of a line. A small compressed file could fill the memory with one."""
_MARK: Final = b"\xef\xbb\xbf"
"""The byte-order mark of UTF-8, which some programs write."""
_ADVICE: Final = ": write one object per line, with the names of the columns as keys"
_UNUSABLE: Final[Mapping[type, str]] = {list: "array", dict: "object"}
Record = Mapping[str, Any]


@contextmanager
def open_table(path: Path, form: CsvFormat, problems: Problems) -> Iterator[OpenTable]:
    """Open a JSON Lines file in UTF-8, which may be compressed with gzip.

    A line that is no object is noted, and left out. Raises DataError for a file without objects, and
    MachineError if the system cannot read it.
    """
    file = displayed_name(path)
    if not path.is_file():
        raise DataError(
            Problem(
                "a JSON Lines file cannot be read from a pipe, because it is read twice: save it", file=file
            )
        )
    with open_bytes(path) as stream:
        keys: dict[str, None] = {}
        total = 0
        for _, record in _records(stream, problems):
            total += 1
            if not record.keys() <= keys.keys():
                keys |= dict.fromkeys(record)
        if not keys:
            if not problems:
                problems.add("no line has a value" if total else "the file is empty")
            raise problems.error()
        names = tuple(key.strip() for key in keys)
        check_names(names, None, problems)
        block_rows = typed_block_rows(len(names))
        stream.seek(0)

        def blocks() -> Iterator[Block]:
            rows = _records(stream, Problems(file))  # which were noted before
            while part := [*islice(rows, block_rows)]:
                lines = [line for line, _ in part]
                yield ColumnBlock(
                    lines,
                    [value_column([row.get(key) for _, row in part], lines, _UNUSABLE) for key in keys],
                )

        yield OpenTable.of_rows(names, blocks(), total, block_rows=block_rows)


def _records(stream: IO[bytes], problems: Problems) -> Iterator[tuple[int, Record]]:
    """The objects with their lines, from 1; other lines are noted, and blank ones left out."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            problems.add(f"a line of more than {LONGEST_LINE:,} bytes{_ADVICE}", line=number)
            return
        line = line.removeprefix(_MARK) if number == 1 else line
        if not line.strip():
            continue
        try:
            record = from_json(line)
        except ValueError:
            problems.add(f"this line is not {_fault(line)}{_ADVICE}", line=number)
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            kind = "an array" if isinstance(record, list) else "a single value"
            problems.add(f"this line is {kind}{_ADVICE}", line=number)


def _fault(line: bytes) -> str:
    """What a line is not, and where it stops being that if Python's own parser tells."""
    try:
        json.loads(line.decode())
    except json.JSONDecodeError as error:
        return f"JSON from character {error.colno:,} on"
    except UnicodeDecodeError:
        return "UTF-8"
    except (ValueError, RecursionError):  # a number of too many digits; brackets too deep
        pass
    return "JSON"
