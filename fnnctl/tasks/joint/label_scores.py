"""The metrics of labels on a part of the data, as metrics.json has them."""

from __future__ import annotations

from typing import Any

from fnnctl.metrics.comparison.measures import label_measure
from fnnctl.metrics.label_metrics import LABEL_METRICS
from fnnctl.metrics.metric import INTERVAL
from fnnctl.metrics.ranking import wilson_interval
from fnnctl.metrics.rows import LabelRows


def score_labels(rows: LabelRows) -> dict[str, Any]:
    """Every metric of all labels together, JSON-safe; None for one that these rows do not have.

    The share of rows that are right in all labels is over the rows that tell all of them. The share of wrong
    labels, and F1 of all pairs of rows and labels, are over the labels that rows tell.
    """
    scores: dict[str, Any] = {}
    for metric in LABEL_METRICS:
        measure = label_measure(metric, rows)
        scores[metric.name] = None if measure is None else measure.value
        if metric.is_share:
            sums = None if measure is None else measure.values.sum(axis=0).tolist()
            scores[f"{metric.name}{INTERVAL}"] = None if sums is None else wilson_interval(*sums)
    return scores
