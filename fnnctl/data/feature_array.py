"""Arrays as a table: X has the numeric columns, named x0, x1, … unless names are saved; y is the label."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.detection import TypedColumn, typed_numbers
from fnnctl.data.columns.formats.base import number_text
from fnnctl.data.columns.numbers import ordered, remove_missing
from fnnctl.data.files import UNREPORTED, OnRead, refuse_too_large
from fnnctl.data.matrix import EXACT_VALUES, NumberMatrix
from fnnctl.data.stored_arrays import (
    FEATURES,
    LABELS,
    NAMES,
    ArrayInMemory,
    ArraySource,
    StoredArray,
    array_error,
    find_arrays,
)
from fnnctl.data.tables.table import ROW_KINDS, Kind, Table
from fnnctl.text import counted, quoted


@dataclass(frozen=True, slots=True)
class FeatureArray:
    """X, (N, p) with N and p above 0."""

    stored: ArraySource
    names: tuple[str, ...]
    """The names saved with it, or x0, x1, …"""
    named: bool
    """Whether names were saved with it."""
    labels: tuple[CodedTexts, ...] = ()
    """(N,) of each target, if the arrays were opened with labels."""
    targets: tuple[str, ...] = (LABELS,)
    """The names of the labels."""

    @classmethod
    def of(cls, arrays: Mapping[str, StoredArray]) -> Self:
        """Check the shape, and read names and labels; raises DataError unless X is a table of numbers."""
        features = arrays[FEATURES]
        _check_shape(features)
        rows, columns = features.header.shape
        saved = next((arrays[name] for name in NAMES if name in arrays), None)
        names = _column_names(saved, columns) if saved else default_names(columns)
        labels = _read_labels(arrays[LABELS]) if LABELS in arrays else None
        if labels and len(labels.codes) != rows:
            counts = f"has {counted(rows, 'row')}, but {LABELS} has {counted(len(labels.codes), 'label')}"
            raise array_error(features.origin, f"{counts}: one per row is needed")
        return cls(features, names, saved is not None, () if labels is None else (labels,))

    def selected(self, columns: Sequence[int]) -> Self:
        """Some columns of an array in memory; raises ValueError for one in a file."""
        if not isinstance(self.stored, ArrayInMemory):
            raise ValueError("the array is in a file")
        stored = replace(self.stored, values=self.stored.values[:, columns])
        return replace(self, stored=stored, names=tuple(self.names[column] for column in columns))

    @property
    def rows(self) -> int:
        """N."""
        return self.stored.shape[0]

    def texts(self, names: Sequence[str]) -> Iterator[list[list[str]]]:
        """The numbers of some columns as texts, in the blocks of `blocks`: empty if missing.

        They have as few digits as give back the numbers in the array's own type.
        """
        position = {name: j for j, name in enumerate(self.names)}
        columns = [position[name] for name in names]
        for block in self.stored.blocks():
            yield [["" if np.isnan(number) else str(number) for number in row] for row in block[:, columns]]

    def blocks(self, names: Sequence[str], missing: frozenset[str] = frozenset()) -> Iterator[FloatArray]:
        """Some columns as blocks of rows, (n, q) float64, NaN for numbers that equal a `missing` text.

        Raises DataError for an infinite number.
        """
        position = {name: j for j, name in enumerate(self.names)}
        columns: Any = [position[name] for name in names]
        if columns == list(range(len(self.names))):
            columns = slice(None)
        start = 0
        for block in self.stored.blocks():
            numbers = block[:, columns].astype(np.float64)
            infinite = np.isinf(numbers)
            if infinite.any():
                row, column = np.argwhere(infinite)[0].tolist()
                which = f"{FEATURES}[{start + row}, {position[names[column]]}]"
                message = f"{which} is {numbers[row, column]}: a number must be finite"
                raise array_error(self.stored.origin, message)
            start += len(block)
            remove_missing(numbers, missing, block.dtype)
            yield numbers


def default_names(columns: int) -> tuple[str, ...]:
    """The names of columns that have none."""
    return tuple(f"x{j}" for j in range(columns))


def _check_shape(features: StoredArray) -> None:
    dtype = features.header.dtype
    if dtype.kind in "US":
        raise array_error(features.origin, f"contains text ({dtype}), not numbers: use a CSV file for text")
    check_shape(features.shape, features.origin)


def check_shape(shape: tuple[int, ...], origin: str) -> None:
    """Raise DataError unless an array with this shape has rows and columns."""
    if len(shape) != 2:
        hint = f": {FEATURES}.reshape(-1, 1) is one column" if len(shape) == 1 else ""
        hint = f": {FEATURES}.reshape(len({FEATURES}), -1) flattens each row" if len(shape) > 2 else hint
        raise array_error(origin, f"has the shape {shape}, but one row per example is needed{hint}")
    if not shape[0] or not shape[1]:
        raise array_error(origin, f"is empty: its shape is {shape}")


def _column_names(stored: StoredArray, columns: int) -> tuple[str, ...]:
    """The column names as saved, without surrounding blanks."""
    names = stored.whole()
    if names.dtype.kind not in "US" or names.shape != (columns,):
        needed = f"one text for each of the {columns:,} columns is needed"
        raise array_error(stored.origin, f"is {names.dtype} of shape {names.shape}: {needed}")
    try:
        texts = [(name.decode() if isinstance(name, bytes) else name).strip() for name in names.tolist()]
    except UnicodeDecodeError as error:
        raise array_error(stored.origin, f"is not UTF-8 ({error}): save an array of type str") from error
    seen: set[str] = set()
    for position, text in enumerate(texts):
        if not text or text in seen:
            reason = "is blank" if not text else f"is {quoted(text)}, which another column has"
            message = f"the name of column {position} {reason}: each column needs its own"
            raise array_error(stored.origin, message)
        seen.add(text)
    return tuple(texts)


def _read_labels(stored: StoredArray) -> CodedTexts:
    """Read (N,) or (N, 1) labels as codes into their sorted texts.

    Both 2.0 and 2 are the text `2`. Raises DataError for another shape, and if a row has no label.
    """
    shape = stored.header.shape
    if len(shape) != 1 and shape[1:] != (1,):
        one_hot = f" (for one-hot labels, save {LABELS}.argmax(axis=1))"
        hint = one_hot if len(shape) == 2 else ""
        raise array_error(stored.origin, f"has the shape {shape}, but one label per row is needed{hint}")
    labels = np.empty(shape[0], np.intp)
    distinct = np.empty(0, stored.header.dtype)
    for start, block in _blocks(stored):
        _refuse_missing(block, start, stored.origin)
        distinct = np.union1d(distinct, block)
    try:
        texts = [label_text(value) for value in distinct.tolist()]
    except UnicodeDecodeError as error:
        raise array_error(stored.origin, f"is not UTF-8 ({error}): save an array of type str") from error
    classes = ordered(set(texts))
    position = {text: code for code, text in enumerate(classes)}
    recode = np.array([position[text] for text in texts], np.intp)
    for start, block in _blocks(stored):
        labels[start : start + len(block)] = recode[np.searchsorted(distinct, block)]
    return CodedTexts(labels, classes, (None,) * len(classes))


def _blocks(stored: StoredArray) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Yield the labels block by block, each block with the number of its first row."""
    start = 0
    for block in stored.blocks():
        yield start, block.reshape(-1)
        start += len(block)


def _refuse_missing(labels: npt.NDArray[Any], start: int, origin: str) -> None:
    if labels.dtype.kind == "f":
        missing = ~np.isfinite(labels)
    elif labels.dtype.kind in "US":
        missing = np.strings.str_len(np.strings.strip(labels)) == 0
    else:
        return
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        value = f"{LABELS}[{start + row}] is {labels[row] if labels.dtype.kind == 'f' else 'blank'}"
        raise array_error(origin, f"has rows without a value: {value}; leave such rows out")


def label_text(value: bool | float | str | bytes) -> str:
    """The text of one label: `2` for 2.0 and 2. Raises UnicodeDecodeError for bytes that are not UTF-8."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return (value.decode() if isinstance(value, bytes) else str(value)).strip()


def read_arrays(
    source: Path | FeatureArray,
    kinds: Mapping[str, Kind | None],
    *,
    default_kind: Kind = "numeric",
    mappable: bool = False,
    grouped: Collection[str] = (),
    on_read: OnRead = UNREPORTED,
) -> Table:
    """Read an archive, a folder or arrays in memory; columns without a kind have the `default_kind`.

    The columns in `grouped` that X has are read for groups as well. If `mappable`, a large X stays in its
    file. Raises DataError for arrays that cannot be read, and if no
    column has values.
    """
    array = source if isinstance(source, FeatureArray) else FeatureArray.of(find_arrays(source))
    # A column of X may have the label's name; the label itself is a separate array.
    kind_of = {name: kinds.get(name) or default_kind for name in array.names}
    for target in array.targets:
        if target in kind_of:
            kind_of[target] = "numeric"
    numeric = [name for name, kind in kind_of.items() if kind == "numeric"]
    extra = {kind: name for name, kind in kind_of.items() if kind in (*ROW_KINDS, "group")}
    columns: dict[Kind, list[FloatArray]] = {kind: [] for kind in extra}
    matrix, mapped = NumberMatrix(numeric), None
    present = _present_if_mappable(array) if mappable and tuple(numeric) == array.names else None
    if present is not None:
        mapped, matrix.present = array.stored.mapped(), present
    else:
        refuse_too_large(array.rows * len(numeric) * 4, array.stored.origin)
        for block in array.blocks([*numeric, *extra.values()]):
            matrix.append(block[:, : len(numeric)])
            on_read(array.stored.origin, matrix.rows / array.rows)
            for kind, column in zip(columns, block.T[len(numeric) :], strict=True):
                columns[kind].append(column.copy())
    if default_kind != "ignore" and not matrix.present.any():
        raise array_error(array.stored.origin, "has no column with values to train on")
    groups, group_texts = _numbered(np.concatenate(columns["group"])) if "group" in columns else (None, ())
    return Table(
        names=(*array.names, *array.targets),
        numeric=matrix,
        categorical=dict(zip(array.targets, array.labels, strict=True)) if array.labels else {},
        rows=array.rows,
        weights=np.concatenate(columns["weights"]) if "weights" in columns else None,
        groups=groups,
        group_texts=group_texts,
        exposures=np.concatenate(columns["exposure"]) if "exposure" in columns else None,
        mapped=mapped,
        grouped=_grouped_columns(array, [name for name in array.names if name in grouped]),
    )


def _grouped_columns(array: FeatureArray, names: Sequence[str]) -> dict[str, TypedColumn]:
    """Some columns of numbers, with the texts of these."""
    blocks = array.blocks(names) if names else ()
    return {
        name: _coded_column(name, np.concatenate(parts))
        for name, parts in zip(names, zip(*(block.T for block in blocks), strict=True), strict=True)
    }


def _coded_column(name: str, values: FloatArray) -> TypedColumn:
    distinct, codes = np.unique(values, return_inverse=True)
    texts = CodedTexts(codes, tuple(map(number_text, distinct.tolist())), (None,) * len(distinct))
    return typed_numbers(name, texts.without(np.isnan(distinct)), distinct[~np.isnan(distinct)])


def _present_if_mappable(array: FeatureArray) -> IntArray | None:
    """(p,) how many rows have a number; None if X is small, has an empty column, or cannot be mapped."""
    rows, columns = array.stored.shape
    if rows * columns <= EXACT_VALUES or not array.stored.can_be_mapped:
        return None
    present = np.zeros(columns, np.int64)
    for block in array.blocks(array.names):
        present += np.count_nonzero(~np.isnan(block), axis=0)
    return present if present.all() else None


def _numbered(values: FloatArray) -> tuple[IntArray, tuple[str, ...]]:
    """(n,) the index of each value among the distinct values, -1 if missing, and the texts of these."""
    distinct, numbers = np.unique(values, return_inverse=True)
    numbers[np.isnan(values)] = -1
    return numbers, tuple(map(number_text, distinct[~np.isnan(distinct)].tolist()))
