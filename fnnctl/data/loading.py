"""From the `data` section of a config to a Dataset: the one way in which rows come into fnnctl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES, DataConfig
from fnnctl.data.arrays.archives import holds_arrays
from fnnctl.data.arrays.loading import load_arrays
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.dataset import ROW_NUMBER, Dataset
from fnnctl.data.files import check_sha256, file_sha256, find_file
from fnnctl.data.problems import Problems
from fnnctl.data.settings import check_settings, declared_kinds
from fnnctl.data.tables.assembly import LabelledTable, code_matrix, coded, numeric_matrix
from fnnctl.data.tables.rows import CsvFormat
from fnnctl.data.tables.table import Kind, read_table
from fnnctl.data.target import groups_fault, same_number_twice, target_fault, weights_fault
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
    weights: FloatArray | None = None
    """(rows,) of the labelled rows, where data.weights names a column."""
    groups: IntArray | None = None
    """(rows,) of the labelled rows, where data.split.group names a column."""


def load_dataset(config: DataConfig, folder: Path) -> Dataset:
    """Read the rows that `config` names; relative paths start at `folder`, the config file's.

    Raises DataError with every problem found (one of a file has its file and line, one of a setting
    only its path), or MachineError where the system will not read.
    """
    if config.source in BUILTIN:
        with builtin_path(config.source) as path:
            return _load_tables(path, config, folder)
    path = find_file(config.source, folder, setting="data.source", builtin=BUILTIN, folders=True)
    return (load_arrays if holds_arrays(path) else _load_tables)(path, config, folder)


def _load_tables(path: Path, config: DataConfig, folder: Path) -> Dataset:
    main = _read_main(path, config)
    files = [main]
    if config.test_source is not None:
        files.append(_read_test(config, folder, main))
    parts = [file.part for file in files]
    categorical, categories = code_matrix(parts, main.categorical_names)
    labels, classes = coded(parts, main.part.target)
    numeric, packing = numeric_matrix(parts, main.numeric_names)
    builtin = config.source in BUILTIN
    return Dataset(
        name=config.source if builtin else Path(main.path.name.removesuffix(".gz")).stem,
        source=config.source if builtin else str(main.path.resolve()),
        sha256=main.sha256,
        numeric=numeric,
        numeric_names=main.numeric_names,
        categorical=categorical,
        categorical_names=main.categorical_names,
        categories=categories,
        labels=labels,
        classes=classes,
        file_rows=np.concatenate([np.flatnonzero(part.kept).astype(ROW_NUMBER) for part in parts]),
        target=main.part.target,
        test_rows=sum(part.rows for part in parts[1:]),
        test_source=str(files[1].path.resolve()) if files[1:] else None,
        test_sha256=files[1].sha256 if files[1:] else None,
        weights=_filled_up(main.weights, len(labels), 1.0),
        groups=_filled_up(main.groups, len(labels), -1),
        warnings=tuple(warning for file in files for warning in file.warnings),
        packing=packing,
    )


def _filled_up(values: Numbers | None, rows: int, value: float) -> Numbers | None:
    """What the main file's rows have, and `value` for the test file's rows, of which it says nothing."""
    if values is None:
        return None
    return np.concatenate([values, np.full(rows - values.size, value, values.dtype)])


def _format(config: DataConfig) -> CsvFormat:
    return CsvFormat(
        config.delimiter, config.encoding, frozenset(text.strip() for text in config.missing_values)
    )


def _read_main(path: Path, config: DataConfig) -> _File:
    info = BUILTIN.get(config.source)
    file = config.source if info else printable(str(path))
    target = config.target or (info.target if info else "")
    form = BUILTIN_FORMAT if info else _format(config)
    sha256 = file_sha256(path)
    check_sha256(sha256, config.sha256, file=file, setting="data.sha256")
    problems = Problems(file)
    weights_name, group = config.weights, config.split.group
    kinds = declared_kinds(config.columns, target, weights_name, group)
    table = read_table(path, form, kinds, problems)
    check_settings(config.columns, target, weights_name, table.names, problems, group=group)
    problems.raise_any()

    part = LabelledTable(table, target)
    weights = table.auxiliary[weights_name][part.kept] if weights_name is not None else None
    groups = table.categorical.pop(group).codes()[part.kept] if group is not None else None
    present = dict(zip(table.numeric.names, table.numeric.present.tolist(), strict=True))
    empty = [name for name, count in present.items() if not count and name not in config.columns.numeric]
    numeric = tuple(name for name in table.numeric if name not in empty)
    categorical = tuple(name for name in table.categorical if name != target)
    if fault := target_fault(target, part.label.texts(), part.label.counts()):
        problems.add(fault)
    if empty and not numeric and not categorical:
        problems.add(f"no column beside the target {shown(target)} has a value in any row")
    elif not numeric and not categorical:
        problems.add(
            f"beside the target {shown(target)} there is no column to learn from: is data.delimiter right?"
        )
    if weights is not None and (weights_wrong := weights_fault(weights)):
        row, wrong = weights_wrong
        line = None if row is None or table.lines is None else int(table.lines[part.kept][row])
        problems.add(f"the column {shown(weights_name or '')}, which data.weights names, {wrong}", line=line)
    if groups is not None and (groups_wrong := groups_fault(groups)):
        problems.add(f"the column {shown(group or '')}, which data.split.group names, {groups_wrong}")
    problems.raise_any()
    warnings = [f"the column {shown(name)} of {file} has no values and is left out" for name in empty]
    warnings += same_number_twice(target, part.label.texts()) + _unlabelled(part, file)
    return _File(path, sha256, part, numeric, categorical, warnings, weights, groups)


def _read_test(config: DataConfig, folder: Path, main: _File) -> _File:
    path = find_file(config.test_source or "", folder, setting="data.test_source")
    file = printable(str(path))
    if holds_arrays(path):
        raise DataError(Problem(f"{file} holds arrays, and data.source is a table", path="data.test_source"))
    sha256 = file_sha256(path)
    check_sha256(sha256, config.test_sha256, file=file, setting="data.test_sha256")
    target = main.part.target
    kinds: dict[str, Kind] = dict.fromkeys(main.numeric_names, "numeric")
    kinds.update(dict.fromkeys((*main.categorical_names, target), "categorical"))
    problems = Problems(file)
    table = read_table(path, _format(config), kinds, problems, others="ignore")
    for name in kinds:
        if name not in table.names:
            suggestion = did_you_mean(name, [printable(option) for option in table.names])
            problems.add(f"the column {shown(name)} of the training data is missing{suggestion}", line=1)
    problems.raise_any()

    part = LabelledTable(table, target)
    known = set(main.part.label.texts())
    for text, line in zip(part.label.texts(), part.label.lines, strict=True):
        if text not in known:
            problems.add(f"the label {shown(text)} does not occur in the training data", line=line)
    if not part.rows:
        problems.add(f"no row has a value in the target {shown(target)}")
    problems.raise_any()
    extra = [name for name in table.names if name not in main.part.table.names]
    warnings = [
        f"the column {shown(name)} of {file} is not in the training data and is left out" for name in extra
    ]
    return _File(
        path, sha256, part, main.numeric_names, main.categorical_names, warnings + _unlabelled(part, file)
    )


def _unlabelled(part: LabelledTable, file: str) -> list[str]:
    left_out = part.table.rows - part.rows
    if left_out == 0:
        return []
    return [
        f"left out {counted(left_out, 'row')} of {file} without a value in the target {shown(part.target)} "
        "(it is empty, or one of data.missing_values)"
    ]
