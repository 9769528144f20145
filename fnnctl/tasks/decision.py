"""The decision between two classes, as a value that readouts and scores share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fnnctl.metrics.decisions.thresholds import Costs

BY_WEIGHTS: Final = "classes are chosen by weight × probability (training.class_weights)"
"""What decides between more than two classes that had weights in training."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How one of two classes is predicted from their probabilities."""

    positive: int = 1
    """The index of the positive class."""
    costs: Costs | None = None
    """What wrong decisions cost; None if they were not given."""
    threshold: float | None = None
    """The positive class is predicted if its probability is at least this number; None if nobody has chosen
    one."""
    default: float | None = None
    """What stands for a threshold that is not chosen, if the classes had weights in training. None: the more
    probable class is predicted, and of two equally probable ones the first."""

    @property
    def effective(self) -> float | None:
        """The threshold, chosen or not; None for the more probable class."""
        return self.default if self.threshold is None else self.threshold

    def corrected(self, threshold: float) -> float:
        """The threshold of corrected probabilities that decides as this one does of uncorrected ones."""
        if self.default is None:
            return threshold
        upper = threshold * self.default
        return upper / (upper + (1 - threshold) * (1 - self.default))

    def at(self, threshold: float | None) -> Decision:
        """The decision at this threshold, which is not chosen if it is the default."""
        return replace(self, threshold=None if threshold == self.default else threshold)

    def weighted(self, class_weights: Sequence[float]) -> Decision:
        """The decision of a network whose two classes had these weights in training: for the larger w·p."""
        negative = class_weights[1 - self.positive]
        return replace(self, default=negative / (negative + class_weights[self.positive]))
