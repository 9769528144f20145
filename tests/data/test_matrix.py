from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.data import matrix as module
from fnnctl.data.matrix import NumberMatrix

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
    joined = own.joined(["a", "new", "b"], {"new": lambda rows: added[rows]})
    assert joined.names == ("a", "new", "b")
    assert ("new" in joined, "new" in own) == (True, False)
    assert joined.present.tolist() == [12, 11, 11]
    np.testing.assert_array_equal(joined["a"], values[:, 0])
    np.testing.assert_array_equal(joined["new"], added)
    np.testing.assert_array_equal(joined["b"], values[:, 1])
    only = NumberMatrix([])
    only.append(np.empty((12, 0)))
    np.testing.assert_array_equal(only.joined(["new"], {"new": lambda rows: added[rows]})["new"], added)
