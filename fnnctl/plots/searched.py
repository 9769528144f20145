"""What the figures of a search are drawn from; without matplotlib, so that whoever reads can make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fnnctl.arrays import FloatArray

Scale: TypeAlias = Literal["linear", "log", "choice"]


@dataclass(frozen=True, slots=True)
class SearchedSetting:
    """One searched dimension, and its value in each of n trials."""

    name: str
    scale: Scale
    values: FloatArray
    """(n,); of a choice the positions in `categories`. NaN where the trial does not have the setting."""
    categories: tuple[str, ...] = ()
    """Of a choice: its values in order."""


@dataclass(frozen=True, slots=True)
class PlottedResult:
    """A result, in the order in which they were recorded."""

    spent: int
    """Epochs that the whole search had trained by then."""
    budget: int
    objective: float | None
    """None where there is none that can be compared."""


@dataclass(frozen=True, slots=True)
class PlottedTrial:
    """A trial's way up its ladder."""

    bracket: int
    epochs: FloatArray
    values: FloatArray
    """What it had after these epochs; NaN where that does not exist."""
    fate: Literal["top", "dropped", "diverged"]
    """Whether it got to the top of its ladder, was left behind, or has no objective in the end."""
    best: bool = False
