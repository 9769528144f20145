"""What a config sets and searches, as it is written: short forms stand for the settings that they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fnnctl.config.paths import SPACE, ConfigPath, parse_path
from fnnctl.config.rules.plain_config import is_set, value_at

NAME: Final = "name"
SHORT: Final = (NAME, "members")
"""The settings that the short form of a section gives, such as `ensemble: 4`."""


def value_of(config: Mapping[str, Any], path: ConfigPath) -> Any:
    """The value of a setting, also if it is written in the short form of its section."""
    section = value_at(config, path[:-1])
    return section if path[-1] in SHORT and not isinstance(section, Mapping) else value_at(config, path)


def gives(settings: list[ConfigPath], path: ConfigPath) -> bool:
    """Whether one of the set or searched settings is the one at a path, a part of it, or its short form."""
    return any(
        setting[: len(path)] == path or any((*setting, key) == path for key in SHORT) for setting in settings
    )


def set_or_searched(config: Mapping[str, Any], path: ConfigPath) -> str:
    """How a config gives a setting: by setting it, or only by searching it."""
    outside = outside_search(config)
    return "set" if is_set(outside, path) or value_at(outside, path) is not None else "searched"


def outside_search(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config without its search."""
    return {key: value for key, value in config.items() if key != SPACE[0]}


def settings_in(config: Mapping[str, Any]) -> Iterator[ConfigPath]:
    """The settings that a config sets, then those that it searches; the innermost ones."""
    for key, value in config.items():
        if key != SPACE[0]:
            yield from _inside((key,), value)
    for key, domain in searched(config).items():
        choices = domain.get("choice") if isinstance(domain, Mapping) else None
        for value in choices if isinstance(choices, list) else [None]:
            yield from _inside(parse_path(key), value)


def searched(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The search space as it is written."""
    space = value_at(config, SPACE)
    return space if isinstance(space, Mapping) else {}


def _inside(path: ConfigPath, value: Any) -> Iterator[ConfigPath]:
    inner = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    paths = [setting for key, entry in inner for setting in _inside((*path, key), entry)]
    yield from paths or [path]
