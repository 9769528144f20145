"""The best architecture as YAML, with its layers and what is not at its default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.report.best_model import BestModel, moving_average, rewards
from fnnctl.store.journal import JournalRecord
from tests.messages import Messages
from tests.report.searches import header, read, result, trial


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"hidden": [64, 32]}, id="widths"),
        pytest.param({"hidden": []}, id="no layer"),
        pytest.param(
            {"hidden": [{"units": 64, "activation": "relu"}, {"units": 64, "residual": True}]}, id="layers"
        ),
        pytest.param(
            {
                "hidden": [64],
                "activation": {"name": "leaky_relu", "slope": 0.02},
                "normalization": {"name": "none"},
                "dropout": 0.25,
                "residual": False,
                "output": {"name": "softmax"},
            },
            id="what is not at its default",
        ),
        pytest.param({"hidden": [8], "output": {"name": "logistic"}}, id="an output that auto is not"),
    ],
)
def test_a_model_is_written_as_in_a_config(messages: Messages, values: dict[str, Any]) -> None:
    messages.check("\n".join(BestModel(ModelConfig.model_validate(values), values).lines()))


def test_the_default_of_ordered_classes_is_another_one() -> None:
    for name, is_ordered in (("softmax", False), ("ordinal", True)):
        values = {"hidden": [8], "output": {"name": name}}
        model = ModelConfig.model_validate(values)
        assert "output" not in "".join(BestModel(model, values, is_ordered).lines())
        assert f"output: {{name: {name}}}" in BestModel(model, values, not is_ordered).lines()[-1]


def journal(*objectives: float | None, **settings: str) -> list[JournalRecord]:
    results = (result(number, 3, objective) for number, objective in enumerate(objectives))
    return [header(**{"sampler": "controller", **settings}), *map(trial, range(len(objectives))), *results]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param(journal(0.5, 0.7), [0.5, 0.7], id="the objective"),
        pytest.param(
            journal(0.5, 0.7, metric="log_loss", direction="minimize"),
            [-0.5, -0.7],
            id="the negative of a loss",
        ),
        pytest.param(
            journal(None, 0.5, 0.7, None, 0.2, None),
            [0.5, 0.7, 0.5, 0.2, 0.2],
            id="the worst so far if it diverged",
        ),
        pytest.param([*journal(0.5, 0.7), result(0, 9, 0.9)], [0.5, 0.7], id="of the first result"),
    ],
)
def test_the_reward_of_a_trial(records: list[JournalRecord], expected: list[float]) -> None:
    assert rewards(read(records)).tolist() == expected


def test_the_moving_average_is_of_the_last_values() -> None:
    assert moving_average(np.array([1.0, 3.0, 5.0, 1.0]), 2).tolist() == [1.0, 2.0, 4.0, 3.0]
    assert moving_average(np.array([]), 2).tolist() == []
