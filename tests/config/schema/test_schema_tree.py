from __future__ import annotations

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.schema.schema_tree import (
    all_settings,
    choices_of,
    chosen_section,
    homes_of,
    names_of,
    schema_at,
    sections_of,
    values_of,
)
from fnnctl.nn.optimizers.first_order import OPTIMIZERS

ADAM_KEYS = ["name", "learning_rate", "beta1", "beta2", "epsilon"]


def test_a_path_leads_to_its_schema() -> None:
    assert schema_at(("model", "hidden", 3, "units"), {})["maximum"] == 1_000_000
    assert schema_at(("data", "columns", "ignore", 0), {}) == {"type": "string"}
    assert schema_at(("training", "class_weights", "any class"), {})["maximum"] == 1e9


def test_the_name_chooses_the_section_of_a_union() -> None:
    optimizer = schema_at(("training", "optimizer"), {})
    assert list(chosen_section(optimizer, {"name": "sgd"})["properties"]) == ["name", "learning_rate"]
    assert list(chosen_section(optimizer, {"beta1": 0.8})["properties"]) == ADAM_KEYS
    elu = {"model": {"activation": {"name": "elu"}}}
    assert schema_at(("model", "activation", "alpha"), elu)["maximum"] == 100.0


def test_the_names_of_a_union_are_all_names_of_its_sections() -> None:
    sections = sections_of(schema_at(("training", "optimizer"), {}))
    assert {name for section in sections for name in names_of(section)} == {*OPTIMIZERS, "lbfgs"}
    assert names_of(sections_of(schema_at(("data", "split"), {}))[0]) == []


@pytest.mark.parametrize(
    "path",
    [
        ("nothing",),
        ("seed", "x"),
        ("seed", 0),
        ("training", 0),
        ("model", "hidden", "units"),
        ("model", "activation", "x"),
        ("training", "class_weights", "a", "x"),
    ],
)
def test_a_place_that_does_not_exist_is_a_lookup_error(path: tuple[str | int, ...]) -> None:
    with pytest.raises(LookupError):
        schema_at(path, {})


def test_all_settings_come_outermost_first_and_each_union_branch_with_its_own() -> None:
    paths = [format_path(path) for path in all_settings()]
    assert paths[:8] == ["name", "seed", "recipe", "complete", "notes", "data", "model", "training"]
    assert "model.hidden[0].activation.slope" in paths
    assert "training.optimizer.momentum" in paths
    assert paths.index("training.epochs") < paths.index("data.split.test")


@pytest.mark.parametrize(
    ("key", "homes"),
    [
        ("seed", ["seed", "data.split.seed"]),
        ("units", ["model.hidden[0].units"]),
        ("dropout", ["model.dropout"]),
        ("epsilon", ["model.normalization.epsilon", "training.optimizer.epsilon"]),
        ("name", ["name"]),
        ("gpu", []),
    ],
)
def test_homes_of_a_setting_leave_out_those_of_layers(key: str, homes: list[str]) -> None:
    assert [format_path(path) for path in homes_of(key)] == homes


@pytest.mark.parametrize(
    ("word", "settings"),
    [
        ("swa", ["training.averaging"]),
        ("batch", ["model.normalization"]),
        ("momentum", ["training.optimizer"]),
        (
            "none",
            [
                "data.scaling",
                "data.target_transform",
                "model.numeric_embedding",
                "model.normalization",
                "model.calibration",
                "search.curve_stopping",
            ],
        ),
        ("gpu", []),
    ],
)
def test_settings_that_allow_a_word(word: str, settings: list[str]) -> None:
    assert [format_path(path) for path in choices_of(word)] == settings


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (("training", "epochs"), ["200"]),
        (("training", "optimizer", "learning_rate"), ["0.1", "0.01", "0.001", "1"]),
        (("model", "residual"), ["true", "false"]),
        (("training", "averaging"), ["ema", "swa", "null"]),
        (("data", "source"), []),
        (("no", "setting"), []),
    ],
)
def test_values_that_can_be_listed(path: tuple[str, ...], values: list[str]) -> None:
    assert values_of(path) == values
