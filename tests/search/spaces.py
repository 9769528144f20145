"""Spaces as they are written in a config."""

from __future__ import annotations

from typing import Any

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.space import Space


def space(plain: dict[str, Any], *require: str) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).domains, require)
