"""The data of a search's figures, in a module that does not import matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fnnctl.arrays import FloatArray, IntArray

Scale: TypeAlias = Literal["linear", "log", "choice"]


@dataclass(frozen=True, slots=True)
class SearchedSetting:
    """One searched dimension, and its value in each of n trials."""

    name: str
    scale: Scale
    values: FloatArray
    """(n,); for a choice, indices into `categories`. NaN if the trial does not have the setting."""
    categories: tuple[str, ...] = ()
    """The values of a choice, in order."""


@dataclass(frozen=True, slots=True)
class PlottedResult:
    """One result; results are in the order of recording."""

    spent: int
    """The epochs that the whole search had trained by then."""
    budget: int
    objective: float | None
    """None if there is no comparable objective."""
    incumbent: float | None
    """The objective of the best trial by then, of those with the most epochs; None if there is none."""


@dataclass(frozen=True, slots=True)
class PlottedLeader:
    """A trial that a search has confirmed with several seeds."""

    trial: int
    scores: FloatArray
    """(S,) one per seed that has a result."""
    interval: tuple[float, float] | None
    """The 95 % interval of the mean; None without a spread."""
    objective: float | None
    """Its objective in the search; None if that had not trained it for as many epochs."""
    standing: Literal["winner", "tied", "worse", "failed"]
    """Against the winner; `failed` if a seed has no result."""


@dataclass(frozen=True, slots=True)
class PlottedWorker:
    """What one worker did when."""

    name: str
    starts: FloatArray
    """(n,) in seconds."""
    stops: FloatArray
    budgets: IntArray
    """(n,) the epochs up to which trials were trained; 0 in a confirmation."""
    share: float
    """The share of its time in which it trained."""


@dataclass(frozen=True, slots=True)
class PlottedTrial:
    """A trial's curve through the rungs of its bracket."""

    bracket: int
    epochs: FloatArray
    values: FloatArray
    """The values after these epochs; NaN if missing."""
    fate: Literal["top", "dropped", "diverged"]
    """Whether it reached the highest rung of its bracket that has results, was dropped, or ended without an
    objective."""
    best: bool = False
