"""From the `data` section of a config to a Dataset: the one way in which rows come into fnnctl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES, DataConfig
from fnnctl.data.arrays.archives import LABELS, holds_arrays, source_sha256
from fnnctl.data.arrays.table import read_arrays
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.dataset import ROW_NUMBER, Dataset, RawTarget
from fnnctl.data.files import check_sha256, find_file
from fnnctl.data.problems import Problems
from fnnctl.data.settings import check_settings, declared_kinds, refuse_table_settings
from fnnctl.data.tables.assembly import LabelledTable, code_matrix, numeric_matrix
from fnnctl.data.tables.rows import CsvFormat
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError, Problem, did_you_mean
from fnnctl.text import counted, printable, shown

Numbers = TypeVar("Numbers", FloatArray, IntArray)
BUILTIN_FORMAT = CsvFormat(",", "utf-8", frozenset(DEFAULT_MISSING_VALUES))


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read, with what a Dataset says of it."""

    path: Path
    sha256: str
    part: LabelledTable
    numeric_names: tuple[str, ...]
    categorical_names: tuple[str, ...]
    warnings: list[str]


def load_dataset(config: DataConfig, folder: Path) -> Dataset:
    """Read the rows that `config` names; relative paths start at `folder`, the config file's.

    Raises DataError with every problem found (a problem of a file has its file and line, a problem of a
    setting only its path), or MachineError if the system cannot read.
    """
    if config.source in BUILTIN:
        with builtin_path(config.source) as path:
            return _load(path, config, folder)
    path = find_file(config.source, folder, setting="data.source", builtin=BUILTIN, folders=True)
    return _load(path, config, folder)


def _load(path: Path, config: DataConfig, folder: Path) -> Dataset:
    main = _read_main(path, config)
    files = [main]
    if config.test_source is not None:
        files.append(_read_test(config, folder, main))
    parts = [file.part for file in files]
    table, mapped = main.part.table, main.part.table.mapped
    labels = CodedTexts.joined([part.labels for part in parts])
    categorical, categories = code_matrix(parts, main.categorical_names)
    numeric, packing = (mapped.numbers, None) if mapped else numeric_matrix(parts, main.numeric_names)
    builtin = config.source in BUILTIN
    return Dataset(
        name=config.source if builtin else Path(path.name.removesuffix(".gz")).stem,
        source=config.source if builtin else str(path.resolve()),
        sha256=main.sha256,
        numeric=numeric,
        numeric_names=main.numeric_names,
        categorical=categorical,
        categorical_names=main.categorical_names,
        categories=categories,
        target=RawTarget(main.part.target, labels.codes, labels.texts, labels.lines),
        file_rows=np.concatenate([np.flatnonzero(part.kept).astype(ROW_NUMBER) for part in parts]),
        test_rows=sum(part.rows for part in parts[1:]),
        test_source=str(files[1].path.resolve()) if files[1:] else None,
        test_sha256=files[1].sha256 if files[1:] else None,
        weights=_extended(table.weights, parts, 1.0),
        groups=_extended(table.groups, parts, -1),
        warnings=tuple(warning for file in files for warning in file.warnings),
        packing=packing,
        mapped=mapped,
    )


def _extended(values: Numbers | None, parts: list[LabelledTable], value: float) -> Numbers | None:
    """The values of the main file's labelled rows, and one `value` for the rows of the test file."""
    if values is None:
        return None
    test_rows = sum(part.rows for part in parts[1:])
    return np.concatenate([values[parts[0].kept], np.full(test_rows, value, values.dtype)])


def _read(
    path: Path, config: DataConfig, kinds: Mapping[str, Kind], problems: Problems, *, test: bool = False
) -> Table:
    if holds_arrays(path):
        others: Kind = "ignore" if test else "numeric"
        return read_arrays(path, kinds, others=others, mappable=config.test_source is None)
    missing = frozenset(text.strip() for text in config.missing_values)
    form = CsvFormat(config.delimiter, config.encoding, missing)
    if config.source in BUILTIN and not test:
        form = BUILTIN_FORMAT
    return read_table(path, form, kinds, problems, others="ignore" if test else None)


def _read_main(path: Path, config: DataConfig) -> _File:
    info = BUILTIN.get(config.source)
    file = config.source if info else printable(str(path))
    target = config.target or (info.target if info else "")
    if holds_arrays(path):
        refuse_table_settings(config, LABELS)
        target = LABELS
    sha256 = source_sha256(path)
    check_sha256(sha256, config.sha256, file=file, setting="data.sha256")
    problems = Problems(file)
    kinds = declared_kinds(config.columns, target, config.weights, config.split.group)
    table = _read(path, config, kinds, problems)
    check_settings(config.columns, target, config.weights, table.names, problems, group=config.split.group)
    problems.raise_any()

    part = LabelledTable(table, target)
    present = dict(zip(table.numeric.names, table.numeric.present.tolist(), strict=True))
    empty = [name for name, count in present.items() if not count and name not in config.columns.numeric]
    numeric = tuple(name for name in table.numeric if name not in empty)
    categorical = tuple(name for name in table.categorical if name != target)
    if not part.rows:
        problems.add(f"the target {shown(target)} has no value in any row")
    if not numeric and not categorical:
        beside = f"beside the target {shown(target)}"
        no_column = f"{beside} there is no column to learn from: is data.delimiter right?"
        problems.add(f"no column {beside} has a value in any row" if empty else no_column)
    _check_weights_and_groups(part, config, problems)
    problems.raise_any()
    warnings = [f"the column {shown(name)} of {file} has no values and is left out" for name in empty]
    warnings += _unlabelled(part, file)
    return _File(path, sha256, part, numeric, categorical, warnings)


def _check_weights_and_groups(part: LabelledTable, config: DataConfig, problems: Problems) -> None:
    weights, groups, lines = part.table.weights, part.table.groups, part.table.lines
    if weights is not None and (fault := weights_fault(weights[part.kept])):
        row, wrong = fault
        line = None if row is None or lines is None else int(lines[part.kept][row])
        if row is not None and lines is None:
            wrong = f"{wrong} (the first is row {row}, from 0)"
        column = shown(config.weights or "")
        problems.add(f"the column {column}, which data.weights names, {wrong}", line=line)
    if groups is not None and (missing := int(np.count_nonzero(groups[part.kept] < 0))):
        wrong = f"has {counted(missing, 'row')} without a value: name their groups"
        column = shown(config.split.group or "")
        problems.add(f"the column {column}, which data.split.group names, {wrong}")


def weights_fault(weights: FloatArray) -> tuple[int | None, str] | None:
    """Why the rows' weights (n,), NaN if missing, cannot be used, and the first such row; or None."""
    missing, negative = np.flatnonzero(np.isnan(weights)), np.flatnonzero(weights < 0.0)
    if missing.size:
        without = f"has {counted(missing.size, 'row')} without a value"
        return int(missing[0]), f"{without}: fill in 1, or leave the rows out"
    if negative.size:
        first = int(negative[0])
        return first, f"has a negative number, {weights[first]:g}: a weight is 0 or more"
    if weights.size and not weights.any():
        return None, "has nothing but zeros: a row that counts needs a weight above 0"
    return None


def _read_test(config: DataConfig, folder: Path, main: _File) -> _File:
    arrays, target = holds_arrays(main.path), main.part.target
    path = find_file(config.test_source or "", folder, setting="data.test_source", folders=arrays)
    file = printable(str(path))
    if holds_arrays(path) != arrays:
        test_is, source_is = ("is a table", "holds arrays") if arrays else ("holds arrays", "is a table")
        message = f"{file} {test_is}, and data.source {source_is}"
        raise DataError(Problem(message, path="data.test_source"))
    sha256 = source_sha256(path)
    check_sha256(sha256, config.test_sha256, file=file, setting="data.test_sha256")
    kinds: dict[str, Kind] = dict.fromkeys(main.numeric_names, "numeric")
    kinds.update(dict.fromkeys((*main.categorical_names, target), "categorical"))
    problems = Problems(file)
    table = _read(path, config, kinds, problems, test=True)
    numeric = table.numeric.names if arrays else table.names  # a column of X may be named as the label
    missing = [name for name in main.numeric_names if name not in numeric]
    missing += [name for name in (*main.categorical_names, target) if name not in table.names]
    for name in missing:
        suggestion = did_you_mean(name, map(printable, table.names))
        message = f"the column {shown(name)} of the training data is missing{suggestion}"
        problems.add(message, line=None if arrays else 1)
    problems.raise_any()

    part = LabelledTable(table, target)
    if not part.rows:
        problems.add(f"no row has a value in the target {shown(target)}")
        problems.raise_any()
    warnings = [
        f"the column {shown(name)} of {file} is not in the training data and is left out"
        for name in table.names
        if name not in main.part.table.names
    ]
    warnings += _unlabelled(part, file)
    return _File(path, sha256, part, main.numeric_names, main.categorical_names, warnings)


def _unlabelled(part: LabelledTable, file: str) -> list[str]:
    left_out = part.table.rows - part.rows
    if left_out == 0:
        return []
    return [
        f"left out {counted(left_out, 'row')} of {file} without a value in the target {shown(part.target)} "
        "(it is empty, or one of data.missing_values)"
    ]
