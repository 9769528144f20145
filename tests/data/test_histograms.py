"""Histograms of columns: their bins, and what is counted in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.dataset import Columns
from fnnctl.data.histograms import (
    LEAST_ROWS,
    MOST_CATEGORIES,
    NUMBER_BINS,
    CategoryHistogram,
    Histogram,
    NumberHistogram,
    counted_columns,
    empty_histograms,
    fitted_histograms,
    from_arrays,
    to_arrays,
)
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor

NAN = np.nan


def of_numbers(values: FloatArray | list[float]) -> NumberHistogram:
    return NumberHistogram("x", "numeric", "x").fitted(np.array(values, np.float64))


def of_codes(
    codes: IntArray, known: int = 50, *, has_rare: bool = False, is_closed: bool = False
) -> CategoryHistogram:
    names = tuple(f"c{code}" for code in range(known))
    return CategoryHistogram("c", "categorical", names, has_rare, is_closed).fitted(codes)


def test_bins_have_about_a_tenth_of_the_rows() -> None:
    histogram = of_numbers(np.random.default_rng(0).lognormal(size=100_000))
    inside = histogram.counts[1:-2] / 100_000
    assert len(inside) == NUMBER_BINS
    assert inside.min() > 0.08
    assert inside.max() < 0.12
    assert histogram.counts[[0, -2, -1]].tolist() == [0, 0, 0]


def test_a_frequent_value_has_a_bin_of_its_own() -> None:
    histogram = of_numbers([*[0.0] * 60, *[NAN] * 5, *range(1, 36)])
    assert histogram.counts[1] == 60
    assert histogram.counts[-1] == 5
    assert histogram.counts.sum() == 100


def test_what_is_beyond_the_range_is_counted_beside_it() -> None:
    """Bins are closed above."""
    histogram = of_numbers([1, 2, 3])
    assert histogram.labels == ["below 1", "1 to 1.5", "1.5 to 2.5", "2.5 to 3", "above 3", "(missing)"]
    counts = histogram.counted(np.array([0.9, 1, 1.5, 1.6, 3, 3.1, 9, NAN]))
    assert counts.tolist() == [1, 2, 1, 1, 2, 1]
    assert histogram.unseen(counts) == 3


@pytest.mark.parametrize("value", [0.1, 0.7, 1.1, -3.3])
def test_the_ends_of_the_range_are_inside_after_rounding_to_float32(value: float) -> None:
    histogram = of_numbers(np.array([value, value + 1], np.float32).astype(np.float64))
    assert histogram.unseen(histogram.counted(np.array([value, value + 1]))) == 0


def test_a_constant_has_bins_on_both_sides() -> None:
    histogram = of_numbers([5, 5, NAN])
    assert histogram.labels == ["below 5", "5", "above 5", "(missing)"]
    assert histogram.counted(np.array([4, 5, 5, 6, 7])).tolist() == [1, 2, 2, 0]


def test_a_column_without_numbers_has_one_bin() -> None:
    histogram = of_numbers([NAN, NAN])
    assert histogram.labels == ["(any number)", "(missing)"]
    assert histogram.counted(np.array([1.0, NAN])).tolist() == [1, 1]


def test_few_frequent_categories_have_a_bin_each() -> None:
    histogram = of_codes(np.repeat([3, 1, -1], [10, 20, 5]), known=4)
    assert histogram.labels == ["c1", "c3", "(other values)", "(unseen values)", "(missing)"]
    assert histogram.counts.tolist() == [20, 10, 0, 0, 5]
    counts = histogram.counted(np.array([1, 0, 4, 7, -1]))
    assert (counts.tolist(), histogram.unseen(counts)) == ([1, 0, 1, 2, 1], 2)


def test_of_many_categories_those_with_bins_are_chosen_by_other_rows_than_are_counted() -> None:
    """Rows at even places have the codes 0 to 29, the others 30: none of them is in a bin of its own."""
    codes = np.full(1200, 30)
    codes[::2] = np.arange(600) % 30
    histogram = of_codes(codes)
    assert len(histogram.codes) == MOST_CATEGORIES
    assert histogram.counts.tolist() == [*[0] * MOST_CATEGORIES, 600, 0, 0]


def test_rare_categories_share_a_bin() -> None:
    codes = np.repeat([0, 1, 2], [40, 40, 2 * LEAST_ROWS - 2])
    histogram = of_codes(np.random.default_rng(0).permutation(codes))
    assert histogram.labels[:3] == ["c0", "c1", "c2"]
    rare = of_codes(np.repeat([0, 1, 2], [40, 40, LEAST_ROWS - 1]))
    assert rare.labels[:3] == ["c0", "c1", "(other values)"]
    assert rare.counts.sum() == (80 + LEAST_ROWS - 1) // 2


def test_if_rare_categories_are_not_known_unseen_ones_are_not_either() -> None:
    histogram = of_codes(np.repeat([0, 50], [40, 9]), has_rare=True)
    assert histogram.unseen(histogram.counted(np.array([0, 50]))) is None
    assert histogram.labels[-2] == "(rare or unseen values)"


def test_compared_categories_are_not_divided_into_known_and_unknown() -> None:
    histogram = of_codes(np.repeat([0, 1], [40, 40]), known=3)
    assert histogram.comparable(histogram.counted(np.array([0, 2, 3, 3, -1]))).tolist() == [1, 0, 3, 1]


def test_classes_have_a_bin_each_even_if_they_are_rare() -> None:
    histogram = of_codes(np.repeat([0, 2], [40, 1]), known=3, is_closed=True)
    assert histogram.counts.tolist() == [40, 0, 1, 0, 0, 0]


DATE = DateFormat(("year", "month", "days"), "2020-01-01")


@pytest.fixture
def table() -> tuple[Columns, list[Histogram]]:
    """A number, a date of which the network has two parts, and a category of which one value is not known."""
    rng = np.random.default_rng(0)
    days = rng.integers(0, 700, 300).astype(float)
    names = ("day month", "x", "day days")
    columns = Columns(
        numeric=np.stack([days % 12, rng.normal(size=300), days], axis=1),
        numeric_names=names,
        categorical=rng.integers(-1, 3, (300, 1)).astype(np.int32),
        categorical_names=("kind",),
        categories=(("a", "b", "c"),),
    )
    features = tuple(NumberFeature(name, 0.0, 0.0, 1.0, False) for name in names)
    kind = CategoryFeatures("kind", ("c", "a"), True, others=True)
    return columns, empty_histograms(Preprocessor(features, (kind,)), {"day": DATE})


def test_a_date_is_one_column_with_its_days(table: tuple[Columns, list[Histogram]]) -> None:
    columns, empty = table
    assert [(histogram.name, histogram.kind) for histogram in empty] == [
        ("day", "date"), ("x", "numeric"), ("kind", "categorical"),
    ]  # fmt: skip
    day = fitted_histograms(empty, columns, np.arange(300))[0]
    assert day.labels[0].startswith("below 2020-01-0")
    assert day.counts.sum() == 300


def test_new_rows_are_counted_by_the_known_categories(table: tuple[Columns, list[Histogram]]) -> None:
    """New rows have the known categories first. Their counts are those of the same training rows."""
    columns, empty = table
    rows = np.arange(0, 300, 2)
    fitted = fitted_histograms(empty, columns, rows)
    code_of = np.array([1, 2, 0, -1])  # a, b, c as c, a and another
    new = Columns(
        numeric=columns.numeric,
        numeric_names=columns.numeric_names,
        categorical=code_of[columns.categorical].astype(np.int32),
        categorical_names=("kind",),
        categories=(("c", "a", "b"),),
    )
    counts = [*counted_columns(fitted, new, rows)]
    for histogram, of_new in zip(fitted[:2], counts, strict=False):
        assert of_new.tolist() == histogram.counts.tolist()
    every_second = [*counted_columns(fitted, new, rows[1::2])]
    assert every_second[2].tolist() == fitted[2].counts.tolist()


def test_arrays_restore_histograms(table: tuple[Columns, list[Histogram]]) -> None:
    columns, empty = table
    fitted = fitted_histograms(empty, columns, np.arange(300))
    restored = from_arrays(to_arrays(fitted), empty)
    for one, other in zip(fitted, restored, strict=True):
        assert one.labels == other.labels
        assert one.counts.tolist() == other.counts.tolist()


@pytest.mark.parametrize(
    "changes",
    [
        {"bins": np.array([9, 3], np.int32)},
        {"rows": np.zeros(3, np.int64)},
        {"edges": np.zeros(90)},
        {"codes": np.array([7, 8], np.int32)},
    ],
)
def test_arrays_of_other_columns_are_refused(
    table: tuple[Columns, list[Histogram]], changes: dict[str, Any]
) -> None:
    columns, empty = table
    arrays = to_arrays(fitted_histograms(empty, columns, np.arange(300)))
    with pytest.raises(ValueError, match=r"."):
        from_arrays({**arrays, **changes}, empty)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("edges", lambda edges: edges[::-1]),
        ("edges", lambda edges: edges.astype(np.int64)),
        ("bins", lambda bins: bins[:, None]),
        ("rows", lambda rows: -rows),
    ],
)
def test_damaged_arrays_are_refused(
    table: tuple[Columns, list[Histogram]], name: str, damage: Callable[[Any], Any]
) -> None:
    columns, empty = table
    arrays = to_arrays(fitted_histograms(empty, columns, np.arange(300)))
    with pytest.raises(ValueError, match=r"histogram"):
        from_arrays({**arrays, name: damage(arrays[name])}, empty)
