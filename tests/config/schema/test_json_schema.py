from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.schema.docstrings import attribute_docstrings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.json_schema import json_schema
from fnnctl.config.schema.optimizers import AdamwOptimizer

EXAMPLES = sorted(Path(__file__).parents[3].joinpath("configs").glob("*.yaml"))


MAY_BE_IN_A_BASE = {"DataConfig": ["source"], "fnnctl experiment": ["data"]}


@pytest.fixture(scope="module")
def validator() -> Any:
    return pytest.importorskip("jsonschema").Draft7Validator(json_schema())


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from objects(inner)


@pytest.mark.extra
def test_it_is_a_draft_7_schema_and_json(validator: Any) -> None:
    schema = json_schema()
    validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(schema)) == schema


def test_nothing_of_a_later_draft_is_in_it() -> None:
    keys = {key for node in objects(json_schema()) for key in node}
    assert not keys & {"$defs", "prefixItems", "discriminator", "unevaluatedProperties"}
    assert all(set(node) == {"$ref"} for node in objects(json_schema()) if "$ref" in node)


def test_every_reference_leads_to_a_definition() -> None:
    schema = json_schema()
    references = {node["$ref"] for node in objects(schema) if "$ref" in node}
    assert references == {f"#/definitions/{name}" for name in schema["definitions"]}


def test_every_section_and_every_setting_has_a_description() -> None:
    sections = [node for node in objects(json_schema()) if "properties" in node and "title" in node]
    assert len(sections) == 1 + len(json_schema()["definitions"])
    for section in sections:
        for name, described in (("", section), *section["properties"].items()):
            description = described.get("description", "")
            assert description.endswith((".", ")")), f"{section['title']}.{name}: {description!r}"
            assert "\n" not in description


def test_every_setting_has_a_default_or_is_required() -> None:
    for section in objects(json_schema()):
        required = {*section.get("required", ()), *MAY_BE_IN_A_BASE.get(section.get("title", ""), ())}
        for key, setting in section.get("properties", {}).items() if "title" in section else ():
            assert ("default" in setting) != (key in required), f"{section['title']}.{key}"


def test_every_number_but_the_tolerance_is_bounded_on_both_sides() -> None:
    for section in objects(json_schema()):
        for key, setting in section.get("properties", {}).items():
            for form in objects(setting):
                if form.get("type") in {"integer", "number"} and key != "tolerance":
                    assert {"minimum", "exclusiveMinimum"} & set(form), key
                    assert {"maximum", "exclusiveMaximum"} & set(form), key


@pytest.mark.extra
def test_short_forms_are_in_it(validator: Any) -> None:
    config = {"data": {"source": "iris"}, "model": {"hidden": [5, {"units": 3, "activation": "elu"}]}}
    assert validator.is_valid(config | {"training": {"optimizer": "nesterov"}})


@pytest.mark.extra
def test_what_is_required_may_be_in_a_base(validator: Any) -> None:
    for extends in ("base.yaml", ["a.yaml", "b.yaml"]):
        assert validator.is_valid({"extends": extends, "data": {"target": "y"}})
        assert validator.is_valid({"extends": extends, "seed": 3})
    assert not validator.is_valid({"extends": 3, "data": {"source": "iris"}})
    assert not validator.is_valid({"data": {"target": "y"}})
    assert not validator.is_valid({"seed": 3})


@pytest.mark.extra
@pytest.mark.parametrize("file", EXAMPLES, ids=[file.stem for file in EXAMPLES])
def test_it_accepts_every_example(validator: Any, file: Path) -> None:
    validator.validate(read_yaml(file.read_text(encoding="utf-8")).value)


@pytest.mark.extra
@given(data=st.data())
def test_it_accepts_whatever_the_models_accept(
    data: st.DataObject, raw_configs: st.SearchStrategy[dict[str, Any]], validator: Any
) -> None:
    raw = data.draw(raw_configs)
    validator.validate(raw)
    validator.validate(json.loads(Experiment.model_validate(raw).model_dump_json()))


@pytest.mark.extra
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "data: iris",
        "data: {source: ''}",
        "data: {source: iris, sorce: wine}",
        "data: {source: iris, split: {test: 1}}",
        "data: {source: iris, sha256: xyz}",
        "data: {source: iris, missing_values: [1]}",
        "data: {source: iris}\nseed: 18446744073709551616",
        "data: {source: iris}\nmodel: {hidden: 5}",
        "data: {source: iris}\nmodel: {hidden: [{activation: relu}]}",
        "data: {source: iris}\nmodel: {activation: {name: relu, slope: 0.1}}",
        "data: {source: iris}\ntraining: {epochs: '5'}",
        "data: {source: iris}\ntraining: {epochs: 1.5}",
        "data: {source: iris}\ntraining: {batch_size: all}",
        "data: {source: iris}\ntraining: {optimizer: {momentum: 0.9}}",
        "data: {source: iris}\ntraining: {early_stopping: false}",
        "data: {source: iris}\ntraining:",
    ],
)
def test_it_refuses_what_the_models_refuse(validator: Any, text: str) -> None:
    config = read_yaml(text).value
    with pytest.raises(ValidationError):
        Experiment.model_validate(config)
    assert not validator.is_valid(config)


def test_a_change_to_one_copy_leaves_the_next_alone() -> None:
    json_schema()["properties"].clear()
    assert json_schema()["properties"]


def test_the_defaults_are_yaml_too() -> None:
    assert yaml.safe_dump(json_schema())


class First:
    """A class."""

    a: int = 1
    """One line."""
    b: str
    """Several
    lines."""
    c: float = 0.0

    d = 2
    """Not annotated."""


class Second(First):
    a: int = 2
    """Another text."""

    class Inner:
        e: int = 3
        """Of another class."""


def test_docstrings_follow_annotated_attributes_of_a_class_or_its_base() -> None:
    assert attribute_docstrings(First) == {"a": "One line.", "b": "Several\nlines."}
    assert attribute_docstrings(Second) == {"a": "Another text.", "b": "Several\nlines."}


def test_an_optimizer_has_those_of_its_hyperparameters() -> None:
    found = attribute_docstrings(AdamwOptimizer)
    assert found["beta1"] == "The decay of the gradient's running mean."
    assert set(found) == set(AdamwOptimizer.model_fields)
