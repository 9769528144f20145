"""How much a search may spend."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.search.rungs import BracketTable


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """What a scheduler may spend; each scheduler reads what concerns it."""

    max_epochs: int
    """The largest budget of a trial."""
    min_epochs: int = 1
    """The smallest budget of a first rung."""
    reduction_factor: float = 3
    trials: int | None = None
    """How many the full budget and successive halving begin with; None: the whole space, for the former."""
    max_trials: int | None = None
    """At most this many begin: brackets shrink."""
    total_epochs: int | None = None
    """For successive halving with a total budget, instead of both bounds."""
    brackets: BracketTable = "algorithm"
    """How many trials HyperBand's brackets have."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_epochs <= self.max_epochs:
            raise ValueError(
                f"budgets from {self.min_epochs} to {self.max_epochs} epochs do not make a ladder"
            )


def least(*bounds: int | None) -> int | None:
    """The smallest of the bounds that there are."""
    return min((bound for bound in bounds if bound is not None), default=None)
