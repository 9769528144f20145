from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fnnctl.config.canonical import NOT_COUNTED, canonical_configuration, configuration_seed
from fnnctl.config.data import DELIMITER_PATTERN, SHA256_PATTERN
from fnnctl.config.experiment import Experiment
from fnnctl.config.model import HiddenLayer, ModelConfig
from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.schema_tree import Schema, all_settings, forms_of, root_schema, sections_of, words_of


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, **sections})


@pytest.mark.parametrize(
    "same",
    [
        {"model": {"hidden": [{"units": 100, "activation": "relu"}]}},
        {"model": {"hidden": [{"units": 100, "activation": "relu"}], "activation": "tanh"}},
        {"model": {"hidden": [{"units": 100, "initialization": "auto"}]}},
        {"training": {"epochs": 7}},
        {"training": {"threads": 2}},
        {"name": "other"},
        {"data": {"source": "wine"}},
        {"data": {"source": "a.csv", "encoding": "cp1252", "delimiter": ";"}},
        {"data": {"source": "iris", "split": {"validation": 0.1, "test": 0.0, "stratify": False}}},
        {"training": {"optimizer": {"name": "adam", "beta1": 0.9}}},
        {"training": {"early_stopping": {"patience": 20}}},
    ],
)
def test_equal_configurations_have_equal_seeds(same: dict[str, Any]) -> None:
    assert configuration_seed(experiment(**same)) == configuration_seed(experiment())


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"model": {"hidden": [101]}},
        {"model": {"hidden": []}},
        {"model": {"activation": "tanh"}},
        {"model": {"initialization": "he_normal"}},
        {"training": {"l2": 0.0}},
        {"training": {"optimizer": {"learning_rate": 0.002}}},
        {"training": {"optimizer": {"name": "rmsprop"}}},
        {"training": {"early_stopping": None}},
        {"data": {"source": "iris", "scaling": "robust"}},
        {"data": {"source": "iris", "target": "species"}},
        {"data": {"source": "iris", "columns": {"ignore": ["sepal_length"]}}},
    ],
)
def test_other_configurations_have_other_seeds(other: dict[str, Any]) -> None:
    assert configuration_seed(experiment(**other)) != configuration_seed(experiment())


def test_what_is_hashed_is_what_is_read_and_not_at_its_default() -> None:
    """Worked out by hand; a setting that a later version adds must leave this as it is."""
    assert canonical_configuration(experiment()) == {"data": {}, "model": {"hidden": [{"units": 100}]}}
    given = experiment(
        seed=5,
        data={"source": "a.csv", "scaling": "none", "columns": {"ignore": ["id"]}},
        model={
            "hidden": [8, {"units": 4, "activation": "relu"}],
            "activation": {"name": "elu", "alpha": 0.5},
        },
        training={"epochs": 9, "l2": 0.0001, "optimizer": {"learning_rate": 0.01}, "early_stopping": None},
    )
    assert canonical_configuration(given) == {
        "data": {"columns": {"ignore": ["id"]}, "scaling": "none"},
        "model": {"hidden": [{"units": 8, "activation": {"name": "elu", "alpha": 0.5}}, {"units": 4}]},
        "training": {"optimizer": {"learning_rate": 0.01}, "early_stopping": None},
    }
    # the first eight bytes of the SHA-256 of '[0, {"data": {}, "model": {"hidden": [{"units": 100}]}}]'
    assert configuration_seed(experiment()) == 0x35CF602DBBFC83DD


PATTERNS = {SHA256_PATTERN: ["0" * 64, "1" * 64], DELIMITER_PATTERN: [";", ","]}


def plain_values(schema: Schema) -> list[Any]:
    """Values that a setting may have, from its schema; none of a section."""
    return [value for form in forms_of(schema) for value in values_of(form)]


def values_of(form: Schema) -> list[Any]:
    if words_of(form):
        return words_of(form)
    match form["type"]:
        case "integer":
            return [form["minimum"], form["minimum"] + 1]
        case "number":
            low = form.get("minimum", form.get("exclusiveMinimum"))
            high = min(low + 1, form.get("maximum", form.get("exclusiveMaximum", low + 1)))
            return [low + (high - low) / 4, low + (high - low) / 2]
        case "string":
            return PATTERNS.get(form.get("pattern", ""), ["a", "b"])
        case "boolean":
            return [False, True]
        case "array":
            return [[value] for value in plain_values(form["items"]) if not sections_of(form["items"])]
        case "null":
            return [None]
    return []


def smallest(schema: Schema) -> Any:
    """The shortest value that a setting may have."""
    for section in sections_of(schema):
        return {key: smallest(section["properties"][key]) for key in section.get("required", ())}
    return plain_values(schema)[0]


def changes(schema: Schema, path: ConfigPath = ()) -> Iterator[tuple[ConfigPath, Any, Any]]:
    """Every setting at and below a place: its path, and two values of the place that differ in it alone."""
    values = plain_values(schema)
    if len(values) > 1:
        yield path, values[0], values[1]
    for form in forms_of(schema):
        for key, inner in form.get("properties", {}).items():
            others = {needed: smallest(form["properties"][needed]) for needed in form.get("required", ())}
            for below, one, other in changes(inner, (*path, key)):
                yield below, {**others, key: one}, {**others, key: other}
        if "items" in form and sections_of(form["items"]):
            for below, one, other in changes(form["items"], (*path, 0)):
                yield below, [one], [other]


def test_every_setting_counts_or_is_known_not_to() -> None:
    seen = set()
    for path, one, other in changes(root_schema()):
        first, second = (canonical_configuration(Experiment.model_validate(each)) for each in (one, other))
        known = any(path[: len(place)] == place for place in NOT_COUNTED)
        assert (first == second) == known, f"{format_path(path)}: {one} and {other}"
        seen |= {path[:depth] for depth in range(1, len(path) + 1)}
    assert {path for path in all_settings() if path not in seen and path[-1] != "name"} == set()
    assert set(NOT_COUNTED) <= seen


@pytest.mark.parametrize("key", sorted(HiddenLayer.model_fields.keys() & ModelConfig.model_fields.keys()))
def test_a_layers_setting_may_stand_in_the_model(key: str) -> None:
    schema = root_schema()["definitions"]["HiddenLayer"]["properties"][key]
    for value in plain_values(schema)[:2]:
        in_model: dict[str, Any] = {"hidden": [8], key: value}
        in_layer: dict[str, Any] = {"hidden": [{"units": 8, key: value}]}
        if key == "initialization":  # the output layer reads the model's
            in_layer[key] = value
        assert configuration_seed(experiment(model=in_model)) == configuration_seed(
            experiment(model=in_layer)
        )
