"""Reads and changes plain configs at paths. Changes return a copy; the given config is not modified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.messages.wording import value_text
from fnnctl.config.paths import ConfigPath, format_path, setting_text, value_in
from fnnctl.config.schema.lookups import forms_at, record_at
from fnnctl.config.schema.methods import method_parts
from fnnctl.config.schema.section import Section, written_out
from fnnctl.errors import ConfigError, Problem

METHOD: Final[ConfigPath] = ("search", "method")


def value_at(config: Any, path: ConfigPath) -> Any:
    """The value of a config at a path; None if there is none."""
    for part in path:
        config = value_in(config, part)
    return config


def is_set(config: Any, path: ConfigPath) -> bool:
    """Whether a config sets the setting at a path, even to null."""
    section = value_at(config, path[:-1])
    return isinstance(section, dict) and path[-1] in section


def without(config: Any, paths: Iterable[ConfigPath]) -> Any:
    """The config without the settings at these paths, which must exist."""
    below: dict[str | int, list[ConfigPath]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    if isinstance(config, list):
        return [
            without(value, below[index]) if index in below else value for index, value in enumerate(config)
        ]
    rest = {key: value for key, value in config.items() if () not in below.get(key, ())}
    return {key: without(value, below[key]) if key in below else value for key, value in rest.items()}


def override(config: Any, path: ConfigPath, value: Any) -> Any:
    """The config with one value set.

    Missing or null sections on the path are created, short forms are written out, and a missing list starts
    from its default; an index one past the end appends an entry. If `config` has a wrong value where the path
    needs a section or a list, that value is kept and reported later. Raises `ConfigError` if the path leads
    into a setting that is neither a section nor a list.
    """
    for depth, part in enumerate(path):
        _refuse_wrong_step(config, path[:depth], part)
    return with_value(config, path, value)


def unset(config: Any, path: ConfigPath) -> Any:
    """The config without the setting at a path, also if a short form gives it; None if the config has none.

    Raises `ConfigError` if the path leads into a text that is valid in place of a mapping.
    """
    section = section_of(value_at(config, path[:-1]), path[:-1])
    if section is None or path[-1] not in section:
        return None
    return with_value(config, path[:-1], {key: value for key, value in section.items() if key != path[-1]})


def with_value(node: Any, path: ConfigPath, value: Any, depth: int = 0) -> Any:
    """The config with one value set at a path that `override` accepts; `node` is its value at this depth."""
    if depth == len(path):
        return value
    section_path, part = path[:depth], path[depth]
    if isinstance(part, int):
        entries = _default_entries(section_path) if node is None else node
        if not isinstance(entries, list):
            _refuse_single_text(node, section_path)
            return node
        if part > len(entries):
            advice = f"the length of {format_path(section_path)} is {len(entries)}"
            problem = Problem("there is no such entry", advice=advice, has_subject=True)
            raise ConfigError(replace(problem, path=format_path(path)))
        inner = entries[part] if part < len(entries) else None
        return [*entries[:part], with_value(inner, path, value, depth + 1), *entries[part + 1 :]]
    section = section_of(node, section_path)
    if section is None:
        return node
    return {**section, part: with_value(section.get(part), path, value, depth + 1)}


def takes_any_key(path: ConfigPath) -> bool:
    """Whether the keys at a path are free, such as the names of classes."""
    return any(form.has_free_keys for form in forms_at(path, {}))


def section_of(node: Any, path: ConfigPath) -> dict[str, Any] | None:
    """The mapping that a value is, or is the short form of; None if it cannot be one.

    Raises `ConfigError` for a single value in place of a mapping with free keys.
    """
    if node is None:
        return {}
    if isinstance(node, dict):
        return node
    if isinstance(node, str | int | float) and takes_any_key(path):
        text = f"is {value_text(node)}, which has no entries"
        advice = f"write {format_path(path)}={{NAME: VALUE}}"
        raise ConfigError(Problem(text, path=format_path(path), advice=advice))
    names = {key for form in forms_at(path, {}) for key in form.keys}
    section: Any = method_parts(node) if path == METHOD else written_out(node, names)
    if not isinstance(section, dict):
        return None
    return section if section.keys() <= names else None


def _refuse_wrong_step(config: Any, path: ConfigPath, part: str | int) -> None:
    """Refuse a key into a list or a single value, and an index into a section."""
    forms = forms_at(path, config)
    is_section = any(form.kind == "section" or form.has_free_keys for form in forms)
    is_list = any(form.kind == "list" for form in forms)
    if not forms or (is_list if isinstance(part, int) else is_section):
        return
    if is_section:
        problem = Problem("is a section, not a list")
    elif is_list:
        problem = Problem("is a list", advice=f"write {format_path((*path, 0))} for its first entry")
    elif takes_any_key(path[:-1]):  # the name that the user chose has a dot
        form = setting_text((*path[:-1], f"{path[-1]}.{part}"), "VALUE", "=")
        problem = Problem("is a single value", advice=f"write {form} for a name with a dot")
    else:
        problem = Problem("is a single value", advice=f"write {format_path(path)}=VALUE")
    raise ConfigError(replace(problem, path=format_path(path)))


def _refuse_single_text(node: Any, path: ConfigPath) -> None:
    """Refuse an index into a text that is valid in place of a list."""
    if isinstance(node, str) and any(form.kind == "text" for form in forms_at(path, {})):
        text, advice = f"is {value_text(node)}, which has no entries", f"write {format_path(path)}=[…]"
        raise ConfigError(Problem(text, path=format_path(path), advice=advice))


def _default_entries(path: ConfigPath) -> list[Any]:
    record = record_at(path, {})
    default = record.info.default if record else None
    entries = default if isinstance(default, tuple) else ()
    return [dict(entry) if isinstance(entry, Section) else entry for entry in entries]
