"""Merges the settings of a config with those of the config that it builds on.

Mappings are merged key by key; of lists and single values the extending ones replace the others. So does a
mapping that is another choice, such as another optimizer: hyperparameters of the former one would be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fnnctl.config.paths import ConfigPath, Location, is_below
from fnnctl.config.recipes.written import NAME
from fnnctl.config.rules.plain_config import (
    section_of,
    takes_any_key,
    value_at,
    with_value,
    without,
)
from fnnctl.config.schema.forms import Form, choice_names
from fnnctl.config.schema.lookups import chosen_section, forms_at
from fnnctl.config.schema.section import Section


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings, and where each value stands."""

    settings: dict[str, Any]
    locations: dict[ConfigPath, Location]

    def extended_by(self, layer: Layer) -> Layer:
        """The settings of both; where both have a value, it is that of the given layer."""
        merging = _Merging()
        settings = merging.merged(self.settings, layer.settings, ())
        base_locations = {
            path: location
            for path, location in self.locations.items()
            if path not in merging.replaced and not is_below(path, merging.replaced)
        }
        short_forms = {path: self.locations[path[:-1]] for path in merging.written_out}
        return Layer(settings, {**base_locations, **short_forms, **layer.locations})

    def without(self, path: ConfigPath) -> Layer:
        """The settings without one that they have; its location stays."""
        return replace(self, settings=without(self.settings, [path]))

    def with_changed(self, path: ConfigPath, change: Callable[[str], str]) -> Layer:
        """The settings with another text at a path, if there is one."""
        text = value_at(self.settings, path)
        if not isinstance(text, str):
            return self
        return Layer(with_value(self.settings, path, change(text)), self.locations)


class _Merging:
    """Merges mappings, and collects the paths of the values that are replaced."""

    def __init__(self) -> None:
        self.replaced: set[ConfigPath] = set()
        self.written_out: set[ConfigPath] = set()
        """The settings that a short form of the base gives."""

    def merged(self, base: dict[str, Any], extending: Mapping[str, Any], path: ConfigPath) -> dict[str, Any]:
        values = dict(base)
        for key, value in extending.items():
            inner = (*path, key)
            section = _written_out(base.get(key), value, inner)
            if isinstance(section, dict) and isinstance(value, dict) and not _is_other(value, section, inner):
                if section is not base[key]:
                    self.written_out |= {(*inner, setting) for setting in section}
                values[key] = self.merged(section, value, inner)
            else:
                self.replaced.add(inner)
                values[key] = value
        return values


def _written_out(base: Any, extending: Any, path: ConfigPath) -> Any:
    """The base's value; as a mapping, if it is the short form of one and a mapping extends it."""
    is_short = isinstance(extending, dict) and not isinstance(base, dict | list | None)
    return section_of(base, path) if is_short and not takes_any_key(path) else base


def _is_other(extending: Mapping[str, Any], base: Mapping[str, Any], path: ConfigPath) -> bool:
    """Whether a mapping is another choice than the base's: it has another name, or another key that says what
    it is, as domains of a search space have.
    """
    if takes_any_key(path):
        return False
    if NAME in extending:
        return bool(extending[NAME] != base.get(NAME))
    forms = forms_at(path, {})
    return not choice_names(forms) and _section(forms, extending) not in (None, _section(forms, base))


def _section(forms: Sequence[Form], value: Mapping[str, Any]) -> type[Section] | None:
    """The section of a union that a mapping chooses by its keys; None if it has none of these keys."""
    try:
        return chosen_section(forms, value)
    except LookupError:
        return None
