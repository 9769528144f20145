"""Mean, standard deviation and corrected confidence interval of the fold scores of a cross-validation.

The training parts of the folds overlap, so their scores are not independent. The interval of the plain t-test
is far too narrow: more repeats would make it arbitrarily narrow.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from fnnctl.metrics.registry import metric_of


def summarize_scores(
    scores: Mapping[str, Sequence[float | None]], *, test_share: float
) -> dict[str, dict[str, Any]]:
    """Each metric's `mean`, `std` (of the sample), `ci95` and `scores`, from one score per fold.

    A score that does not exist is None and is left out. `test_share` is the number of test rows per training
    row of a fold. The interval is clipped to the possible values of the metric. It is None for a single
    score, or if all scores are equal, because then their variance is unknown.
    """
    return {name: _summary(name, list(values), test_share) for name, values in scores.items()}


def corrected_interval(scores: Sequence[float], *, test_share: float) -> list[float] | None:
    """The 95 % interval of the mean of J scores by the corrected resampled t-test; None without a spread.

    The variance of the mean is taken as (1/J + n₂/n₁)·S², with n₂ test rows and n₁ training rows (Nadeau &
    Bengio, Inference for the Generalization Error, Machine Learning 52, 2003); the distribution is Student's
    with J − 1 degrees of freedom, also for repeated folds (Bouckaert & Frank, PAKDD 2004).
    """
    if len(scores) < 2 or min(scores) == max(scores):
        return None
    mean = math.fsum(scores) / len(scores)
    half_width = student_quantile(0.975, len(scores) - 1) * corrected_deviation(scores, test_share)
    return [mean - half_width, mean + half_width]


def corrected_deviation(scores: Sequence[float], test_share: float) -> float:
    """The standard deviation of the mean of J ≥ 2 scores: see `corrected_interval`."""
    return statistics.stdev(scores) * math.sqrt(1 / len(scores) + test_share)


def student_quantile(probability: float, freedom: int) -> float:
    """The quantile of Student's t for a probability above 0.5 and an integer ≥ 1 of degrees of freedom."""
    low, high = 0.0, 1.0
    while student_within(high, freedom) < 2 * probability - 1:
        low, high = high, 2 * high
    while (middle := (low + high) / 2) not in (low, high):
        if student_within(middle, freedom) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return high


def student_within(t: float, freedom: int) -> float:
    """The probability of a value from −t to t: the series of Abramowitz & Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    total, term = 0.0, cosine if odd else 1.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine**2 * k / (k + 1)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _summary(name: str, scores: list[float | None], test_share: float) -> dict[str, Any]:
    values = [score for score in scores if score is not None]
    interval = corrected_interval(values, test_share=test_share)
    if interval:
        metric = metric_of(name)
        lowest, highest = (metric.lowest, metric.highest) if metric else (0.0, 1.0)
        interval = [max(interval[0], lowest), min(interval[1], highest)]
    return {
        "mean": math.fsum(values) / len(values) if values else None,
        "std": statistics.stdev(values) if len(values) > 1 else None,
        "ci95": interval,
        "scores": scores,
    }
