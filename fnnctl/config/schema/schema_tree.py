"""Navigates the JSON Schema by path: the forms that a value may take, and the paths of settings by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.json_schema import json_schema

Schema: TypeAlias = Mapping[str, Any]

_VALUES_OF_TYPE: Final[Mapping[str, tuple[str, ...]]] = {"boolean": ("true", "false"), "null": ("null",)}


@cache
def root_schema() -> Schema:
    """The whole config's schema."""
    return json_schema()


def forms_of(schema: Schema) -> list[Schema]:
    """Every form that a value may take; references are resolved, and unions are split into their choices."""
    if "$ref" in schema:
        return forms_of(root_schema()["definitions"][schema["$ref"].rpartition("/")[2]])
    for union in ("allOf", "anyOf", "oneOf"):
        if union in schema:
            return [form for part in schema[union] for form in forms_of(part)]
    return [schema]


def sections_of(schema: Schema) -> list[Schema]:
    """The forms that are sections: one, or one per choice of a union."""
    return [form for form in forms_of(schema) if "properties" in form]


def free_mapping_of(schema: Schema) -> Schema | None:
    """The form that is a mapping with keys chosen by the user, such as class weights, if there is one."""
    return next((form for form in forms_of(schema) if has_free_keys(form)), None)


def has_free_keys(form: Schema) -> bool:
    """Whether a form is a mapping whose keys the user chooses; a section has a fixed set of keys."""
    return isinstance(form.get("additionalProperties"), Mapping)


def words_of(form: Schema) -> list[str]:
    """The words that a form allows; empty if it is not a choice between words."""
    return [form["const"]] if "const" in form else list(form.get("enum", ()))


def names_of(section: Schema) -> list[str]:
    """The values of `name` that choose this section of a union; empty if there is no choice."""
    return words_of(section.get("properties", {}).get("name", {}))


def keys_of(section: Schema) -> list[str]:
    """The keys that identify this section of a union without names; empty if there are names."""
    return [] if names_of(section) else list(section.get("required", ()))


def chosen_section(schema: Schema, value: Any) -> Schema:
    """The section that describes a mapping: the only one, that of its `name` or key, or the default one.

    Raises LookupError if there is none, because the value is not a mapping or its `name` is unknown.
    """
    candidates = sections_of(schema)
    if len(candidates) > 1:
        mapping = value if isinstance(value, Mapping) else {}
        candidates = [section for section in candidates if _answers_to(section, mapping)]
    if not candidates:
        raise LookupError
    return candidates[0]


def schema_at(path: ConfigPath, config: Any) -> Schema:
    """The schema at a path of this config; raises LookupError if the schema has no such path."""
    schema = root_schema()
    for part in path:
        if isinstance(part, int):
            schema = _entries(schema)
        elif mapping := free_mapping_of(schema):
            schema = mapping["additionalProperties"]
        else:
            schema = chosen_section(schema, config)["properties"][part]
        config = value_in(config, part)
    return schema


def forms_at(path: ConfigPath, config: Any) -> list[Schema]:
    """The forms at a path of this config; empty if the schema has no such path."""
    try:
        return forms_of(schema_at(path, config))
    except LookupError:
        return []


def _answers_to(section: Schema, mapping: Mapping[str, Any]) -> bool:
    if not names_of(section):
        return any(key in mapping for key in keys_of(section))
    name = mapping.get("name")
    return "default" in section["properties"]["name"] if name is None else name in names_of(section)


def _entries(schema: Schema) -> Schema:
    for form in forms_of(schema):
        if "items" in form:
            entries: Schema = form["items"]
            return entries
    raise LookupError


def all_settings() -> Iterator[ConfigPath]:
    """The path of every setting, the outermost first; a list contributes only its first entry."""
    return (path for path, _ in _all_schemas())


def is_setting(path: ConfigPath) -> bool:
    """Whether some choices make this the path of a setting; entries of lists and free keys are settings."""
    path = tuple(0 if isinstance(part, int) else part for part in path)
    parents = [schema for setting, schema in _all_schemas() if setting == path[:-1]]
    forms = [form for schema in parents for form in forms_of(schema)]
    return path in {*all_settings()} or any("items" in form or has_free_keys(form) for form in forms)


def homes_of(key: str) -> list[ConfigPath]:
    """The paths of all settings with this name.

    A layer's setting is left out if the model has the same one, and so is the `name` of a union's section.
    """
    return _without_layers(
        path for path in all_settings() if path[-1] == key and (key != "name" or not path[1:])
    )


def choices_of(word: str) -> list[ConfigPath]:
    """The paths of all settings that allow this word; for a union's `name`, the path of the union."""
    return _without_layers(
        path
        for path, schema in _all_schemas()
        if path[-1] != "name" and any(word in words_of(form) for form in forms_of(schema))
    )


def values_of(path: ConfigPath) -> list[str]:
    """The values of a setting that can be listed: words, true and false, null, and a short default."""
    values: list[str] = []
    for schema in (schema for setting, schema in _all_schemas() if setting == path):
        for form in forms_of(schema):
            values += [*words_of(form), *names_of(form), *_VALUES_OF_TYPE.get(form.get("type", ""), ())]
        if isinstance(default := schema.get("default"), int | float) and not isinstance(default, bool):
            values.append(f"{default:g}" if isinstance(default, float) else str(default))
    return list(dict.fromkeys(values))


def _without_layers(paths: Iterable[ConfigPath]) -> list[ConfigPath]:
    settings = dict.fromkeys(paths)
    return [path for path in settings if path[1:2] != ("hidden",) or (*path[:1], *path[3:]) not in settings]


@cache
def _all_schemas() -> list[tuple[ConfigPath, Schema]]:
    schemas: list[tuple[ConfigPath, Schema]] = []
    waiting: deque[tuple[ConfigPath, Schema]] = deque([((), root_schema())])
    while waiting:
        path, schema = waiting.popleft()
        if path and isinstance(path[-1], str):
            schemas.append((path, schema))
        for form in forms_of(schema):
            waiting.extend(((*path, key), inner) for key, inner in form.get("properties", {}).items())
            if "items" in form:
                waiting.append(((*path, 0), form["items"]))
    return schemas


def value_in(config: Any, part: str | int) -> Any:
    """The value of a key or an index, or None if the config has none."""
    if isinstance(part, int):
        return config[part] if isinstance(config, list) and part < len(config) else None
    return config.get(part) if isinstance(config, Mapping) else None
