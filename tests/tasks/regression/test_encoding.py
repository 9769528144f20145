from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError
from fnnctl.tasks.regression.encoding import MIN_BIN, bins, encode
from tests.messages import Messages


def encoded(folder: Path, table: str, test: str | None = None) -> FloatArray:
    (folder / "table.csv").write_text(table)
    (folder / "test.csv").write_text(test or "")
    test_source = None if test is None else "test.csv"
    return encode(load_dataset(DataConfig(source="table.csv", target="y", test_source=test_source), folder))


def test_the_targets_are_the_numbers_however_they_are_written(tmp_path: Path) -> None:
    targets = encoded(tmp_path, "a,y\n1,10\n2,-1.50\n3,1e1\n4,10.0\n5,\n", "a,y\n5,.25\n")
    assert targets.tolist() == [10.0, -1.5, 10.0, 10.0, 0.25]


@pytest.mark.parametrize(
    ("table", "test"),
    [
        pytest.param('a,y\n1,10\n2,cheap\n3,"1,5"\n4,inf\n', "a,y\n5,dear\n", id="no numbers"),
        pytest.param("a,y\n1,10\n2,11\n", "a,y\n5,1\n6,dear\n", id="no number in the test file"),
        pytest.param("a,y\n1,7\n2,7.0\n", "a,y\n1,8\n", id="one value"),
        pytest.param("a,y\n1,1e200\n2,2\n3,3\n", None, id="a large number"),
        pytest.param("a,y\n1,1e-200\n2,2e-200\n3,3e-200\n", None, id="small numbers"),
    ],
)
def test_targets_that_cannot_be_learned(
    tmp_path: Path, messages: Messages, table: str, test: str | None
) -> None:
    with pytest.raises(DataError) as error:
        encoded(tmp_path, table, test)
    messages.check(error.value)


def test_bins_by_hand() -> None:
    """Equal values are in one bin."""
    values = np.random.default_rng(0).normal(size=100)
    of_values = bins(values, 4)
    assert np.bincount(of_values).tolist() == [25, 25, 25, 25]
    assert of_values[values.argsort()].tolist() == sorted(of_values.tolist())
    assert bins(np.array([1.0, 1, 1, 1, 1, 2, 3, 4]), 4).tolist() == [0, 0, 0, 0, 0, 1, 1, 1]


def test_the_rows_of_the_test_file_make_no_bins() -> None:
    """A bin whose only other rows are those of the test file would have a single row to divide."""
    values = np.array([1.0, 2, 3, 4, 5, 6, 2.5, 6, 0, 9])
    assert bins(values, 3, test_rows=4).tolist() == [0, 0, 1, 1, 2, 2, 0, 2, 0, 2]
    assert bins(np.array([1.0, 2, 3, 3, 3]), 3, test_rows=2).tolist() == [0, 0, 0, 0, 0]


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=40), st.integers(2, 12))
def test_bins_are_numbered_in_order_and_none_has_a_single_row(values: list[int], count: int) -> None:
    numbers = np.array(values, np.float64)
    found = bins(numbers, count)
    sizes = np.bincount(found)
    assert sizes.min() >= MIN_BIN
    assert len(sizes) <= count
    order = np.lexsort((found, numbers))
    assert (np.diff(found[order]) >= 0).all()
    for value in {*values}:
        assert len({*found[numbers == value].tolist()}) == 1
