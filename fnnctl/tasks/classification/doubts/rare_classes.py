"""Advice for rare classes: what makes a network predict them more often, and what that does to decisions."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.text import shown


def favour_rare(classes: Sequence[str], rare: int, positive: int | None) -> str:
    """An imperative without a full stop.

    Args:
        classes: The names of the classes.
        rare: The index of a rare class.
        positive: Of two classes, the index of the one whose probability a threshold is for; else None.
    """
    if positive is None:
        return (
            "try training.class_weights: balanced, which moves decisions towards rare classes: more of their "
            "rows are found, and more others are taken for them"
        )
    setting = "model.threshold: f1"
    if rare != positive:
        setting += f" with {shown(classes[rare])} as data.positive_class"
    return (
        f"try {setting}, which predicts {shown(classes[rare])} from a lower probability on: more of its rows "
        "are found, and more others are taken for it"
    )
