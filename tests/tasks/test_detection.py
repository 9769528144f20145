"""Which targets are classes and which are amounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.errors import DataError
from fnnctl.metrics.metric import TaskName
from fnnctl.tasks.detection import are_amounts, quantity_of
from fnnctl.tasks.registry import encode
from tests.memory import dataset_of
from tests.messages import Messages


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


@pytest.mark.parametrize(
    ("numbers", "task"), [(np.arange(30) / 7, "regression"), (np.repeat(np.arange(30), 2), "classification")]
)
def test_the_choice_is_reported_and_can_be_overruled(
    messages: Messages, numbers: FloatArray, task: TaskName
) -> None:
    """By the config, or by a built-in data set."""
    dataset = dataset_of(np.zeros((len(numbers), 1)), numbers, target="price")
    data = encode(dataset)
    assert (data.task.name, data.warnings) == (task, ())
    (note,) = data.notes
    messages.check(note)
    assert encode(dataset, task).notes == encode(replace(dataset, task=task)).notes == []
    tasks: set[TaskName] = {"classification", "regression"}
    for opposite in tasks - {task}:
        for data in (encode(dataset, opposite), encode(replace(dataset, task=opposite))):
            assert data.task.name == opposite


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([f"{i},5" for i in range(30)], id="decimal commas"),
        pytest.param([f"{i},5" for i in range(30)] * 2, id="decimal commas, twice"),
        pytest.param([*(str(i / 7) for i in range(30)), "unknown"], id="fractions and a text"),
        pytest.param([*(str(i / 7) for i in range(30)), "inf"], id="fractions and infinity"),
        pytest.param([*(str(i) for i in range(50)), "x"], id="whole numbers and a text"),
    ],
)
def test_continuous_numbers_with_a_few_texts_are_not_classes(messages: Messages, values: list[str]) -> None:
    dataset = dataset_of(np.zeros((len(values), 1)), np.array(values))
    lines = [values.index(text) + 2 for text in dataset.target.texts]
    target = replace(dataset.target, lines=lines, format=None)
    with pytest.raises(DataError) as error:
        encode(replace(dataset, source="y.csv", targets=(target,)))
    messages.check(error.value)


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


def quantity(rows: dict[int, int] | dict[str, int], write: str = "{}") -> str:
    return str(quantity_of([write.format(level) for level in rows], np.array([*rows.values()])))


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
    assert quantity(ratings) == "ratings (whole numbers from 3 to 7)"
    assert quantity({"1": 9, "2": 9, "3": 9, "4": 9, "4.0": 1}) == "None"


def test_what_looks_like_counts_stays_classes_unless_the_config_names_the_task(messages: Messages) -> None:
    values = [str(level) for level, n in POISSON.items() for _ in range(n)]
    data = dataset_of(np.zeros((len(values), 1)), np.array(values, dtype=object), target="y")
    (note,) = encode(data).notes
    messages.check(note)
    assert encode(data).strata_names == tuple(map(str, POISSON))
    assert not encode(data, "classification").notes
