"""Pairs of configs that differ in one setting only, for every setting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.data import DELIMITER_PATTERN, SHA256_PATTERN
from fnnctl.config.schema.forms import Form, choice_names, field_forms, required_keys, sections_of
from fnnctl.config.schema.section import Section

PATTERNS = {SHA256_PATTERN: ["0" * 64, "1" * 64], DELIMITER_PATTERN: [";", ","]}


def plain_values(forms: Iterable[Form]) -> list[Any]:
    """Valid values of a setting, from its forms; none for a section."""
    return [value for form in forms for value in values_of(form)]


def values_of(form: Form) -> list[Any]:
    if form.has_free_keys and (names := choice_names(form.entries) or plain_values(form.entries)):
        return [{}, {"a": names[-1]}]
    if form.has_free_keys and sections_of(form.entries):
        return [{}, {"training.l2": {"choice": [0.1]}}]
    match form.kind:
        case "words":
            return [*form.words]
        case "integer":
            return [form.ge, form.ge + 1] if form.ge is not None else []
        case "number":
            low = form.gt if form.ge is None else form.ge
            assert low is not None
            bounds = [bound for bound in (form.le, form.lt) if bound is not None]
            high = min([low + 1, *bounds])
            return [low + (high - low) / 4, low + (high - low) / 2]
        case "text":
            return PATTERNS.get(form.pattern or "", ["a", "b"])
        case "boolean":
            return [False, True]
        case "list":
            return [[value] for value in plain_values(form.entries) if not sections_of(form.entries)]
        case "null":
            return [None]
    return []


def smallest(section: type[Section], key: str) -> Any:
    """The shortest valid value of a setting."""
    forms = field_forms(section, key)
    for inner in sections_of(forms):
        return required_values(inner)
    return plain_values(forms)[0]


def required_values(section: type[Section]) -> dict[str, Any]:
    """The smallest mapping that is a valid section."""
    return {key: smallest(section, key) for key in required_keys(section)}


def changes(section: type[Section], path: ConfigPath = ()) -> Iterator[tuple[ConfigPath, Any, Any]]:
    """Every setting of a section: its path, and two values of the section that differ only there."""
    others = required_values(section)
    for key in section.model_fields:
        for below, one, other in value_changes(field_forms(section, key), (*path, key)):
            yield below, {**others, key: one}, {**others, key: other}


def value_changes(forms: Sequence[Form], path: ConfigPath) -> Iterator[tuple[ConfigPath, Any, Any]]:
    values = plain_values(forms)
    if len(values) > 1:
        yield path, values[0], values[1]
    for form in forms:
        if form.section:
            yield from changes(form.section, path)
        for section in sections_of(form.entries) if form.kind == "list" else ():
            for below, one, other in changes(section, (*path, 0)):
                yield below, [one], [other]
