"""Pairs of configs that differ in one setting only, for every setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.data import DELIMITER_PATTERN, SHA256_PATTERN
from fnnctl.config.schema.schema_tree import Schema, forms_of, has_free_keys, sections_of, words_of

PATTERNS = {SHA256_PATTERN: ["0" * 64, "1" * 64], DELIMITER_PATTERN: [";", ","]}


def plain_values(schema: Schema) -> list[Any]:
    """Valid values of a setting, from its schema; none for a section."""
    return [value for form in forms_of(schema) for value in values_of(form)]


def values_of(form: Schema) -> list[Any]:
    if words_of(form):
        return words_of(form)
    if has_free_keys(form) and sections_of(form["additionalProperties"]):
        return [{}, {"training.l2": {"choice": [0.1]}}]
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
    """The shortest valid value of a setting."""
    for section in sections_of(schema):
        return {key: smallest(section["properties"][key]) for key in section.get("required", ())}
    return plain_values(schema)[0]


def changes(schema: Schema, path: ConfigPath = ()) -> Iterator[tuple[ConfigPath, Any, Any]]:
    """Every setting at or below a path: its path, and two values of the whole that differ only there."""
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
