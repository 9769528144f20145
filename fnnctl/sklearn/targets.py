"""The targets of an estimator: their names in an experiment, and the texts of their classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.data.feature_array import label_text
from fnnctl.data.tables.memory_table import is_frame


def column_names(frame: Any) -> list[Any]:
    """The names of a data frame's columns; those of an Arrow table are not its `columns`."""
    return list(frame.column_names if hasattr(type(frame), "column_names") else frame.columns)


def as_text(name: Any) -> str:
    """A column's name in an experiment."""
    return str(name).strip()


def with_columns(frame: Any, used: Sequence[str]) -> Any:
    """The data frame, of any library, without its other columns."""
    names = column_names(frame)
    selection = [name for name in names if as_text(name) in used]
    if len(selection) == len(names):
        return frame
    return frame.select(selection) if hasattr(type(frame), "select") else frame[selection]


def dense(y: Any) -> Any:
    """The targets, of a sparse matrix as an array; raises ValueError if some are masked."""
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        raise ValueError("y has masked values: leave out their rows")
    return y.toarray() if hasattr(y, "toarray") and len(getattr(y, "shape", ())) == 2 else y


def target_columns(y: Any) -> list[npt.NDArray[Any]]:
    """The values of each of several targets, (n,); none if `y` has one.

    Raises ValueError if columns have one name, or if there are more than two axes.
    """
    if is_frame(y):
        names = column_names(y)
        if repeated := [name for name in names if names.count(name) > 1]:
            raise ValueError(
                f"y has several columns {as_text(repeated[0])!r}: rename them, or leave all but one out"
            )
        return [np.asarray(y[name]) for name in names] if len(names) > 1 else []
    values = y if hasattr(y, "shape") else np.asarray(y) if _is_table(y) else None
    if values is not None and len(values.shape) > 2:
        shape = f"an array with {len(values.shape)} axes"
        raise ValueError(f"y is {shape}: pass (n,), or (n, T) for T targets")
    if values is None or len(values.shape) != 2 or values.shape[1] < 2:
        return []
    return [*np.asarray(values).T]


def _is_table(y: Any) -> bool:
    """Whether a list has rows of one length."""
    rows = y if isinstance(y, list | tuple) else ()
    return len({len(row) if isinstance(row, list | tuple | np.ndarray) else 0 for row in rows}) == 1


def target_names(y: Any, count: int, columns: Sequence[str]) -> list[str]:
    """The name of a series, those of a data frame, or `y` or y0, y1, …, and no column's."""
    if count > 1 and is_frame(y):
        names = [as_text(name) or "y" for name in column_names(y)]
    elif count > 1:
        names = [f"y{number}" for number in range(count)]
    else:
        name = getattr(y, "name", None)
        names = [(isinstance(name, str) and name.strip()) or "y"]
    taken, free_names = {*columns}, []
    for name in names:
        free = name
        while free in taken:
            free += "_"
        taken.add(free)
        free_names.append(free)
    return free_names


@dataclass(frozen=True)
class ClassTarget:
    """One of several targets of classes."""

    name: str
    """In the experiment."""
    classes: npt.NDArray[Any]
    """Sorted; a single one is predicted without a network."""
    texts: list[str]
    """Of the classes, in the experiment."""

    def extended(self, classes: npt.NDArray[Any]) -> ClassTarget:
        """The target with further classes; those that it has keep their texts."""
        text_of = dict(zip(self.classes.tolist(), self.texts, strict=True))
        for label in classes.tolist():
            if label not in text_of:
                text_of[label] = free_text(label, text_of.values())
        all_classes = np.union1d(self.classes, classes) if len(text_of) > len(self.texts) else self.classes
        texts = [text_of[label] for label in all_classes.tolist()]
        return ClassTarget(self.name, all_classes, texts)

    def encoded(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The texts of labels, (n,)."""
        return np.array(self.texts, object)[np.searchsorted(self.classes, labels)]

    def decoded(self, texts: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The labels of predicted texts, (n,)."""
        number_of = {text: number for number, text in enumerate(self.texts)}
        return self.classes[[number_of[text] for text in texts.tolist()]]


def is_indicator(columns: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether all targets have the values 0 and 1, or false and true, alone."""
    return all(column.dtype.kind in "biuf" and bool(np.isin(column, (0, 1)).all()) for column in columns)


def stacked(columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """(n, T) from T columns, of objects if texts are among other values."""
    kinds = {column.dtype.kind in "biuf" for column in columns}
    return np.stack([column.astype(object) if len(kinds) > 1 else column for column in columns], axis=1)


def is_numeric(classes: npt.NDArray[Any]) -> bool:
    """Whether classes are numbers."""
    return classes.dtype.kind in "biuf"


def free_text(label: Any, taken: Iterable[str]) -> str:
    """The text of a further class, which no other one has and which stands for no missing value."""
    text, taken = label_text(label), {*taken, *DEFAULT_MISSING_VALUES}
    while text in taken:
        text += "_"
    return text


def class_texts(classes: npt.NDArray[Any]) -> list[str]:
    """A text per class: its own, or its number where some would be equal or stand for a missing value."""
    texts = [label_text(label) for label in classes.tolist()]
    is_clear = len({*texts}) == len(texts) and not {*texts} & {*DEFAULT_MISSING_VALUES}
    return texts if is_clear else [str(number) for number in range(len(texts))]
