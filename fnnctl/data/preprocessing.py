"""Turns columns into features: imputation, scaling, one-hot encoding, coordinates among bins, and codes.

The order of the features: the numeric columns; an indicator for each numeric column with missing values in
the training rows; then, for each categorical column, its categories, all its other values together if they
are too many, and an indicator if it has missing values there; then the numbers' coordinates among their bins,
if the network embeds them; then the codes of the categorical columns that have statistics of the target in
the network. Only the numeric columns are scaled; indicators and categories are 0 or 1. `fitting` fits all of
it to the training rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.messages.document_errors import first_problem
from fnnctl.data.columns.conversion import categories_by_number, known_spelling
from fnnctl.data.dataset import Columns
from fnnctl.text import quoted

LARGEST = 1e300
"""Edges beyond it are drawn in, so that differences between them are finite."""
BLOCK_VALUES = 2**17
MOST_COMPARED = 2**11
"""Up to so many comparisons per column, all edges are compared with: for a single row, searching each column
takes a third of the time of a prediction."""
EXACTLY = ConfigDict(extra="forbid", allow_inf_nan=False)
"""Validation when features are read back: no unknown keys, no infinities."""


def bin_edges(values: FloatArray, bins: int) -> list[FloatArray]:
    """The edges of at most `bins` bins for each of the columns (c, n): their distinct quantiles, n >= 1."""
    levels = np.linspace(0.0, 1.0, bins + 1)
    quantiles = np.quantile(np.clip(values, -LARGEST, LARGEST), levels, axis=1)
    return [np.unique(column) for column in quantiles.T]


def edges_around_values(values: FloatArray, bins: int) -> FloatArray:
    """The edges of about `bins` bins of a column (n,), n >= 1: midway between its distinct values.

    A value in more than n / bins rows has a bin of its own; the others share bins of about equally many rows.
    There are fewer than twice `bins`: that many only if rare values lie between frequent ones everywhere.
    """
    distinct, counts = np.unique(np.clip(values, -LARGEST, LARGEST), return_counts=True)
    if len(distinct) > bins:
        is_heavy = counts > len(values) / bins
        shared = max(1, bins - 2 * np.count_nonzero(is_heavy))
        light = np.where(is_heavy, 0, counts)
        rows = np.cumsum(light) - 0.5 * light
        group = np.floor(rows * (shared / max(1, light.sum())))
        begins = (np.diff(group) > 0) | is_heavy[1:] | is_heavy[:-1]
    else:
        begins = np.ones(len(distinct) - 1, np.bool_)
    lower, upper = distinct[:-1][begins], distinct[1:][begins]
    return np.unique([distinct[0], *(lower + 0.5 * (upper - lower)), distinct[-1]])


class Bins:
    """The bins of p numeric columns, which may have different numbers of bins."""

    def __init__(self, edges: Sequence[FloatArray]) -> None:
        """`edges` are those of each column, ascending; a column with fewer than two has no bin."""
        width = max(2, *map(len, edges))
        table = np.full((len(edges), width), np.inf)
        for row, column_edges in zip(table, edges, strict=True):
            row[: len(column_edges)] = column_edges
        has_bins = np.array([len(column_edges) > 1 for column_edges in edges])
        table[~has_bins, :2] = 0.0, 1.0
        self._first = table[:, 0]
        self._last = np.array([column[-1] if len(column) > 1 else 0.0 for column in edges])
        self._edges = table.ravel()
        self._starts = np.arange(len(edges)) * width
        self._inner = table[:, 1:].copy()
        """(p, width − 1): where a further bin begins, then infinities."""
        self._inner[self._inner == self._last[:, None]] = np.inf

    def __len__(self) -> int:
        return len(self._first)

    def coordinates(self, numbers: FloatArray) -> FloatArray:
        """i + t for numbers (n, p) at the fraction t of bin i of their column, counted from 0.

        Numbers beyond the outer edges are moved to them. Without a bin all coordinates are 0.
        """
        inside = np.clip(numbers, self._first, self._last)
        if len(numbers) * self._inner.shape[1] <= MOST_COMPARED:
            bins = (inside[:, :, None] >= self._inner).sum(axis=2)
        else:
            pairs = zip(self._inner, inside.T, strict=True)
            bins = np.stack([np.searchsorted(inner, column, side="right") for inner, column in pairs], axis=1)
        places = bins + self._starts
        low = self._edges[places]
        coordinates: FloatArray = bins + (inside - low) / (self._edges[places + 1] - low)
        return coordinates


@dataclass(frozen=True, slots=True)
class NumberFeature:
    """A numeric column: (x − centre) / spread, with `fill` for a missing x."""

    __pydantic_config__: ClassVar = EXACTLY
    name: str
    fill: float
    centre: float
    spread: Annotated[float, Field(gt=0.0)]
    indicator: bool
    """Whether a second feature indicates that the value was missing."""
    edges: tuple[float, ...] | None = None
    """The edges of its bins, ascending; None if it has no coordinate among bins."""
    range: tuple[float, float] | None = None
    """Its smallest and its largest number in the training rows; None if it has none, and in older models."""


@dataclass(frozen=True, slots=True)
class CategoryFeatures:
    """A categorical column: one feature per category in the training rows, or per frequent one."""

    __pydantic_config__: ClassVar = EXACTLY
    name: str
    categories: tuple[str, ...]
    indicator: bool
    """Whether the last feature indicates that the value was missing."""
    others: bool = False
    """Whether a feature after those of the categories indicates any other value, known or unknown."""
    coded: tuple[str, ...] = ()
    """The values with a code of their own, by which the network finds their statistics of the target; empty
    if the column has no codes. After theirs comes the code of a missing value, if the column has an
    indicator, and last that of any other value."""

    @property
    def has_rare(self) -> bool:
        """Whether some categories of the training rows may have no feature of their own."""
        return self.others or bool(self.coded and not self.categories)

    @property
    def codes(self) -> int:
        """The number of codes."""
        return len(self.coded) + int(self.indicator) + 1 if self.coded else 0

    @property
    def last_codes(self) -> tuple[int, int]:
        """Of a coded column: the codes of a missing value and of any other value."""
        return self.codes - 1 - int(self.indicator), self.codes - 1

    @property
    def known(self) -> tuple[str, ...]:
        """The values that are told apart from any other value, by a feature or by a code."""
        return tuple(dict.fromkeys((*self.categories, *self.coded)))

    @property
    def features(self) -> tuple[str, ...]:
        """The features' names, in order; only those of categories have a `=` after the column's name."""
        return (
            *(f"{self.name}={category}" for category in self.categories),
            *((f"{self.name} other",) if self.others else ()),
            *((f"{self.name} missing",) if self.indicator else ()),
        )


@dataclass(frozen=True, slots=True)
class _Description:
    """What `Preprocessor.to_dict` returns."""

    numeric: tuple[NumberFeature, ...]
    categorical: tuple[CategoryFeatures, ...]


@cache
def _reader() -> TypeAdapter[_Description]:
    """Reads a description. It is made only for saved models, because that takes long."""
    return TypeAdapter(_Description)


@dataclass(frozen=True)
class Preprocessor:
    """A fitted preprocessor; it finds its columns in a data set by name."""

    numbers: tuple[NumberFeature, ...]
    categories: tuple[CategoryFeatures, ...]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the transformed matrix's columns, in order."""
        names = [number.name for number in self.numbers]
        names += [f"{number.name} missing" for number in self.numbers if number.indicator]
        names += [feature for column in self.categories for feature in column.features]
        names += [f"{number.name} bin" for number in self.numbers] if self.binned else []
        names += [f"{column.name} code" for column in self.coded]
        return tuple(names)

    @property
    def feature_indices(self) -> dict[str, IntArray]:
        """The indices of each column's features, (k,), by the column's name; numeric columns come first."""
        indices_of = {number.name: [j] for j, number in enumerate(self.numbers)}
        index = len(self.numbers)
        for number in self.numbers:
            if number.indicator:
                indices_of[number.name].append(index)
                index += 1
        for column in self.categories:
            end = index + len(column.features)
            indices_of[column.name] = [*range(index, end)]
            index = end
        if self.binned:
            for number in self.numbers:
                indices_of[number.name].append(index)
                index += 1
        for column in self.coded:
            indices_of[column.name].append(index)
            index += 1
        return {name: np.array(indices, np.intp) for name, indices in indices_of.items()}

    @property
    def binned(self) -> bool:
        """Whether the numbers' coordinates among their bins are features."""
        return any(number.edges is not None for number in self.numbers)

    @property
    def coded(self) -> tuple[CategoryFeatures, ...]:
        """The categorical columns whose codes are features."""
        return tuple(column for column in self.categories if column.coded)

    def transform(self, dataset: Columns, rows: IntArray, out: FloatArray) -> None:
        """Write the features of `rows` (n,) into `out` (n, len(features)), float32 or float64.

        Computed in float64, a block of rows at a time. For a category that is not in the training rows, all
        features of its column are 0, unless one of them is for all other values. A number too large for `out`
        becomes the largest finite number of the same sign: an infinity would turn the weights into NaN.
        """
        self.of(dataset).write(rows, out)

    def of(self, dataset: Columns) -> Features:
        """The features of a data set, to be computed for many blocks of its rows."""
        return Features.of(self, dataset)

    def to_dict(self) -> dict[str, Any]:
        """Describe it in values that JSON represents exactly."""
        return asdict(_Description(self.numbers, self.categories))

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> Preprocessor:
        """Rebuild it from what `to_dict` returned, even after conversion to JSON text and back.

        Raises ValueError, which names the location, for anything that `to_dict` would not return.
        """
        try:
            read = _reader().validate_json(json.dumps(description), strict=True)
        except ValidationError as error:
            raise ValueError(first_problem(error)) from error
        numbers, categories = read.numeric, read.categorical
        _check_edges(numbers)
        _refuse_repetition(
            [*(feature.name for feature in numbers), *(feature.name for feature in categories)]
        )
        for column in categories:
            _refuse_repetition(column.categories)
            _refuse_repetition(column.coded)
        return cls(numbers, categories)


def _check_edges(numbers: Sequence[NumberFeature]) -> None:
    if len({number.edges is None for number in numbers}) > 1:
        raise ValueError("some numbers have edges of bins, and some have not")
    for number in numbers:
        if number.edges is not None and list(number.edges) != sorted(set(number.edges)):
            raise ValueError(f"the edges of {quoted(number.name)} are not ascending")


def _refuse_repetition(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        ((twice, _),) = Counter(names).most_common(1)
        raise ValueError(f"{quoted(twice)} is named twice")


@dataclass(frozen=True, slots=True)
class _CategoryTables:
    """What the codes of a categorical column become."""

    index: int
    """That of the column in the data set."""
    texts: tuple[str, ...]
    """The categories of the data set."""
    feature_of: Mapping[str, int]
    other: int
    """The feature that is 1 for a category that has none, or -1."""
    hot: IntArray
    """The feature that is 1 for each category and (last) for a missing value, or -1."""
    code_of: Mapping[str, int]
    other_code: int
    codes: FloatArray | None
    """The code of each category and (last) of a missing value; None if the column is not coded."""
    known: frozenset[str]
    spellings: Mapping[float, str]
    """The known categories that are numbers, by number: see `categories_by_number`."""

    @classmethod
    def of(cls, column: CategoryFeatures, index: int, first: int, texts: tuple[str, ...]) -> Self:
        """The tables of a column whose features start at `first`, for a data set with these categories."""
        missing_code, other_code = column.last_codes
        last = first + len(column.features) - 1
        # the code of a missing value, -1, picks the last entry
        empty = cls(
            index,
            texts=(),
            feature_of={category: first + k for k, category in enumerate(column.categories)},
            other=first + len(column.categories) if column.others else -1,
            hot=np.array([last if column.indicator else -1]),
            code_of={value: code for code, value in enumerate(column.coded)},
            other_code=other_code,
            codes=np.array([missing_code], np.float64) if column.coded else None,
            known=frozenset(column.known),
            spellings=categories_by_number(column.known),
        )
        return empty.of_texts(texts)

    def of_texts(self, texts: tuple[str, ...]) -> Self:
        """The tables for other categories; those after the same ones cost little."""
        if texts == self.texts:
            return self
        same = len(self.texts) if texts[: len(self.texts)] == self.texts else 0
        new = [known_spelling(text, self.known, self.spellings) for text in texts[same:]]
        codes = self.codes
        hot = [self.feature_of.get(text, self.other) for text in new]
        if codes is not None:
            new_codes = [self.code_of.get(text, self.other_code) for text in new]
            codes = np.concatenate([codes[:same], new_codes, codes[-1:]])
        extended = np.concatenate([self.hot[:same], np.array(hot, np.intp), self.hot[-1:]])
        return replace(self, texts=texts, hot=extended, codes=codes)


@dataclass(frozen=True, slots=True)
class Features:
    """The rows of a data set as features; a row's features do not depend, bit for bit, on its block."""

    dataset: Columns
    columns: IntArray | None
    """Indices of the p numeric columns in the data set; None if they are all its columns, in order."""
    fill: FloatArray
    centre: FloatArray
    spread: FloatArray
    """(p,) as in `NumberFeature`."""
    indicators: IntArray
    """Indices of those of the p columns that have an indicator."""
    categories: Sequence[_CategoryTables]
    bins: Bins | None
    """Those of the p columns; None if they have none."""

    @classmethod
    def of(cls, preprocessor: Preprocessor, dataset: Columns) -> Features:
        """The features that a preprocessor computes from a data set."""
        numbers = preprocessor.numbers
        position = {name: j for j, name in enumerate(dataset.numeric_names)}
        columns = np.array([position[number.name] for number in numbers], dtype=np.intp)
        index_of = {name: j for j, name in enumerate(dataset.categorical_names)}
        categories, first = [], 0
        for column in preprocessor.categories:
            j = index_of[column.name]
            categories.append(_CategoryTables.of(column, j, first, dataset.categories[j]))
            first += len(column.features)
        edges = [np.array(number.edges) for number in numbers if number.edges is not None]
        return cls(
            dataset,
            columns=None if np.array_equal(columns, np.arange(len(position))) else columns,
            fill=np.array([number.fill for number in numbers], dtype=np.float64),
            centre=np.array([number.centre for number in numbers], dtype=np.float64),
            spread=np.array([number.spread for number in numbers], dtype=np.float64),
            indicators=np.flatnonzero([number.indicator for number in numbers]),
            categories=categories,
            bins=Bins(edges) if edges else None,
        )

    def of_columns(self, columns: Columns) -> Features:
        """The features of other rows of the same columns, whose categories may be others."""
        tables = [table.of_texts(columns.categories[table.index]) for table in self.categories]
        return replace(self, dataset=columns, categories=tables)

    def write(self, rows: IntArray, out: FloatArray) -> None:
        """Write the features of `rows` (n,) into `out` (n, features): see `Preprocessor.transform`."""
        first_category = len(self.fill) + len(self.indicators)
        coded = [(table.index, table.codes) for table in self.categories if table.codes is not None]
        first_code = out.shape[1] - len(coded)
        first_coordinate = first_code - (len(self.bins) if self.bins else 0)
        step = max(1, BLOCK_VALUES // max(1, self.dataset.numeric.shape[1] + len(self.categories)))
        for start in range(0, len(rows), step):
            block, features = rows[start : start + step], out[start : start + step]
            coordinates = features[:, first_coordinate:first_code]
            self._write_numbers(block, features[:, :first_category], coordinates)
            self._write_categories(block, features[:, first_category:first_coordinate])
            for code, (j, codes) in enumerate(coded, start=first_code):
                features[:, code] = codes[self.dataset.categorical[block, j]]

    def _write_numbers(self, rows: IntArray, out: FloatArray, coordinates: FloatArray) -> None:
        values = self.dataset.numbers(rows, self.columns)
        missing = np.isnan(values)
        if missing.any():
            np.copyto(values, self.fill, where=missing)
        if self.bins:
            coordinates[...] = self.bins.coordinates(values)
        with np.errstate(over="ignore"):
            values -= self.centre
            values /= self.spread
        largest = np.finfo(out.dtype).max
        out[:, : len(self.fill)] = np.clip(values, -largest, largest, out=values)
        out[:, len(self.fill) :] = missing[:, self.indicators]

    def _write_categories(self, rows: IntArray, out: FloatArray) -> None:
        out[...] = 0
        for table in self.categories:
            hot = table.hot[self.dataset.categorical[rows, table.index]]
            seen = np.flatnonzero(hot >= 0)
            out[seen, hot[seen]] = 1
