"""Reads the settings of listed runs: only if a list asks for them, because to load YAML takes a while."""

from __future__ import annotations

from pathlib import Path

from fnnctl.config.reading.yaml_reader import decode, read_yaml
from fnnctl.errors import ConfigError, DataError, MachineError
from fnnctl.report.listing.fields import Config
from fnnctl.store.atomic import read_bytes
from fnnctl.store.listing.entries import RunEntry
from fnnctl.store.names import RESOLVED


def read_config(entry: RunEntry) -> Config:
    """The run's complete config as it is written; of a search, with the settings of its refitted winner.

    None if there is none that can be read.
    """
    folders = dict.fromkeys((entry.path, entry.scored))
    configs = [config for folder in folders if (config := _config_in(folder))]
    return {key: value for config in configs for key, value in config.items()} or None


def _config_in(folder: Path) -> Config:
    try:
        content = read_bytes(folder / RESOLVED)
        value = None if content is None else read_yaml(decode(content)).value
    except (ConfigError, DataError, MachineError):
        return None
    return value if isinstance(value, dict) else None
