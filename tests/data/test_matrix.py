from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.data import matrix as module
from fnnctl.data.matrix import NumberMatrix, Packing

NAN = np.nan


@pytest.fixture
def numbers() -> FloatArray:
    values = np.random.default_rng(0).normal(size=(50, 3)) * (1.0, 1e5, 1e-5) + (0.0, 1e9, 1.0)
    values[3, 1] = values[40, 2] = NAN
    return values


def filled(numbers: FloatArray, step: int = 7) -> NumberMatrix:
    matrix = NumberMatrix(["a", "b", "c"])
    for start in range(0, len(numbers), step):
        matrix.append(numbers[start : start + step])
    return matrix


def test_few_numbers_are_kept_to_the_bit(numbers: FloatArray) -> None:
    matrix = filled(numbers)
    stored, packing = matrix.finish()
    assert packing is None
    np.testing.assert_array_equal(stored, numbers)
    np.testing.assert_array_equal(matrix["b"], numbers[:, 1])
    assert (list(matrix), len(matrix), matrix.rows) == (["a", "b", "c"], 3, 50)
    assert matrix.present.tolist() == [50, 49, 49]
    with pytest.raises(KeyError):
        matrix["d"]


def test_many_are_kept_as_float32_from_the_first_row_on(
    numbers: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_VALUES", 60)
    monkeypatch.setattr(module, "BLOCK_VALUES", 6)
    matrix = filled(numbers)
    stored, packing = matrix.finish()
    assert stored.dtype == np.float32
    assert packing is not None
    restored = packing.unpack(stored)
    error = np.nanmax(np.abs(restored - numbers), axis=0) / np.nanstd(numbers, axis=0)
    assert error.max() < 1e-6
    assert error.min() > 0.0
    np.testing.assert_array_equal(np.isnan(restored), np.isnan(numbers))
    np.testing.assert_array_equal(matrix["c"], restored[:, 2])


@pytest.mark.parametrize("exact", [60, 1000])
def test_rows_and_columns_are_dropped_where_they_lie(
    numbers: FloatArray, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_VALUES", exact)
    monkeypatch.setattr(module, "BLOCK_VALUES", 6)
    rows = np.arange(50) % 3 > 0
    whole, matrix = filled(numbers), filled(numbers)
    expected = np.column_stack([whole["c"], whole["a"]])[rows]
    np.testing.assert_array_equal(np.concatenate(list(whole.blocks(rows, ["c", "a"]))), expected)
    matrix.keep(rows, ["c", "a"])
    stored, packing = matrix.finish()
    np.testing.assert_array_equal(packing.unpack(stored) if packing else stored, expected)
    assert matrix.names == ("c", "a")
    assert matrix.rows == len(expected)


def test_rows_may_follow_after_some_were_dropped(numbers: FloatArray) -> None:
    matrix = filled(numbers)
    matrix.keep(np.arange(50) < 2, ["b"])
    matrix.append(np.array([[7.0]]))
    np.testing.assert_array_equal(matrix.finish()[0], [[numbers[0, 1]], [numbers[1, 1]], [7.0]])


def test_there_are_rows_even_without_columns() -> None:
    matrix = NumberMatrix([])
    matrix.append(np.empty((4, 0)))
    assert matrix.finish()[0].shape == (4, 0)


@pytest.mark.parametrize("exact", [4, 1000])
def test_columns_are_joined_with_others(monkeypatch: pytest.MonkeyPatch, exact: int) -> None:
    monkeypatch.setattr(module, "EXACT_VALUES", exact)
    monkeypatch.setattr(module, "BLOCK_VALUES", 6)
    values = np.arange(24.0).reshape(12, 2)
    values[3, 1] = np.nan
    own = NumberMatrix(["a", "b"])
    own.append(values)
    added = np.where(np.arange(12) == 5, np.nan, np.arange(12) * 10.0)
    joined = own.with_columns(["a", "new", "b"], {"new": lambda rows: added[rows]})
    assert joined.names == ("a", "new", "b")
    assert ("new" in joined, "new" in own) == (True, False)
    assert joined.present.tolist() == [12, 11, 11]
    np.testing.assert_array_equal(joined["a"], values[:, 0])
    np.testing.assert_array_equal(joined["new"], added)
    np.testing.assert_array_equal(joined["b"], values[:, 1])
    only = NumberMatrix([])
    only.append(np.empty((12, 0)))
    np.testing.assert_array_equal(only.with_columns(["new"], {"new": lambda rows: added[rows]})["new"], added)


def there_and_back(column: FloatArray, sample: int | None = None) -> FloatArray:
    packing = Packing.of(column[:sample, None])
    stored = packing.pack(column[:, None])
    assert stored.dtype == np.float32
    restored: FloatArray = packing.unpack(stored)[:, 0]
    return restored


def test_whole_numbers_and_constants_are_kept_to_the_bit() -> None:
    ids = 1_700_000_000.0 + np.random.default_rng(0).permutation(1_000_000)
    np.testing.assert_array_equal(there_and_back(ids, 1000), ids)
    np.testing.assert_array_equal(there_and_back(np.full(5, 0.1)), np.full(5, 0.1))


def test_seven_digits_of_the_distance_from_the_middle_are_kept() -> None:
    """float32 alone would round 1.7e9 to multiples of 128, but these differ by thousandths."""
    column = 1.7e9 + np.random.default_rng(1).normal(size=1000)
    np.testing.assert_allclose(there_and_back(column), column, rtol=0, atol=4 * 2**-24 + 2**-22)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_any_magnitude_keeps_its_digits(factor: float) -> None:
    column = np.random.default_rng(2).normal(size=1000) * factor
    np.testing.assert_allclose(there_and_back(column) / factor, column / factor, rtol=0, atol=5e-7)


def test_what_is_missing_stays_so_and_an_empty_sample_changes_nothing() -> None:
    np.testing.assert_array_equal(there_and_back(np.array([NAN, NAN, 3.0, NAN]), 2), [NAN, NAN, 3.0, NAN])


def test_later_numbers_may_be_far_larger_and_the_largest_is_the_limit() -> None:
    column = np.array([0.0, 1e-40, 2e-40, 0.5, 1e308])
    back = there_and_back(column, 3)
    np.testing.assert_allclose(back[:4], column[:4], rtol=1e-6, atol=1e-46)
    assert 1e6 < back[4] < np.inf


def test_opposite_numbers_near_the_end_of_float64_do_not_overflow() -> None:
    column = np.array([1.7e308, -1.7e308, 1.6e308])
    back = there_and_back(column)
    assert np.isfinite(back).all()
    assert np.sign(back).tolist() == [1, -1, 1]
