from __future__ import annotations

import pytest

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.schema.domains import LayersConfig, UniformConfig
from fnnctl.config.schema.forms import Form
from fnnctl.config.schema.lookups import (
    chosen_section,
    forms_at,
    is_setting,
    record_at,
    settings_named,
    settings_with_word,
    values_of,
)
from fnnctl.config.schema.optimizers import AdamOptimizer, SgdOptimizer


def test_a_path_leads_to_its_forms() -> None:
    (units,) = forms_at(("model", "hidden", 3, "units"), {})
    assert units.le == 1_000_000
    assert forms_at(("data", "columns", "ignore", 0), {}) == (Form(kind="text"),)
    (weight,) = forms_at(("training", "class_weights", "any class"), {})
    assert weight.le == 1e9


def test_the_name_chooses_the_section_of_a_union() -> None:
    optimizer = forms_at(("training", "optimizer"), {})
    assert chosen_section(optimizer, {"name": "sgd"}) is SgdOptimizer
    assert chosen_section(optimizer, {"beta1": 0.8}) is AdamOptimizer
    with pytest.raises(LookupError):
        chosen_section(optimizer, {"name": "gpu"})
    (alpha,) = forms_at(("model", "activation", "alpha"), {"model": {"activation": {"name": "elu"}}})
    assert alpha.le == 100.0


def test_a_key_chooses_the_section_of_a_union_without_names() -> None:
    domain = forms_at(("search", "space", "training.l2"), {})
    assert chosen_section(domain, {"uniform": [0, 1]}) is UniformConfig
    assert chosen_section(domain, {"log": True, "width": [1, 9]}) is LayersConfig
    with pytest.raises(LookupError):
        chosen_section(domain, {"log": True})


def test_a_path_leads_to_the_record_of_a_setting() -> None:
    source = record_at(("data", "source"), {})
    assert source is not None
    assert source.is_required
    assert source.description.startswith("A built-in data set's name (iris, ")
    momentum = record_at(
        ("training", "optimizer", "learning_rate"), {"training": {"optimizer": {"name": "sgd"}}}
    )
    assert momentum is not None
    assert (momentum.section, momentum.info.default) == (SgdOptimizer, 0.1)
    assert record_at(("training", "class_weights", "a"), {}) is None
    assert record_at(("data", "columns", "ignore", 0), {}) is None
    assert record_at(("training", "optimizer", "momentum"), {}) is None


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "seed.x",
        "seed[0]",
        "training[0]",
        "model.hidden.units",
        "model.activation.x",
        "training.class_weights.a.x",
    ],
)
def test_a_path_that_does_not_exist_has_no_forms(path: str) -> None:
    assert forms_at(parse_path(path), {}) == ()
    assert record_at(parse_path(path), {}) is None


@pytest.mark.parametrize(
    ("path", "exists"),
    [
        ("training.optimizer.momentum", True),
        ("model.hidden[2].units", True),
        ("model.hidden[2]", True),
        ("training.class_weights.setosa", True),
        ("search.space.anything", True),
        ("training.momentum", False),
        ("search.start_from[0].training", False),
        ("training.epochs.x", False),
    ],
)
def test_entries_of_lists_and_free_keys_are_settings(path: str, exists: bool) -> None:
    assert is_setting(parse_path(path)) is exists


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
    assert [format_path(path) for path in settings_named(key)] == homes


def test_settings_that_allow_a_word() -> None:
    assert [format_path(path) for path in settings_with_word("swa")] == ["training.averaging"]
    assert [format_path(path) for path in settings_with_word("batch")] == ["model.normalization"]
    assert settings_with_word("gpu") == []


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("training.epochs", ["200"]),
        ("training.optimizer.learning_rate", ["0.1", "0.01", "0.001", "1"]),
        ("model.residual", ["true", "false"]),
        ("training.averaging", ["ema", "swa", "null"]),
        ("data.source", []),
        ("no.setting", []),
    ],
)
def test_values_that_can_be_listed(path: str, values: list[str]) -> None:
    assert values_of(parse_path(path)) == values
