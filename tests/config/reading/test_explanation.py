from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.config.provenance import Resolved
from fnnctl.config.reading.explanation import (
    ExplainedSetting,
    calibration_lines,
    explained,
    left_out_values,
    recipe_line,
)
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.recipes.resolving import resolve
from fnnctl.config.rules.trials import Check
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import Problem
from tests.config.recipes.cases import facts_of
from tests.messages import Messages
from tests.recipes import SetRecipe

Load = Callable[..., LoadedConfig]
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
BAGS = {**VALUES, "training.early_stopping": {}, "model.ensemble.bags": True}


def few_rows(experiment: Experiment) -> list[Problem]:
    """Data that are too few for bags."""
    text, advice = "there are 2 rows for 3 members", "write fewer members, or bags: false"
    problem = Problem(text, path="model.ensemble", advice=advice, has_subject=True)
    return [problem] if experiment.model.ensemble.bags else []


@pytest.fixture(autouse=True)
def recipe(set_recipe: SetRecipe) -> None:
    """A recipe `default` of its own, so that the tests do not depend on the constants."""
    set_recipe(VALUES)


def completed(loaded: LoadedConfig, check: Check | None = None) -> Resolved:
    return resolve(loaded.config, facts_of(), name=loaded.experiment.name, check=check)


def rows_of(loaded: LoadedConfig) -> list[ExplainedSetting]:
    """The explanation; the batch size is as if it came from the data."""
    config = completed(loaded)
    training = config.experiment.training
    if training.batch_size == "auto":
        training = training.model_copy(update={"batch_size": 98})
    experiment = config.experiment.model_copy(update={"training": training})
    return explained(experiment, config, loaded.locations)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "recipe: classic",
        "recipe: classic\ntraining: {batch_size: auto}",
        "complete: true",
        "recipe: default\ntraining:\n  optimizer: lbfgs\n  l1: 0",
        "training: {class_weights: {setosa: 2}}\nmodel: {ensemble: 5}",
        "training:\n  early_stopping:\n    patience: 9",
        "training: {optimizer: adam}",
        "training: {optimizer: sgd}",
        "training:\n  optimizer:\n    name: adamw\n    beta1: 0.8",
        "training: {epochs: 9}\nmodel: {ensemble: {bags: false}}",
        "model: {hidden: [5, {units: 4, activation: selu}]}",
        "training: {optimizer: lbfgs}\nsearch: {space: {model.hidden: {depth: [1, 2], width: [2, 4]}}}",
        "search: {space: {training.optimizer.learning_rate: {uniform: [0.1, 1]}}}",
        "search: {space: {training.optimizer.name: {choice: [adam, sgd]}, model.dropout: {choice: [0.1]}}}",
        "search: {space: {training.optimizer.name: {choice: [adamw, lbfgs]}}}",
    ],
)
def test_every_value_has_its_origin(load: Load, text: str, messages: Messages) -> None:
    """Without those of the schema that have no reason. First the line about the recipe and what it lacks."""
    loaded = load(f"data: {{source: iris}}\n{text}\n")
    config, rows = completed(loaded), rows_of(loaded)
    messages.check(recipe_line(config))
    for line in left_out_values(config):
        messages.check(line)
    assert len({row.path for row in rows}) == len(rows)
    for row in rows:
        if row.origin_with_reason != "schema":
            messages.check(f"{row.path} is {row.value}: {row.origin_with_reason}")


def test_settings_inside_a_section_have_lines_of_their_own(load: Load) -> None:
    """They are all there, at their defaults, too, unless they have no effect or belong to a choice."""
    loaded = load("data: {source: iris, split: {test: 0.3}}\n", "training.precision=float64", seed=3)
    origins = {row.path: (row.value, row.origin) for row in rows_of(loaded)}
    assert origins["seed"] == (3, "--seed")
    assert origins["training.precision"] == ("float64", "--set")
    assert origins["data.split.test"] == (0.3, "experiment.yaml:1")
    assert origins["data.scaling"] == ("standardize", "schema")
    assert origins["model.ensemble.bags"] == (False, "schema")
    assert not origins.keys() & {"data.split.validation", "training.optimizer.beta1", "training.threads"}


def test_null_is_a_value_of_a_recipe(load: Load, set_recipe: SetRecipe) -> None:
    set_recipe({"training.early_stopping.patience": None})
    rows = {row.path: (row.value, row.origin) for row in rows_of(load("data: {source: iris}\n"))}
    assert rows["training.early_stopping.patience"] == (None, "recipe")
    assert rows["training.early_stopping.tolerance"] == (0.0, "schema")


@pytest.mark.parametrize(
    ("text", "check", "why"),
    [
        ("", None, ""),
        ("data.split.validation=0.2", None, "; without bags: data.split.validation would have no effect"),
        ("seed=0", few_rows, "; without bags: there are 2 rows for 3 members"),
        ("model.ensemble.bags=false", few_rows, ""),
        (
            "training.optimizer=lbfgs",
            few_rows,
            "; without its model.dropout; without bags: there are 2 rows for 3 members",
        ),
    ],
)
def test_the_line_says_why_there_are_no_bags(
    load: Load, set_recipe: SetRecipe, text: str, check: Check | None, why: str
) -> None:
    set_recipe(BAGS)
    loaded = load("data: {source: iris}\n", *text.split())
    assert recipe_line(completed(loaded, check)) == f"recipe default{why}"


@pytest.mark.parametrize("members", ["1", "{members: 1}"])
def test_one_network_has_neither_bags_nor_twins_without_a_word(
    load: Load, set_recipe: SetRecipe, members: str
) -> None:
    """Only its own lines of the table have the reasons."""
    set_recipe(None)
    loaded = load(f"data: {{source: iris}}\nmodel: {{ensemble: {members}}}\n")
    config = completed(loaded)
    assert recipe_line(config) == "recipe default"
    assert left_out_values(config) == []
    assert {row.path: row.reason for row in rows_of(loaded) if row.reason} == {
        "model.ensemble.bags": "each member is validated on a fold of its own, so there must be several"
    }


@pytest.mark.parametrize(
    "change",
    [
        "model.numeric_embedding=none",
        "model.ensemble=1",
        "model.ensemble.plain_twins=false",
        "training.mixup=0.2",
    ],
)
def test_without_twins_there_are_more_epochs(load: Load, set_recipe: SetRecipe, change: str) -> None:
    """Nobody is told of twins that the config leaves no room for."""
    set_recipe(None)
    with_twins, without = (completed(load("data: {source: iris}\n", *words)) for words in ([], [change]))
    assert with_twins.experiment.model.ensemble.plain_twins
    assert not without.experiment.model.ensemble.plain_twins
    assert without.experiment.training.epochs > with_twins.experiment.training.epochs
    assert "twins" not in str(recipe_line(without))


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        (None, "shrunk_temperature divides all scores by one number"),
        ("temperature", "temperature divides all scores by one number"),
        ("none", None),
    ],
)
def test_a_calibration_is_explained(
    load: Load, set_recipe: SetRecipe, calibration: str | None, words: str | None
) -> None:
    set_recipe(None)
    options = [] if calibration is None else [f"model.calibration={calibration}"]
    lines = calibration_lines(rows_of(load("data: {source: iris}\n", *options)))
    assert len(lines) == (words is not None)
    assert all(line.startswith(f"model.calibration: {words}, so that") for line in lines)


def test_a_value_in_place_of_the_recipes_is_named(load: Load, set_recipe: SetRecipe) -> None:
    """Without a calibration another epoch is best; what swa averages must not end early."""
    set_recipe(None)
    loaded = load("data: {source: iris}\n", "model.calibration=none", "training.averaging=swa")
    assert recipe_line(completed(loaded)) == (
        "recipe default; with another training.early_stopping.patience, training.early_stopping.monitor"
    )


@pytest.mark.parametrize("words", [[], ["training.optimizer=sgd"], ["model.ensemble=5"]])
def test_a_resolved_config_has_nothing_from_its_recipe(load: Load, words: list[str]) -> None:
    experiment = completed(load("data: {source: iris}\n", *words)).experiment
    assert recipe_line(completed(load(resolved_yaml(experiment)))) is None
