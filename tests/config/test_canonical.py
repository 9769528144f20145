from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.canonical import canonical_configuration, configuration_seed
from fnnctl.config.experiment import Experiment


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, **sections})


@pytest.mark.parametrize(
    "same",
    [
        {"model": {"hidden": [{"units": 100, "activation": "relu"}]}},
        {"training": {"epochs": 7}},
        {"training": {"threads": 2}},
        {"name": "other"},
        {"data": {"source": "wine"}},
        {"training": {"optimizer": {"name": "adam", "beta1": 0.9}}},
    ],
)
def test_equal_configurations_have_equal_seeds(same: dict[str, Any]) -> None:
    assert configuration_seed(experiment(**same)) == configuration_seed(experiment())


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"model": {"hidden": [101]}},
        {"model": {"activation": "tanh"}},
        {"model": {"initialization": "he_normal"}},
        {"training": {"l2": 0.0}},
        {"training": {"optimizer": {"learning_rate": 0.002}}},
        {"data": {"source": "iris", "scaling": "robust"}},
    ],
)
def test_other_configurations_have_other_seeds(other: dict[str, Any]) -> None:
    assert configuration_seed(experiment(**other)) != configuration_seed(experiment())


def test_what_nothing_reads_is_left_out() -> None:
    assert canonical_configuration(experiment(model={"hidden": []}))["hidden"] == []
