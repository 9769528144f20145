"""Settings of branches that the config does not use but trials of its search may.

`optimizer: {name: adam, momentum: 0.5}` is an error because adam has no momentum. It is valid if the space
has `training.optimizer.name: {choice: [adam, momentum]}`: some trials use the momentum, the others ignore it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fnnctl.config.paths import ConfigPath, parse_path
from fnnctl.config.rules.plain_config import is_given, value_at, without
from fnnctl.config.schema.description.schema_tree import forms_at, names_of


@dataclass(frozen=True, slots=True)
class Fork:
    """A section whose `name` is searched, and the settings that belong to each possible name."""

    path: ConfigPath
    settings: Mapping[Any, Collection[str]]
    """Settings by name; the key None is for the default name."""

    def others_in(self, config: Any) -> list[ConfigPath]:
        """The settings in the config that belong to another name and not to the section's current name."""
        section = value_at(config, self.path)
        if not isinstance(section, Mapping):
            return []
        name = section.get("name")
        own = self.settings.get(name, section) if isinstance(name, str | None) else section
        others = {key for keys in self.settings.values() for key in keys}
        return [(*self.path, key) for key in section if key in others and key not in own]

    def shared_defaults(self, values: Any, config: Any) -> list[ConfigPath]:
        """The settings in complete `values` that the config does not give and that another name also has."""
        section = value_at(values, self.path)
        if not isinstance(section, Mapping):
            return []
        name = section["name"]
        shared = {key for other, keys in self.settings.items() if other != name for key in keys} - {"name"}
        paths = [(*self.path, key) for key in section if key in shared]
        return [path for path in paths if not is_given(config, path)]

    def without_others(self, config: Any, kept: Collection[ConfigPath] = ()) -> Any:
        """The config without its `others_in`; those at the `kept` paths stay, for the schema to check."""
        return without(config, [path for path in self.others_in(config) if path not in kept])


def forks_of(config: Mapping[str, Any]) -> list[Fork]:
    """The forks in a config's space; malformed parts are skipped."""
    search = config.get("search")
    space = search.get("space") if isinstance(search, Mapping) else None
    found = []
    for key, domain in space.items() if isinstance(space, Mapping) else ():
        *path, last = parse_path(key)
        choices = domain.get("choice") if isinstance(domain, Mapping) else None
        if last == "name" and path and isinstance(choices, list):
            given = value_at(config, (*path, last))
            names = [name for name in (*choices, given) if isinstance(name, str)]
            found.append(Fork(tuple(path), _settings(tuple(path), names)))
    return found


def _settings(path: ConfigPath, names: Iterable[str]) -> dict[Any, Collection[str]]:
    sections = [form for form in forms_at(path, {}) if "properties" in form]
    known = {name: section["properties"] for section in sections for name in names_of(section)}
    default = next((keys for keys in known.values() if "default" in keys["name"]), None)
    settings = {name: known[name].keys() for name in names if name in known}
    return settings if default is None else {None: default.keys(), **settings}
