"""Reads the settings of listed runs: only if a list asks for them, because to load YAML takes a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from fnnctl.config.reading.yaml_reader import decode, read_yaml
from fnnctl.config.yaml_text import CoreLoader
from fnnctl.errors import ConfigError, DataError, MachineError
from fnnctl.report.listing.fields import Config
from fnnctl.store.atomic import read_bytes
from fnnctl.store.listing import RunEntry
from fnnctl.store.listing_cache import RunCache, stamp
from fnnctl.store.names import LISTED_SETTINGS, RESOLVED

_PECULIAR: Final = b"&*!<"
"""Characters without which a text has no anchor, alias, tag or merge key."""
_LARGEST: Final = 20_000


class SettingsReader:
    """Reads the complete configs of the runs in a list; those of many runs are cached."""

    def __init__(self, entries: Sequence[RunEntry]) -> None:
        self._names = [entry.path.name for entry in entries]
        folder = entries[0].path.parent if entries else Path()
        self._cache = RunCache(folder / LISTED_SETTINGS, "settings")

    def read(self, entry: RunEntry) -> Config:
        """The run's complete config as it is written; of a search, with the settings of its refitted winner.

        None if there is none that can be read.
        """
        folders = list(dict.fromkeys((entry.path, entry.scored)))
        mark = stamp(
            str(entry.path), [str((folder / RESOLVED).relative_to(entry.path)) for folder in folders]
        )
        settings = self._cache.get(entry.path.name, mark)
        if isinstance(settings, dict):
            return settings
        configs = [config for folder in folders if (config := _config_in(folder))]
        merged = {key: value for config in configs for key, value in config.items()}
        if merged:
            self._cache.put(entry.path.name, mark, merged)
        return merged or None

    def store(self) -> None:
        """Keep what was read in the cache."""
        self._cache.store(self._names)


def _config_in(folder: Path) -> Config:
    try:
        content = read_bytes(folder / RESOLVED)
        value = None if content is None else _quickly(content) or read_yaml(decode(content)).value
    except (ConfigError, DataError, MachineError):
        return None
    return value if isinstance(value, dict) else None


def _quickly(content: bytes) -> Any:
    """The value of a YAML text by libyaml, ten times as fast; None for what `read_yaml` has to look at."""
    if _Loader is None or len(content) > _LARGEST or any(character in content for character in _PECULIAR):
        return None
    try:
        value = yaml.load(content, Loader=_Loader)
        json.dumps(value)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None
    return value


def _fast_loader() -> Any:
    """A loader of the same scalars as `CoreLoader`; None if PyYAML was built without libyaml."""
    if not yaml.__with_libyaml__:
        return None

    class Loader(yaml.CSafeLoader):
        yaml_implicit_resolvers = CoreLoader.yaml_implicit_resolvers
        yaml_constructors = CoreLoader.yaml_constructors

    return Loader


_Loader: Final = _fast_loader()
