"""What a config sets or searches is taken; of a recipe, all stays that was not tuned for other values."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.reading.overrides import read_override
from fnnctl.config.recipes.resolving import RECIPES, fill_in, recipe_values, resolve
from fnnctl.config.recipes.resolving import ConfigChecker as Checker
from fnnctl.config.recipes.tuning import dependences, suited_values
from fnnctl.config.recipes.written import SHORT, gives, settings_in
from fnnctl.config.rules.plain_config import override, value_at
from fnnctl.config.schema.records import records_by_path
from fnnctl.config.schema.section import written_out
from tests.config.recipes.cases import CASES, facts_of
from tests.config.short_configs import config_of
from tests.messages import Messages

SETTINGS: Final = {
    format_path(tuple(part for part in path if isinstance(part, str))) for path in records_by_path()
}


@pytest.mark.parametrize(
    "setting",
    sorted({setting for path, tuned in dependences() for setting in (format_path(path), tuned.setting)}),
)
def test_every_setting_that_values_were_tuned_for_exists(setting: str) -> None:
    assert setting in SETTINGS


def test_every_tuned_value_is_one_that_a_recipe_has() -> None:
    values = {path for facts in CASES.values() for name in RECIPES for path in recipe_values(name, facts)}
    assert {path for path, _ in dependences()} <= values


@pytest.mark.parametrize(
    "change",
    [
        # another optimizer, however it is written
        "training.optimizer=sgd",
        "training.optimizer={name: rmsprop}",
        "search.space={training.optimizer.name: {choice: [adam, sgd]}}",
        "search.space={training.optimizer: {choice: [{name: adam, beta1: 0.8}, {name: sgd}]}}",
        # another rate, another parametrization, another output and so another loss, other inputs
        "training.optimizer={learning_rate: 0.01}",
        "search.space={training.optimizer.learning_rate: {log_uniform: [0.01, 0.1]}}",
        "training.parametrization=standard",
        "model.output=logistic",
        "model.numeric_embedding=none",
    ],
)
def test_what_is_left_out_and_why(change: str, messages: Messages) -> None:
    _, changes = suited_values(config_of(change), recipe_values("default", facts_of()))
    for path, problem in changes.items():
        messages.check(f"{format_path(path)}: {problem.message}")


@pytest.mark.parametrize(
    "change",
    [
        # the recipe's optimizer, and those with steps of its size
        "training.optimizer={name: adamw, weight_decay: 0.02}",
        "training.optimizer=adam",
        "training.optimizer={beta1: 0.8}",
        "training.optimizer={learning_rate: 0.04, beta1: 0.8}",
        "training.parametrization=neural_tangent",
        "model.output=softmax",
        "model.output=auto",
        "model.numeric_embedding={bins: 4}",
        # the settings that are changed most
        "training.epochs=64",
        "training.early_stopping={patience: 5}",
        "training.label_smoothing=0.0",
        "training.lr_schedule=constant",
        "model.hidden=[200, {units: 8, dropout: 0.1}]",
        "model={activation: selu, dropout: 0.2}",
        "model.ensemble=3",
        "search.space={model.hidden: {depth: [1, 3], width: [8, 64]}}",
        "search.space={model: {choice: [{hidden: [3]}, {ensemble: 2}]}}",
        "data.split={test: 0}",
    ],
)
def test_nothing_is_left_out_beside_what_suits_the_recipe(change: str) -> None:
    assert suited_values(config_of(change), recipe_values("default", facts_of()))[1] == {}


def test_another_value_takes_the_place_of_one_that_does_not_suit() -> None:
    values = recipe_values("default", facts_of())
    suited, _ = suited_values(config_of("training.parametrization=standard"), values)
    rate, epochs = ("training", "optimizer", "learning_rate"), ("training", "epochs")
    assert values[epochs] == 22
    assert suited == {**values, rate: 0.005, epochs: 32}
    suited, _ = suited_values(
        config_of("training.optimizer=sgd", "training.parametrization=standard"), values
    )
    assert rate not in suited


CHANGES: Final[dict[str, list[Any]]] = {
    "training.epochs": [64],
    "training.batch_size": [8],
    "training.optimizer": ["adam", "sgd", {"name": "adam", "beta2": 0.99}],
    "training.optimizer.learning_rate": [0.3],
    "training.parametrization": ["standard", "neural_tangent"],
    "training.lr_schedule": ["constant", "one_cycle"],
    "training.label_smoothing": [0.2],
    "training.l2": [0.1],
    "training.mixup": [0.3],
    "training.early_stopping": [None],
    "training.early_stopping.patience": [5],
    "model.hidden": [[], [9], [200, 100, 50]],
    "model.activation": ["selu"],
    "model.dropout": [0.2],
    "model.numeric_embedding": ["none", {"bins": 4}],
    "model.scaling_layer": [False],
    "model.output": ["softmax"],
    "model.calibration": ["none"],
    "model.ensemble": [1, 3, {"bags": False}],
    "data.scaling": ["none"],
    "data.split.validation": [0.3],
}
"""Usual changes of a config, each by itself valid beside the recipe."""


@given(
    changes=st.lists(st.sampled_from(sorted(CHANGES)), max_size=4, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: st.sampled_from(CHANGES[name]) for name in names})
    ),
    recipe=st.sampled_from(sorted(RECIPES)),
)
def test_what_is_set_is_taken_and_the_rest_stays(changes: dict[str, Any], recipe: Any) -> None:
    """Each value of the recipe is the config's, applied as it is, or left out with a reason."""
    config: Any = {"recipe": recipe, "data": {"source": "iris"}}
    for setting in sorted(changes):  # a section before what is in it
        config = override(config, parse_path(setting), changes[setting])
    values, checker = recipe_values(recipe, facts_of()), Checker(None)
    applied = fill_in(config, values, checker, partial(checker.problems, config))
    settings = [*settings_in(config)]
    for path in settings:
        written, taken = value_at(config, path), value_at(applied.config, path)
        assert taken == written or taken == {**taken, **written_out(written, SHORT)}
    for path, value in values.items():
        is_null = any(value_at(config, path[:depth]) is None and path[:depth] in settings for depth in (1, 2))
        states = [
            gives(settings, path) or is_null,
            path in applied.applied and (value_at(applied.config, path) == value or path in applied.changed),
            bool(applied.omitted.get(path)),
        ]
        assert states.count(True) == 1, format_path(path)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "change", ["training.epochs=64", "training.batch_size=8", "training.l2=0.1", "training.clip_norm=1.0"]
)
def test_a_change_of_one_setting_changes_nothing_else(case: str, change: str) -> None:
    """The experiment is the recipe's with this one value."""
    path, document = read_override(change)
    whole = resolve(config_of(), CASES[case]).experiment.model_dump()
    changed = resolve(config_of(change), CASES[case])
    assert changed.provenance.omitted == {}
    assert changed.experiment.model_dump() == override(whole, path, document.value)


@pytest.mark.parametrize(
    ("changes", "warns"),
    [
        (["training.optimizer.learning_rate=0.004"], True),
        (["training.optimizer.learning_rate=0.005"], False),
        (["training.optimizer.learning_rate=0.001", "training.parametrization=standard"], False),
        (["training.optimizer={name: sgd, learning_rate: 0.001}"], False),
        (["training.optimizer={name: adamw, learning_rate: 0.001}"], True),
        (["training.optimizer.learning_rate=0.001", "recipe=classic"], False),
        (
            [
                "training.optimizer.learning_rate=0.001",
                "search.space={training.optimizer.learning_rate: {choice: [0.01]}}",
            ],
            False,
        ),
    ],
)
def test_a_rate_far_below_the_recipes_is_warned_of(changes: list[str], warns: bool) -> None:
    """The recipe's is 0.04."""
    warnings = resolve(config_of(*changes), facts_of()).warnings
    assert [str(warning).rpartition("; ")[2] for warning in warnings] == [
        "leave it out, or write training.parametrization: standard, too"
    ] * warns
