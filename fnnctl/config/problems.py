"""Turns pydantic's errors into messages: what is wrong at a place, and what to write there instead.

Pydantic reports every branch of a union by itself. A user wants one sentence about one place, so the
sentences come from the schema of the place; pydantic's errors only say which places are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from fnnctl.config.advice import OTHER_NAMES, meant_path, meant_value, meant_word
from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.schema_tree import (
    Schema,
    all_settings,
    chosen_section,
    forms_of,
    names_of,
    schema_at,
    sections_of,
)
from fnnctl.config.wording import allowed, joined, shown
from fnnctl.errors import quoted_list


def schema_messages(error: ValidationError, config: Mapping[str, Any]) -> dict[ConfigPath, str]:
    """One message for each place of `config` that the schema refuses."""
    messages: dict[ConfigPath, str] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        for path, message in _messages(item["type"], item["loc"], config):
            messages.setdefault(path, message)
    return messages


def _messages(
    kind: str, location: Sequence[str | int], config: Mapping[str, Any]
) -> Iterator[tuple[ConfigPath, str]]:
    path, value = _given(location, config)
    if kind == "extra_forbidden":
        yield path, _unknown_setting(path, config)
    elif kind == "missing":
        if not any(
            _is_glued(key, inner) and key.startswith(f"{location[-1]}:") for key, inner in value.items()
        ):
            yield from _missing((*path, location[-1]), config)
    elif kind in {"union_tag_invalid", "union_tag_not_found"} and isinstance(value, Mapping):
        yield (*path, "name"), _wrong_name(schema_at(path, config), value)
    elif value is None and isinstance(path[-1], str):
        yield from _empty(path, config)
    else:
        yield path, _wrong_value(forms_of(schema_at(path, config)), value)


def _given(location: Sequence[str | int], config: Any) -> tuple[ConfigPath, Any]:
    """Follow pydantic's location as far as the config goes, past the names of union branches in it."""
    path: ConfigPath = ()
    for part in location:
        if isinstance(part, int) if isinstance(config, list) else isinstance(config, dict) and part in config:
            path, config = (*path, part), config[part]
    return path, config


def _wrong_value(forms: Sequence[Schema], value: Any) -> str:
    """A value of the wrong kind or out of bounds; mappings go unmentioned where a short form would do."""
    named = forms
    if not isinstance(value, Mapping) and any(form.get("type") not in {"object", "null"} for form in forms):
        named = [form for form in forms if form.get("type") != "object"]
    return f"must be {allowed(named)}, not {shown(value)}{meant_value(forms, value)}"


def _wrong_name(schema: Schema, value: Mapping[str, Any]) -> str:
    """A mapping's `name` is none of a union's names, or is missing."""
    forms = [{"enum": [name for section in sections_of(schema) for name in names_of(section)]}]
    return _wrong_value(forms, value["name"]) if "name" in value else f"missing: {allowed(forms)}"


def _empty(path: ConfigPath, config: Mapping[str, Any]) -> Iterator[tuple[ConfigPath, str]]:
    """A key stands there without a value, which is null, where null is not allowed."""
    schema = schema_at(path, config)
    if "default" not in schema:
        yield from _missing(path, config)
    elif sections_of(schema):
        yield path, "is empty; give it settings, or remove it to have the defaults"
    else:
        yield path, f"must be {allowed(forms_of(schema))}, not null (remove it to have the default)"


def _missing(path: ConfigPath, config: Mapping[str, Any]) -> Iterator[tuple[ConfigPath, str]]:
    """A setting without a default was left out; of a section, the settings in it that have none."""
    schema = schema_at(path, config)
    required = [(*path, key) for section in sections_of(schema) for key in section.get("required", ())]
    for inner in required:
        yield from _missing(inner, config)
    if not required:
        description = schema["description"]
        yield path, f"missing: {description[0].lower()}{description[1:].rstrip('.')}"


def _unknown_setting(path: ConfigPath, config: Mapping[str, Any]) -> str:
    """Say which choice has this setting, where else it belongs, or what it may have meant."""
    key = str(path[-1])
    _, given = _given(path[:-1], config)
    if _is_glued(key, given[key]):
        return f"is one word; put a space after the colon: {key.replace(':', ': ', 1)}"
    schema = schema_at(path[:-1], config)
    section = chosen_section(schema, given)
    owners = [name for other in sections_of(schema) if key in other["properties"] for name in names_of(other)]
    if owners:
        chosen = given.get("name", names_of(section)[0])
        return f"{chosen} has no {key}; {joined(owners)} {'have' if len(owners) > 1 else 'has'}"
    return f"unknown setting{_meant_setting(key, path[:-1], list(section['properties']))}"


def _is_glued(key: str, value: Any) -> bool:
    """Whether a key is a setting and its value: in `{epochs:5}`, YAML sees a key without a value."""
    return ":" in key and value is None


def _meant_setting(key: str, place: ConfigPath, here: Sequence[str]) -> str:
    usual = OTHER_NAMES.get(key.lower(), key)
    home = None if usual in here else next((path for path in all_settings() if path[-1] == usual), None)
    if home is None:
        return meant_word(key, here) or _meant_elsewhere(key, place) or _possible(here)
    if usual != key:
        return f"; here it is called {format_path(home)}"
    return (
        f"; it belongs under {format_path(home[:-1])}" if home[:-1] else "; it belongs outside all sections"
    )


def _meant_elsewhere(key: str, place: ConfigPath) -> str:
    """A setting further inside this place is likelier meant than one of another section."""
    inside = (path for path in all_settings() if path[: len(place)] == place)
    meant = meant_path(key, inside) or meant_path(key, all_settings())
    return f" (did you mean '{format_path(meant)}'?)" if meant else ""


def _possible(here: Sequence[str]) -> str:
    return f"; possible here: {quoted_list(here, limit=20)}"
