"""How much a search may spend."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.search.rungs import BracketTable


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """What a scheduler may spend; each scheduler reads the fields that it needs."""

    max_epochs: int
    """The largest budget of a trial."""
    min_epochs: int = 1
    """The smallest budget that a first rung may have."""
    reduction_factor: float = 3
    trials: int | None = None
    """The number of trials of the full budget (None: the whole space) and of successive halving."""
    max_trials: int | None = None
    """At most this many trials start; brackets shrink accordingly."""
    total_epochs: int | None = None
    """The total budget of successive halving; it replaces both bounds."""
    brackets: BracketTable = "algorithm"
    """How many trials HyperBand's brackets have."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_epochs <= self.max_epochs:
            raise ValueError(
                f"budgets from {self.min_epochs} to {self.max_epochs} epochs do not form a ladder"
            )


def least(*bounds: int | None) -> int | None:
    """The smallest of the bounds that are not None, or None."""
    return min((bound for bound in bounds if bound is not None), default=None)
