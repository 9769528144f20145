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
    Part("plain twins", ("model.ensemble.plain_twins=false", "training.epochs=32")),
    Part("bins of numbers", ("model.ensemble.plain_twins=false", "model.numeric_embedding=none")),
    Part("8 members with bags", ("model.ensemble=1",)),
    Part("scaling layer", ("model.scaling_layer=false",)),
    Part(
        "neural tangent parametrization",
        ("training.parametrization=standard", "training.optimizer.learning_rate=0.005"),
    ),
    Part("cosine schedule", ("training.lr_schedule=constant",)),
    Part("label smoothing", ("training.label_smoothing=0",)),
    Part("clipped outputs", ("model.clip_outputs=false",)),
    Part("calibration", ("model.calibration=none",)),
    Part("selu", ("model.activation=selu", "model.initialization=lecun_normal"), is_candidate=True),
    Part("mish", ("model.activation=mish", "model.initialization=lecun_normal"), is_candidate=True),
    Part(
        "weight decay",
        ("training.optimizer.name=adamw", "training.optimizer.weight_decay=0.02"),
        is_candidate=True,
    ),
    Part("dropout", ("model.dropout=0.15",), is_candidate=True),
    Part(
        "8 members, shared weights",
        ("model.ensemble={members: 8, share_weights: true}", "data.split.validation=0.15"),
        is_candidate=True,
    ),
)
"""The parts of the recipe `default` first, then the candidates."""
