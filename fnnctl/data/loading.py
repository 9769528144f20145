"""Loads the Dataset that the `data` section of a config describes. All rows enter fnnctl here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES, PARQUET_REASON, DataConfig
from fnnctl.data.arrays.archives import LABELS, holds_arrays, source_sha256
from fnnctl.data.arrays.table import read_arrays
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.files import check_sha256, find_file
from fnnctl.data.problems import Problems
from fnnctl.data.settings import check_settings, declared_kinds, refuse_settings, refuse_table_settings
from fnnctl.data.tables.assembly import code_matrix, numeric_matrix
from fnnctl.data.tables.parquet import is_parquet
from fnnctl.data.tables.rows import CsvFormat, missing_texts
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError, Problem, did_you_mean
from fnnctl.text import counted, printable, shown

Numbers = TypeVar("Numbers", FloatArray, IntArray)
BUILTIN_FORMAT = CsvFormat(",", "utf-8", frozenset(DEFAULT_MISSING_VALUES))


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read, with the facts about it for a Dataset."""

    path: Path
    sha256: str
    table: Table
    """Its labelled rows."""
    numeric_names: tuple[str, ...]
    categorical_names: tuple[str, ...]
    warnings: list[str]


def load_dataset(config: DataConfig, folder: Path) -> Dataset:
    """Read the rows that `config` describes; relative paths start at `folder`, that of the config file.

    Raises DataError with every problem found (a problem in a file has its file and line, a problem with a
    setting only its path), or MachineError if the system cannot read a file.
    """
    if config.source in BUILTIN:
        with builtin_path(config.source) as path:
            return _load(path, config, folder)
    path = find_file(config.source, folder, setting="data.source", builtin=BUILTIN, folders=True)
    return _load(path, config, folder)


def _load(path: Path, config: DataConfig, folder: Path) -> Dataset:
    info = BUILTIN.get(config.source)
    target = config.target or (info.target if info else "")
    if holds_arrays(path):
        refuse_table_settings(config, LABELS)
        target = LABELS
    if config.test_source is None:
        _refuse_csv_settings(config, path)
    main = _read_main(path, config, target)
    files = [main]
    if config.test_source is not None:
        files.append(_read_test(config, folder, main, target))
    tables = [file.table for file in files]
    mapped, test_rows = main.table.mapped, sum(table.rows for table in tables[1:])
    labels = CodedTexts.joined([table.categorical[target] for table in tables])
    categorical, categories = code_matrix(tables, main.categorical_names)
    numeric, packing = (mapped.numbers, None) if mapped else numeric_matrix(tables, main.numeric_names)
    return Dataset(
        name=config.source if info else Path(path.name.removesuffix(".gz")).stem,
        source=config.source if info else str(path.resolve()),
        sha256=main.sha256,
        numeric=numeric,
        numeric_names=main.numeric_names,
        categorical=categorical,
        categorical_names=main.categorical_names,
        categories=categories,
        target=RawTarget(target, labels.codes, labels.texts, labels.lines),
        task=info.task if info and info.target == target else None,
        file_rows=np.concatenate([table.file_rows for table in tables]),
        test_rows=test_rows,
        test_source=str(files[1].path.resolve()) if files[1:] else None,
        test_sha256=files[1].sha256 if files[1:] else None,
        weights=_extended(main.table.weights, test_rows, 1.0),
        groups=_extended(main.table.groups, test_rows, -1),
        warnings=tuple(warning for file in files for warning in file.warnings),
        packing=packing,
        mapped=mapped,
    )


def _refuse_csv_settings(config: DataConfig, *files: Path) -> None:
    """Raise DataError for settings of CSV files that no file reads; the config rules know only its name."""
    if all(map(is_parquet, files)):
        refuse_settings(config, ("delimiter", "encoding"), PARQUET_REASON)


def _extended(values: Numbers | None, test_rows: int, value: float) -> Numbers | None:
    """The values for the main file's rows, followed by `value` once per row of the test file."""
    return None if values is None else np.concatenate([values, np.full(test_rows, value, values.dtype)])


def _read(
    path: Path, config: DataConfig, kinds: Mapping[str, Kind], problems: Problems, *, test: bool = False
) -> Table:
    if holds_arrays(path):
        others: Kind = "ignore" if test else "numeric"
        return read_arrays(path, kinds, others=others, mappable=config.test_source is None)
    form = CsvFormat(config.delimiter, config.encoding, missing_texts(config.missing_values))
    if config.source in BUILTIN and not test:
        form = BUILTIN_FORMAT
    return read_table(path, form, kinds, problems, others="ignore" if test else None)


def _read_main(path: Path, config: DataConfig, target: str) -> _File:
    file = config.source if config.source in BUILTIN else printable(str(path))
    sha256 = source_sha256(path)
    check_sha256(sha256, config.sha256, file=file, setting="data.sha256")
    problems = Problems(file)
    kinds = declared_kinds(config.columns, target, config.weights, config.split.group)
    read = _read(path, config, kinds, problems)
    check_settings(config.columns, target, config.weights, read.names, problems, group=config.split.group)
    problems.raise_any()

    all_rows, table = read.rows, read.labelled(target)
    present = dict(zip(table.numeric.names, table.numeric.present.tolist(), strict=True))
    empty = [name for name, count in present.items() if not count and name not in config.columns.numeric]
    empty_names = frozenset(empty)
    numeric = tuple(name for name in table.numeric if name not in empty_names)
    categorical = tuple(name for name in table.categorical if name != target)
    if not table.rows:
        problems.add(f"the target {shown(target)} has no value in any row")
    if not numeric and not categorical:
        beside = f"besides the target {shown(target)}"
        no_column = f"there is no column {beside}: is data.delimiter right?"
        if config.columns.ignore:
            no_column = f"there is no column {beside}: does data.columns.ignore name all others?"
        problems.add(f"no column {beside} has a value in any row" if empty else no_column)
    _check_weights_and_groups(table, config, problems)
    problems.raise_any()
    warnings = [f"the column {shown(name)} of {file} has no values and is ignored" for name in empty]
    warnings += _unlabelled(all_rows - table.rows, target, file)
    return _File(path, sha256, table, numeric, categorical, warnings)


def _check_weights_and_groups(table: Table, config: DataConfig, problems: Problems) -> None:
    weights, groups, lines = table.weights, table.groups, table.lines
    if weights is not None and (fault := weights_fault(weights)):
        row, wrong = fault
        line = None if row is None or lines is None else int(lines[row])
        if row is not None and lines is None:
            wrong = f"{wrong} (the first is row {row}, counted from 0)"
        column = shown(config.weights or "")
        problems.add(f"the column {column}, which data.weights names, {wrong}", line=line)
    if groups is not None and (missing := int(np.count_nonzero(groups < 0))):
        wrong = f"has {counted(missing, 'row')} without a value: fill in their groups"
        column = shown(config.split.group or "")
        problems.add(f"the column {column}, which data.split.group names, {wrong}")


def weights_fault(weights: FloatArray) -> tuple[int | None, str] | None:
    """The first bad row and why the weights (n,), NaN if missing, cannot be used; None if they can."""
    missing, negative = np.flatnonzero(np.isnan(weights)), np.flatnonzero(weights < 0.0)
    if missing.size:
        without = f"has {counted(missing.size, 'row')} without a value"
        return int(missing[0]), f"{without}: fill in 1, or leave the rows out"
    if negative.size:
        first = int(negative[0])
        return first, f"has a negative number, {weights[first]:g}: weights must be 0 or more"
    if weights.size and not weights.any():
        return None, "has only zeros: at least one weight must be above 0"
    return None


def _read_test(config: DataConfig, folder: Path, main: _File, target: str) -> _File:
    arrays = holds_arrays(main.path)
    path = find_file(config.test_source or "", folder, setting="data.test_source", folders=arrays)
    file = printable(str(path))
    if holds_arrays(path) != arrays:
        test_is, source_is = (
            ("is a table", "contains arrays") if arrays else ("contains arrays", "is a table")
        )
        message = f"{file} {test_is}, but data.source {source_is}"
        raise DataError(Problem(message, path="data.test_source"))
    _refuse_csv_settings(config, main.path, path)
    sha256 = source_sha256(path)
    check_sha256(sha256, config.test_sha256, file=file, setting="data.test_sha256")
    kinds: dict[str, Kind] = dict.fromkeys(main.numeric_names, "numeric")
    kinds.update(dict.fromkeys((*main.categorical_names, target), "categorical"))
    problems = Problems(file)
    read = _read(path, config, kinds, problems, test=True)
    names = frozenset(read.names)
    numeric = frozenset(read.numeric) if arrays else names  # a column of X may have the label's name
    missing = [name for name in main.numeric_names if name not in numeric]
    missing += [name for name in (*main.categorical_names, target) if name not in names]
    for name in missing:
        suggestion = did_you_mean(name, map(printable, read.names))
        message = f"the column {shown(name)} of the training data is missing{suggestion}"
        problems.add(message, line=read.header_line)
    problems.raise_any()

    all_rows, table = read.rows, read.labelled(target)
    if not table.rows:
        problems.add(f"no row has a value in the target {shown(target)}")
        problems.raise_any()
    known = frozenset(main.table.names)
    warnings = [
        f"the column {shown(name)} of {file} is not in the training data and is ignored"
        for name in table.names
        if name not in known
    ]
    warnings += _unlabelled(all_rows - table.rows, target, file)
    return _File(path, sha256, table, main.numeric_names, main.categorical_names, warnings)


def _unlabelled(left_out: int, target: str, file: str) -> list[str]:
    if left_out == 0:
        return []
    return [
        f"left out {counted(left_out, 'row')} of {file} without a value in the target {shown(target)} "
        "(it is empty, or one of data.missing_values)"
    ]
