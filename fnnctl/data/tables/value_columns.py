"""Columns of Python's own values, as JSON Lines, databases and workbooks have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import cast

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.tables.blocks import NULL, Column, TextValues, UnusableValues
from fnnctl.data.tables.memory_columns import object_text


@dataclass(frozen=True, slots=True)
class PythonValues:
    """Values that are not texts alone: a `Column`."""

    values: Sequence[object]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> PythonValues:
        """Some consecutive rows."""
        return PythonValues(self.values[rows])

    def texts(self) -> Sequence[str]:
        """Numbers as Python writes them: 7 and 7.0 are different categories."""
        return [object_text(value) or "" for value in self.values]

    def numbers(self) -> FloatArray | None:
        """The numbers, if there are only numbers and nulls."""
        kinds = set(map(type, self.values))
        if not kinds & {int, float} or kinds - {int, float, NoneType}:
            return None
        try:
            return np.array(self.values, np.float64)  # a null becomes NaN
        except OverflowError:  # an integer beyond float64
            return None


def value_column(values: Sequence[object], lines: Sequence[int], unusable: Mapping[type, str]) -> Column:
    """The column of values that are in these lines; `unusable` names the types that no column may have."""
    kinds = set(map(type, values))
    for kind, name in unusable.items():
        if kind in kinds:
            row = next(row for row, value in enumerate(values) if type(value) is kind)
            return UnusableValues(len(values), name, lines[row])
    if kinds <= {str, NoneType}:
        texts = values if NoneType not in kinds else [NULL if value is None else value for value in values]
        return TextValues(cast(Sequence[str], texts))
    return PythonValues(values)
