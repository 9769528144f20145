from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.data import matrix as module
from fnnctl.data.comparable_numbers import Corrections, comparable, recovered
from fnnctl.data.matrix import NumberMatrix

NAN = np.nan


def test_integers_stay_and_other_numbers_have_20_bits() -> None:
    tenth = float(np.float32(0.1))
    numbers = np.array([0.0, -0.0, 3.0, -7.0, 2.0**52 + 1, 1.6e9 + 1, 1 + 2.0**-19, 1 + 2.0**-20, tenth, NAN])
    expected = [0.0, 0.0, 3.0, -7.0, 2.0**52 + 1, 1.6e9 + 1, 1 + 2.0**-19, 1 + 2.0**-19, NAN, NAN]
    result = comparable(numbers)
    assert not np.signbit(result[1])
    np.testing.assert_array_equal(np.delete(result, 8), np.delete(expected, 8))
    assert result[8] == comparable(np.array([0.1]))[0]
    np.testing.assert_array_equal(comparable(-numbers), -result + 0.0)


def test_every_missing_value_has_the_same_bits() -> None:
    strange = np.array([0xFFF8000000000001, 0x7FFFFFFFFFFFFFFF], np.uint64).view(np.float64)
    assert len(set(comparable(np.append(strange, NAN)).view(np.uint64).tolist())) == 1


def test_a_packed_zero_is_zero_again() -> None:
    unpacked, offset = np.array([[3.7e-8, 3.7e-6]]), np.array([3.7, 3.7])
    assert recovered(unpacked, offset)[0, 0] == 0.0
    assert recovered(unpacked, offset)[0, 1] > 0.0


def test_corrections_follow_their_rows_and_columns() -> None:
    wanted = np.arange(12.0).reshape(4, 3)
    numbers = wanted.copy()
    numbers[1, 0], numbers[3, 2] = 50.0, 60.0
    corrections = Corrections.between(numbers, wanted, 10)
    assert (corrections.rows.tolist(), corrections.columns.tolist()) == ([11, 13], [0, 2])
    corrections.apply(numbers, 10)
    np.testing.assert_array_equal(numbers, wanted)
    rows = np.ones(14, np.bool_)
    rows[:4] = False
    kept = corrections.select(rows, [2, 1])
    assert (kept.rows.tolist(), kept.columns.tolist(), kept.numbers.tolist()) == ([9], [0], [11.0])
    assert corrections.select(rows, []).rows.size == 0


def stored(matrix: NumberMatrix) -> FloatArray:
    """The comparable numbers of all its columns."""
    blocks = [(block, wanted) for block, wanted in matrix.blocks(matrix.names)]
    return np.concatenate([comparable(block) if wanted is None else wanted for block, wanted in blocks])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), exact=st.sampled_from([0, 40, 119, 120, 121, 10**6]))
def test_packed_and_exact_numbers_compare_equally(seed: int, exact: int) -> None:
    """Also those that are joined with others or of which some are dropped, before and after the packing."""
    rng = np.random.default_rng(seed)
    columns = (
        rng.normal(size=40),
        np.exp(3 * rng.normal(size=40)) * (rng.random(40) < 0.6),
        rng.integers(10**8, 3 * 10**9, size=40).astype(np.float64),
    )
    numbers = np.column_stack([np.where(rng.random(40) < 0.1, NAN, column) for column in columns])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EXACT_VALUES", exact)
        patch.setattr(module, "BLOCK_VALUES", 9)
        matrix = NumberMatrix(["a", "b", "c"])
        for start in range(0, 40, 6):
            matrix.append(numbers[start : start + 6])
        assert matrix.is_packed == (exact < 120)
        np.testing.assert_array_equal(stored(matrix), comparable(numbers))
        rows = rng.random(40) < 0.7
        joined = matrix.with_columns(["b", "new", "a"], {"new": lambda part: numbers[part, 2] / 7})
        both = np.column_stack([numbers[:, 1], numbers[:, 2] / 7, numbers[:, 0]])
        np.testing.assert_array_equal(stored(joined), comparable(both))
        joined.keep(rows, ["a", "new"])
        np.testing.assert_array_equal(stored(joined), comparable(both[rows][:, [2, 1]]))
