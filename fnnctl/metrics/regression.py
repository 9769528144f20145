"""The scores of a regression on one part of the data, as stored in metrics.json, with bootstrap intervals.

A score that does not exist or is not finite is None, because JSON has no NaN and no infinity.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.bootstrap import random_groups, resampled_sums
from fnnctl.metrics.metric import INTERVAL, REGRESSION, SUPPORT, Given, Metric, OfPart, OfRows
from fnnctl.metrics.ranking import wilson_interval
from fnnctl.metrics.registry import PER_LEVEL, metrics_of
from fnnctl.metrics.rows import RESAMPLES, ErrorRows, Quantiles, of_sum, spread_of

MAX_GROUPS: Final = 2**11
"""More rows than this are divided at random into this many groups, and the groups are resampled."""
LEVELS: Final = (0.025, 0.975)
"""The ends of the 95 % interval."""


def score(rows: ErrorRows, *, loss: float, rng: np.random.Generator | None = None) -> dict[str, Any]:
    """Every metric of n rows as a JSON-safe mapping, in the target's units.

    R² is 1 − Σ(y − ŷ)² / Σ(y − ȳ)², as in scikit-learn; it does not exist if all targets are equal. RMSE is
    the root of the mean squared error, MAE the mean absolute error. `loss` is copied unchanged. If `rng` is
    given, there are intervals: see `bootstrap`. Quantiles have an entry per level: see `_of_levels`. Raises
    ValueError if there are no rows.
    """
    if not len(rows.targets):
        raise ValueError("there are no rows to score")
    metrics = [m for m in metrics_of(REGRESSION, rows.kinds) if not isinstance(m.formula, Given)]
    with np.errstate(over="ignore", invalid="ignore"):  # estimates may be huge without being infinite
        values = {metric.name: _value(metric, rows) for metric in metrics}
        intervals = bootstrap(rows, rng) if rng else {}
    scores: dict[str, Any] = {"loss": loss if math.isfinite(loss) else None}
    for name, value in values.items():
        scores[name] = _finite(value)
        if name in intervals:
            scores[f"{name}{INTERVAL}"] = None if scores[name] is None else intervals[name]
    scores[SUPPORT] = len(rows.targets)
    if rows.quantiles is not None:
        scores[PER_LEVEL] = _of_levels(rows, rows.quantiles, rng)
    return scores


def _of_levels(
    rows: ErrorRows, quantiles: Quantiles, rng: np.random.Generator | None
) -> dict[str, dict[str, Any]]:
    """By level: the pinball loss, and the coverage, which is the share of targets at or below the quantile.

    It should be the level. Its interval is Wilson's.
    """
    count, held = len(rows.targets), (rows.targets[:, None] <= quantiles.values).sum(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        losses = rows.level_losses.mean(axis=0)
        intervals = _loss_intervals(rows.level_losses, rng) if rng else None
    entries: dict[str, dict[str, Any]] = {}
    for index, level in enumerate(quantiles.levels):
        entry = entries[repr(level)] = {"pinball": _finite(losses[index])}
        if intervals is not None:
            entry[f"pinball{INTERVAL}"] = None if entry["pinball"] is None else intervals[index]
        entry["coverage"] = int(held[index]) / count
        entry[f"coverage{INTERVAL}"] = wilson_interval(int(held[index]), count)
    return entries


def _loss_intervals(losses: FloatArray, rng: np.random.Generator) -> list[list[float] | None]:
    """The 95 % interval of each mean loss, as in `bootstrap`, from losses (n, levels)."""
    if len(losses) < 2:
        return [None] * losses.shape[1]
    columns = np.column_stack([np.ones(len(losses)), losses])
    totals = resampled_sums(random_groups([columns], MAX_GROUPS, rng), RESAMPLES, rng)
    return [_ends(column / totals[:, 0]) for column in totals[:, 1:].T]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _value(metric: Metric[ErrorRows], rows: ErrorRows) -> float:
    match metric.formula:
        case OfRows() as formula:
            form, values, of_mean = formula.terms(rows)
            if of_mean is None:
                spread = spread_of(len(rows.targets), rows.centred.sum(), rows.centred @ rows.centred)
            else:
                spread = of_mean.sum()
            return float(of_sum(form, rows.total(values), len(rows.targets), spread))
        case OfPart(value):
            return float(value(rows))
    raise TypeError(f"{metric.name} has no formula")


def bootstrap(rows: ErrorRows, rng: np.random.Generator) -> dict[str, list[float] | None]:
    """The 95 % interval of each metric that has one by the percentile bootstrap over n rows.

    (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.) A single row has no interval,
    and R² has none if in most resamples all targets are equal. More than `MAX_GROUPS` rows are divided at
    random into that many groups of nearly one size, and groups are drawn instead of rows: the variance of a
    sum is the same, and the time no longer grows with the rows.
    """
    metrics = [metric for metric in metrics_of(REGRESSION, rows.kinds) if metric.interval == "bootstrap"]
    if len(rows.targets) < 2:
        return dict.fromkeys(metric.name for metric in metrics)
    summed = {metric.name: metric.formula for metric in metrics if isinstance(metric.formula, OfRows)}
    columns, combine = rows.summed([formula.terms(rows) for formula in summed.values()])
    totals = resampled_sums(random_groups([columns], MAX_GROUPS, rng), RESAMPLES, rng)
    samples = {name: of_totals(totals) for name, of_totals in zip(summed, combine, strict=True)}
    for metric in metrics:
        if isinstance(metric.formula, OfPart) and metric.formula.resampled is not None:
            samples[metric.name] = metric.formula.resampled(rows, rng)
    return {name: _ends(values) for name, values in samples.items()}


def _ends(samples: FloatArray) -> list[float] | None:
    finite = samples[np.isfinite(samples)]
    if 2 * len(finite) < len(samples):
        return None
    return [float(end) for end in np.quantile(finite, LEVELS)]
