"""Decisions between two classes: predictions, the choice of the threshold, and what wrong ones cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.model import CostThreshold, Threshold
from fnnctl.metrics.decisions.thresholds import Costs, Rule, choose_threshold
from fnnctl.tasks.decision import Decision


def costs_of(threshold: Threshold) -> Costs | None:
    """The costs in the setting `model.threshold`, if it has any."""
    if not isinstance(threshold, CostThreshold):
        return None
    return Costs(threshold.cost.false_positive, threshold.cost.false_negative)


def predicted_classes(
    probabilities: FloatArray, decision: Decision | None, class_weights: Sequence[float] | None = None
) -> IntArray:
    """The predicted class of each row, (n,), from probabilities (n, classes).

    Of two classes the decision's threshold chooses, if it has one. Else it is the class with the largest
    probability, times its weight in training, and of several such classes the first.
    """
    threshold = None if decision is None else decision.effective
    if decision is None or threshold is None:
        weighted = probabilities if class_weights is None else probabilities * np.array(class_weights)
        predicted: IntArray = weighted.argmax(axis=1)
        return predicted
    is_positive = probabilities[:, decision.positive] >= threshold
    return np.where(is_positive, decision.positive, 1 - decision.positive)


def choose(
    decision: Decision, wanted: Threshold, probabilities: FloatArray, labels: IntArray
) -> float | None:
    """The threshold that suits these rows best, probabilities (n, 2) and labels (n,); see `choose_threshold`.

    `wanted` is the setting: `f1`, `youden`, or costs.
    """
    rule: Rule = costs_of(wanted) or ("youden" if wanted == "youden" else "f1")
    return choose_threshold(labels == decision.positive, probabilities[:, decision.positive], rule)


def row_costs(decision: Decision, costs: Costs, labels: IntArray, predictions: IntArray) -> FloatArray:
    """What the prediction of each row costs, (n,), from labels (n,) and predictions (n,)."""
    is_wrong, is_positive = labels != predictions, labels == decision.positive
    return np.where(is_wrong, np.where(is_positive, costs.false_negative, costs.false_positive), 0.0)


def cheapest_answer(decision: Decision, costs: Costs, shares: FloatArray) -> IntArray:
    """The class, (…,), that costs the least if it is always predicted, for shares of the classes (…, 2)."""
    of_positive = shares[..., decision.positive] * costs.false_negative
    of_negative = shares[..., 1 - decision.positive] * costs.false_positive
    return np.where(of_positive > of_negative, decision.positive, 1 - decision.positive)


def described(decision: Decision | None, classes: Sequence[str]) -> dict[str, Any]:
    """What model.json records about a decision, except its threshold; nothing if there is none."""
    if decision is None:
        return {}
    costs = decision.costs
    of_costs = None if costs is None else [costs.false_positive, costs.false_negative]
    return {"positive_class": classes[decision.positive], "costs": of_costs}
