"""The decision between two classes, as a value that readouts and scores share."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.metrics.decisions.thresholds import Costs


@dataclass(frozen=True, slots=True)
class Decision:
    """How one of two classes is predicted from their probabilities."""

    positive: int = 1
    """The index of the positive class."""
    costs: Costs | None = None
    """What wrong decisions cost; None if they were not given."""
    threshold: float | None = None
    """The positive class is predicted if its probability is at least this number. None: the more probable
    class is predicted, and of two equally probable ones the first."""
