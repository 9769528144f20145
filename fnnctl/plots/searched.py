"""The data of a search's figures; without matplotlib, so that they can be made without loading it."""

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
    """(n,); for a choice the positions in `categories`. NaN if the trial does not have the setting."""
    categories: tuple[str, ...] = ()
    """For a choice: its values in order."""


@dataclass(frozen=True, slots=True)
class PlottedResult:
    """One result; results are in the order in which they were recorded."""

    spent: int
    """Epochs that the whole search had trained so far."""
    budget: int
    objective: float | None
    """None if it has none that can be compared."""


@dataclass(frozen=True, slots=True)
class PlottedTrial:
    """A trial's way through the rungs of its bracket."""

    bracket: int
    epochs: FloatArray
    values: FloatArray
    """The values after these epochs; NaN if they do not exist."""
    fate: Literal["top", "dropped", "diverged"]
    """Whether it reached the top rung, was dropped, or ended without an objective."""
    best: bool = False
