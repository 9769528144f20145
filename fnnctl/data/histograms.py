"""Histograms of a table's columns: what is kept of the training rows, to tell whether new rows are like them.

Bins have about a tenth of the rows each, or one value that is frequent. A date is one column of numbers,
although the network may be trained on several parts of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Any, ClassVar, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray, evenly_spaced
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.dataset import Columns
from fnnctl.data.groupings import MISSING
from fnnctl.data.preprocessing import Preprocessor, edges_around_values

NUMBER_BINS: Final = 10
MOST_CATEGORIES: Final = 20
"""So many categories have bins of their own; the others share one."""
SAMPLE_ROWS: Final = 2**12
"""Quantiles of so many rows are as good as those of all: the rows of the bins are counted anyway."""
ROUNDING: Final = 1e-6
"""A number this far outside of the range, as a share of it, is inside: large tables are packed as float32."""
COUNTED_TOGETHER: Final = 2**15
"""So many numbers and their comparisons with the edges fit in the processor's cache."""
LEAST_ROWS: Final = 5
"""A category in fewer training rows has no bin of its own, because it says nothing in a χ² test."""


@dataclass(frozen=True, slots=True)
class NumberHistogram:
    """How many rows have which numbers; bins are closed above."""

    name: str
    kind: str
    source: str
    """The numeric column that is counted: of a date, that of its days."""
    format: ColumnFormat | None = None
    edges: FloatArray = field(default_factory=lambda: np.empty(0))
    """(e,) rising, from the smallest number of the training rows to the largest; none without numbers."""
    counts: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    """(e + 2,) rows below the first edge, up to each further one, above the last, and without a number."""
    apart: ClassVar[int] = 1
    """The last bins that are no neighbours of others: see `metrics.drift`."""
    shared: ClassVar[int] = 2
    """How many bins there are beside those of edges."""

    def fitted(self, values: FloatArray) -> Self:
        """The histogram of n numbers, (n,), NaN if missing, in bins of their own."""
        binned = replace(self, edges=_edges(values))
        return replace(binned, counts=binned.counted(values))

    def counted(self, values: FloatArray) -> IntArray:
        """The rows of n numbers, (n,), in each bin, (e + 2,)."""
        upper, ends = self._upper_ends, np.zeros(len(self.edges) + 3, np.int64)
        for start in range(0, len(values), COUNTED_TOGETHER):
            part = values[start : start + COUNTED_TOGETHER]
            ends[1:-2] += np.count_nonzero(part <= upper[:, None], axis=1)
            ends[-2] += np.count_nonzero(~np.isnan(part))
        ends[-1] = len(values)
        return np.diff(ends)

    @property
    def _upper_ends(self) -> FloatArray:
        """(e,) the largest number of each bin but the one above the last edge."""
        ends = self.edges.copy()
        if ends.size:
            with np.errstate(over="ignore"):
                margin = ROUNDING * (ends[-1] - ends[0])
            ends[0] = min(np.nextafter(ends[0], -np.inf), ends[0] - margin)
            ends[-1] += margin
        return ends

    @property
    def labels(self) -> list[str]:
        """The bins in words."""
        if not len(self.edges):
            return ["(any number)", MISSING]
        ends = [self._text(edge) for edge in self.edges.tolist()]
        between = [low if low == high else f"{low} to {high}" for low, high in pairwise(ends)]
        return [f"below {ends[0]}", *between, f"above {ends[-1]}", MISSING]

    def _text(self, number: float) -> str:
        if self.format is None or self.format.axis == "number":
            return f"{number:.6g}"
        return self.format.ordered_text(number)

    def comparable(self, counts: IntArray) -> IntArray:
        """The counts by which two samples are compared."""
        return counts

    def unseen(self, counts: IntArray) -> int | None:
        """How many rows with these `counts` have a number outside of the range of the training rows."""
        return int(counts[:-1].sum() - counts[1:-2].sum())


@dataclass(frozen=True, slots=True)
class CategoryHistogram:
    """How many rows have which categories."""

    name: str
    kind: str
    known: tuple[str, ...]
    """The categories that are told apart."""
    has_rare: bool = False
    """Whether training rows may have further categories."""
    is_closed: bool = False
    """Whether there can be no further categories."""
    codes: IntArray = field(default_factory=lambda: np.empty(0, np.int32))
    """(c,) the indices of those with bins of their own."""
    counts: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    """(c + 3,) rows with each of them, with another known category, with an unknown one, and without one."""
    apart: ClassVar[int] = 2
    shared: ClassVar[int] = 3
    """How many bins there are beside those of categories."""

    def fitted(self, codes: IntArray) -> Self:
        """The histogram of n rows with these codes, (n,): indices into `known`, larger ones for unknown
        categories, and −1 if missing.

        Of many categories, or rare ones, every second row chooses those with bins of their own, and only the
        others are counted: among rows that choose frequent categories, these are more frequent than later.
        """
        own, counted = np.arange(len(self.known)), codes
        rows = self._rows(codes)
        occurring = rows[rows > 0]
        are_few = len(self.known if self.is_closed else occurring) <= MOST_CATEGORIES
        if are_few and not self.is_closed:
            own = np.argsort(-rows, kind="stable")[: len(occurring)]
            are_few = are_few and not ((occurring < LEAST_ROWS).any() or (codes >= len(self.known)).any())
        if not are_few:
            rows, counted = self._rows(codes[::2]), codes[1::2]
            own = np.argsort(-rows, kind="stable")[:MOST_CATEGORIES]
            own = own[rows[own] >= LEAST_ROWS]
        binned = replace(self, codes=own.astype(np.int32))
        return replace(binned, counts=binned.counted(counted))

    def _rows(self, codes: IntArray) -> IntArray:
        """(known,) how many rows have each category."""
        return np.bincount(codes[(codes >= 0) & (codes < len(self.known))], minlength=len(self.known))

    def counted(self, codes: IntArray) -> IntArray:
        """The rows of n rows with these codes, (n,), in each bin, (c + 3,)."""
        own, known = len(self.codes), len(self.known)
        bins = np.full(known + 2, own)
        bins[self.codes] = np.arange(own)
        bins[known:] = own + 1, own + 2
        places = np.where(codes < 0, known + 1, np.minimum(codes, known))
        return np.bincount(bins[places], minlength=own + 3)

    @property
    def labels(self) -> list[str]:
        """The bins in words."""
        unknown = "(rare or unseen values)" if self.has_rare else "(unseen values)"
        return [*(self.known[code] for code in self.codes.tolist()), "(other values)", unknown, MISSING]

    def comparable(self, counts: IntArray) -> IntArray:
        """(c + 2,) `counts` in which unknown categories are among the others: which are known is chosen by
        the rows that are counted, too.
        """
        joined: IntArray = np.add.reduceat(counts, [*range(len(counts) - 2), len(counts) - 1])
        return joined

    def unseen(self, counts: IntArray) -> int | None:
        """How many rows with these `counts` have a category that no training row has; None if that is not
        known, because rare categories of the training rows are not kept.
        """
        return None if self.has_rare else int(counts[-2])


Histogram: TypeAlias = NumberHistogram | CategoryHistogram


def _edges(values: FloatArray) -> FloatArray:
    """The edges of the bins of a column (n,), NaN if missing; none without numbers."""
    low, high = np.fmin.reduce(values, initial=np.inf), np.fmax.reduce(values, initial=-np.inf)
    if low > high:
        return np.empty(0)
    sample = values[evenly_spaced(len(values), SAMPLE_ROWS)]
    inner = edges_around_values(np.array([low, *sample[~np.isnan(sample)], high]), NUMBER_BINS)[1:-1]
    return np.array([low, *inner, high])


def empty_histograms(preprocessor: Preprocessor, formats: Mapping[str, ColumnFormat]) -> list[Histogram]:
    """The histograms of the table's columns that a network reads, without bins; numbers come first."""
    table_column = {part: name for name, form in formats.items() for part in form.columns(name)}
    parts: dict[str, list[str]] = {}
    for number in preprocessor.numbers:
        parts.setdefault(table_column.get(number.name, number.name), []).append(number.name)
    histograms: list[Histogram] = []
    for name, used in parts.items():
        if (form := formats.get(name)) is None:
            histograms.append(NumberHistogram(name, "numeric", used[0]))
            continue
        ordered = form.columns(name)[form.ordered_part]
        source = ordered if ordered in used else used[0]
        histograms.append(NumberHistogram(name, form.column_kind, source, form))
    for column in preprocessor.categories:
        form = formats.get(column.name)
        kind = "categorical" if form is None else form.column_kind
        has_rare = column.has_rare or not column.known
        histograms.append(CategoryHistogram(column.name, kind, column.known, has_rare))
    return histograms


def fitted_histograms(empty: Sequence[Histogram], columns: Columns, rows: IntArray) -> list[Histogram]:
    """The histograms of some rows, (n,), of a table, in bins of their own; see `empty_histograms`."""
    numbers = {histogram.source: histogram for histogram in empty if isinstance(histogram, NumberHistogram)}
    names = iter(columns.numeric_names)
    for values in columns.number_columns(rows):
        for name, column_values in zip(islice(names, len(values)), values, strict=True):
            if name in numbers:
                numbers[name] = numbers[name].fitted(column_values)
    fitted: list[Histogram] = [*numbers.values()]
    for histogram in empty:
        if isinstance(histogram, CategoryHistogram):
            codes = _known_codes(histogram, columns, rows)
            fitted.append(histogram.fitted(codes))
    return fitted


def _known_codes(histogram: CategoryHistogram, columns: Columns, rows: IntArray) -> IntArray:
    """(n,) the codes of some rows by the histogram's known categories."""
    j = columns.categorical_names.index(histogram.name)
    code_of = {text: code for code, text in enumerate(histogram.known)}
    codes = np.array([*(code_of.get(text, len(code_of)) for text in columns.categories[j]), -1], np.int32)
    known: IntArray = codes[columns.categorical[rows, j]]
    return known


def counted_columns(
    histograms: Sequence[Histogram], columns: Columns, rows: IntArray | slice
) -> Iterator[IntArray]:
    """The counts of new rows in the bins of each histogram; their codes begin with those of the known
    categories.
    """
    numbers = columns.numbers(rows)
    index_of = {name: j for j, name in enumerate(columns.numeric_names)}
    for histogram in histograms:
        if isinstance(histogram, NumberHistogram):
            yield histogram.counted(numbers[:, index_of[histogram.source]])
        else:
            j = columns.categorical_names.index(histogram.name)
            yield histogram.counted(columns.categorical[rows, j])


def to_arrays(histograms: Sequence[Histogram]) -> dict[str, npt.NDArray[Any]]:
    """Bins and counts as arrays, from which `from_arrays` restores the histograms."""
    edges = [histogram.edges for histogram in histograms if isinstance(histogram, NumberHistogram)]
    codes = [histogram.codes for histogram in histograms if isinstance(histogram, CategoryHistogram)]
    return {
        "bins": np.array([len(histogram.counts) for histogram in histograms], np.int32),
        "edges": np.concatenate([np.empty(0), *edges]),
        "codes": np.concatenate([np.empty(0, np.int32), *codes]),
        "rows": np.concatenate([np.empty(0, np.int64), *(histogram.counts for histogram in histograms)]),
    }


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], empty: Sequence[Histogram]) -> list[Histogram]:
    """The `empty` histograms with the bins and counts of `to_arrays`.

    Raises KeyError or ValueError if the arrays are not those of such histograms.
    """
    for name, kind in _KINDS.items():
        if arrays[name].ndim != 1 or arrays[name].dtype.kind != kind:
            raise ValueError(f"the {name} of its histograms have another type or shape")
    if (arrays["rows"] < 0).any():
        raise ValueError("a bin of its histograms has fewer than 0 rows")
    edges, codes, rows = (_Slices(arrays[name]) for name in ("edges", "codes", "rows"))
    restored: list[Histogram] = []
    for histogram, bins in zip(empty, arrays["bins"].tolist(), strict=True):
        counts = rows.following(bins)
        if isinstance(histogram, NumberHistogram):
            own_edges = edges.following(bins - NumberHistogram.shared)
            if not (np.diff(own_edges) >= 0).all():
                raise ValueError(f"the edges of the histogram of {histogram.name!r} do not rise")
            restored.append(replace(histogram, edges=own_edges, counts=counts))
        else:
            own_codes = codes.following(bins - CategoryHistogram.shared)
            if not ((own_codes >= 0) & (own_codes < len(histogram.known))).all():
                raise ValueError(f"the histogram of {histogram.name!r} has unknown categories")
            restored.append(replace(histogram, codes=own_codes, counts=counts))
    if edges.rest or codes.rest or rows.rest:
        raise ValueError("there are more bins than columns have")
    return restored


_KINDS: Final = {"bins": "i", "edges": "f", "codes": "i", "rows": "i"}
"""The kinds of the arrays' types."""


class _Slices:
    """Consecutive slices of an array (n,)."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self._array = array

    def following(self, count: int) -> npt.NDArray[Any]:
        """The next `count` elements; raises ValueError if there are fewer."""
        if not 0 <= count <= len(self._array):
            raise ValueError("there are fewer bins than columns have")
        part, self._array = self._array[:count], self._array[count:]
        return part

    @property
    def rest(self) -> int:
        """How many elements are left."""
        return len(self._array)
