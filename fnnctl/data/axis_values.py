"""The values of a column of the table as texts for a reader, and as places on an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.formats.base import ColumnFormat, number_text
from fnnctl.data.dataset import Columns
from fnnctl.data.row_texts import SINGLE_DIGITS
from fnnctl.metrics.partial_dependence import AxisKind, Grid, GridRows
from fnnctl.text import natural_key


@dataclass(frozen=True, slots=True)
class AxisValues:
    """The values of a column in n rows."""

    axis: AxisKind
    texts: Sequence[str]
    """(n,) as `row_texts` has them; empty if missing."""
    positions: FloatArray
    """(n,) where they are on the axis; NaN if missing, and for categories."""

    @classmethod
    def of(cls, columns: Columns, rows: IntArray, formats: Mapping[str, ColumnFormat], name: str) -> Self:
        """The values of the table's column `name` in some rows, (n,). `formats` are those of the table."""
        if name in columns.categorical_names:
            index = columns.categorical_names.index(name)
            texts = (*columns.categories[index], "")  # the code of a missing value, -1, picks the last one
            codes = columns.categorical[rows, index].tolist()
            return cls("category", [texts[code] for code in codes], np.full(len(rows), np.nan))
        parts = columns.expansions.get(name, (name,))
        numbers = columns.numbers(rows, [columns.numeric_names.index(part) for part in parts])
        if name in columns.expansions:
            form = formats[name]
            return cls(form.axis, [*map(form.text, numbers.tolist())], form.positions(numbers))
        digits = SINGLE_DIGITS if columns.numeric.dtype == np.float32 else None
        values = numbers[:, 0]
        return cls("number", [number_text(value, digits) for value in values.tolist()], values)

    @classmethod
    def concatenate(cls, pieces: Sequence[AxisValues]) -> Self:
        """The values of several blocks of rows."""
        texts = [text for piece in pieces for text in piece.texts]
        return cls(pieces[0].axis, texts, np.concatenate([piece.positions for piece in pieces]))

    def grid(self, column: str, most: int) -> tuple[Grid, GridRows]:
        """The grid of a curve over at most so many numbers, or over the most frequent categories."""
        if self.axis == "category":
            known = sorted({*self.texts} - {""}, key=natural_key)
            code_of = {"": -1, **{text: code for code, text in enumerate(known)}}
            rows = GridRows.of_codes(np.array([code_of[text] for text in self.texts]))
            positions: FloatArray = np.arange(len(rows.donors), dtype=np.float64)
        else:
            rows = GridRows.of_numbers(self.positions, most)
            positions = self.positions[rows.donors]
        texts = tuple(self.texts[donor] for donor in rows.donors.tolist())
        places = tuple(np.where(np.array(texts) == "", np.nan, positions).tolist())
        return Grid(column, self.axis, texts, places, rows.distinct), rows
