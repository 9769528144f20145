"""An error that the recipe's values of a group would spare the user says that the group is classic."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fnnctl.config.paths import ConfigPath, Messages, parse_path
from fnnctl.config.recipes.filling import (
    AppliedRecipe,
    ConfigChecker,
    apply_recipe,
    recipe_values,
    rule_problems,
    with_classic_notes,
)
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import override, value_at
from tests.config.recipes.cases import facts_of

VALUES = recipe_values("default", facts_of())


def config_of(settings: dict[str, Any]) -> dict[str, Any]:
    config: Any = {"data": {"source": "iris"}}
    for setting, value in settings.items():
        config = override(config, parse_path(setting), value)
    return dict(config)


def told(settings: dict[str, Any], values: Any = VALUES) -> dict[ConfigPath, str]:
    found = apply_recipe(config_of(settings), values, ConfigChecker(None))
    return with_classic_notes(rule_problems(found.config), found)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (
            {"training.lr_schedule.warmup_epochs": 3},
            "constant has no warmup_epochs; cosine has; training.lr_schedule.warmup_epochs is set, so the "
            "optimization is classic; write training.lr_schedule: {name: cosine, warmup_epochs: 3}",
        ),
        (
            {"training.horizon": 50},
            "training.horizon is set, so the optimization is classic; write training.lr_schedule: cosine",
        ),
        (
            {"model.numeric_embedding.bins": 4},
            "model.numeric_embedding.bins is set, so the input is classic; "
            "write model.numeric_embedding: {name: piecewise_linear, bins: 4}",
        ),
        (
            {"model.ensemble.bags": True},
            "each member is validated on a fold of its own, so there must be several; model.ensemble.bags is "
            "set, so the members are classic; write model.ensemble: {members: 8, bags: true}",
        ),
    ],
)
def test_the_group_its_cause_and_what_to_write(settings: dict[str, Any], hint: str) -> None:
    (message,) = told(settings).values()
    assert message.endswith(hint)
    assert message.count("write") == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"training.optimizer": {"name": "adam", "weight_decay": 0.05}},
        {"training.lr_schedule": {"name": "constant", "warmup_epochs": 3}},
        {"training.epchs": 3},
        {"model.residual": True, "model.hidden": [5, 6]},
        {"training.class_weights": {}, "training.epochs": 50},
    ],
)
def test_no_hint_where_the_recipe_would_not_help(settings: dict[str, Any]) -> None:
    (message,) = told(settings).values()
    assert "classic" not in message
    assert list(told(settings, {}).values()) == [message]


def test_what_is_written_is_valid() -> None:
    """The advice is tried: as it stands, it leaves no problem."""
    settings = {"training.lr_schedule.warmup_epochs": 3}
    (message,) = told(settings).values()
    advised = message.partition("; write training.lr_schedule: ")[2]
    given = experiment_of(config_of({"training.lr_schedule": yaml.safe_load(advised)}))
    assert value_at(given.model_dump(), parse_path("training.lr_schedule.warmup_epochs")) == 3


def test_a_hint_without_advice_if_only_the_whole_group_helps() -> None:
    """The problem needs two values at once."""

    def problems(config: Any) -> Messages:
        training = config.get("training", {})
        both = training.get("epochs") == 5 and training.get("batch_size") == 6
        return {} if both else {("training", "horizon"): "is wrong"}

    config = {"training": {"horizon": 3}}
    values = {parse_path("training.epochs"): 5, parse_path("training.batch_size"): 6}
    given = AppliedRecipe(config, config, values, {"optimization": parse_path("training.horizon")}, {})
    assert with_classic_notes(problems(config), given, problems) == {
        ("training", "horizon"): "is wrong; training.horizon is set, so the optimization is classic"
    }
