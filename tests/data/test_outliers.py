"""Numbers that are far from all others are told with their place; long tails are not."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.data.splits.parts import Split
from fnnctl.data.warnings import data_warnings
from tests.data.test_warnings import NAN, dataset_of, noise

SPLIT = Split(np.arange(200), np.array([], np.intp), np.arange(200, 300))


def told(column: FloatArray) -> list[str]:
    return data_warnings(dataset_of(np.column_stack([noise(300), column])), SPLIT)


def test_the_column_the_value_and_the_row_are_named() -> None:
    column = noise(300)[:, 0]
    column[17], column[18] = -1e12, NAN
    assert told(column) == [
        "numbers far from all others make these look equal: -1e+12 in 'n1' (row 17, counted from 0); if such "
        "a number stands for a missing one, add it to data.missing_values, otherwise correct it, or set "
        "data.scaling: robust"
    ]


def test_test_rows_are_not_looked_at() -> None:
    column = noise(300)[:, 0]
    column[250] = 1e12
    assert told(column) == []


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.exp(3 * noise(300)[:, 0]), id="a long tail"),
        pytest.param(np.where(np.arange(300) == 5, 1e12, 0.0), id="all others equal"),
        pytest.param(np.where(np.arange(300) % 2, 1e12, 1e-12) * noise(300)[:, 0], id="two sizes"),
        pytest.param(1e12 + noise(300)[:, 0], id="far from 0"),
        pytest.param(1e300 * noise(300)[:, 0], id="huge"),
    ],
)
def test_other_columns_are_silent(column: FloatArray) -> None:
    assert told(column) == []


def test_mostly_equal_numbers_are_compared_with_the_middle_nine_tenths() -> None:
    column = np.where(np.arange(300) % 10 == 0, 1.0, 0.0)
    assert told(column) == []
    column[7] = 1e9
    assert len(told(column)) == 1
