from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.config.provenance import Resolved
from fnnctl.config.reading.explanation import explained, left_out_values, recipe_line
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.recipes import resolving as module
from fnnctl.config.rules.trials import Check
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import Problem
from tests.config.recipes.cases import facts_of
from tests.recipes import SetRecipe

VALUES: dict[str, Any] = {
    "model.hidden": [5, 5],
    "training.optimizer.name": "adamw",
    "training.optimizer.learning_rate": 0.01,
    "training.optimizer.weight_decay": 0.5,
    "training.lr_schedule.name": "cosine",
    "training.early_stopping": None,
    "model.dropout": 0.25,
    "model.ensemble.members": 3,
}
Explain = Callable[..., dict[str, tuple[Any, str]]]


def few_rows(experiment: Experiment) -> list[Problem]:
    """Data that are too few for bags."""
    text, advice = "there are 2 rows for 3 members", "write fewer members, or bags: false"
    problem = Problem(text, path="model.ensemble", advice=advice, has_subject=True)
    return [problem] if experiment.model.ensemble.bags else []


@pytest.fixture(autouse=True)
def recipe(set_recipe: SetRecipe) -> None:
    """A recipe `default` of its own, so that the tests do not depend on the constants."""
    set_recipe(VALUES)


@pytest.fixture
def explain(load: Callable[..., LoadedConfig]) -> Explain:
    """Explain a text; the batch size is as if it came from the data."""

    def value_and_origin(text: str, *overrides: str, **options: Any) -> dict[str, tuple[Any, str]]:
        loaded = load(text, *overrides, **options)
        config = module.resolve(loaded.config, facts_of(), name=loaded.experiment.name)
        training = config.experiment.training
        if training.batch_size == "auto":
            training = training.model_copy(update={"batch_size": 98})
        complete = config.experiment.model_copy(update={"training": training})
        rows = explained(complete, config, loaded.locations)
        assert len({row.path for row in rows}) == len(rows)
        origins = {row.path: row.origin_with_reason.replace("experiment.yaml", "FILE") for row in rows}
        return {row.path: (row.value, origins[row.path]) for row in rows}

    return value_and_origin


def test_every_kind_of_origin(explain: Explain) -> None:
    found = explain(
        "recipe: default\ndata: {source: iris}\ntraining:\n  optimizer: lbfgs\n  l1: 0\n",
        "training.precision=float64",
        seed=3,
    )
    assert found["seed"] == (3, "--seed")
    assert found["recipe"] == ("default", "FILE:1")
    assert found["data.source"] == ("iris", "FILE:2")
    assert found["data.scaling"] == ("standardize", "schema")
    assert found["model.hidden"] == ([5, 5], "recipe")
    assert found["training.optimizer"] == ("lbfgs", "FILE:4")
    assert found["training.epochs"] == (200, "schema")
    assert found["training.l1"] == (0.0, "FILE:5")
    assert found["model.dropout"] == (0.0, "schema: it cannot be used with lbfgs")
    assert found["training.precision"] == ("float64", "--set")
    assert found["training.early_stopping"] == (None, "recipe")
    assert "training.optimizer.memory" not in found
    assert "training.threads" not in found


def test_settings_inside_a_section_have_lines_of_their_own(explain: Explain) -> None:
    """They are all there, at their defaults, too; a list and a mapping with free keys are one line each."""
    found = explain("data: {source: iris, split: {test: 0.3}}\ntraining:\n  class_weights: {setosa: 2}\n")
    assert found["data.split.test"] == (0.3, "FILE:1")
    assert "data.split.validation" not in found
    assert found["model.ensemble.members"] == (3, "recipe")
    assert found["model.ensemble.bags"] == (False, "schema")
    assert found["training.class_weights"] == ({"setosa": 2.0}, "FILE:3")
    found = explain("data: {source: iris}\nmodel: {ensemble: 5}\n")
    assert found["model.ensemble.members"] == (5, "FILE:2")
    assert found["model.ensemble.bags"] == (False, "schema")
    found = explain("data: {source: iris}\ntraining:\n  early_stopping:\n    patience: 9\n")
    assert found["training.early_stopping.patience"] == (9, "FILE:4")
    assert found["training.early_stopping.tolerance"] == (0.0, "schema")


def test_null_is_a_value_of_a_recipe(explain: Explain, set_recipe: SetRecipe) -> None:
    set_recipe({"training.early_stopping.patience": None})
    found = explain("data: {source: iris}\n")
    assert found["training.early_stopping.patience"] == (None, "recipe")
    assert found["training.early_stopping.tolerance"] == (0.0, "schema")


def test_what_is_left_out_has_reasons(load: Callable[..., LoadedConfig]) -> None:
    """Left-out hyperparameters that another optimizer does not have are not named."""
    loaded = load(
        "data: {source: iris}\ntraining: {optimizer: lbfgs}\n"
        "search: {space: {model.hidden: {depth: [1, 2], width: [2, 4]}}}\n"
    )
    complete = module.resolve(loaded.config, facts_of(), name=loaded.experiment.name)
    assert left_out_values(complete) == [
        "model.dropout does not have the recipe's value: it cannot be used with lbfgs",
    ]
    loaded = load("data: {source: iris}\ntraining: {optimizer: sgd}\n")
    complete = module.resolve(loaded.config, facts_of(), name=loaded.experiment.name)
    assert left_out_values(complete) == [
        "training.optimizer.learning_rate does not have the recipe's value: training.optimizer is set, and "
        "the recipe's value was tuned for adamw",
    ]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("", "recipe default"),
        ("recipe: classic\n", None),
        ("complete: true\n", None),
        ("training: {epochs: 9}\nmodel: {ensemble: {bags: false}}\n", "recipe default"),
        ("model: {hidden: [5, 4]}\n", "recipe default"),
        ("training: {optimizer: lbfgs}\n", "recipe default; without its model.dropout"),
        ("training: {optimizer: sgd}\n", "recipe default; without its training.optimizer.learning_rate"),
        ("search: {space: {training.l2: {uniform: [0, 1]}}}\n", "recipe default"),
        ("search: {space: {training.optimizer.name: {choice: [adamw, lbfgs]}}}\n",
         "recipe default; without its training.optimizer.learning_rate, training.optimizer.weight_decay, "
         "model.dropout"),
    ],
)  # fmt: skip
def test_one_line_says_which_values_are_left_out(
    load: Callable[..., LoadedConfig], given: str, line: str | None
) -> None:
    """Values that the config sets, to whatever value, are not named."""
    loaded = load(f"data: {{source: iris}}\n{given}")
    assert recipe_line(module.resolve(loaded.config, facts_of(), name=loaded.experiment.name)) == line


@pytest.mark.parametrize(
    ("given", "check", "why"),
    [
        ("", None, ""),
        ("data: {source: iris, split: {validation: 0.2}}\n", None,
         "; without bags: data.split.validation would have no effect"),
        ("", few_rows, "; without bags: there are 2 rows for 3 members"),
        ("model: {ensemble: {bags: false}}\n", few_rows, ""),
        ("training: {optimizer: lbfgs}\n", few_rows,
         "; without its model.dropout; without bags: there are 2 rows for 3 members"),
    ],
)  # fmt: skip
def test_the_line_says_why_there_are_no_bags(
    load: Callable[..., LoadedConfig],
    set_recipe: SetRecipe,
    given: str,
    check: Check | None,
    why: str,
) -> None:
    values = {**VALUES, "training.early_stopping.patience": None, "model.ensemble.bags": True}
    del values["training.early_stopping"]
    set_recipe(values)
    loaded = load(given if "data" in given else f"data: {{source: iris}}\n{given}")
    complete = module.resolve(loaded.config, facts_of(), name=loaded.experiment.name, check=check)
    assert recipe_line(complete) == f"recipe default{why}"


@pytest.mark.parametrize("given", ["ensemble: 1", "ensemble: {members: 1}"])
def test_one_network_has_neither_bags_nor_twins_without_a_word(
    load: Callable[..., LoadedConfig], set_recipe: SetRecipe, given: str
) -> None:
    """Only its own lines of the table have the reasons."""
    set_recipe(None)
    loaded = load(f"data: {{source: iris}}\nmodel: {{{given}}}\n")
    complete = module.resolve(loaded.config, facts_of(), name=loaded.experiment.name)
    assert recipe_line(complete) == "recipe default"
    assert left_out_values(complete) == []
    rows = explained(complete.experiment, complete, loaded.locations)
    reasons = {row.path: row.reason for row in rows if row.reason}
    assert reasons == {
        "model.ensemble.bags": "each member is validated on a fold of its own, so there must be several"
    }


@pytest.mark.parametrize(
    "given",
    [
        "model: {numeric_embedding: none}",
        "model: {ensemble: 1}",
        "model: {ensemble: {plain_twins: false}}",
        "training: {mixup: 0.2}",
    ],
)
def test_without_twins_there_are_more_epochs(
    load: Callable[..., LoadedConfig], set_recipe: SetRecipe, given: str
) -> None:
    """Nobody is told of twins that the config leaves no room for."""
    set_recipe(None)

    def complete(text: str) -> Resolved:
        loaded = load(f"data: {{source: iris}}\n{text}\n")
        return module.resolve(loaded.config, facts_of(), name=loaded.experiment.name)

    with_twins, without = complete(""), complete(given)
    assert with_twins.experiment.model.ensemble.plain_twins
    assert not without.experiment.model.ensemble.plain_twins
    assert without.experiment.training.epochs > with_twins.experiment.training.epochs
    assert "twins" not in str(recipe_line(without))


@pytest.mark.parametrize("given", ["", "training: {optimizer: sgd}\n", "model: {ensemble: 5}\n"])
def test_a_resolved_config_has_nothing_from_its_recipe(load: Callable[..., LoadedConfig], given: str) -> None:
    loaded = load(f"data: {{source: iris}}\n{given}")
    complete = module.resolve(loaded.config, facts_of(), name=loaded.experiment.name).experiment
    again = load(resolved_yaml(complete))
    assert recipe_line(module.resolve(again.config, facts_of(), name=again.experiment.name)) is None


def test_hyperparameters_have_lines_where_they_are_given_or_the_recipes(explain: Explain) -> None:
    text = "recipe: default\ndata: {source: iris}\n"
    found = explain(text)
    assert found["training.optimizer"] == ("adamw", "recipe")
    assert found["training.optimizer.learning_rate"] == (0.01, "recipe")
    assert found["training.lr_schedule"] == ("cosine", "recipe")
    assert "training.optimizer.beta1" not in found
    found = explain(text + "training:\n  optimizer:\n    name: adamw\n    beta1: 0.8\n")
    assert found["training.optimizer.beta1"] == (0.8, "FILE:6")
    assert found["training.optimizer.learning_rate"] == (0.01, "recipe")


def test_the_learning_rate_always_has_a_line(explain: Explain) -> None:
    """Not in a search of the optimizer: there its default depends on the trial."""
    rate, text = "training.optimizer.learning_rate", "data: {source: iris}\n"
    assert explain(f"{text}training: {{optimizer: adam}}\n")[rate] == (
        0.001,
        "schema: training.optimizer is set, and the recipe's value was tuned for adamw",
    )
    assert explain(f"{text}recipe: classic\n")[rate] == (0.001, "schema")
    assert rate not in explain(f"{text}training: {{optimizer: lbfgs}}\n")
    searched = "search: {space: {training.optimizer.%s: %s}}\n"
    assert rate not in explain(text + searched % ("name", "{choice: [adam, sgd]}"))
    domain = {"uniform": [0.1, 1]}
    assert explain(text + searched % ("learning_rate", domain))[rate] == (domain, "FILE:2, searched")


def test_what_follows_from_the_data(explain: Explain) -> None:
    assert explain("data: {source: iris}\nrecipe: classic\n")["training.batch_size"] == (98, "data")
    found = explain("data: {source: iris}\nrecipe: classic\ntraining: {batch_size: auto}\n")
    assert found["training.batch_size"] == (98, "FILE:3, from the data")


def test_searched_settings_come_last_with_their_domains(explain: Explain) -> None:
    found = explain(
        "recipe: default\ndata: {source: iris}\nsearch:\n  space:\n"
        "    training.optimizer.name: {choice: [adam, sgd]}\n    model.activation: {choice: [relu, selu]}\n"
    )
    assert [*found][-2:] == ["training.optimizer.name", "model.activation"]
    assert found["model.activation"] == ({"choice": ["relu", "selu"]}, "FILE:6, searched")
    assert found["model.hidden"] == ([5, 5], "recipe")
    assert "training.optimizer" not in found
    assert not any(path.startswith("search") for path in found)


def test_layers_are_as_short_as_they_can_be(explain: Explain) -> None:
    found = explain("data: {source: iris}\nmodel: {hidden: [5, {units: 4, activation: selu}]}\n")
    assert found["model.hidden"] == ([5, {"units": 4, "activation": {"name": "selu"}}], "FILE:2")
