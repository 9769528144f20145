from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.recipes.groups import GROUP_NAMES, GROUPS, classic_groups, group_of
from fnnctl.config.schema.schema_tree import all_settings

SETTINGS = {format_path(tuple(part for part in path if isinstance(part, str))) for path in all_settings()}
NO_GROUP = [
    "model.threshold",
    *(f"training.{name}" for name in ("shuffle", "class_weights", "precision", "threads", "time_limit")),
]
GROUPED = [setting for settings in GROUPS.values() for setting in settings]


def test_every_setting_of_the_network_and_its_training_is_in_one_group_or_in_none() -> None:
    placed = [*GROUPED, *NO_GROUP]
    assert len(placed) == len(set(placed))
    whole = {
        each
        for each in SETTINGS
        if each.count(".") == 1 and not each.startswith(("search", "evaluation", "notes"))
    }
    assert {each for each in whole if not each.startswith("data.")} == {
        each for each in placed if each.count(".") == 1 and not each.startswith("data.")
    }


def test_every_grouped_setting_exists() -> None:
    assert {*GROUPED} - SETTINGS == set()
    assert tuple(GROUPS) == GROUP_NAMES


@pytest.mark.parametrize(
    ("setting", "group"),
    [
        ("data.scaling", "input"),
        ("data.split.test", None),
        ("model.hidden[1].units", "architecture"),
        ("model.hidden[1].dropout", "regularization"),
        ("training.optimizer", "optimization"),
        ("training.optimizer.beta2", "optimization"),
        ("training.optimizer.weight_decay", "regularization"),
        ("training.class_weights.l2", None),
        ("model.ensemble", "members"),
        ("model.output.delta", "output"),
        ("seed", None),
    ],
)
def test_the_group_of_a_setting(setting: str, group: str | None) -> None:
    assert group_of(parse_path(setting)) == group


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"seed": 3, "data": {"source": "iris", "split": {"test": 0}}}, {}),
        ({"model": {"hidden": []}}, {"architecture": "model.hidden"}),
        ({"training": {"averaging": None}}, {"regularization": "training.averaging"}),
        ({"training": {"optimizer": "sgd"}}, {"optimization": "training.optimizer"}),
        (
            {"training": {"optimizer": {"name": "adamw", "weight_decay": 0.1}}},
            {"optimization": "training.optimizer.name", "regularization": "training.optimizer.weight_decay"},
        ),
        (
            {"model": {"hidden": [9, {"units": 9, "dropout": 0.5}]}},
            {"architecture": "model.hidden", "regularization": "model.hidden[1].dropout"},
        ),
        ({"search": {"space": {"training.l2": {"uniform": [0, 1]}}}}, {"regularization": "training.l2"}),
        (
            {"search": {"space": {"model": {"choice": [{"hidden": [3]}, {"ensemble": 2}]}}}},
            {"architecture": "model.hidden", "members": "model.ensemble"},
        ),
        ({"search": {"start_from": [{"training.l2": 0.1}]}}, {}),
    ],
)
def test_the_groups_that_a_config_sets_or_searches(config: dict[str, Any], found: dict[str, str]) -> None:
    assert {group: format_path(path) for group, path in classic_groups(config).items()} == found
