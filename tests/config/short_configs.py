"""Plain configs in one line: written as for `--set`."""

from __future__ import annotations

from typing import Any

from fnnctl.config.reading.overrides import read_override
from fnnctl.config.rules.plain_config import override


def config_of(*settings: str) -> dict[str, Any]:
    """A config of iris with these settings, such as `training.epochs=5`."""
    config: dict[str, Any] = {"data": {"source": "iris"}}
    for setting in settings:
        path, document = read_override(setting)
        config = override(config, path, document.value)
    return config
