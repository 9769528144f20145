"""Judges the column of labels: fnnctl classifies, so there must be a few classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.tables.numbers import ordered, plain_number
from fnnctl.text import counted, shown

MANY_VALUES = 20


def target_fault(name: str, classes: Sequence[str], counts: IntArray) -> str | None:
    """Say in words why the label column `name` cannot be learned as classes, or return None.

    `counts` (C,) are the rows of each of the C `classes`. Numbers are taken to be continuous

    - when they have fractions, and there are more than twenty of them or most occur once;
    - when they are whole, there are more than twenty of them, most occur once, and a number has fewer
      than ten rows on average.

    So a thousand whole numbers with two rows each are classes, and so are half-stars from 0.5 to 5.
    """
    label = f"the target {shown(name)}"
    if len(classes) == 0:
        return f"{label} has no value in any row"
    if len(classes) == 1:
        return (
            f"{label} has one class only, {shown(classes[0])}: there is nothing to tell apart "
            "(what stands in data.missing_values is no class)"
        )
    rows = int(counts.sum())
    many = len(classes) > MANY_VALUES
    mostly_once = 2 * int(np.count_nonzero(counts == 1)) > len(classes)
    numbers = [number for text in classes if (number := plain_number(text)) is not None]
    if len(numbers) < len(classes):
        if many and len(classes) == rows:
            return f"{label} has another value in every row: it looks like a name, and fnnctl needs classes"
        return None
    fractions = not all(number.is_integer() for number in numbers)
    if (fractions and (many or mostly_once)) or (many and mostly_once and 10 * len(classes) > rows):
        examples = ", ".join(ordered(classes)[:3])
        return (
            f"{label} holds continuous numbers ({len(classes):,} distinct values: {examples}, …), and fnnctl "
            "classifies: name another column, or put the numbers into a few classes first"
        )
    return None


def same_number_twice(name: str, classes: Sequence[str]) -> list[str]:
    """Warn of classes that are one number written in two ways, such as `1` and `1.0`."""
    written: dict[float, str] = {}
    warnings = []
    for text in ordered(classes):
        number = plain_number(text)
        if number is None:
            continue
        if number in written:
            pair = f"{shown(written[number])} and {shown(text)}"
            warnings.append(f"the target {shown(name)} has classes {pair}, which are the same number")
        written[number] = text
    return warnings


def weights_fault(weights: FloatArray) -> tuple[int | None, str] | None:
    """Why the rows' weights (n,), NaN where missing, cannot be used, and the first such row; or None."""
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
