"""The recipes, and the parts whose gain the ablation measures.

A setting is written as for `--set`: `training.batch_size=32`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Settings = tuple[str, ...]

RECIPES: Mapping[str, Settings] = {
    "classic": ("recipe=classic",),
    "default": ("recipe=default",),
    "fast": ("recipe=fast",),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the recipe, or a candidate for one."""

    name: str
    settings: Settings
    """What is set in the recipe: it switches the part off, or adds the candidate."""
    is_candidate: bool = False


PARTS: Sequence[Part] = (
    Part(
        "bins of numbers",
        ("model.numeric_embedding=none", "training.rate_factors={scaling: 6.0, biases: 0.1}"),
    ),
    Part("8 members with bags", ("model.ensemble=1",)),
    Part("scaling layer", ("model.scaling_layer=false", "training.rate_factors={biases: 0.1}")),
    Part(
        "robust scaling and clip",
        ("data.scaling=standardize", "data.smooth_clip=null", "data.scale_one_hot=false"),
    ),
)
"""The parts of the recipe `default` first, then the candidates."""
