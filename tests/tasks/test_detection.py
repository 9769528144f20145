"""Which targets are classes and which are amounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.tasks.detection import are_amounts, quantity_of
from fnnctl.tasks.registry import encode
from tests.memory import dataset_of


def amounts(values: list[str]) -> bool:
    texts, counts = np.unique(values, return_counts=True)
    return are_amounts(texts.tolist(), counts)


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
        pytest.param([str(i) for i in range(50)] + ["x"], id="numbers and a text"),
    ],
)
def test_classes(values: list[str]) -> None:
    assert not amounts(values)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([str(i * 0.37) for i in range(1, 8)], id="few fractions, each once"),
        pytest.param([str(i / 10) for i in range(30)] * 50, id="many fractions, each often"),
        pytest.param([str(i * 7) for i in range(50)] + ["0", "7"], id="whole numbers, most once"),
        pytest.param([str(i) for i in range(50)] * 3 + ["99"], id="whole numbers, one of them once"),
        pytest.param(
            [str(i) for i in range(-9, 20)] * 30 + ["250"], id="negative ones, and one of them once"
        ),
    ],
)
def test_amounts(values: list[str]) -> None:
    assert amounts(values)


def test_the_choice_is_reported_and_can_be_overruled() -> None:
    dataset = dataset_of(np.zeros((30, 1)), np.arange(30) / 7, target="price")
    data = encode(dataset)
    assert data.task.name == "regression"
    assert data.notes == [
        "the target 'price' has 30 distinct numbers, which look continuous, so this is a regression "
        "(write data.task: regression, or classification if they are classes)",
    ]
    assert data.warnings == ()
    assert encode(dataset, "regression").notes == []
    assert encode(dataset, "classification").task.name == "classification"


def test_many_numbers_that_are_taken_for_classes_are_reported() -> None:
    dataset = dataset_of(np.zeros((60, 1)), np.repeat(np.arange(30), 2), target="price")
    data = encode(dataset)
    assert data.task.name == "classification"
    assert "write data.task: classification, or regression" in data.notes[0]
    assert data.warnings == ()
    assert encode(dataset, "classification").notes == []


def test_a_built_in_data_set_knows_its_task() -> None:
    dataset = dataset_of(np.zeros((60, 1)), np.repeat(np.arange(30), 2))
    data = encode(replace(dataset, task="regression"))
    assert (data.task.name, data.notes) == ("regression", [])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([f"{i},5" for i in range(30)], "y.csv:2: .* '0,5' has a comma: write numbers like 1234.5"),
        ([f"{i},5" for i in range(30)] * 2, "y.csv:2: .* '0,5' has a comma"),
        ([*(str(i / 7) for i in range(30)), "unknown"], "'unknown' is not a number: .* data.missing_values"),
        ([*(str(i / 7) for i in range(30)), "inf"], "'inf' is not a finite number: correct it"),
        ([*(str(i) for i in range(50)), "x"], "'x' is not a number"),
    ],
)
def test_continuous_numbers_with_a_few_texts_are_not_classes(values: list[str], message: str) -> None:
    dataset = dataset_of(np.zeros((len(values), 1)), np.array(values))
    lines = [values.index(text) + 2 for text in dataset.target.texts]
    target = replace(dataset.target, lines=lines, format=None)
    dataset = replace(dataset, source="y.csv", target=target)
    with pytest.raises(DataError, match=message) as caught:
        encode(dataset)
    assert "write data.task: classification" in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([*map(str, range(30)), "other"] * 2, id="whole numbers with two rows each, and a text"),
        pytest.param([f"n{i}" for i in range(30)] * 2, id="texts"),
        pytest.param([*(str(i / 7) for i in range(15)), *(f"n{i}" for i in range(15))] * 2, id="half texts"),
        pytest.param(["1,5", "2,5"] * 5, id="two numbers with a comma"),
    ],
)
def test_texts_among_a_few_or_frequent_numbers_are_classes(values: list[str]) -> None:
    assert encode(dataset_of(np.zeros((len(values), 1)), np.array(values))).task.name == "classification"


def test_continuous_numbers_with_a_text_are_classes_if_the_config_or_a_run_says_so() -> None:
    values = np.array([*(str(i / 7) for i in range(30)), "unknown"] * 2)
    dataset = dataset_of(np.zeros((62, 1)), values)
    assert encode(dataset, "classification").task.name == "classification"
    assert encode(dataset, recorded_classes=dataset.target.texts).task.name == "classification"


def quantity(rows: dict[int, int], write: str = "{}") -> str:
    found = quantity_of([write.format(level) for level in rows], np.array([*rows.values()]))
    return str(found)


POISSON = dict(enumerate([30, 70, 90, 75, 50, 28, 14, 6, 2, 1]))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(POISSON, "counts (whole numbers from 0 to 9)", id="counts"),
        pytest.param(POISSON | {15: 1}, "counts (whole numbers from 0 to 15)", id="counts with a gap"),
        pytest.param(
            {15 - level: n for level, n in POISSON.items()} | {3: 1}, "counts (whole numbers from 3 to 15)",
            id="counts to the left of their peak",
        ),
        pytest.param({1: 50, 2: 10, 3: 20, 4: 90, 5: 300}, "ratings (whole numbers from 1 to 5)", id="stars"),
        pytest.param(dict.fromkeys(range(1, 6), 50), "ratings (whole numbers from 1 to 5)", id="even stars"),
        pytest.param(
            {3: 10, 4: 53, 5: 681, 6: 638, 7: 199, 8: 18}, "ratings (whole numbers from 3 to 8)",
            id="the quality of wine",
        ),
        pytest.param({0: 50, 1: 30, 2: 5}, "None", id="three species"),
        pytest.param(dict.fromkeys(range(10), 180), "None", id="digits"),
        pytest.param({1: 1722, 2: 1544, 3: 1406, 4: 1777, 5: 1906, 6: 1944}, "None", id="activities"),
        pytest.param({1: 70, 2: 76, 3: 17, 5: 13, 6: 9, 7: 29}, "None", id="kinds of glass"),
        pytest.param({1: 1533, 2: 703, 3: 1358, 4: 626, 5: 707, 7: 1508}, "None", id="kinds of soil"),
        pytest.param({level - 1: n for level, n in POISSON.items()}, "None", id="a negative number"),
        pytest.param({2015 + level: n for level, n in POISSON.items()}, "None", id="years"),
        pytest.param({10 * level: n for level, n in POISSON.items()}, "None", id="codes with gaps"),
    ],
)  # fmt: skip
def test_what_whole_numbers_look_like(rows: dict[int, int], expected: str) -> None:
    assert quantity(rows) == expected
    assert quantity(dict(reversed(rows.items()))) == expected
    assert quantity(rows, "{}.0") == expected
    assert quantity(rows, "class {}") == "None"


def test_two_spellings_are_one_level() -> None:
    """The 40 rows of `4.0` alone would be a valley before the peak."""
    ratings = {"3": 90, "4": 100, "4.0": 40, "5": 400, "6": 300, "7": 100}
    assert (
        str(quantity_of([*ratings], np.array([*ratings.values()]))) == "ratings (whole numbers from 3 to 7)"
    )
    four_levels = {"1": 9, "2": 9, "3": 9, "4": 9, "4.0": 1}
    assert quantity_of([*four_levels], np.array([*four_levels.values()])) is None


def test_what_looks_like_counts_stays_classes_unless_the_config_names_the_task() -> None:
    values = [str(level) for level, n in POISSON.items() for _ in range(n)]
    data = dataset_of(np.zeros((len(values), 1)), np.array(values, dtype=object), target="y")
    (note,) = encode(data).notes
    assert note == (
        "the target 'y' looks like counts (whole numbers from 0 to 9), which are treated as 10 classes "
        "(--set data.task=regression predicts amounts, --set data.task=classification keeps the classes)"
    )
    assert encode(data).strata_names == tuple(map(str, POISSON))
    assert not encode(data, "classification").notes
    assert not encode(replace(data, task="classification")).notes
