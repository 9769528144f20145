"""The scores of a classification on one part of the data, as stored in metrics.json.

A score that does not exist is None, never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from fnnctl.metrics.metric import (
    CLASSIFICATION,
    INTERVAL,
    SUPPORT,
    Given,
    Metric,
    OfAreas,
    OfCounts,
    OfPart,
    OfRanks,
    OfRows,
)
from fnnctl.metrics.ranking import AucEstimate, fisher_interval, wilson_interval
from fnnctl.metrics.ranks import RankSums, rank_products
from fnnctl.metrics.registry import PER_CLASS, metrics_of
from fnnctl.metrics.rows import ClassRows, of_sum

Score: TypeAlias = tuple[float | None, list[float] | None]
"""A metric and its 95 % interval; None if they do not exist."""


def score(
    rows: ClassRows, classes: Sequence[str], *, loss: float, positive: int | None = None
) -> dict[str, Any]:
    """Every metric of n rows as a JSON-safe mapping; `classes` are the C names of the classes.

    - Precision, recall and F1 are scikit-learn's with `zero_division=0`. Macro averages are over the classes
      that occur in labels or predictions, balanced accuracy over those in the labels. A class that occurs in
      neither has no rates.
    - A class with no rows or with all rows has no AUC; one without rows has no average precision. Averages
      are over the classes that have one. Micro averages pool all (row, class) pairs.
    - Calibration errors are those of `metrics.calibration`; a class without rows also has one.
    - `loss` is copied unchanged.
    - With two classes, the metrics of a single class are also those of the class `positive`.

    Raises ValueError if there are no rows.
    """
    if not len(rows.labels):
        raise ValueError("there are no rows to score")
    scores: dict[str, Any] = {"loss": loss if math.isfinite(loss) else None}
    rates: list[dict[str, Any]] = [{} for _ in classes]
    class_entries: list[dict[str, Any]] = [{} for _ in classes]
    for metric in metrics_of(CLASSIFICATION, rows.kinds):
        if metric.class_name is None:
            if metric.name not in scores and not isinstance(metric.formula, Given):
                scores |= _entries(metric, metric.name, _score(metric, rows))
            continue
        class_scores = _class_scores(metric, rows)
        if positive is not None:
            scores |= _entries(metric, metric.name, class_scores[positive])
        target = rates if isinstance(metric.formula, OfCounts) else class_entries
        for entries, score in zip(target, class_scores, strict=True):
            entries.update(_entries(metric, metric.class_name, score))
    supports = rows.counts.support.tolist()
    per_class = {
        name: {**before, SUPPORT: support, **after}
        for name, before, support, after in zip(classes, rates, supports, class_entries, strict=True)
    }
    return {**scores, SUPPORT: len(rows.labels), PER_CLASS: per_class}


def _entries(metric: Metric[ClassRows], name: str, score: Score) -> dict[str, Any]:
    """The score under this name, and its interval, if the metric has one."""
    value, interval = score
    return {name: value, f"{name}{INTERVAL}": interval} if metric.interval else {name: value}


def _score(metric: Metric[ClassRows], rows: ClassRows) -> Score:
    match metric.formula:
        case OfAreas():
            return _of_area(rows.ranked.mean_area)
        case OfCounts(value):
            return _number(value(rows.counts)), None
        case OfRanks():
            return _of_ranks(metric.formula, rows)
        case OfPart(value):
            return _number(value(rows)), None
        case OfRows(at_once=at_once) if at_once is not None:
            return _number(at_once(rows)), None
        case OfRows(values, form):
            row_values = values(rows)
            count = len(row_values)
            interval = wilson_interval(int(row_values.sum()), count) if metric.is_share else None
            return _number(of_sum(form, row_values.sum(), count)), interval
    raise TypeError(f"{metric.name} has no formula")


def _class_scores(metric: Metric[ClassRows], rows: ClassRows) -> list[Score]:
    match metric.formula:
        case OfAreas():
            return [_of_area(estimate) for estimate in rows.ranked.areas]
        case OfCounts(value):
            values = value(rows.counts).tolist()
            occurs = rows.counts.occurs.tolist()
            return [(rate if is_there else None, None) for rate, is_there in zip(values, occurs, strict=True)]
        case OfPart(value):
            return [(_number(score), None) for score in value(rows)]
    raise TypeError(f"{metric.name} has no formula for a single class")


def _of_area(estimate: AucEstimate | None) -> Score:
    return (None, None) if estimate is None else (estimate.area, estimate.interval())


def _of_ranks(formula: OfRanks, rows: ClassRows) -> Score:
    products = rank_products(rows.labels, rows.predictions)
    sums = RankSums(products.sum(axis=0))
    value = _number(formula.value(sums))
    return value, None if value is None else fisher_interval(value, products @ formula.slopes(sums))


def _number(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
