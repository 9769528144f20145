"""What a recipe knows about the data and the aim of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROBABILITY_SCORES: Final = frozenset(
    {
        "loss", "log_loss", "brier_score", "average_precision",
        "roc_auc", "roc_auc_macro", "roc_auc_micro", "roc_auc_weighted",
        "average_precision_macro", "average_precision_micro",
        "expected_calibration_error", "expected_calibration_error_macro", "maximum_calibration_error",
    }
)  # fmt: skip
"""The metrics of a classification that depend on probabilities, not on the predicted classes alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFacts:
    """What a recipe's values may depend on: nothing else, so that equal facts give equal settings."""

    task: str
    """`classification` or `regression`."""
    rows: int
    """Rows with a target, without those of a test file. It is the same for every split and every fold."""
    numeric: int
    """The number of numeric columns."""
    indicators: int
    """The number of numeric columns with missing values, at most."""
    categories: int
    """The number of features that categorical columns become, at most."""
    outputs: int
    """The number of classes; 1 in a regression."""
    metric: str
    """The objective of the search; without a search, the task's default."""

    @property
    def wants_probabilities(self) -> bool:
        """Whether the metric is a score of probabilities, which label smoothing would make worse.

        Only a search has such a metric, and its trials are not calibrated.
        """
        # the metric of a class is named per_class.CLASS.METRIC, and the class may contain dots
        return self.metric.rpartition(".")[2] in PROBABILITY_SCORES
