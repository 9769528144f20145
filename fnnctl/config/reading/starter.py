"""The experiment that `fnnctl init` writes: it runs as it is, and its comments explain the config."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

STARTER_NAME: Final = "fnnctl.yaml"


def starter_text() -> str:
    """The text of `starter.yaml`, which is next to this file."""
    return files(__package__).joinpath("starter.yaml").read_text(encoding="utf-8")
