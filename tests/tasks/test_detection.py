"""Which targets are classes and which are amounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.data.arrays.in_memory import dataset_of
from fnnctl.tasks.detection import are_amounts
from fnnctl.tasks.registry import encode


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
    ],
)
def test_amounts(values: list[str]) -> None:
    assert amounts(values)


def test_the_choice_is_reported_and_can_be_overruled() -> None:
    dataset = dataset_of(np.zeros((30, 1)), np.arange(30) / 7, target="price")
    data = encode(dataset)
    assert data.task.name == "regression"
    assert data.warnings == (
        "the target 'price' has 30 distinct numbers, which look continuous, so this is a regression "
        "(if they are classes, write data.task: classification)",
    )
    assert encode(dataset, "regression").warnings == ()
    assert encode(dataset, "classification").task.name == "classification"


def test_many_numbers_that_are_taken_for_classes_are_reported() -> None:
    dataset = dataset_of(np.zeros((60, 1)), np.repeat(np.arange(30), 2), target="price")
    data = encode(dataset)
    assert data.task.name == "classification"
    assert "write data.task: regression" in data.warnings[0]
    assert encode(dataset, "classification").warnings == ()


def test_a_built_in_data_set_knows_its_task() -> None:
    dataset = dataset_of(np.zeros((60, 1)), np.repeat(np.arange(30), 2))
    data = encode(replace(dataset, task="regression"))
    assert (data.task.name, data.warnings) == ("regression", ())
