"""Arrays as a Dataset: all columns are numbers, named x0, x1, … unless names are given; y is the label."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.arrays.archives import (
    LABELS,
    arrays_sha256,
    find_arrays,
    holds_arrays,
)
from fnnctl.data.arrays.feature_array import FeatureArray
from fnnctl.data.arrays.labels import labels_of
from fnnctl.data.arrays.stored_array import fault, refuse_too_large
from fnnctl.data.dataset import ROW_NUMBER, Dataset
from fnnctl.data.files import check_sha256, find_file
from fnnctl.data.problems import Problems
from fnnctl.data.settings import check_settings, refuse_table_settings
from fnnctl.data.tables.matrix import EXACT_VALUES, NumberMatrix
from fnnctl.data.target import groups_fault, target_fault, weights_fault
from fnnctl.errors import DataError, Problem, did_you_mean
from fnnctl.text import printable, shown


@dataclass(frozen=True, slots=True)
class _Source:
    """An archive or a folder, with all that was read of it but its numbers."""

    path: Path
    file: str
    sha256: str
    features: FeatureArray
    labels: IntArray
    """(N,) indices into `classes`."""
    classes: tuple[str, ...]


def load_arrays(path: Path, config: DataConfig, folder: Path) -> Dataset:
    """Read the arrays at `path`, and those of `data.test_source`; raises as `load_dataset` does."""
    refuse_table_settings(config, LABELS)
    main = _read_source(path, "data.sha256", config.sha256)
    _check(main, config)
    apart = [name for name in (config.weights, config.split.group) if name is not None]
    features = [name for name in main.features.names if name not in {*apart, *config.columns.ignore}]
    sources = [main]
    if config.test_source is not None:
        sources.append(_read_test(config, folder, main, features))
    mapping = _mapping(main, features) if not sources[1:] else None
    if mapping:
        numeric, mapped, packing = *mapping, None
        aside: dict[str, FloatArray] = {}
        names = tuple(features)
    else:
        matrix, aside = _read_numbers(sources, features, apart)
        names = tuple(name for name, count in zip(features, matrix.present, strict=True) if count)
        if not names:
            raise fault(main.features.stored.place, "has no column with values to learn from")
        matrix.keep(np.ones(matrix.rows, np.bool_), names)
        (numeric, packing), mapped = matrix.finish(), None
    rows = sum(len(source.labels) for source in sources)
    return Dataset(
        name=path.stem,
        source=str(path.resolve()),
        sha256=main.sha256,
        numeric=numeric,
        numeric_names=names,
        categorical=np.empty((rows, 0), np.int32),
        categorical_names=(),
        categories=(),
        labels=np.concatenate([source.labels for source in sources]),
        classes=main.classes,
        file_rows=np.concatenate([np.arange(len(source.labels), dtype=ROW_NUMBER) for source in sources]),
        target=LABELS,
        weights=_weights(main, config, aside, rows),
        groups=_groups(main, config, aside, rows),
        test_rows=rows - len(main.labels),
        test_source=str(sources[1].path.resolve()) if sources[1:] else None,
        test_sha256=sources[1].sha256 if sources[1:] else None,
        warnings=tuple(
            f"the column {shown(name)} of {main.file} has no values and is left out"
            for name in features
            if name not in names
        ),
        packing=packing,
        mapped=mapped,
        mapped_from=main.features.stored.header.start,
    )


def _read_source(path: Path, setting: str, expected_sha256: str | None) -> _Source:
    arrays, file = find_arrays(path), printable(str(path))
    sha256 = arrays_sha256(path)
    check_sha256(sha256, expected_sha256, file=file, setting=setting)
    features = FeatureArray.of(arrays)
    labels, classes = labels_of(arrays[LABELS])
    if len(labels) != features.rows:
        raise fault(
            features.stored.place,
            f"has {features.rows:,} rows, and {LABELS} has {len(labels):,} labels: one a row is needed",
        )
    return _Source(path, file, sha256, features, labels, classes)


def _check(main: _Source, config: DataConfig) -> None:
    """Refuse settings that do not fit the arrays, and labels that cannot be learned."""
    problems = Problems(main.file)
    names = [*main.features.names, LABELS]
    check_settings(config.columns, LABELS, config.weights, names, problems, group=config.split.group)
    if fault_found := target_fault(LABELS, main.classes, np.bincount(main.labels)):
        problems.add(fault_found)
    problems.raise_any()


def _read_test(config: DataConfig, folder: Path, main: _Source, features: Sequence[str]) -> _Source:
    path = find_file(config.test_source or "", folder, setting="data.test_source", folders=True)
    if not holds_arrays(path):
        message = f"{printable(str(path))} is a table, and data.source holds arrays"
        raise DataError(Problem(message, path="data.test_source"))
    test = _read_source(path, "data.test_sha256", config.test_sha256)
    for name in features:
        if name not in test.features.names:
            missing = f"the column {shown(name)} of the training data is missing"
            raise fault(test.features.stored.place, missing + did_you_mean(name, test.features.names))
    position = {text: code for code, text in enumerate(main.classes)}
    unknown = [text for text in test.classes if text not in position]
    if unknown:
        raise fault(test.file, f"the label {shown(unknown[0])} does not occur in the training data")
    recode = np.array([position[text] for text in test.classes], np.intp)
    return _Source(path, test.file, test.sha256, test.features, recode[test.labels], main.classes)


def _mapping(main: _Source, features: Sequence[str]) -> tuple[npt.NDArray[Any], mmap.mmap] | None:
    """The numbers mapped into memory, where they are many, all wanted, and can be used as they lie there."""
    rows, columns = main.features.stored.header.shape
    wanted = tuple(features) == main.features.names and rows * columns > EXACT_VALUES
    if not (wanted and main.features.stored.can_be_mapped):
        return None
    present = np.zeros(columns, np.int64)
    for block in main.features.blocks(features):
        present += np.count_nonzero(~np.isnan(block), axis=0)
    return main.features.stored.mapped() if present.all() else None


def _read_numbers(
    sources: Sequence[_Source], features: Sequence[str], apart: Sequence[str]
) -> tuple[NumberMatrix, dict[str, FloatArray]]:
    """Read the features of all sources, and the main one's columns that are no features."""
    rows = sum(len(source.labels) for source in sources)
    refuse_too_large(rows * len(features) * 4, sources[0].features.stored.place)
    matrix, width = NumberMatrix(features), len(features)
    aside: dict[str, list[FloatArray]] = {name: [] for name in apart}
    for source in sources:
        for block in source.features.blocks([*features, *apart] if source is sources[0] else features):
            matrix.append(np.ascontiguousarray(block[:, :width]))
            for name, column in zip(apart, block.T[width:], strict=False):
                aside[name].append(column.copy())
    return matrix, {name: np.concatenate(blocks) for name, blocks in aside.items()}


def _weights(main: _Source, config: DataConfig, aside: dict[str, FloatArray], rows: int) -> FloatArray | None:
    if config.weights is None:
        return None
    weights = aside[config.weights]
    if fault_found := weights_fault(weights):
        row, wrong = fault_found
        where = "" if row is None else f" (the first is row {row}, from 0)"
        _refuse_column(main, config.weights, "data.weights", f"{wrong}{where}")
    return np.concatenate([weights, np.ones(rows - weights.size)])


def _groups(main: _Source, config: DataConfig, aside: dict[str, FloatArray], rows: int) -> IntArray | None:
    if config.split.group is None:
        return None
    numbers = aside[config.split.group]
    groups: IntArray = np.unique(numbers, return_inverse=True)[1]
    groups[np.isnan(numbers)] = -1
    if wrong := groups_fault(groups):
        _refuse_column(main, config.split.group, "data.split.group", wrong)
    return np.concatenate([groups, np.full(rows - groups.size, -1)])


def _refuse_column(main: _Source, name: str, setting: str, wrong: str) -> None:
    message = f"the column {shown(name)}, which {setting} names, {wrong}"
    raise DataError(Problem(message, file=main.features.stored.place))
