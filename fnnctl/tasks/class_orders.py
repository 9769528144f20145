"""Guesses whether classes have an order, from their names: ratings, and words of common scales."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fnnctl.arrays import IntArray
from fnnctl.data.columns.numbers import ordered
from fnnctl.tasks.detection import quantity_of

SCALES: Final = (
    ("none", "very low", "low", "medium low", "medium", "moderate", "medium high", "high", "very high"),
    ("none", "minimal", "mild", "moderate", "severe", "very severe"),
    ("very poor", "poor", "fair", "below average", "average", "above average", "good", "very good",
     "excellent"),
    ("very bad", "bad", "average", "good", "very good"),
    ("never", "rarely", "seldom", "occasionally", "sometimes", "often", "frequently", "usually", "always"),
    ("strongly disagree", "disagree", "neither agree nor disagree", "neutral", "agree", "strongly agree"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("tiny", "small", "medium", "large", "huge"),
)  # fmt: skip
"""Words from the lowest to the highest."""
MIN_CLASSES: Final = 3
"""Two classes need no order."""


def likely_order(classes: Sequence[str], counts: IntArray) -> tuple[str, ...] | None:
    """The classes from the lowest to the highest if they look like a scale; else None.

    They are words of one of the `SCALES`, or ratings. `counts` (C,) are the numbers of rows of the classes.
    """
    if len(classes) < MIN_CLASSES:
        return None
    quantity = quantity_of(classes, counts)
    if quantity is not None:
        return ordered(classes) if quantity.noun == "ratings" else None
    words = {re.sub(r"[\W_]+", " ", name).strip().casefold(): name for name in classes}
    scale = next((scale for scale in SCALES if words.keys() <= {*scale}), None)
    if scale is None or len(words) < len(classes):
        return None
    return tuple(words[word] for word in scale if word in words)
