"""The columns of a table as inputs of a graph, and the features that the preprocessing makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, Literal

import numpy as np

from fnnctl.data.columns.conversion import categories_by_number
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.columns.numbers import numbers_among, with_other_texts
from fnnctl.data.preprocessing import CategoryFeatures, Preprocessor
from fnnctl.data.tables.blocks import NULL
from fnnctl.data.tables.open_table import missing_texts
from fnnctl.export.onnx.graph import ML, Graph
from fnnctl.export.onnx.interpolation import segments
from fnnctl.modelling.model_description import TableFormat

EMPTY: Final = ""
"""The text of a missing value, unless it is a category."""
TEXT: Final = "text, without blanks around it"
"""What an input of texts takes."""


@dataclass(frozen=True, slots=True)
class InputColumn:
    """An input of the graph."""

    name: str
    kind: Literal["number", "text"]
    source: str
    """The column of the table that it is made from."""
    description: str | None
    """What the table's texts become, in words; None if they go in as they are."""


def input_columns(preprocessor: Preprocessor, table: TableFormat) -> list[InputColumn]:
    """The inputs: the columns that the network reads, those of numbers first."""
    source = {part: name for name, form in table.formats.items() for part in form.columns(name)}

    def column(name: str, kind: Literal["number", "text"]) -> InputColumn:
        table_name = source.get(name, name)
        form = table.formats.get(table_name)
        return InputColumn(
            name, kind, table_name, None if form is None else form.description(table_name, name)
        )

    numbers = [column(number.name, "number") for number in preprocessor.numbers]
    return [*numbers, *(column(category.name, "text") for category in preprocessor.categories)]


@dataclass(frozen=True, slots=True)
class GraphFeatures:
    """The features of a network."""

    values: str | None
    """(rows, values), in the network's precision; None if there are none."""
    coordinates: str | None
    """The coordinates of numbers among their bins, (rows, numbers); None if there are none."""
    codes: str | None
    """The codes of categories that have statistics, (rows, columns), int64; None if there are none."""


class Preprocessing:
    """Adds the inputs of a graph, and the features that one or several preprocessors make of them."""

    def __init__(self, graph: Graph, columns: Sequence[InputColumn], table: TableFormat) -> None:
        """All preprocessors read these columns."""
        self._graph, self._table = graph, table
        for column in columns:
            kind = TEXT if column.kind == "text" else column.kind
            graph.input(column.name, column.kind, column.description or kind)
        numbers = [column.name for column in columns if column.kind == "number"]
        self._numbers = concatenate(graph, numbers, axis=1) if numbers else None
        self._missing = None if self._numbers is None else self._missing_numbers(self._numbers, numbers)
        self._made: list[tuple[Preprocessor, np.dtype[np.floating], GraphFeatures]] = []

    def features(self, preprocessor: Preprocessor, dtype: np.dtype[np.floating]) -> GraphFeatures:
        """The features in this precision; those of equal preprocessors are computed once."""
        for known, precision, features in self._made:
            if (known, precision) == (preprocessor, dtype):
                return features
        pieces, coordinates = self._of_numbers(preprocessor, dtype)
        pieces += self._of_categories(preprocessor.categories, dtype)
        codes = [self._codes(column) for column in preprocessor.coded]
        values, all_codes = (
            concatenate(self._graph, tensors, axis=1) if tensors else None for tensors in (pieces, codes)
        )
        features = GraphFeatures(values, coordinates, all_codes)
        self._made.append((preprocessor, dtype, features))
        return features

    def _missing_numbers(self, numbers: str, names: Sequence[str]) -> str:
        """Which numbers are missing, (rows, numbers): NaN, and a column's codes."""
        graph, missing = self._graph, self._graph.add("IsNaN", numbers)
        codes = [missing_codes(self._table, name) for name in names]
        for some in zip_longest(*codes, fillvalue=np.nan):  # nothing equals NaN
            missing = graph.add("Or", missing, graph.add("Equal", numbers, np.array([some])))
        return missing

    def _of_numbers(
        self, preprocessor: Preprocessor, dtype: np.dtype[np.floating]
    ) -> tuple[list[str], str | None]:
        """The scaled numbers and their indicators, and the coordinates."""
        graph, numbers = self._graph, preprocessor.numbers
        if self._numbers is None or self._missing is None:
            return [], None
        fill = np.array([number.fill for number in numbers])
        values = graph.add("Where", self._missing, fill, self._numbers)
        centred = graph.add("Sub", values, np.array([number.centre for number in numbers]))
        scaled = graph.add("Div", centred, np.array([number.spread for number in numbers]))
        largest = np.float64(np.finfo(dtype).max)
        pieces = [graph.cast(graph.add("Clip", scaled, -largest, largest), dtype)]
        if indicators := [j for j, number in enumerate(numbers) if number.indicator]:
            flags = graph.add("Gather", self._missing, np.array(indicators, np.int64), axis=1)
            pieces.append(graph.cast(flags, dtype))
        if not preprocessor.binned:
            return pieces, None
        edges = [np.array(number.edges, np.float64) for number in numbers]
        bins, _ = segments(graph, values, edges)
        coordinates = graph.add("Add", graph.cast(bins.number, np.float64), bins.fraction)
        return pieces, graph.cast(coordinates, dtype)

    def _of_categories(self, columns: Sequence[CategoryFeatures], dtype: np.dtype[np.floating]) -> list[str]:
        """The categories' features, as one tensor; none if no column has any."""
        graph, hot = self._graph, []
        for column in columns:
            if not column.features:
                continue
            codes = self._places(column)
            places = np.arange(len(column.features), dtype=np.int64)
            hot.append(graph.add("Equal", codes, places[None]))
        return [graph.cast(concatenate(graph, hot, axis=1), dtype)] if hot else []

    def _places(self, column: CategoryFeatures) -> str:
        """The feature that is 1 for each text of a column, (rows, 1); -1 if there is none."""
        missing = len(column.features) - 1 if column.indicator else -1
        other = len(column.categories) if column.others else -1
        return self._encoded(column, column.categories, missing=missing, other=other)

    def _codes(self, column: CategoryFeatures) -> str:
        """The code of each text of a column, (rows, 1)."""
        missing, other = column.last_codes
        return self._encoded(column, column.coded, missing=missing, other=other)

    def _encoded(
        self, column: CategoryFeatures, categories: Sequence[str], *, missing: int, other: int
    ) -> str:
        """The number of each text of a column among the categories, (rows, 1)."""
        table, form = self._table, self._table.formats.get(column.name)
        number_of = category_numbers(categories, table.missing_values, form, missing=missing, other=other)
        return self._graph.add(
            "LabelEncoder",
            column.name,
            domain=ML,
            keys_strings=list(number_of),
            values_int64s=list(number_of.values()),
            default_int64=other,
        )


def category_numbers(
    categories: Sequence[str],
    missing_values: Sequence[str],
    form: ColumnFormat | None,
    *,
    missing: int,
    other: int,
) -> Mapping[str, int]:
    """The number of each text: of categories their index, of their spellings the same, and that of gaps.

    All texts that are left out are `other` categories. The spellings of a number are `1` and `1.0`, as most
    programs write it: no operator of this version finds all that are equal, and none removes the blanks
    around a text.
    """
    codes = {category: index for index, category in enumerate(categories)}
    for text in (EMPTY, *sorted(missing_texts(missing_values) - {NULL})):
        codes.setdefault(text, missing)
    if form is not None:
        for text in form.spellings():
            codes.setdefault(text, codes.get(form.label(text), other))
    for category in categories_by_number(categories).values():
        for text in with_other_texts(frozenset([category])):
            codes.setdefault(text, codes[category])
    return codes


def concatenate(graph: Graph, tensors: Sequence[str], *, axis: int) -> str:
    """Several tensors as one."""
    return tensors[0] if len(tensors) == 1 else graph.add("Concat", *tensors, axis=axis)


def missing_codes(table: TableFormat, name: str) -> tuple[float, ...]:
    """The numbers that stand for a missing value of a column, such as -999."""
    for source, form in table.formats.items():
        if name in form.columns(source) and not form.keeps_numbers:
            return ()
    return numbers_among(missing_texts(table.missing_values))


def missing_text(column: CategoryFeatures, missing_values: Sequence[str]) -> str:
    """The text of a missing value: the empty one, unless it is a category."""
    if EMPTY not in column.known:
        return EMPTY
    return next(iter(sorted(missing_texts(missing_values) - {NULL})), EMPTY)
