"""Decisions between two classes: the threshold, how it is chosen, predictions, and what wrong ones cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.model import CostThreshold, Threshold
from fnnctl.metrics.decisions import Costs, choose_threshold

BY_WEIGHTS: Final = "classes are chosen by weight × probability (training.class_weights)"
"""How more than two classes with weights in training are decided, for reports."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How one of two classes is predicted from their probabilities."""

    positive: int = 1
    """The index of the positive class."""
    costs: Costs | None = None
    """What wrong decisions cost; None if they were not given."""
    threshold: float | None = None
    """The positive class is predicted at or above this probability; None if no threshold was chosen."""
    default: float | None = None
    """The threshold if none was chosen, for classes with weights in training. None: the more probable class
    is predicted, and of two equally probable ones the first."""

    @property
    def effective(self) -> float | None:
        """The threshold, chosen or not; None for the more probable class."""
        return self.default if self.threshold is None else self.threshold

    def corrected(self, threshold: float) -> float:
        """The threshold for corrected probabilities that decides as this one does for uncorrected ones."""
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


def costs_of(threshold: Threshold) -> Costs | None:
    """The costs in the setting `model.threshold`, if it has any."""
    if not isinstance(threshold, CostThreshold):
        return None
    return Costs(threshold.cost.false_positive, threshold.cost.false_negative)


def predicted_classes(
    probabilities: FloatArray, decision: Decision | None, class_weights: Sequence[float] | None = None
) -> IntArray:
    """The predicted class of each row, (n,), from probabilities (n, classes).

    With a threshold, it decides between the two classes. Otherwise it is the class with the largest product
    of probability and weight in training; of several such classes the first.
    """
    threshold = None if decision is None else decision.effective
    if decision is None or threshold is None:
        weighted = probabilities if class_weights is None else probabilities * np.array(class_weights)
        predicted: IntArray = weighted.argmax(axis=1)
        return predicted
    is_positive = probabilities[:, decision.positive] >= threshold
    return np.where(is_positive, decision.positive, 1 - decision.positive)


def choose(
    decision: Decision, threshold: Threshold, probabilities: FloatArray, labels: IntArray
) -> float | None:
    """The threshold that suits these rows best, probabilities (n, 2) and labels (n,); see `choose_threshold`.

    `threshold` is the setting: `f1`, `youden`, or costs.
    """
    rule = costs_of(threshold) or threshold
    if rule not in {"f1", "youden"} and not isinstance(rule, Costs):
        raise ValueError(f"{threshold} is not a rule for a threshold")
    return choose_threshold(labels == decision.positive, probabilities[:, decision.positive], rule)


def row_costs(decision: Decision, costs: Costs, labels: IntArray, predictions: IntArray) -> FloatArray:
    """The cost of each row's prediction, (n,), from labels (n,) and predictions (n,)."""
    is_wrong, is_positive = labels != predictions, labels == decision.positive
    return np.where(is_wrong, np.where(is_positive, costs.false_negative, costs.false_positive), 0.0)


def cheapest_answer(decision: Decision, costs: Costs, shares: FloatArray) -> IntArray:
    """The class that costs least if it is always predicted, (…,), for shares of the classes (…, 2)."""
    positive_cost = shares[..., decision.positive] * costs.false_negative
    negative_cost = shares[..., 1 - decision.positive] * costs.false_positive
    return np.where(positive_cost > negative_cost, decision.positive, 1 - decision.positive)
