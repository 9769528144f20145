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
    expected = np.column_stack([whole["c"], whole["a"]])
    blocks = [block for block, _ in whole.blocks(["c", "a"])]
    np.testing.assert_array_equal(np.concatenate(blocks), expected)
    expected = expected[rows]
    matrix.keep(rows, ["c", "a"])
    assert (matrix.names, matrix.rows) == (("c", "a"), len(expected))
    stored, packing = matrix.finish()
    np.testing.assert_array_equal(packing.unpack(stored) if packing else stored, expected)


def test_rows_may_follow_after_some_were_dropped(numbers: FloatArray) -> None:
    matrix = filled(numbers)
    matrix.keep(np.arange(50) < 2, ["b"])
    matrix.append(np.array([[7.0]]))
    np.testing.assert_array_equal(matrix.finish()[0], [[numbers[0, 1]], [numbers[1, 1]], [7.0]])


@pytest.mark.parametrize("exact", [4, 1000])
def test_columns_are_joined_with_others(monkeypatch: pytest.MonkeyPatch, exact: int) -> None:
    monkeypatch.setattr(module, "EXACT_VALUES", exact)
    monkeypatch.setattr(module, "BLOCK_VALUES", 6)
    values = np.arange(24.0).reshape(12, 2)
    values[3, 1] = NAN
    own, nothing = NumberMatrix(["a", "b"]), NumberMatrix([])
    own.append(values)
    nothing.append(np.empty((12, 0)))
    added = np.where(np.arange(12) == 5, NAN, np.arange(12) * 10.0)
    joined = own.with_columns(["a", "new", "b"], {"new": lambda rows: added[rows]})
    assert joined.names == ("a", "new", "b")
    assert ("new" in joined, "new" in own) == (True, False)
    assert joined.present.tolist() == [12, 11, 11]
    for name, column in (("a", values[:, 0]), ("new", added), ("b", values[:, 1])):
        np.testing.assert_array_equal(joined[name], column)
    alone = nothing.with_columns(["new"], {"new": lambda rows: added[rows]})
    np.testing.assert_array_equal(alone["new"], added)
    assert nothing.finish()[0].shape == (12, 0)


def there_and_back(column: FloatArray, sample: int | None = None) -> FloatArray:
    packing = Packing.of(column[:sample, None])
    stored = packing.pack(column[:, None])
    assert stored.dtype == np.float32
    restored: FloatArray = packing.unpack(stored)[:, 0]
    return restored


def test_some_numbers_are_kept_to_the_bit() -> None:
    """Whole numbers, constants and missing ones, also if a sample of the rows has none."""
    ids = 1_700_000_000.0 + np.random.default_rng(0).permutation(100_000)
    gaps = np.array([NAN, NAN, 3.0, NAN])
    for column, sample in ((ids, 1000), (np.full(5, 0.1), None), (gaps, 2)):
        np.testing.assert_array_equal(there_and_back(column, sample), column)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_any_magnitude_keeps_its_digits(factor: float) -> None:
    column = np.random.default_rng(2).normal(size=1000) * factor
    np.testing.assert_allclose(there_and_back(column) / factor, column / factor, rtol=0, atol=5e-7)


def test_digits_of_the_distance_from_the_middle_are_kept() -> None:
    """float32 alone would round 1.7e9 to multiples of 128, but these differ by thousandths."""
    column = 1.7e9 + np.random.default_rng(1).normal(size=1000)
    np.testing.assert_allclose(there_and_back(column), column, rtol=0, atol=4 * 2**-24 + 2**-22)
    opposite = there_and_back(np.array([1.7e308, -1.7e308, 1.6e308]))
    assert np.isfinite(opposite).all()
    assert np.sign(opposite).tolist() == [1, -1, 1]


def test_later_numbers_may_be_far_larger_and_the_largest_is_the_limit() -> None:
    column = np.array([0.0, 1e-40, 2e-40, 0.5, 1e308])
    back = there_and_back(column, 3)
    np.testing.assert_allclose(back[:4], column[:4], rtol=1e-6, atol=1e-46)
    assert 1e6 < back[4] < np.inf
