"""Numbers that say something about the rows, and are no features: their weights, and their exposures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.numbers import number_problem
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import Column
from fnnctl.data.tables.column_readers import NumberColumn
from fnnctl.text import counted, quoted

LARGEST: Final = 1e30
"""The square of its product with a target is finite."""


def note_wrong_exposures(
    exposures: FloatArray,
    name: str,
    problems: Problems,
    *,
    lines: Sequence[int] | IntArray | None,
    first: int = 0,
) -> None:
    """Note the first of the exposures (n,), NaN if missing, that cannot be used, and how many there are.

    They say how long, or how much, each row was observed.

    Args:
        exposures: Those of the rows.
        name: The column.
        problems: Gets the problem.
        lines: The lines of the rows in their file; None if it has no lines.
        first: The number of the first row, from 0.
    """
    found = _first_wrong(exposures)
    if found is None:
        return
    row, message = found
    line = None if lines is None else int(lines[row])
    if line is None:
        message = f"{message} (the first is row {first + row}, counted from 0)"
    problems.add(f"the column {quoted(name)}, which data.exposure names, {message}", line=line)


def _first_wrong(exposures: FloatArray) -> tuple[int, str] | None:
    missing, low = np.flatnonzero(np.isnan(exposures)), np.flatnonzero(exposures <= 0.0)
    if missing.size:
        without = f"has {counted(missing.size, 'row')} without a value"
        return int(missing[0]), f"{without}: fill them in, or leave the rows out"
    if low.size:
        row = int(low[0])
        return row, f"has {exposures[row]:g} in {counted(low.size, 'row')}: exposures must be above 0"
    extreme = np.flatnonzero((exposures > LARGEST) | (exposures < 1.0 / LARGEST))
    if extreme.size:
        row = int(extreme[0])
        return row, f"has {exposures[row]:g}: use a unit in which exposures are nearer to 1"
    return None


def read_exposures(
    column: Column,
    name: str,
    missing: frozenset[str],
    problems: Problems,
    *,
    lines: Sequence[int],
    first: int,
) -> FloatArray:
    """The exposures of a block of new rows, (n,); the first one that cannot be used is noted."""
    reader = NumberColumn(missing)
    exposures: FloatArray = reader.read(column.texts(), lines)
    if (text := reader.value_counts().first) is not None:
        problems.add(f"column {quoted(name)}: {number_problem(text[1])}", line=text[0])
    else:
        note_wrong_exposures(exposures, name, problems, lines=lines, first=first)
    return exposures


def weights_problem(weights: FloatArray) -> tuple[int | None, str] | None:
    """The first bad row and why the weights (n,), NaN if missing, cannot be used; None if they can."""
    missing, negative = np.flatnonzero(np.isnan(weights)), np.flatnonzero(weights < 0.0)
    if missing.size:
        without = f"has {counted(missing.size, 'row')} without a value"
        return int(missing[0]), f"{without}: fill in 1, or leave the rows out"
    if negative.size:
        first = int(negative[0])
        return first, f"has a negative number, {weights[first]:g}: weights must be 0 or more"
    with np.errstate(over="ignore"):
        if not np.isfinite(weights.sum()):
            largest = int(np.argmax(weights))
            return (
                largest,
                f"has numbers up to {weights[largest]:g}, whose sum is infinite: divide all by 1e300",
            )
    if weights.size and not weights.any():
        return None, "has only zeros: at least one weight must be above 0"
    return None
