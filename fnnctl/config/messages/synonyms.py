"""The names that other tools use for the settings and choices of this config, from `synonyms.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from fnnctl.config.yaml_text import CoreLoader


@cache
def synonyms() -> Mapping[str, str]:
    """Our name for each name that other tools use."""
    text = files(__package__).joinpath("synonyms.yaml").read_text(encoding="utf-8")
    names: dict[str, list[str]] = yaml.load(text, CoreLoader)
    return {word: name for name, words in names.items() for word in words}
