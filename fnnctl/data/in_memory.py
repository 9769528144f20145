"""Data in memory, for callers from Python: checked once, and then read like a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.feature_array import (
    FeatureArray,
    check_shape,
    default_names,
    label_text,
)
from fnnctl.data.stored_arrays import LABELS, ArrayInMemory
from fnnctl.data.tables.blocks import NULL, TextValues, number_bytes
from fnnctl.data.tables.memory_columns import object_text, python_value
from fnnctl.data.tables.memory_table import (
    DIGEST_ROWS,
    MemoryTable,
    column_digest,
    frame_names,
    is_frame,
    is_series,
    memory_error,
    memory_table,
    unread_method,
)
from fnnctl.text import counted, quoted

FEATURES_NAME: Final = "X"
"""What messages call an array of features."""
TARGET: Final = "target"
"""The name of labels without one, if a column is named `y`."""


@dataclass(frozen=True, eq=False)
class MemoryData:
    """Rows in memory; the arrays must not change while they are used.

    Made by `memory_data`. It stands where a file stands: it has a name in messages, a digest, and rows.
    """

    features: MemoryTable | FeatureArray
    """A table, with its targets unless there are `labels`; or an array of numbers."""
    labels: tuple[CodedTexts, ...] = ()
    """(N,) of each target, if they are apart from the features; -1 if missing."""
    label_names: tuple[str | None, ...] = ()
    """The names that the labels came with."""
    weights: FloatArray | None = None
    """(N,) the weight of each row in the loss, if they are apart from the features."""
    classes: tuple[str, ...] = ()
    """Classes of the target in their order, which the network gets even if no row has them; empty for those
    of the rows."""
    classes_of_targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same for some of several targets, by their names."""

    @property
    def file(self) -> str:
        """Its name in messages."""
        return MEMORY_SOURCE

    @property
    def holds_arrays(self) -> bool:
        """Whether the features are an array."""
        return isinstance(self.features, FeatureArray)

    @property
    def rows(self) -> int:
        """N."""
        return self.features.rows

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of names, types and values in their order, in hexadecimal digits."""
        digest = hashlib.sha256(b"fnnctl data in memory 1\0")
        features = self.features
        table = features.digest() if isinstance(features, MemoryTable) else _array_digest(features)
        digest.update(table)
        for name, labels in zip(_default_labels(len(self.labels)), self.labels, strict=True):
            digest.update(column_digest(name, _label_column(labels)))
        if self.weights is not None:
            digest.update(b"weights\0" + number_bytes(self.weights))
        return digest.hexdigest()

    def targets(self, configured: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the targets: those `configured`, or that of the labels; empty if there is none.

        Raises DataError if these differ, or if a column has the name of the labels.
        """
        if self.labels:
            return self._names_of_labels(configured)
        if self.holds_arrays:
            raise memory_error(f"there is no target: pass ({FEATURES_NAME}, {LABELS})")
        return configured

    def _names_of_labels(self, configured: tuple[str, ...]) -> tuple[str, ...]:
        count = len(self.labels)
        if configured and len(configured) != count:
            named = f"data.target names {len(configured)}"
            raise memory_error(
                f"{LABELS} has {counted(count, 'target')}, but {named}: one per column is needed"
            )
        in_config = configured or (None,) * count
        defaults = _default_labels(count)
        if count == 1 and LABELS in self.features.names and not self.holds_arrays:
            defaults = (TARGET,)
        names = [*map(self._name_of, self.label_names, in_config, defaults)]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise memory_error(f"two targets have the name {quoted(repeated[0])}: rename one")
        return tuple(names)

    def _name_of(self, name: str | None, configured: str | None, default: str) -> str:
        if name and configured and name != configured:
            message = (
                f"the target is named {quoted(name)}, but data.target is {quoted(configured)}: rename it"
            )
            raise memory_error(message)
        is_free = name is None and configured is None and default == TARGET
        name = name or configured or default
        if name in self.features.names and not self.holds_arrays and not is_free:
            message = f"a column has the name of the target, {quoted(name)}: remove the column, or rename it"
            raise memory_error(message)
        return name

    def with_targets(self, names: Sequence[str]) -> MemoryTable | FeatureArray:
        """All columns; `names` are those of the labels, if they are apart from the features."""
        if not self.labels:
            return self.features
        if isinstance(self.features, FeatureArray):
            return replace(self.features, targets=tuple(names))
        table = self.features
        for name, labels in zip(names, self.labels, strict=True):
            table = table.with_column(name, _label_column(labels))
        return table


def memory_data(data: object) -> MemoryData:
    """Check data in memory, and make a source of rows of them.

    They are a data frame of any library with the interface of Arrow or with columns by name, a mapping from
    names to columns, or a list of mappings, one per row; the target is a column. Or they are `(X, y)` or
    `(X, y, weights)`: X is one of these, or an array of numbers (N, p) with the columns x0, x1, …; y has a
    value per row, and so have the weights in the loss. Several targets are an array (N, T), with the names
    y0, y1, …, or a data frame with theirs. For new rows, they may also be an array alone.

    Raises `DataError`, which names what is wrong.
    """
    features, labels, weights = data, None, None
    if isinstance(data, tuple):
        if not 2 <= len(data) <= 3:
            message = f"a tuple of {counted(len(data), 'value')}: pass (X, y) or (X, y, weights)"
            raise memory_error(message)
        features, labels = data[:2]
        if labels is None:
            raise memory_error(f"{LABELS} is None: pass ({FEATURES_NAME}, {LABELS})")
        weights = data[2] if len(data) == 3 else None
    table = memory_table(features) or _feature_array(features)
    if not table.rows:
        raise memory_error("there are no rows")
    columns = [] if labels is None else _label_columns(labels, table.rows)
    coded, names = tuple(coded for _, coded in columns), tuple(name for name, _ in columns)
    memory = MemoryData(table, coded, names, None if weights is None else _weights(weights, table.rows))
    if isinstance(table, FeatureArray) and coded:
        memory = replace(memory, features=replace(table, labels=coded))
    return memory


def rows_data(data: object) -> MemoryData:
    """New rows: what `memory_data` takes, but for labels; or a single record, or a tuple of records.

    Raises `DataError` as `memory_data` does, and for (X, y).
    """
    if isinstance(data, tuple):
        if not data or not all(isinstance(record, Mapping) for record in data):
            message = f"a tuple, as of ({FEATURES_NAME}, {LABELS}), is no table of new rows"
            raise memory_error(f"{message}: pass {FEATURES_NAME} alone, or a list")
        data = list(data)
    is_record = isinstance(data, Mapping) and len(data) > 0 and all(map(_is_value, data.values()))
    return memory_data([data] if is_record else data)


def _is_value(value: object) -> bool:
    """Whether it is one value, not a column of them."""
    return object_text(python_value(value)) is not None


def _feature_array(features: object) -> FeatureArray:
    """X, (N, p); raises DataError unless it is a table of numbers."""
    values = _numbers(features)
    check_shape(values.shape, f"{MEMORY_SOURCE}: {FEATURES_NAME}")
    return FeatureArray(ArrayInMemory(MEMORY_SOURCE, values), default_names(values.shape[1]), False)


def _numbers(features: object) -> npt.NDArray[Any]:
    """An array of booleans, integers or floating-point numbers."""
    if hasattr(features, "toarray") and hasattr(features, "nnz"):
        raise memory_error(f"{FEATURES_NAME} is sparse: {FEATURES_NAME}.toarray() makes it dense")
    if is_series(features) and not isinstance(features, np.ndarray):
        raise memory_error("one column is no table: pass a data frame, such as frame[['name']]")
    if isinstance(features, list | tuple) and not features:
        raise memory_error("there are no rows")
    if not isinstance(features, list | tuple) and not hasattr(features, "__array__"):
        raise memory_error(_unknown(features))
    if isinstance(features, np.ma.MaskedArray):
        features = np.where(np.ma.getmaskarray(features), np.nan, features.data)
    try:
        values = np.asarray(features)
    except ValueError as error:
        raise memory_error(f"{FEATURES_NAME} has rows of different lengths") from error
    if values.dtype.kind == "O":
        values = _plain_numbers(values)
    if values.dtype.kind in "US":
        raise memory_error(_TEXTS)
    if values.dtype.kind not in "biuf":
        kind = "complex numbers" if values.dtype.kind == "c" else f"values of type {values.dtype}"
        raise memory_error(f"{FEATURES_NAME} has {kind}: numbers are needed")
    return values.astype(np.float64) if values.dtype.itemsize > 8 else values


_TEXTS: Final = (
    f"{FEATURES_NAME} has texts, but an array has numbers only: pass a data frame or a mapping of columns"
)


def _plain_numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array of Python objects as float64, NaN for missing values."""
    numbers = np.empty(values.size)
    for index, value in enumerate(values.reshape(-1).tolist()):
        if isinstance(value, str):
            raise memory_error(_TEXTS)
        if object_text(value) == NULL:
            numbers[index] = np.nan
        elif isinstance(value, bool | int | float | Decimal | np.number | np.bool_):
            try:
                numbers[index] = value
            except OverflowError:
                numbers[index] = np.inf  # which no number may be
        else:
            kind = type(value).__name__
            raise memory_error(f"{FEATURES_NAME} has values of type {kind}: numbers are needed")
    return numbers.reshape(values.shape)


def _unknown(data: object) -> str:
    """Why an object is no data, and what to pass instead."""
    kind = type(data).__name__
    if data is None:
        return "there are no data: None"
    if isinstance(data, str | bytes) or hasattr(data, "__fspath__"):
        return f"{quoted(str(data))} is a path, not data: name it as data.source"
    if hasattr(data, "read"):
        return f"an open file ({kind}) is no data: name its path as data.source, or read it as a data frame"
    if hasattr(data, "__next__"):
        return f"a {kind} can be read only once: make a list of it"
    if method := unread_method(data):
        return f"a {kind} has no rows yet: pass .{method}()"
    alternatives = "a data frame, a mapping of columns, a list of records or an array"
    return f"an object of type {kind} is no data: pass {alternatives}"


def _default_labels(count: int) -> tuple[str, ...]:
    """The names of labels that have none."""
    return (LABELS,) if count == 1 else tuple(f"{LABELS}{number}" for number in range(count))


def _label_columns(labels: object, rows: int) -> list[tuple[str | None, CodedTexts]]:
    """The name and the labels of each target: of columns, or of an array (N, T)."""
    if is_frame(labels):
        columns: Any = labels
        if not (names := frame_names(labels)):
            raise memory_error(f"{LABELS} is a data frame without columns: pass one or more")
        return [_labels(columns[name], rows, name) for name in names]
    table = labels
    if isinstance(labels, list | tuple) and labels and all(map(_is_row, labels)):
        table = np.array(labels) if _has_numbers(labels) else _object_table(labels)
    if isinstance(table, np.ndarray) and table.ndim > 2:
        expected = "(N,), or (N, T) of T targets, is needed"
        raise memory_error(f"{LABELS} has the shape {table.shape}, but {expected}")
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] == 1:
        return [_labels(table, rows, getattr(labels, "name", None))]
    if not table.shape[1]:
        raise memory_error(f"{LABELS} has no columns: pass one or more")
    if isinstance(table, np.ma.MaskedArray):
        return [_labels(table[:, number], rows, None) for number in range(table.shape[1])]
    return [_labels(column, rows, None) for column in table.T]


def _is_row(value: object) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _has_numbers(rows: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float | np.number | np.bool_) for row in rows for value in row) and (
        len({len(row) for row in rows}) == 1
    )


def _object_table(rows: Sequence[Any]) -> npt.NDArray[Any]:
    """(N, T) values of any type; raises DataError if the rows differ in length."""
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise memory_error(f"{LABELS} has rows of different lengths: one value per target is needed")
    table = np.empty((len(rows), lengths.pop()), object)
    for number, row in enumerate(rows):
        table[number] = [*row]
    return table


def _labels(labels: object, rows: int, name: object) -> tuple[str | None, CodedTexts]:
    """The name of one target, if it has any, and its labels as codes into their sorted texts."""
    values = _one_per_row(labels, LABELS, rows)
    if values.dtype.kind in "biuf":
        coded = _coded_numbers(values)
    elif values.dtype.kind in "OU":
        coded = _coded_objects(values.tolist())
    else:
        kind = "complex numbers" if values.dtype.kind == "c" else f"values of type {values.dtype}"
        raise memory_error(f"{LABELS} has {kind}: numbers, texts or booleans are needed")
    has_name = isinstance(name, str) and name.strip() != ""
    return str(name).strip() if has_name else None, CodedTexts.concatenate([coded])


def _one_per_row(values: object, what: str, rows: int) -> npt.NDArray[Any]:
    """An array (N,); raises DataError if there is another number of values."""
    if is_series(values) and not isinstance(values, np.ndarray):
        values = values.to_pylist() if hasattr(values, "to_pylist") else values.to_numpy()
    if not isinstance(values, list | tuple | range) and not hasattr(values, "__array__"):
        kind = type(values).__name__
        raise memory_error(f"{what} is of type {kind}: a list or an array is needed, with a value per row")
    array: npt.NDArray[Any]
    if isinstance(values, list | tuple) and not all(isinstance(value, str) for value in values):
        array = np.empty(len(values), object)
        array[:] = values
        kinds = {type(value) for value in values}
        if kinds <= {int, float, bool} or all(isinstance(value, np.generic) for value in values):
            array = np.array(values)
    elif isinstance(values, np.ma.MaskedArray):
        array = values.data.astype(object)
        array[np.ma.getmaskarray(values)] = None
    else:
        array = np.asarray(values)
    if array.shape[1:] == (1,):
        array = array.reshape(-1)
    if array.ndim != 1:
        raise memory_error(f"{what} has the shape {array.shape}, but one value per row is needed")
    if len(array) != rows:
        message = f"{what} has {counted(len(array), 'value')}, but {FEATURES_NAME} has {counted(rows, 'row')}"
        raise memory_error(f"{message}: one per row is needed")
    return array


def _coded_numbers(values: npt.NDArray[Any]) -> CodedTexts:
    present = np.ones(len(values), np.bool_)
    if values.dtype.kind == "f":
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            row = int(infinite[0])
            raise memory_error(f"{LABELS}[{row}] is {values[row]}: a number must be finite")
        present = ~np.isnan(values)
    distinct, numbers = np.unique(values[present], return_inverse=True)
    codes = np.full(len(values), -1, np.intp)
    codes[present] = numbers
    texts = tuple(label_text(value) for value in distinct.tolist())
    return CodedTexts(codes, texts, [None] * len(texts))


def _coded_objects(values: Sequence[object]) -> CodedTexts:
    code_of: dict[str, int] = {}
    codes = [
        -1 if text == "" else code_of.setdefault(text, len(code_of))
        for text in (_label(value, row) for row, value in enumerate(values))
    ]
    return CodedTexts(np.array(codes, np.intp), tuple(code_of), [None] * len(code_of))


def _label(value: object, row: int) -> str:
    """The text of one label; empty if it is missing."""
    value = python_value(value)
    if isinstance(value, bool) or (isinstance(value, float) and not math.isnan(value)):
        return label_text(value)
    text = object_text(value)
    if text is None:
        kind = type(value).__name__
        raise memory_error(f"{LABELS}[{row}] is of type {kind}: numbers, texts or booleans are needed")
    return "" if text == NULL else text.strip()


def _label_column(labels: CodedTexts) -> TextValues:
    texts = [*labels.texts, NULL]
    return TextValues([texts[code] for code in labels.codes.tolist()])  # the code -1 picks the last


def _weights(weights: object, rows: int) -> FloatArray:
    values = _one_per_row(weights, "weights", rows)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise memory_error("weights has a value that is not a number") from error


def _array_digest(array: FeatureArray) -> bytes:
    """SHA-256 of type, shape and numbers; the order in memory does not count."""
    source = array.stored
    if not isinstance(source, ArrayInMemory):
        raise ValueError("the array is in a file")
    values = source.values
    digest = hashlib.sha256(f"array\0{values.dtype.str[1:]}\0{values.shape}\0".encode())
    for start in range(0, len(values), DIGEST_ROWS):
        digest.update(number_bytes(values[start : start + DIGEST_ROWS]))
    return digest.digest()
