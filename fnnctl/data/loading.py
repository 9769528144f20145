"""Loads the Dataset that the `data` section of a config describes. All rows enter fnnctl here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import (
    CSV_SETTINGS,
    DEFAULT_MISSING_VALUES,
    FILE_SETTINGS,
    MEMORY_REASON,
    ColumnsConfig,
    DataConfig,
)
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.config.table_files import PART_SETTINGS, WHOLE_FILE, TablePart, part_reason
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.conversion import note_plain_problems
from fnnctl.data.columns.detection import TypedColumn
from fnnctl.data.columns.formats.base import Candidate, ColumnFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.notes import conversion_warnings
from fnnctl.data.columns.numbers import plain_numbers
from fnnctl.data.columns.types import ColumnType, expansions
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.feature_array import FeatureArray, read_arrays
from fnnctl.data.files import UNREPORTED, OnRead, check_sha256, find_file
from fnnctl.data.in_memory import MemoryData
from fnnctl.data.labelled_rows import (
    features_of,
    hidden_order,
    labelled,
    note_exposures,
    note_missing_columns,
    note_no_column,
    note_wrong_weights_and_groups,
    target_words,
    unlabelled_warnings,
    without_unused,
)
from fnnctl.data.labels import with_labels
from fnnctl.data.problems import Problems
from fnnctl.data.settings import (
    check_settings,
    date_patterns,
    declared_kinds,
    refuse_settings,
    refuse_table_settings,
)
from fnnctl.data.splits.row_order import refuse_missing, row_order
from fnnctl.data.stored_arrays import LABELS, holds_arrays, source_sha256
from fnnctl.data.tables.memory_table import MemoryTable
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import kind_of_table, table_sha256
from fnnctl.data.tables.table import Kind, Table, code_matrix, numeric_matrix, read_table
from fnnctl.errors import DataError, Problem
from fnnctl.messages import Message
from fnnctl.text import printable, quoted

if TYPE_CHECKING:
    from fnnctl.data.known_columns import KnownColumns

Numbers = TypeVar("Numbers", FloatArray, IntArray)
NO_COLUMNS = ColumnsConfig.model_construct()
BUILTIN_FORMAT = CsvFormat(",", "utf-8", frozenset(DEFAULT_MISSING_VALUES))


@dataclass(frozen=True)
class _StoredFile:
    """A file that can be read."""

    path: Path
    builtin: str | None = None
    """The name of the built-in data set that it has."""
    part: TablePart = WHOLE_FILE
    """Which of its tables is meant."""

    @property
    def has_rows_digest(self) -> bool:
        """Whether its digest is that of the rows, which are read for it: see `OpenTable.sha256`."""
        return bool(kind_of_table(self.path).parts)

    @property
    def file(self) -> str:
        """Its name in messages."""
        return self.builtin or printable(str(self.path))

    @property
    def holds_arrays(self) -> bool:
        """Whether it has arrays, not a table."""
        return holds_arrays(self.path)

    @cached_property
    def sha256(self) -> str:
        """The digest of its bytes, or of the rows of its table: see `OpenTable.sha256`."""
        return table_sha256(self.path, self.part) or source_sha256(self.path)


@dataclass(frozen=True, slots=True)
class _File:
    """A source that was read, with the facts about it for a Dataset."""

    source: _StoredFile | MemoryData
    table: Table
    """Its labelled rows."""
    targets: tuple[str, ...]
    """The columns of its targets, or those of its labels."""
    numeric_names: tuple[str, ...]
    categorical_names: tuple[str, ...]
    warnings: list[Message]
    types: Mapping[str, ColumnType]
    """How each column was read; empty for arrays."""
    order: FloatArray | None = None
    """(rows,) the values of the column data.split.by, NaN if missing; None if the column is a feature."""

    @property
    def sha256(self) -> str:
        """The digest of the rows as they were read, or of the source's bytes."""
        return self.table.sha256 or self.source.sha256


def load_dataset(
    config: DataConfig,
    folder: Path,
    *,
    grouped: Sequence[str] = (),
    memory: MemoryData | None = None,
    known_columns: KnownColumns | None = None,
    on_read: OnRead = UNREPORTED,
) -> Dataset:
    """Read the rows that `config` describes; relative paths start at `folder`, that of the config file.

    The columns in `grouped` are those of evaluation.groups. If the network of a run is trained on, its
    `known_columns` are read as for its training, and no others.

    If `config.source` is `memory`, the rows are those of `memory`, which is not read otherwise.

    Raises DataError with every problem found (a problem in a file has its file and line, a problem with a
    setting only its path), or MachineError if the system cannot read a file.
    """
    if config.source == MEMORY_SOURCE:
        if memory is not None:
            return _load(memory, config, folder, grouped, known_columns, on_read)
        if not (folder / MEMORY_SOURCE).exists():  # no file has this name
            raise DataError(Problem(_NOT_IN_MEMORY, path="data.source"))
    if config.source in BUILTIN:
        with builtin_path(config.source) as path:
            return _load(_StoredFile(path, config.source), config, folder, grouped, known_columns, on_read)
    path = find_file(config.source, folder, setting="data.source", builtin=BUILTIN, folders=True)
    return _load(_StoredFile(path, part=config.part), config, folder, grouped, known_columns, on_read)


_NOT_IN_MEMORY = (
    "the data were in the memory of a Python program, and there is no file of them: continue in Python with "
    "the same data, or save them to a file (as Parquet, if values have types) and name it here"
)


def _load(
    source: _StoredFile | MemoryData,
    config: DataConfig,
    folder: Path,
    grouped: Sequence[str],
    known_columns: KnownColumns | None,
    on_read: OnRead,
) -> Dataset:
    info = BUILTIN.get(config.source)
    targets = config.target_columns or ((info.target,) if info else ())
    if isinstance(source, MemoryData):
        targets = source.targets(config.target_columns)
    elif source.holds_arrays:
        targets = (LABELS,)
    if source.holds_arrays:
        refuse_table_settings(config, targets)
    if config.test_source is None:
        _refuse_file_settings(config, source)
    main = _read_main(source, config, targets, grouped, known_columns, on_read)
    files = [main]
    if config.test_source is not None:
        files.append(_read_test(config, folder, main, targets, on_read))
    tables = [file.table for file in files]
    mapped, test_rows = main.table.mapped, sum(table.rows for table in tables[1:])
    raw_targets = tuple(_raw_target(name, tables) for name in main.targets)
    categorical, categories = code_matrix(tables, main.categorical_names)
    numeric, packing = (mapped.numbers, None) if mapped else numeric_matrix(tables, main.numeric_names)
    dataset = Dataset(
        name=_dataset_name(source),
        source=_dataset_source(source),
        sha256=main.sha256,
        numeric=numeric,
        numeric_names=main.numeric_names,
        categorical=categorical,
        categorical_names=main.categorical_names,
        categories=categories,
        targets=raw_targets,
        task=info.task if info and (info.target,) == main.targets else None,
        file_rows=np.concatenate([table.file_rows for table in tables]),
        test_rows=test_rows,
        test_source=_dataset_source(files[1].source) if files[1:] else None,
        test_sha256=files[1].sha256 if files[1:] else None,
        weights=_extended(main.table.weights, test_rows, 1.0),
        exposures=_exposures(tables),
        groups=_extended(main.table.groups, test_rows, -1),
        group_texts=main.table.group_texts,
        warnings=tuple(warning for file in files for warning in file.warnings),
        file_notes=tuple(f"{file.source.file}: {note}" for file in files for note in file.table.notes),
        order=_extended(main.order, test_rows, np.nan),
        packing=packing,
        corrections=main.table.numeric.corrections,
        mapped=mapped,
        expansions={
            name: parts
            for name, parts in expansions(main.types).items()
            if not frozenset(parts).isdisjoint(main.numeric_names)
        },
        types=main.types,
        grouped=tuple(TypedColumn.joined([table.grouped[name] for table in tables]) for name in grouped),
    )
    return dataset if config.split.by is None else _ordered(dataset, config.split.by)


def _dataset_name(source: _StoredFile | MemoryData) -> str:
    if isinstance(source, MemoryData):
        return MEMORY_SOURCE
    return source.builtin or Path(source.path.name.removesuffix(".gz")).stem


def _dataset_source(source: _StoredFile | MemoryData) -> str:
    if isinstance(source, MemoryData):
        return MEMORY_SOURCE
    return source.builtin or str(source.path.resolve())


def _ordered(dataset: Dataset, by: str) -> Dataset:
    """The data set with the order of its rows; raises DataError if a row has no value in the column `by`."""
    order = row_order(dataset, by) if dataset.order is None else dataset.order
    refuse_missing(order[: len(order) - dataset.test_rows], by, printable(dataset.source))
    return replace(dataset, order=order)


def _raw_target(name: str, tables: Sequence[Table]) -> RawTarget:
    """A target of all tables, of which the first one says how amounts are written."""
    labels = CodedTexts.concatenate([table.categorical[name] for table in tables])
    return raw_target(name, labels, amounts(tables[0], name))


def raw_target(name: str, labels: CodedTexts, written: Candidate | None) -> RawTarget:
    """The target from its texts, and how amounts are `written` in it: see `amounts`."""
    form = written.format if written and isinstance(written.format, NumberFormat) else None
    warning = written.warning if written else None
    return RawTarget(name, labels.codes, labels.texts, labels.lines, format=form, warning=warning)


def amounts(table: Table, target: str) -> Candidate | None:
    """How amounts are written in the target column; None if they are plain, or if there are none."""
    labels, notation = table.categorical[target], table.notation
    commas = notation.decimal_mark == "comma" or notation.decimal_commas
    if not commas and plain_numbers(labels.texts, frozenset()) is not None:
        return None
    candidate = NumberFormat.find(target, labels, notation)
    return None if candidate is None or candidate.problem else candidate


def _refuse_file_settings(config: DataConfig, *sources: _StoredFile | MemoryData) -> None:
    """Raise DataError for settings of other kinds of files; the config rules know only the names."""
    files = [source for source in sources if isinstance(source, _StoredFile)]
    kinds = [kind_of_table(source.path) for source in files]
    for key in PART_SETTINGS:
        if not any(key in kind.parts for kind in kinds):
            refuse_settings(config, [key], part_reason(key))
    if not all(kind.has_types for kind in kinds):
        return
    if len(files) < len(sources):
        refuse_settings(config, FILE_SETTINGS, MEMORY_REASON)
    else:
        refuse_settings(config, CSV_SETTINGS, kinds[0].reason)


def _extended(values: Numbers | None, test_rows: int, value: float) -> Numbers | None:
    """The values for the main file's rows, followed by `value` once per row of the test file."""
    return None if values is None else np.concatenate([values, np.full(test_rows, value, values.dtype)])


def _exposures(tables: Sequence[Table]) -> FloatArray | None:
    """The exposures of the rows of all tables, which have them all or none."""
    known = [table.exposures for table in tables if table.exposures is not None]
    return np.concatenate(known) if known else None


def _read(
    source: Path | MemoryTable | FeatureArray,
    config: DataConfig,
    kinds: Mapping[str, Kind | None],
    problems: Problems,
    on_read: OnRead,
    *,
    test: bool = False,
    formats: Mapping[str, ColumnFormat] | None = None,
    plain: frozenset[str] = frozenset(),
    grouped: Mapping[str, ColumnType | None],
) -> Table:
    """Read a file, or rows in memory; with `formats`, only the columns of these `kinds`, which have them.

    `grouped` are the columns by which rows are grouped, in a test file with their types in the training file.
    """
    if isinstance(source, FeatureArray) or (isinstance(source, Path) and holds_arrays(source)):
        default_kind: Kind = "ignore" if test else "numeric"
        mappable = config.test_source is None and config.split.by not in config.columns.ignore
        return read_arrays(
            source, kinds, default_kind=default_kind, mappable=mappable, grouped=grouped, on_read=on_read
        )
    form = CsvFormat(
        config.delimiter,
        config.encoding,
        missing_texts(config.missing_values),
        decimal_mark=config.decimal_mark,
        patterns=date_patterns(config.columns),
        formats=formats or {},
        plain=plain,
        part=config.part,
    )
    if config.source in BUILTIN and not test:
        form = BUILTIN_FORMAT
    return read_table(
        source,
        form,
        kinds,
        problems,
        default_kind=None if formats is None else "ignore",
        grouped=grouped,
        on_read=on_read,
    )


def _read_main(
    source: _StoredFile | MemoryData,
    config: DataConfig,
    targets: Sequence[str],
    grouped: Sequence[str],
    known_columns: KnownColumns | None,
    on_read: OnRead,
) -> _File:
    problems = Problems(source.file)
    read = _read_columns(source, config, targets, grouped, known_columns, problems, on_read)
    all_rows, by = read.rows, config.split.by
    read, targets, warnings = with_labels(
        read, targets, config.target, problems, () if known_columns is None else known_columns.labels
    )
    table = labelled(read, targets, config)
    is_feature = by in known_columns.sources if known_columns else by not in config.columns.ignore
    hidden, order = hidden_order(table, None if is_feature else by)
    if known_columns is None:
        numeric, categorical, empty = features_of(table, targets, config, hidden)
    else:
        numeric, categorical, empty = known_columns.numeric, known_columns.categorical, []
    if not table.rows:
        problems.add(f"{target_words(targets)} no value in any row")
    if not numeric and not categorical:
        note_no_column(table, targets, config, problems, has_empty=bool(empty))
    note_wrong_weights_and_groups(table, config, problems)
    note_exposures(table, config, problems)
    problems.raise_any()
    warnings += [
        Message("empty_column", f"the column {quoted(name)} of {source.file} has no values and is ignored")
        for name in empty
    ]
    warnings += unlabelled_warnings(all_rows - table.rows, targets, source.file)
    warnings += conversion_warnings(table.types.values(), source.file)
    types = without_unused(table.types, empty, config)
    return _File(source, table, (*targets,), numeric, categorical, warnings, types, order)


def _read_columns(
    source: _StoredFile | MemoryData,
    config: DataConfig,
    targets: Sequence[str],
    grouped: Sequence[str],
    known_columns: KnownColumns | None,
    problems: Problems,
    on_read: OnRead,
) -> Table:
    """Read the columns that the config and the `known_columns` name; raises DataError if they do not suit."""
    file, memory = source.file, source if isinstance(source, MemoryData) else None
    if not (isinstance(source, _StoredFile) and source.has_rows_digest):
        check_sha256(source.sha256, config.sha256, file=file, setting="data.sha256")
    group, order = config.split.group, config.split.by
    columns = config.columns if known_columns is None else NO_COLUMNS
    declared = declared_kinds(columns, targets, config.weights, group, order, config.exposure)
    kinds: Mapping[str, Kind | None] = declared
    if known_columns is not None:
        known_columns.note_other_uses(declared, problems)
        kinds = {**({order: None} if order else {}), **known_columns.kinds, **declared}
    rows = source.path if isinstance(source, _StoredFile) else source.with_targets(targets)
    read = _read(
        rows,
        config,
        kinds,
        problems,
        on_read,
        formats=None if known_columns is None else known_columns.formats,
        plain=frozenset() if known_columns is None else known_columns.plain,
        grouped=dict.fromkeys(grouped),
    )
    if read.sha256 is not None:
        check_sha256(read.sha256, config.sha256, file=file, setting="data.sha256")
    if memory is not None and memory.weights is not None:
        if config.weights is not None:
            message = "the weights of the rows were passed: remove this setting, or pass none"
            problems.add_setting("data.weights", message)
        read = replace(read, weights=memory.weights)
    if known_columns is not None and not problems:
        known_columns.note_missing(read.names, problems, read.header_line)
    check_settings(
        columns,
        targets,
        config.weights,
        read.names,
        problems,
        group=group,
        order=order,
        exposure=config.exposure,
        grouped=grouped,
    )
    problems.raise_any()
    return read


def _read_test(
    config: DataConfig, folder: Path, main: _File, targets: Sequence[str], on_read: OnRead
) -> _File:
    arrays = main.source.holds_arrays
    path = find_file(config.test_source or "", folder, setting="data.test_source", folders=arrays)
    source = _StoredFile(path, part=config.part)
    file = source.file
    if source.holds_arrays != arrays:
        test_is, source_is = (
            ("is a table", "contains arrays") if arrays else ("contains arrays", "is a table")
        )
        message = f"{file} {test_is}, but data.source {source_is}"
        raise DataError(Problem(message, path="data.test_source"))
    _refuse_file_settings(config, main.source, source)
    if not source.has_rows_digest:
        check_sha256(source.sha256, config.test_sha256, file=file, setting="data.test_sha256")
    sources = _numeric_sources(main)
    kinds: dict[str, Kind] = dict.fromkeys(sources, "numeric")
    kinds.update(dict.fromkeys((*main.categorical_names, *targets), "categorical"))
    if config.exposure is not None:
        kinds[config.exposure] = "exposure"
    problems = Problems(file)
    used = {*sources, *main.categorical_names} - {*targets}
    formats = {name: column.format for name, column in main.types.items() if column.format and name in used}
    grouped = {name: column.type for name, column in main.table.grouped.items()}
    read = _read(path, config, kinds, problems, on_read, test=True, formats=formats, grouped=grouped)
    if read.sha256 is not None:
        check_sha256(read.sha256, config.test_sha256, file=file, setting="data.test_sha256")
    categorical = (*main.categorical_names, *targets)
    note_missing_columns(read, config, sources, categorical, grouped, problems, holds_arrays=arrays)
    problems.raise_any()

    all_rows = read.rows
    read, targets, new_words = with_labels(read, targets, config.target, problems, main.targets)
    table = labelled(read, targets, config)
    for target in targets:
        written = amounts(main.table, target)
        note_plain_problems(target, table.categorical[target], written.format if written else None, problems)
    problems.raise_any()
    if not table.rows:
        problems.add(f"{target_words(targets)} no value in any row")
    note_exposures(table, config, problems)
    problems.raise_any()
    columns = frozenset(main.table.names)
    warnings = [
        Message(
            "unknown_column",
            f"the column {quoted(name)} of {file} is not in the training data and is ignored",
        )
        for name in table.names
        if name and name not in columns
    ]
    warnings += [*new_words, *unlabelled_warnings(all_rows - table.rows, targets, file)]
    warnings += conversion_warnings(table.types.values(), file)
    return _File(source, table, main.targets, main.numeric_names, main.categorical_names, warnings, {})


def _numeric_sources(main: _File) -> tuple[str, ...]:
    """The columns of the file that its numeric columns were made from."""
    source = {part: name for name, column in main.types.items() for part in column.columns}
    return tuple(dict.fromkeys(source.get(name, name) for name in main.numeric_names))
