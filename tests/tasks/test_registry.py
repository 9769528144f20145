"""The task for a data set is found, and all warnings are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import ModelConfig
from fnnctl.messages import Message, sentences
from fnnctl.tasks.registry import encode
from tests.memory import dataset_of


def test_warnings_of_the_data_come_before_those_of_the_target() -> None:
    dataset = dataset_of(np.zeros((6, 1)), np.array(["1", "1.0", "2"] * 2), target="grade")
    data = encode(replace(dataset, warnings=(Message("odd_line", "a line was odd"),)))
    assert sentences(data.warnings) == [
        "a line was odd", "the target 'grade' has classes '1' and '1.0', which are the same number"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("output", "task"),
    [("auto", "classification"), ("softmax", "classification")]
    + [(name, "regression") for name in ("squared", "huber", "poisson", "quantile")],
)
def test_an_output_of_numbers_makes_a_regression_of_a_few_numbers(output: str, task: str) -> None:
    dataset = dataset_of(np.zeros((6, 1)), np.array(["0", "1", "2"] * 2))
    assert encode(dataset, output=output).task.name == task
    assert encode(dataset, "classification", output=output).task.name == "classification"


def test_weights_of_rows_are_those_of_the_data_set() -> None:
    """They are those of the requested rows."""
    dataset = dataset_of(np.zeros((6, 1)), np.array(["a", "b"] * 3))
    weighted = encode(replace(dataset, weights=np.arange(6.0)))
    experiment = Experiment(data=DataConfig(source="arrays"))
    found = weighted.example_weights(experiment, np.array([4, 1]))
    assert found is not None
    assert found.tolist() == [4.0, 1.0]
    assert encode(dataset).example_weights(experiment, np.array([4, 1])) is None


def test_scores_are_those_of_the_rows_numbers_in_their_file() -> None:
    dataset = dataset_of(np.zeros((4, 1)), np.array(["a", "b", "a", "b"]))
    data = encode(replace(dataset, file_rows=np.array([0, 2, 5, 9])))
    decoder = data.task.output_decoder(ModelConfig(), data.targets)
    part = data.score(np.array([3, 1]), [np.array([[0.0, 1.0], [1.0, 0.0]])], decoder)
    _, lines = next(iter(part.artifacts()))
    rows = [line.split(",")[:3] for line in "".join(lines).splitlines()][1:]
    assert rows == [["9", "b", "b"], ["2", "b", "a"]]
