from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.provenance import Resolved
from fnnctl.config.recipes.resolving import experiment_before_data, resolve
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.trials import Check
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError, Problem
from tests.config.recipes.cases import facts_of
from tests.config.short_configs import config_of
from tests.recipes import SetRecipe

VALUES: dict[str, Any] = {
    "data.scaling": "robust",
    "model.hidden": [5, 5],
    "model.activation.name": "selu",
    "training.epochs": 30,
    "training.optimizer.name": "adamw",
    "training.optimizer.learning_rate": 0.01,
    "training.optimizer.weight_decay": 0.5,
    "training.lr_schedule.name": "cosine",
    "training.lr_schedule.warmup_epochs": 20,
    "training.l2": 0.0,
    "model.dropout": 0.25,
    "model.ensemble.members": 3,
    "training.early_stopping.monitor": "validation_accuracy",
    "training.early_stopping.patience": 7,
}
STOPPING = {"training.early_stopping.monitor", "training.early_stopping.patience"}
OPTIMIZER = {"training.optimizer.learning_rate", "training.optimizer.weight_decay"}
SCHEDULE = {"training.lr_schedule.name", "training.lr_schedule.warmup_epochs"}


@pytest.fixture(autouse=True)
def recipe(set_recipe: SetRecipe) -> None:
    """A recipe `default` of its own, so that the tests do not depend on the constants."""
    set_recipe(VALUES)


def expand(*settings: str, check: Check | None = None) -> Resolved:
    return resolve(config_of("recipe=default", *settings), facts_of(), check=check)


def taken(complete: Resolved) -> set[str]:
    return {format_path(path) for path in complete.provenance.applied}


def test_with_nothing_given_everything_is_the_recipes() -> None:
    experiment = expand().experiment
    assert [layer.units for layer in experiment.model.hidden] == [5, 5]
    assert experiment.training.optimizer.name == "adamw"
    assert (experiment.training.learning_rate, experiment.training.epochs) == (0.01, 30)
    assert experiment.training.optimizer.model_dump()["weight_decay"] == 0.5
    assert (experiment.model.ensemble.members, experiment.data.scaling) == (3, "robust")


def test_classic_fills_in_nothing() -> None:
    complete = expand("recipe=classic")
    assert (complete.provenance.applied, complete.provenance.config) == ({}, complete.provenance.written)
    assert complete.experiment == experiment_of(complete.provenance.written)


def test_a_searched_setting_has_the_recipes_value_to_start_from() -> None:
    complete = expand("search={space: {model.hidden: {depth: [1, 2], width: [4, 8]}}, method: random}")
    assert [layer.units for layer in complete.experiment.model.hidden] == [5, 5]
    assert taken(complete) == VALUES.keys()


def test_layers_that_the_space_cannot_start_from_give_way() -> None:
    """The recipe has two layers and the space one, so the search starts from the schema's single layer."""
    space = "{model.hidden: {depth: [1, 1], width: [4, 8], per_layer: true}}"
    complete = expand(f"search={{space: {space}, method: random, start_from: [{{}}]}}")
    assert taken(complete) == VALUES.keys() - {"model.hidden"}
    assert len(complete.experiment.model.hidden) == 1


def test_nothing_is_filled_in_a_complete_config() -> None:
    complete = expand("complete=true")
    assert (complete.provenance.applied, complete.provenance.omitted) == ({}, {})
    assert complete.experiment.training.epochs == 200


@pytest.mark.parametrize(
    ("settings", "left_out"),
    [
        (["data.split.validation=0"], STOPPING),
        (["training.optimizer=adam"], OPTIMIZER),
        (["training.optimizer=lbfgs"], {"model.dropout", *OPTIMIZER, *SCHEDULE}),
        (["model.hidden=[]"], {"model.activation.name", "model.dropout"}),
        (
            ["model.hidden=[4]", "training={epochs: 5, averaging: {name: swa}}"],
            {"training.lr_schedule.warmup_epochs"},
        ),
        (
            ["search.space={training.optimizer.name: {choice: [adam, lbfgs]}}"],
            {"model.dropout", *OPTIMIZER},
        ),
        (
            [
                "training.optimizer=adamw",
                "search.space={training.optimizer.learning_rate: {uniform: [0.1, 1]}}",
            ],
            set(),
        ),
    ],
)
def test_a_value_that_contradicts_a_set_one_is_not_taken(settings: list[str], left_out: set[str]) -> None:
    complete = expand(*settings)
    assert {format_path(path) for path in complete.provenance.omitted} == left_out
    assert taken(complete).isdisjoint(left_out)
    assert all(complete.provenance.omitted.values())


def test_a_value_that_the_data_do_not_allow_is_not_taken() -> None:
    def check(experiment: Experiment) -> Sequence[Problem]:
        stopping = experiment.training.early_stopping
        problem = Problem("a regression has no accuracy", path="training.early_stopping.monitor")
        return [problem] if stopping and stopping.monitor == "validation_accuracy" else []

    complete = expand(check=check)
    ((path, problem),) = complete.provenance.omitted.items()
    assert path == ("training", "early_stopping", "monitor")
    assert problem.message == "a regression has no accuracy"
    assert taken(complete) == VALUES.keys() - {"training.early_stopping.monitor"}


def test_a_problem_that_the_config_has_anyway_takes_nothing_away() -> None:
    complete = expand("search={space: {training.l2: {uniform: [-1, 1]}}, method: random}")
    assert complete.provenance.omitted == {}
    assert taken(complete) == VALUES.keys()


def test_a_default_that_contradicts_a_set_value_may_be_replaced_by_the_recipe(
    set_recipe: SetRecipe,
) -> None:
    """The default of early stopping would end training before `swa` starts averaging.

    So would the recipe's patience, which is null beside `swa`.
    """
    config = config_of("training.averaging=swa")
    experiment_before_data(config)
    complete = resolve(config, facts_of())
    stopping = complete.experiment.training.early_stopping
    assert stopping is not None
    assert stopping.patience is None
    assert taken(complete) == VALUES.keys()
    set_recipe({})
    with pytest.raises(ConfigError, match="may end training before swa starts averaging"):
        resolve(config, facts_of())


def test_written_out_the_values_give_the_same_experiment_and_seed() -> None:
    complete = expand("name=a", "seed=4")
    again = experiment_of({**complete.provenance.config, "recipe": "classic"})
    assert again.model_copy(update={"recipe": "default"}) == complete.experiment
    assert configuration_seed(again) == configuration_seed(complete.experiment)


def test_an_expanded_config_has_nothing_left_to_fill() -> None:
    once = expand("training.l2=0.3")
    again = resolve(once.provenance.config, facts_of(rows=10**6), name=once.experiment.name)
    assert (again.provenance.config, again.experiment) == (once.provenance.config, once.experiment)


def test_the_name_is_kept() -> None:
    """Also of a config that is valid only beside the recipe: warm-up needs the recipe's schedule."""
    config = config_of("name=roses", "training.lr_schedule={warmup_epochs: 2}")
    assert experiment_before_data(config).name == "roses"
    assert expand().experiment.name is None
    assert resolve(config, facts_of(), name="flowers").experiment.name == "flowers"
