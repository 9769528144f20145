"""The best architecture as YAML, with its layers and what is not at its default."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.report.architectures.best import BestModel


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
