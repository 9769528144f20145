"""What a config sets or searches is taken; of a recipe, all stays that was not tuned for other values."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.recipes.resolving import RECIPES, fill_in, recipe_values, resolve
from fnnctl.config.recipes.resolving import ConfigChecker as Checker
from fnnctl.config.recipes.tuning import dependences, suited_values
from fnnctl.config.recipes.written import SHORT, gives, settings_in
from fnnctl.config.rules.plain_config import override, value_at
from fnnctl.config.schema.records import records_by_path
from fnnctl.config.schema.section import written_out
from tests.config.recipes.cases import CASES, facts_of

SETTINGS: Final = {
    format_path(tuple(part for part in path if isinstance(part, str))) for path in records_by_path()
}
TUNED: Final = "the recipe's value was tuned for adam"
OTHER_RATE: Final = "the recipe's learning rate is another one in this parametrization"
STANDARD: Final = "the learning rate of another optimizer is one for the standard parametrization"
SMOOTHING: Final = "the recipe smooths labels for its own output"
FEW_EPOCHS: Final = "with plain twins the epochs are so few because they suit the recipe's own steps"
OF_ADAM: Final = {
    "training.optimizer.learning_rate": TUNED,
    "training.optimizer.beta2": TUNED,
    "training.parametrization": STANDARD,
    "training.epochs": FEW_EPOCHS,
}


def search_of(setting: str, domain: Any) -> dict[str, Any]:
    return {"search": {"space": {setting: domain}, "method": "random"}}


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
    ("config", "cause", "reasons"),
    [
        # another optimizer, however it is written
        ({"training": {"optimizer": "sgd"}}, "training.optimizer is set", OF_ADAM),
        ({"training": {"optimizer": {"name": "rmsprop"}}}, "training.optimizer is set", OF_ADAM),
        (
            search_of("training.optimizer.name", {"choice": ["adam", "sgd"]}),
            "training.optimizer is searched",
            OF_ADAM,
        ),
        (
            search_of("training.optimizer", {"choice": [{"name": "adam", "beta1": 0.8}, {"name": "sgd"}]}),
            "training.optimizer is searched",
            OF_ADAM,
        ),
        # the recipe's optimizer, and those with steps of its size
        ({"training": {"optimizer": {"name": "adamw", "weight_decay": 0.02}}}, "", {}),
        ({"training": {"optimizer": "adam"}}, "", {}),
        ({"training": {"optimizer": {"beta1": 0.8}}}, "", {}),
        ({"training": {"optimizer": {"learning_rate": 0.04, "beta1": 0.8}}}, "", {}),
        (
            {"training": {"optimizer": {"learning_rate": 0.01}}},
            "training.optimizer.learning_rate is set",
            {"training.epochs": FEW_EPOCHS},
        ),
        (
            search_of("training.optimizer.learning_rate", {"log_uniform": [0.01, 0.1]}),
            "training.optimizer.learning_rate is searched",
            {"training.epochs": FEW_EPOCHS},
        ),
        # another parametrization
        (
            {"training": {"parametrization": "standard"}},
            "training.parametrization is set",
            {"training.optimizer.learning_rate": OTHER_RATE, "training.epochs": FEW_EPOCHS},
        ),
        ({"training": {"parametrization": "neural_tangent"}}, "", {}),
        # another output, and so another loss
        ({"model": {"output": "logistic"}}, "model.output is set", {"training.label_smoothing": SMOOTHING}),
        ({"model": {"output": "softmax"}}, "", {}),
        ({"model": {"output": "auto"}}, "", {}),
        # another choice of inputs or of a schedule, whose hyperparameters are not the recipe's
        (
            {"model": {"numeric_embedding": "none"}},
            "model.numeric_embedding is set",
            {
                "model.numeric_embedding.bins": "the recipe's value was tuned for piecewise_linear",
                "model.numeric_embedding.size": "the recipe's value was tuned for piecewise_linear",
            },
        ),
        ({"model": {"numeric_embedding": {"bins": 4}}}, "", {}),
        # the settings that are changed most
        ({"training": {"epochs": 64}}, "", {}),
        ({"training": {"batch_size": 8}}, "", {}),
        ({"training": {"early_stopping": {"patience": 5}}}, "", {}),
        ({"training": {"label_smoothing": 0.0}}, "", {}),
        ({"training": {"l2": 0.1}}, "", {}),
        ({"training": {"lr_schedule": "constant"}}, "", {}),
        ({"model": {"hidden": [200, {"units": 8, "dropout": 0.1}]}}, "", {}),
        ({"model": {"activation": "selu", "dropout": 0.2}}, "", {}),
        ({"model": {"ensemble": 3}}, "", {}),
        (search_of("model.hidden", {"depth": [1, 3], "width": [8, 64]}), "", {}),
        (search_of("model", {"choice": [{"hidden": [3]}, {"ensemble": 2}]}), "", {}),
        ({"seed": 3, "data": {"source": "iris", "split": {"test": 0}}}, "", {}),
    ],
)
def test_what_is_left_out_and_why(config: dict[str, Any], cause: str, reasons: dict[str, str]) -> None:
    _, changes = suited_values(config, recipe_values("default", facts_of()))
    assert {format_path(path): problem.message for path, problem in changes.items()} == {
        path: f"{cause}, and {reason}" for path, reason in reasons.items()
    }


def test_another_value_takes_the_place_of_one_that_does_not_suit() -> None:
    values = recipe_values("default", facts_of())
    suited, _ = suited_values({"training": {"parametrization": "standard"}}, values)
    rate, epochs = ("training", "optimizer", "learning_rate"), ("training", "epochs")
    assert values[epochs] == 22
    assert suited == {**values, rate: 0.005, epochs: 32}
    suited, _ = suited_values({"training": {"optimizer": "sgd", "parametrization": "standard"}}, values)
    assert ("training", "optimizer", "learning_rate") not in suited


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
    "change", ["training.epochs=64", "training.batch_size=8", "training.l2=0.1", "training.clip_norm=1"]
)
def test_a_change_of_one_setting_changes_nothing_else(case: str, change: str) -> None:
    """The experiment is the recipe's with this one value."""
    setting, _, value = change.partition("=")
    config = {"data": {"source": "table.csv", "target": "y"}}
    whole = resolve(config, CASES[case]).experiment.model_dump()
    changed_config = override(config, parse_path(setting), float(value) if "." in value else int(value))
    changed = resolve(changed_config, CASES[case])
    assert changed.provenance.omitted == {}
    section, key = setting.split(".")
    assert changed.experiment.model_dump() == {
        **whole,
        section: {**whole[section], key: value_at(changed.experiment.model_dump(), (section, key))},
    }
    assert value_at(changed.experiment.model_dump(), (section, key)) == float(value)


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"training.optimizer.learning_rate": 0.004}, True),
        ({"training.optimizer.learning_rate": 0.005}, False),
        ({"training.optimizer.learning_rate": 0.001, "training.parametrization": "standard"}, False),
        ({"training.optimizer": {"name": "sgd", "learning_rate": 0.001}}, False),
        ({"training.optimizer": {"name": "adamw", "learning_rate": 0.001}}, True),
        ({"training.optimizer.learning_rate": 0.001, "recipe": "classic"}, False),
        (
            {
                "training.optimizer.learning_rate": 0.001,
                **search_of("training.optimizer.learning_rate", {"choice": [0.01]}),
            },
            False,
        ),
    ],
)
def test_a_rate_far_below_the_recipes_is_warned_of(changes: dict[str, Any], is_told: bool) -> None:
    """The recipe's is 0.04."""
    config: Any = {"data": {"source": "table.csv", "target": "y"}}
    for setting, value in changes.items():
        config = override(config, parse_path(setting), value)
    warnings = resolve(config, facts_of()).warnings
    assert [str(warning).rpartition("; ")[2] for warning in warnings] == [
        "leave it out, or write training.parametrization: standard, too"
    ] * is_told
