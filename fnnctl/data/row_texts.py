"""The cells of a few rows as texts for a reader: numbers and dates as they were read, categories as they
are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.columns.formats.base import ColumnFormat, number_text
from fnnctl.data.dataset import Columns

SINGLE_DIGITS = 7
"""The digits that a float32 has."""


def row_texts(
    columns: Columns, rows: IntArray, formats: Mapping[str, ColumnFormat], order: Sequence[str] = ()
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The names of the table's columns, and the texts of each of n rows, empty if missing.

    Columns that `order` names come first, as there; then numeric and categorical ones. With the `formats` of
    the table, a date is one text and not its parts.
    """
    numbers = columns.numbers(rows)
    digits = SINGLE_DIGITS if columns.numeric.dtype == np.float32 else None
    position = {name: j for j, name in enumerate(columns.numeric_names)}
    dates = {
        name: [position[part] for part in parts]
        for name, parts in columns.expansions.items()
        if name in formats and position.keys() >= set(parts)
    }
    joined = {part: name for name in dates for part in columns.expansions[name]}
    cells: dict[str, list[str]] = {}
    for j, part in enumerate(columns.numeric_names):
        name = joined.get(part, part)
        if name not in dates:
            cells[name] = [number_text(number, digits) for number in numbers[:, j].tolist()]
        elif name not in cells:
            cells[name] = [formats[name].text(values) for values in numbers[:, dates[name]].tolist()]
    for j, name in enumerate(columns.categorical_names):
        categories = columns.categories[j]
        codes = columns.categorical[rows, j].tolist()
        cells[name] = ["" if code < 0 else categories[code] for code in codes]
    names = tuple(dict.fromkeys([*(name for name in order if name in cells), *cells]))
    return names, list(zip(*(cells[name] for name in names), strict=True))
