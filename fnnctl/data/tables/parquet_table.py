"""Opens Parquet files as blocks of columns.

Texts, dates and times become strings when they are used, so columns that are left out cost little, and may
have types that cannot be a column of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fnnctl.data.files import displayed_name, file_errors
from fnnctl.data.problems import Problems
from fnnctl.data.tables.arrow import arrow_column, parquet_libraries
from fnnctl.data.tables.blocks import NULL, Block, ColumnBlock, TextValues, typed_block_rows
from fnnctl.data.tables.open_table import CsvFormat, OpenTable, check_names
from fnnctl.errors import DataError, Problem
from fnnctl.text import install_command

_INDEX: Final = re.compile(r"__index_level_\d+__")
"""The names that pandas gives to the columns of an index without a name."""


@contextmanager
def open_table(path: Path, form: CsvFormat, problems: Problems) -> Iterator[OpenTable]:
    """Open a Parquet file.

    Raises DataError if pyarrow is not installed, or if the file is damaged, also while it is read; and
    MachineError if the system cannot read it.
    """
    file = displayed_name(path)
    try:
        arrow, parquet = parquet_libraries()
    except ImportError as error:
        advice = f"a Parquet file needs pyarrow: {install_command('pyarrow')}"
        raise DataError(Problem(advice, file=file)) from error
    with file_errors(file), _damage(arrow, file), path.open("rb") as stream:
        source = parquet.ParquetFile(stream)
        all_names = source.schema_arrow.names
        used = [j for j, name in enumerate(all_names) if not _INDEX.fullmatch(name)]
        has_index = len(used) < len(all_names)
        names = (*([""] if has_index else []), *(all_names[j].strip() for j in used))
        if not names:
            problems.add("the file has no columns")
            raise problems.error()
        check_names(names, None, problems)
        block_rows = typed_block_rows(len(names))

        def blocks() -> Iterator[Block]:
            line = 1
            for batch in source.iter_batches(batch_size=block_rows, use_threads=False):
                if batch.num_rows:
                    index = [TextValues([NULL] * batch.num_rows, "null")] if has_index else []
                    columns = [*index, *(arrow_column(batch.column(j)) for j in used)]
                    yield ColumnBlock(range(line, line := line + batch.num_rows), columns)

        yield OpenTable.of_rows(names, blocks(), source.metadata.num_rows, block_rows=block_rows)


@contextmanager
def _damage(arrow: Any, file: str) -> Iterator[None]:
    """Turn pyarrow's errors, some of which are OSErrors without a number, into one that names the file."""
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error).splitlines()[0].rstrip(". ")
        message = f"the Parquet file is damaged, or pyarrow cannot read it ({reason})"
        raise DataError(Problem(message, file=file)) from error
