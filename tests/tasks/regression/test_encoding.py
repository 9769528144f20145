from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError, Problem
from fnnctl.tasks.regression.encoding import MIN_BIN, bins, encode


def encoded(folder: Path, table: str, test: str | None = None) -> FloatArray:
    (folder / "table.csv").write_text(table)
    (folder / "test.csv").write_text(test or "")
    test_source = None if test is None else "test.csv"
    return encode(load_dataset(DataConfig(source="table.csv", target="y", test_source=test_source), folder))


def faults(folder: Path, table: str, test: str | None = None) -> list[Problem]:
    with pytest.raises(DataError) as caught:
        encoded(folder, table, test)
    return list(caught.value.problems)


def test_the_targets_are_the_numbers_however_they_are_written(tmp_path: Path) -> None:
    targets = encoded(tmp_path, "a,y\n1,10\n2,-1.50\n3,1e1\n4,10.0\n5,\n", "a,y\n5,.25\n")
    assert targets.tolist() == [10.0, -1.5, 10.0, 10.0, 0.25]


def test_a_target_that_is_no_number_is_reported_with_its_line(tmp_path: Path) -> None:
    problems = faults(tmp_path, 'a,y\n1,10\n2,cheap\n3,"1,5"\n4,inf\n', "a,y\n5,dear\n")
    assert [(Path(each.file or "").name, each.line) for each in problems] == [
        ("table.csv", 3), ("table.csv", 4), ("table.csv", 5)
    ]  # fmt: skip
    assert problems[0].message == "the target 'y' of a regression: 'cheap' is not a number"
    assert problems[1].message.endswith("'1,5' has a comma: write numbers like 1234.5")
    assert problems[2].message.endswith("'inf' is not a finite number")


def test_the_test_file_is_checked_too(tmp_path: Path) -> None:
    (problem,) = faults(tmp_path, "a,y\n1,10\n2,11\n", "a,y\n5,1\n6,dear\n")
    assert (Path(problem.file or "").name, problem.line) == ("test.csv", 3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("7,7.0,7", "has only one value, 7: there is nothing to learn"),
        ("1e200,2,3", "the target 'y' of a regression: '1e200' is beyond ±1e+150; use a larger unit"),
        ("1e-200,2e-200,3e-200", "the values of the target 'y' differ by 2e-200: use a smaller unit"),
    ],
)
def test_targets_that_cannot_be_learned(tmp_path: Path, values: str, words: str) -> None:
    rows = "".join(f"{index},{value}\n" for index, value in enumerate(values.split(",")))
    (problem,) = faults(tmp_path, f"a,y\n{rows}")
    assert words in problem.message


def test_the_test_file_does_not_make_a_second_value(tmp_path: Path) -> None:
    (problem,) = faults(tmp_path, "a,y\n1,7\n2,7\n", "a,y\n1,8\n")
    assert "has only one value, 7" in problem.message


def test_bins_have_equally_many_rows() -> None:
    values = np.random.default_rng(0).normal(size=100)
    found = bins(values, 4)
    assert np.bincount(found).tolist() == [25, 25, 25, 25]
    assert found[values.argsort()].tolist() == sorted(found.tolist())


def test_equal_values_are_in_one_bin() -> None:
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
