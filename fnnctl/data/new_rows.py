"""New rows for a trained network, read block by block from a table or from arrays.

The columns that the network was trained on are found by name, in any order. Their types are those in the
training data, regardless of what the new values look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.columns.conversion import as_trained
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.feature_array import FeatureArray
from fnnctl.data.files import UNREPORTED, OnRead, displayed_name, file_errors
from fnnctl.data.labels import NewWords
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import NewRows, RowEncoder, columns_of
from fnnctl.data.row_facts import note_wrong_exposures
from fnnctl.data.stored_arrays import find_arrays
from fnnctl.data.tables.memory_table import MemoryTable
from fnnctl.data.tables.open_table import CsvFormat, OpenTable
from fnnctl.data.tables.readers import open_table
from fnnctl.text import counted, did_you_mean, printable, quoted, word_list

MAX_NAMED_ALONE = 5
"""If more columns are missing, it is probably the wrong file, and one message says so."""
Keep: TypeAlias = Sequence[str] | None
"""The names of the columns to keep; None keeps all."""
KEEP_NONE: Final = ()
PREFIX = "input_"
_DEFAULT_NAME: Final = re.compile(r"x\d+")


@dataclass(frozen=True, slots=True)
class NewFile:
    """An open file of new rows."""

    unused: tuple[str, ...]
    """The columns that the network does not use."""
    kept: tuple[str, ...]
    """The columns whose texts are kept for the output."""
    blocks: Iterator[NewRows]
    """Can be iterated once. Raises DataError for problems in a block when the block is read."""
    has_exposures: bool = False
    """Whether the rows have exposures, and the network was trained with some."""
    notes: tuple[str, ...] = ()
    """What the user should know of the rows."""


def note_missing(
    needed: Sequence[str],
    unused: Sequence[str],
    names: Sequence[str],
    problems: Problems,
    *,
    line: int | None = None,
) -> None:
    """Note which of the `needed` columns are missing from a file's `names`, and suggest `unused` columns.

    A few missing columns are a problem each. Many suggest that this is the wrong file: they are one problem.
    """
    present = set(names)
    missing = [name for name in needed if name not in present]
    if len(missing) > MAX_NAMED_ALONE:
        count = f"{len(missing):,} of the {len(needed):,} columns that the network needs"
        problems.add(f"{count} are missing: {word_list([*map(quoted, missing)])}", line=line)
        return
    for name in missing:
        problems.add(f"the column {quoted(name)} is missing{suggestion(name, unused)}", line=line)


def suggestion(name: str, unused: Sequence[str]) -> str:
    """A hint at the unused column with the most similar name, if there is one."""
    return did_you_mean(name, map(printable, unused))


def kept_columns(
    keep: Keep, names: Sequence[str], problems: Problems, *, line: int | None = None
) -> tuple[str, ...]:
    """Those of a file's columns that are to be kept, each once, in the order in which `keep` names them.

    A column that the file does not have is noted as a problem.
    """
    if keep is None:
        return tuple(names)
    present = set(names)
    for name in dict.fromkeys(keep):
        if name not in present:
            hint = did_you_mean(name, map(printable, names))
            problems.add(f"there is no column {quoted(name)} to keep{hint}", line=line)
    return tuple(name for name in dict.fromkeys(keep) if name in present)


def with_present(
    kept: tuple[str, ...], keep_if_there: Sequence[str], names: Sequence[str]
) -> tuple[str, ...]:
    """The columns to keep, followed by those of the other ones that are among a file's names."""
    present = {*names} - {*kept}
    return (*kept, *(name for name in keep_if_there if name in present))


def output_names(columns: Iterable[str], fixed: Iterable[str]) -> dict[str, str]:
    """The name of each kept column in a table with these `fixed`: its own, with a prefix if it is taken."""
    columns = tuple(columns)
    used, names = {*fixed, *columns}, {}
    reserved = set(fixed)
    for name in columns:
        new = name
        while new in reserved or (new != name and new in used):
            new = PREFIX + new
        used.add(new)
        names[name] = new
    return names


@contextmanager
def open_new_rows(
    source: Path | MemoryTable | None,
    form: CsvFormat,
    preprocessor: Preprocessor,
    *,
    targets: Sequence[str],
    labelled: bool,
    delimiter_setting: str,
    words: NewWords | None = None,
    exposure: str | None = None,
    keep: Keep = KEEP_NONE,
    keep_if_there: Sequence[str] = (),
    on_read: OnRead = UNREPORTED,
) -> Iterator[NewFile]:
    """Open a table in a file, on standard input (None) or in memory, whose columns are the preprocessor's.

    At least one of the columns `targets` must be there if the rows are to be `labelled`; they are ignored
    otherwise. In their place there may be the column of `words`, if the network has such labels. The column
    `exposure` of a network that was trained with exposures must be there for labelled rows; for others it is
    read if it is. `delimiter_setting` is what the user changes if the header was not split into columns. The
    texts of the columns to `keep` are returned with the rows, and so are those to `keep_if_there`. `on_read`
    is called after each block if the file's length is known. Raises DataError if a column is missing, and the
    errors of `open_table`.
    """
    problems = Problems(MEMORY_SOURCE if isinstance(source, MemoryTable) else displayed_name(source))
    with open_table(source, form, problems) as file:
        problems.raise_any()
        needed = columns_of(preprocessor, form.formats)
        used = {*needed, *targets, exposure, words and words.column}
        if {*targets} <= {*file.names}:  # each label has a column
            words = None
        if words is not None:
            targets = (words.column,)
        unused = tuple(name for name in file.names if name not in used)
        is_unsplit = file.header_line is not None and len(file.names) == 1 < len(needed)
        if is_unsplit and file.names[0] not in needed:
            header = (
                f"the header has only one column, {quoted(file.names[0])}, but {len(needed):,} are needed"
            )
            problems.add(f"{header}: is {delimiter_setting} right?", line=file.header_line)
        else:
            note_missing(needed, unused, file.names, problems, line=file.header_line)
        if labelled and not problems:
            missing = [target for target in targets if target not in file.names]
            for target in missing:
                hint = suggestion(target, unused)
                if hint or len(missing) == len(targets):  # one of several may be missing, but not misspelt
                    without = f"the target column {quoted(target)} is missing{hint}"
                    problems.add(without, line=file.header_line)
        if exposure is not None and exposure not in file.names:
            if labelled:
                problems.add(_without_exposure(exposure, unused), line=file.header_line)
            exposure = None
        kept = kept_columns(keep, file.names, problems, line=file.header_line)
        kept = with_present(kept, keep_if_there, file.names)
        problems.raise_any()
        encoder = RowEncoder(
            preprocessor,
            file.names,
            form.formats,
            form.missing,
            file.block_rows,
            targets=targets if labelled else (),
            kept=kept,
            exposure=exposure,
        )
        blocks = _table_blocks(file, encoder, problems, on_read)
        if words is not None and labelled:
            blocks = _with_labels(blocks, words)
        yield NewFile(unused, kept, blocks, exposure is not None, file.notes)


def _with_labels(blocks: Iterable[NewRows], words: NewWords) -> Iterator[NewRows]:
    """The rows with their labels in place of their words."""
    for block in blocks:
        (cells,) = block.labels
        yield replace(block, labels=words.labels(cells))


def _without_exposure(exposure: str, unused: Sequence[str]) -> str:
    """The problem of rows with targets but without exposures."""
    return (
        f"the column {quoted(exposure)}, which data.exposure names, is missing{suggestion(exposure, unused)}"
    )


def _table_blocks(
    file: OpenTable, encoder: RowEncoder, problems: Problems, on_read: OnRead
) -> Iterator[NewRows]:
    with file_errors(problems.file):
        for block in file.blocks:
            yield from encoder.rows(block, problems)
            if (share := file.share()) > 0:
                on_read(problems.file, share)
    problems.raise_any()


def with_trained_names(
    array: FeatureArray,
    preprocessor: Preprocessor,
    formats: Mapping[str, ColumnFormat],
    exposure: str | None = None,
) -> FeatureArray:
    """An array in memory, whose columns are those that the network was trained on, in order.

    It may have the column of the exposures as well, at its place in an array that the network was trained on.

    Raises DataError if there is another number of them, or if the network needs more than plain numbers.
    """
    problems = Problems(array.stored.origin)
    names, columns = columns_of(preprocessor, formats), len(array.names)
    texts = [name for name in names if name in formats]
    texts += [column.name for column in preprocessor.categories if column.name not in formats]
    if texts:
        listing = word_list([*map(quoted, texts)])
        advice = "pass a data frame, or a mapping of columns"
        problems.add(f"an array has numbers only, but the network also needs {listing}: {advice}")
        problems.raise_any()
    if columns == len(names):
        return replace(array, names=names, named=True)
    if all(map(_DEFAULT_NAME.fullmatch, names)):
        if exposure is not None and _DEFAULT_NAME.fullmatch(exposure) and columns > len(names):
            names = (*names, exposure)
        positions = [int(name[1:]) for name in names]
        if columns == 1 + max(positions):  # a column without values was left out in training
            return replace(array.selected(positions), names=names, named=True)
    trained = f"the network was trained on {len(names):,}: {word_list([*map(quoted, names)])}"
    problems.add(f"X has {counted(columns, 'column')}, but {trained}")
    raise problems.error()


def open_new_arrays(
    source: Path | FeatureArray,
    preprocessor: Preprocessor,
    *,
    labelled: bool,
    label_format: ColumnFormat | None = None,
    missing: frozenset[str] = frozenset(),
    exposure: str | None = None,
    keep: Keep = KEEP_NONE,
    keep_if_there: Sequence[str] = (),
) -> NewFile:
    """Open an NPZ file, a folder of NPY files, an NPY file that is X, or an array in memory, like
    `open_new_rows` for a table. The numbers among the `missing` texts are missing values.

    The columns are found by name; the names are x0, x1, … if none are saved with X. Raises DataError if a
    column is missing, also one to `keep`, if y is missing and the rows are to be `labelled`, and if X is not
    an array of numbers.
    """
    array = FeatureArray.of(find_arrays(source, labelled=labelled)) if isinstance(source, Path) else source
    if array.labels:
        labels = tuple(as_trained(column, label_format) for column in array.labels)
        array = replace(array, labels=labels)
    needed_columns = columns_of(preprocessor)
    used, names = frozenset({*needed_columns, exposure}), frozenset(array.names)
    unused = tuple(name for name in array.names if name not in used)
    absent = [quoted(name) for name in needed_columns if name not in names]
    problems = Problems(array.stored.origin)
    if preprocessor.categories:
        needed = word_list([quoted(column.name) for column in preprocessor.categories])
        problems.add(f"the network needs categorical columns ({needed}), which only a table has")
    elif absent and not array.named:
        columns = f"{counted(len(array.names), 'column')}, x0 to {array.names[-1]}"
        problems.add(f"has {columns}, and no feature_names, but the network needs {word_list(absent)}")
    else:
        note_missing(needed_columns, unused, array.names, problems)
    if exposure is not None and exposure not in names:
        if labelled:
            problems.add(_without_exposure(exposure, unused))
        exposure = None
    kept = with_present(kept_columns(keep, array.names, problems), keep_if_there, array.names)
    problems.raise_any()
    blocks = array_blocks(array, needed_columns, kept, missing, exposure)
    return NewFile(unused, kept, blocks, exposure is not None)


def array_blocks(
    array: FeatureArray,
    needed: tuple[str, ...],
    kept: tuple[str, ...],
    missing: frozenset[str],
    exposure: str | None = None,
) -> Iterator[NewRows]:
    """The `needed` columns of an array, and the texts of the columns to keep, block by block.

    Raises DataError for an exposure that is missing or not above 0.
    """
    first, labels = 0, array.labels
    texts = array.texts(kept) if kept else repeat(None)
    columns = needed if exposure is None else (*needed, exposure)
    for values, block_texts in zip(array.blocks(columns, missing), texts, strict=False):
        numbers, exposures = values[:, : len(needed)], None
        end = first + len(numbers)
        if exposure is not None:
            problems, exposures = Problems(array.stored.origin), values[:, -1]
            note_wrong_exposures(exposures, exposure, problems, lines=None, first=first)
            problems.raise_any()
        yield NewRows(
            first=first,
            numeric=numbers,
            numeric_names=needed,
            categorical=np.empty((len(numbers), 0), np.int32),
            categorical_names=(),
            categories=(),
            kept=block_texts,
            kept_names=kept,
            labels=tuple(replace(column, codes=column.codes[first:end]) for column in labels),
            exposures=exposures,
        )
        first = end
