from __future__ import annotations

import pytest

from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.schema.data import DataConfig, SplitConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError

IRIS = {"data": {"source": "iris"}}


def test_a_mapping_gives_the_experiment_that_python_gives() -> None:
    assert experiment_of(IRIS) == Experiment(data=DataConfig(source="iris"))


def test_defaults_that_depend_on_other_settings_are_filled_in() -> None:
    assert experiment_of(IRIS).training.early_stopping is not None
    config = {"data": {"source": "iris", "split": {"validation": 0}}}
    assert experiment_of(config).training.early_stopping is None
    with_epochs = experiment_of({**config, "training": {"epochs": 5}}).training
    assert (with_epochs.epochs, with_epochs.early_stopping) == (5, None)


def test_bags_are_validated_whatever_the_validation_share() -> None:
    bags = {"model": {"ensemble": {"members": 4, "bags": True}}}
    none = {"data": {"source": "iris", "split": {"validation": 0, "test": 0.95}}}
    found = experiment_of({**none, **bags})
    assert found.training.early_stopping is not None
    assert found.data.split == SplitConfig(test=0.95)  # a setting without effect has its default
    searched = {"space": {"training.l2": {"uniform": [0, 1]}}}
    of_trials = {"data": {"source": "iris", "split": {"validation": 0.3}}}
    assert experiment_of({**of_trials, **bags, "search": searched}).data.split.validation == 0.3


def test_problems_have_paths_and_no_file() -> None:
    config = {**IRIS, "model": {"hidden": [], "activation": "tanh"}, "training": {"class_weights": {}}}
    with pytest.raises(ConfigError) as caught:
        experiment_of(config)
    assert [(problem.path, problem.file, problem.line) for problem in caught.value.problems] == [
        ("model.activation", None, None),
        ("training.class_weights", None, None),
    ]


def test_what_only_trials_read_is_left_out() -> None:
    optimizer = {"name": "adam", "momentum": 0.5}
    searched = {"space": {"training.optimizer.name": {"choice": ["adam", "momentum"]}}}
    found = experiment_of({**IRIS, "training": {"optimizer": optimizer}, "search": searched})
    assert found.training.optimizer.name == "adam"


def test_what_is_read_only_after_several_changes_is_no_error() -> None:
    """lbfgs reads no horizon, and neither does a constant schedule; the space has others of both."""
    optimizers = {"training.optimizer": {"choice": ["lbfgs", "adam"]}}
    config = {
        **IRIS,
        "training": {"optimizer": "lbfgs", "horizon": 400},
        "search": {"space": {**optimizers, "training.lr_schedule": {"choice": ["constant", "cosine"]}}},
    }
    assert experiment_of(config).training.horizon is None
    with pytest.raises(ConfigError, match="depend on the horizon"):
        experiment_of({**config, "search": {"space": optimizers}})
