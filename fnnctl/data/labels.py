"""The labels of an array as classes: whole numbers, truth values and texts, each as its text."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.archives import LABELS, StoredArray
from fnnctl.data.npy import fault
from fnnctl.data.numbers import ordered
from fnnctl.data.text import counted


def labels_of(stored: StoredArray) -> tuple[IntArray, tuple[str, ...]]:
    """Read (N,) or (N, 1) labels as indices into the sorted classes, and those.

    2.0 is the class `2`, as 2 is. Raises DataError for another shape, and where a row has no label.
    """
    shape = stored.header.shape
    if len(shape) != 1 and shape[1:] != (1,):
        one_hot = f" (of rows that are 1 at their class, {LABELS}.argmax(axis=1) is that)"
        hint = one_hot if len(shape) == 2 else ""
        raise fault(stored.place, f"has the shape {shape}, and one label a row is needed{hint}")
    values = stored.whole().reshape(-1)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        wrong = np.flatnonzero(~np.isfinite(values))
        rows = counted(len(wrong), "row")
        raise fault(
            stored.place,
            f"has {rows} without a label ({LABELS}[{wrong[0]}] is {values[wrong[0]]}): leave them out",
        )
    distinct, codes = np.unique(values, return_inverse=True)
    try:
        texts = [_text(value) for value in distinct.tolist()]
    except UnicodeDecodeError as error:
        raise fault(stored.place, f"is not UTF-8 ({error}): save an array of type str") from error
    if "" in texts:
        first = int(np.flatnonzero(codes == texts.index(""))[0])
        raise fault(stored.place, f"has rows without a label ({LABELS}[{first}] is blank): leave them out")
    classes = ordered(set(texts))
    position = {text: code for code, text in enumerate(classes)}
    recode = np.array([position[text] for text in texts], np.intp)
    return recode[codes], classes


def _text(value: bool | float | str | bytes) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return (value.decode() if isinstance(value, bytes) else str(value)).strip()
