from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.target import same_number_twice, target_fault, weights_fault


def fault(values: list[str]) -> str | None:
    classes, counts = np.unique(values, return_counts=True)
    return target_fault("y", classes.tolist(), counts)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["p", "q"], id="two texts"),
        pytest.param(["0", "1"] * 5, id="two whole numbers"),
        pytest.param([str(i) for i in range(1000)] * 2, id="a thousand whole numbers with two rows each"),
        pytest.param([str(i / 2) for i in range(1, 11)] * 3, id="half-stars"),
        pytest.param(["1.0", "2.0", "3.0"], id="whole numbers written with a point"),
        pytest.param(["0", "1"] * 500 + [str(i) for i in range(2, 50)], id="whole numbers with a long tail"),
        pytest.param([f"n{i}" for i in range(30)] + ["n0"], id="texts with a long tail"),
    ],
)
def test_classes(values: list[str]) -> None:
    assert fault(values) is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([str(i * 0.37) for i in range(1, 8)], id="few fractions, each once"),
        pytest.param([str(i / 10) for i in range(30)] * 50, id="many fractions, each often"),
        pytest.param([str(i * 7) for i in range(50)] + ["0", "7"], id="whole numbers, most once"),
    ],
)
def test_continuous_numbers_are_refused_in_words(values: list[str]) -> None:
    words = fault(values) or ""
    assert "holds continuous numbers" in words
    assert f"{len(set(values))} distinct values" in words
    assert "fnnctl classifies" in words


def test_what_cannot_be_told_apart_is_refused() -> None:
    assert target_fault("y", [], np.array([], int)) == "the target 'y' has no value in any row"
    one_class = fault(["p", "p"]) or ""
    assert one_class.startswith("the target 'y' has one class only, 'p': there is nothing to tell apart")
    assert "data.missing_values" in one_class
    assert "another value in every row" in (fault([f"n{i}" for i in range(21)]) or "")


def test_one_number_written_in_two_ways_is_a_warning() -> None:
    words = ["the target 'y' has classes '1' and '1.0', which are the same number"]
    assert same_number_twice("y", ["1.0", "2", "1"]) == words
    assert same_number_twice("y", ["1.0", "a", "1"]) == words
    assert same_number_twice("y", ["1", "10", "a"]) == []


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, 0.0, 2.5], None),
        ([1.0, np.nan, np.nan], (1, "has 2 rows without a value: fill in 1, or leave the rows out")),
        ([1.0, -0.5], (1, "has a negative number, -0.5: a weight is 0 or more")),
        ([0.0, 0.0], (None, "has nothing but zeros: a row that counts needs a weight above 0")),
    ],
)
def test_weights_are_there_and_not_negative(
    weights: list[float], words: tuple[int | None, str] | None
) -> None:
    assert weights_fault(np.array(weights)) == words
