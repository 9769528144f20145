"""The recipes, and the parts whose gain the ablation measures.

A setting is written as for `--set`: `training.batch_size=32`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Settings = tuple[str, ...]

RECIPES: Mapping[str, Settings] = {
    "classic": ("recipe=classic",),
    "default": ("recipe=classic", "training.batch_size=32"),
    "fast": ("recipe=classic", "training.batch_size=64"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the recipe, or a candidate for one."""

    name: str
    settings: Settings
    """What is set in the recipe: it switches the part off, or adds the candidate."""
    is_candidate: bool = False


PARTS: Sequence[Part] = (
    Part("batches of 32 rows", ("training.batch_size=auto",)),
    Part("label smoothing 0.1", ("training.label_smoothing=0.1",), is_candidate=True),
    Part("4 members", ("model.ensemble=4",), is_candidate=True),
)
"""The parts of the recipe `default` first, then the candidates."""
