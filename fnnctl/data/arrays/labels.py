"""The labels of an array as texts, whether they are integers, booleans, floats or texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.data.arrays.archives import LABELS
from fnnctl.data.arrays.stored_array import StoredArray, fault
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.numbers import ordered


def labels_of(stored: StoredArray) -> CodedTexts:
    """Read (N,) or (N, 1) labels as codes into their sorted texts.

    2.0 is the text `2`, as 2 is. Raises DataError for another shape, and if a row has no label.
    """
    shape = stored.header.shape
    if len(shape) != 1 and shape[1:] != (1,):
        one_hot = f" (of rows that are 1 at their class, {LABELS}.argmax(axis=1) is that)"
        hint = one_hot if len(shape) == 2 else ""
        raise fault(stored.place, f"has the shape {shape}, and one label a row is needed{hint}")
    labels = np.empty(shape[0], np.intp)
    distinct = np.empty(0, stored.header.dtype)
    for start, block in _blocks(stored):
        _refuse_missing(block, start, stored.place)
        distinct = np.union1d(distinct, block)
    try:
        texts = [_text(value) for value in distinct.tolist()]
    except UnicodeDecodeError as error:
        raise fault(stored.place, f"is not UTF-8 ({error}): save an array of type str") from error
    classes = ordered(set(texts))
    position = {text: code for code, text in enumerate(classes)}
    recode = np.array([position[text] for text in texts], np.intp)
    for start, block in _blocks(stored):
        labels[start : start + len(block)] = recode[np.searchsorted(distinct, block)]
    return CodedTexts(labels, classes, (None,) * len(classes))


def _blocks(stored: StoredArray) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """The labels block by block, each with the number of its first row."""
    start = 0
    for block in stored.blocks():
        yield start, block.reshape(-1)
        start += len(block)


def _refuse_missing(labels: npt.NDArray[Any], start: int, place: str) -> None:
    if labels.dtype.kind == "f":
        missing = ~np.isfinite(labels)
    elif labels.dtype.kind in "US":
        missing = np.strings.str_len(np.strings.strip(labels)) == 0
    else:
        return
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        which = f"{LABELS}[{start + row}] is {labels[row] if labels.dtype.kind == 'f' else 'blank'}"
        raise fault(place, f"has no label in every row: {which}; leave such rows out")


def _text(value: bool | float | str | bytes) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return (value.decode() if isinstance(value, bytes) else str(value)).strip()
