from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fnnctl.arrays import FloatArray
from fnnctl.metrics.partial_dependence import FEW_VALUES, MAX_CLASSES, GridRows, most_moved

NAN = float("nan")


def values(numbers: FloatArray, most: int = 100) -> list[float]:
    found: list[float] = numbers[GridRows.of_numbers(numbers, most).donors].tolist()
    return found


def test_few_numbers_are_all_values_and_a_missing_one_is_last() -> None:
    rows = GridRows.of_numbers(np.array([3.0, NAN, 1.0, 3.0, NAN]), 100)
    assert rows.donors.tolist() == [2, 0, 1]
    assert rows.nearest.tolist() == [1, 2, 0, 1, 2]
    assert rows.distinct == 2


def test_many_numbers_are_spread_evenly_over_most_of_their_range() -> None:
    """Of 0 … 1000 the 1st and the 99th percentile are 10 and 990; a row belongs to the nearest value."""
    numbers = np.arange(1001.0)
    rows = GridRows.of_numbers(numbers, 5)
    assert numbers[rows.donors].tolist() == [10, 255, 500, 745, 990]
    assert rows.nearest[[0, 100, 200, 1000]].tolist() == [0, 0, 1, 4]


def test_values_occur_in_the_rows() -> None:
    """There is none in a gap, and few values within the range are all taken."""
    numbers = np.concatenate([np.linspace(0, 1, 500), np.linspace(9, 10, 500)])
    assert not [value for value in values(numbers) if 1 < value < 9]
    ages = np.repeat(np.arange(18.0, 91.0), 20)
    assert values(ages) == [*range(18, 91)]


def test_a_range_of_a_single_number_is_widened() -> None:
    """More than 98 % of the rows have the number."""
    rare = np.arange(1.0, FEW_VALUES + 1)
    assert values(np.concatenate([np.zeros(5000), rare]), 3) == [0, 10, 20]


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_infinity=False)), st.integers(2, 30))
def test_every_row_has_a_value(numbers: FloatArray, most: int) -> None:
    """Values rise, and are at most as many as allowed; a missing one is added."""
    rows = GridRows.of_numbers(numbers, most)
    found = numbers[rows.donors]
    present = found[~np.isnan(found)]
    assert (np.diff(present) > 0).all()
    assert len(present) <= max(most, FEW_VALUES)
    assert rows.nearest.min() >= 0
    assert (np.isnan(found[rows.nearest]) == np.isnan(numbers)).all()


def test_the_most_frequent_categories_are_values() -> None:
    """In the order of their codes; of equally frequent ones the first."""
    rows = GridRows.of_codes(np.array([4, 0, 2, 2, -1, 3, 3, 3]), 3)
    assert rows.donors.tolist() == [1, 2, 5, 4]
    assert rows.nearest.tolist() == [-1, 0, 1, 1, 3, 2, 2, 2]
    assert rows.distinct == 4


@pytest.mark.parametrize("column", [[NAN, NAN], [-1, -1]])
def test_a_column_without_a_value_has_a_missing_one(column: list[float]) -> None:
    numbers = np.array(column)
    rows = (
        GridRows.of_numbers(numbers, 9) if np.isnan(numbers).any() else GridRows.of_codes(numbers.astype(int))
    )
    assert (rows.donors.tolist(), rows.nearest.tolist(), rows.distinct) == ([0], [0, 0], 0)


def test_the_outputs_that_move_most_are_kept_in_order() -> None:
    ranges = np.array([0.0, 5.0, 1.0, 4.0, 2.0, 6.0, 3.0, 7.0])
    assert most_moved(np.stack([np.zeros(8), ranges, ranges / 2], axis=1)).tolist() == [1, 3, 4, 5, 6, 7]
    assert len(most_moved(np.zeros((8, 2, 3)))) == MAX_CLASSES
