"""The best architecture as YAML, with its layers and what is not at its default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.report.best_model import BestModel, moving_average, rewards
from fnnctl.store.journal import JournalRecord
from tests.report.searches import header, read, result, trial


def lines(**values: Any) -> list[str]:
    return BestModel(ModelConfig.model_validate(values), values).lines()


@pytest.mark.parametrize(
    ("layers", "written"),
    [
        ([64, 32], ["  hidden: [64, 32]"]),
        ([], ["  hidden: []"]),
        (
            [{"units": 64, "activation": "relu"}, {"units": 64, "residual": True}],
            ["  hidden:", "  - {units: 64, activation: relu}", "  - {units: 64, residual: true}"],
        ),
    ],
)
def test_layers_are_written_as_in_a_config(layers: list[Any], written: list[str]) -> None:
    assert lines(hidden=layers) == ["model:", *written]


def test_what_is_not_at_its_default_is_written_too() -> None:
    found = lines(
        hidden=[64],
        activation={"name": "leaky_relu", "slope": 0.02},
        normalization={"name": "none"},
        dropout=0.25,
        residual=False,
        output={"name": "softmax"},
    )
    slope = "  activation: {name: leaky_relu, slope: 0.02}"
    assert found == ["model:", "  hidden: [64]", slope, "  dropout: 0.25"]


def test_an_output_that_auto_does_not_stand_for_is_written() -> None:
    assert lines(hidden=[8], output={"name": "logistic"})[-1] == "  output: {name: logistic}"


def journal(*objectives: float | None, **settings: str) -> list[JournalRecord]:
    numbers = range(len(objectives))
    results = (result(number, 3, each) for number, each in zip(numbers, objectives, strict=True))
    return [header(**{"sampler": "controller", **settings}), *map(trial, numbers), *results]


def test_a_reward_is_the_objective_or_its_negative() -> None:
    assert rewards(read(journal(0.5, 0.7))).tolist() == [0.5, 0.7]
    assert rewards(read(journal(0.5, 0.7, metric="log_loss", direction="minimize"))).tolist() == [-0.5, -0.7]


def test_a_diverged_trial_has_the_worst_reward_so_far() -> None:
    assert rewards(read(journal(None, 0.5, 0.7, None, 0.2, None))).tolist() == [0.5, 0.7, 0.5, 0.2, 0.2]


def test_a_trial_is_rewarded_for_its_first_result() -> None:
    records = [*journal(0.5, 0.7), result(0, 9, 0.9)]
    assert rewards(read(records)).tolist() == [0.5, 0.7]


def test_the_moving_average_is_of_the_last_values() -> None:
    assert moving_average(np.array([1.0, 3.0, 5.0, 1.0]), 2).tolist() == [1.0, 2.0, 4.0, 3.0]
    assert moving_average(np.array([]), 2).tolist() == []
