from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fnnctl.config.paths import parse_path
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import (
    Form,
    distinguishing_keys,
    field_forms,
    names_of,
    required_keys,
    sections_of,
)
from fnnctl.config.schema.json_schema import json_schema
from fnnctl.config.schema.lookups import forms_at
from fnnctl.config.schema.lr_schedules import OF_TARGET
from fnnctl.config.schema.records import record_in
from fnnctl.nn.optimizers.first_order import OPTIMIZERS

JSON_TYPES = {"section": "object", "mapping": "object", "list": "array", "text": "string"}
JSON_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def json_forms(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The forms of a JSON Schema, with unions split into their choices and references resolved."""
    if "$ref" in schema:
        yield from json_forms(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    elif union := {"allOf", "anyOf", "oneOf"} & schema.keys():
        for part in schema[union.pop()]:
            yield from json_forms(part, definitions)
    elif schema.get("pattern") != f"^{OF_TARGET}$":  # messages list the columns of all tasks alone
        yield plain_json(schema, definitions)


def plain_json(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    short = {"short": True} if schema.get("description", "").startswith("Short for") else {}
    if "const" in schema or "enum" in schema:
        return {"words": schema.get("enum") or [schema["const"]], **short}
    kept = {"type", "pattern", "minItems", "maxItems", "minLength", "maxLength", *JSON_LIMITS.values()}
    form = {key: value for key, value in schema.items() if key in kept} | short
    for entries in {"items", "additionalProperties"} & schema.keys():
        if isinstance(schema[entries], Mapping):
            form[entries] = [*json_forms(schema[entries], definitions)]
    if "properties" in schema:
        inner = schema["properties"].items()
        form["properties"] = {key: [*json_forms(value, definitions)] for key, value in inner}
        form["descriptions"] = {key: value.get("description") for key, value in inner}
        form["required"] = schema.get("required", [])
    return form


def as_json(form: Form) -> dict[str, Any]:
    """What the JSON Schema says of a form."""
    short = {"short": True} if form.is_short else {}
    if form.kind == "words":
        return {"words": [*form.words], **short}
    written: dict[str, Any] = {} if form.kind == "any" else {"type": JSON_TYPES.get(form.kind, form.kind)}
    length = "Items" if form.kind == "list" else "Length"
    names = {**JSON_LIMITS, "pattern": "pattern", "min_length": f"min{length}", "max_length": f"max{length}"}
    limits = {names[name]: value for name in names if (value := getattr(form, name)) is not None}
    entries = {"list": "items", "mapping": "additionalProperties"}
    if form.kind == "list" or form.has_free_keys:
        written[entries[form.kind]] = [as_json(entry) for entry in form.entries]
    if form.section:
        written["properties"] = {
            key: [as_json(inner) for inner in field_forms(form.section, key)] for key in form.keys
        }
        written["descriptions"] = {key: record_in(form.section, (key,)).description for key in form.keys}
        written["required"] = required_keys(form.section)
    return {**written, **limits, **short}


@pytest.mark.parametrize("key", Experiment.model_fields)
def test_forms_and_descriptions_are_those_of_the_json_schema(key: str) -> None:
    schema = json_schema()
    schema["definitions"]["DataConfig"]["required"] = ["source"]  # unless the config extends another
    forms = [as_json(form) for form in field_forms(Experiment, key)]
    assert forms == [*json_forms(schema["properties"][key], schema["definitions"])]


def sections_at(path: str) -> list[Any]:
    return sections_of(forms_at(parse_path(path), {}))


def test_the_names_of_a_union_are_all_names_of_its_sections() -> None:
    optimizers = {name for section in sections_at("training.optimizer") for name in names_of(section)}
    assert optimizers == {*OPTIMIZERS, "lbfgs"}
    assert names_of(Experiment) == ()


def test_sections_without_names_are_told_apart_by_their_keys() -> None:
    domains = sections_at("search.space.a")
    assert [distinguishing_keys(section) for section in domains[:2]] == [["choice"], ["uniform"]]
    assert distinguishing_keys(domains[-1]) == ["depth", "width"]
    assert distinguishing_keys(sections_at("training.optimizer")[0]) == []


@pytest.mark.parametrize(
    ("form", "value", "is_included"),
    [
        (Form(kind="integer", ge=1), 1, True),
        (Form(kind="integer", ge=1), 0, False),
        (Form(kind="integer", ge=1), 1.0, False),
        (Form(kind="number", gt=0, le=1), 1, True),
        (Form(kind="number", gt=0, le=1), 0.0, False),
        (Form(kind="number", lt=1), 1.0, False),
        (Form(kind="number"), math.nan, False),
        (Form(kind="number"), 10**400, True),
        (Form(kind="number"), "1", False),
        (Form(kind="text"), 1, False),
    ],
)
def test_a_form_includes_the_numbers_within_its_bounds(form: Form, value: object, is_included: bool) -> None:
    assert form.includes(value) is is_included


def test_the_keys_of_a_mapping_are_free_if_its_values_have_forms() -> None:
    weights, first = forms_at(parse_path("training.class_weights"), {})[0], parse_path("search.start_from[0]")
    assert weights.has_free_keys
    assert not forms_at(first, {})[0].has_free_keys
