"""The scores of estimates, as stored in metrics.json, with bootstrap intervals over the rows.

A score that does not exist or is not finite is None, because JSON has no NaN and no infinity.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray

RESAMPLES: Final = 2000
MOST_GROUPS: Final = 2**13
"""More rows than this are divided at random into this many groups, and the groups are resampled."""
DRAWS_AT_ONCE: Final = 2**18
LEVELS: Final = (0.025, 0.975)
"""The ends of the 95 % interval."""
ROUNDING: Final = 1e-12
"""A variance below this share of the sum of squares that it is computed from is only a rounding error."""


def score(
    targets: FloatArray, estimates: FloatArray, *, loss: float, rng: np.random.Generator | None = None
) -> dict[str, Any]:
    """Every metric of n rows as a JSON-safe mapping: targets (n,) and estimates (n,), in the target's units.

    R² is 1 − Σ(y − ŷ)² / Σ(y − ȳ)², as in scikit-learn; it does not exist if all targets are equal. RMSE is
    the root of the mean squared error, MAE the mean absolute error. `loss` is copied unchanged. If `rng` is
    given, there are intervals: see `bootstrap`. Raises ValueError if there are no rows.
    """
    if not len(targets):
        raise ValueError("there are no rows to score")
    with np.errstate(over="ignore", invalid="ignore"):  # estimates may be huge without being infinite
        errors = np.abs(targets - estimates)
        centred = targets - targets.mean()
        sums = errors @ errors, errors.sum(), centred.sum(), centred @ centred
        r2, rmse, mae = _from_sums(len(targets), *sums)
        values = {"r2": r2, "rmse": rmse, "mae": mae, "median_absolute_error": np.median(errors)}
        intervals = bootstrap(errors, centred, rng) if rng else {}
    metrics: dict[str, Any] = {"loss": loss if math.isfinite(loss) else None}
    for name, value in values.items():
        metrics[name] = float(value) if math.isfinite(value) else None
        if rng:
            metrics[f"{name}_ci95"] = None if metrics[name] is None else intervals[name]
    return {**metrics, "support": len(targets)}


def bootstrap(
    errors: FloatArray, centred: FloatArray, rng: np.random.Generator
) -> dict[str, list[float] | None]:
    """The 95 % interval of each metric by the percentile bootstrap over rows.

    (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.) `errors` (n,) are absolute,
    and `centred` (n,) are the targets less their mean. A single row has no interval, and R² has none if in
    most resamples all targets are equal. More than `MOST_GROUPS` rows are divided at random into that many
    groups of nearly one size, and groups are drawn instead of rows: the variance of a sum is the same, and
    the time no longer grows with the rows.
    """
    n = len(errors)
    if n < 2:
        return dict.fromkeys(("r2", "rmse", "mae", "median_absolute_error"))
    sums = _summed(np.stack([np.ones(n), errors**2, errors, centred, centred**2], axis=1), rng)
    totals = np.empty((RESAMPLES, sums.shape[1]))
    step = max(1, DRAWS_AT_ONCE // len(sums))
    for start in range(0, RESAMPLES, step):
        drawn = rng.integers(len(sums), size=(min(step, RESAMPLES - start), len(sums)))
        totals[start : start + step] = sums[drawn].sum(axis=1)
    r2, rmse, mae = _from_sums(*totals.T)
    samples = {"r2": r2, "rmse": rmse, "mae": mae, "median_absolute_error": _medians(errors, rng)}
    return {name: _ends(values) for name, values in samples.items()}


def _from_sums(
    rows: Any, squares: Any, absolute: Any, centred: Any, centred_squares: Any
) -> tuple[Any, Any, Any]:
    """R², RMSE and MAE from sums over rows; R² is not finite if the targets have no spread."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = centred_squares - centred**2 / rows
        r2 = 1.0 - np.float64(squares) / np.where(spread > ROUNDING * centred_squares, spread, 0.0)
    return r2, np.sqrt(squares / rows), absolute / rows


def _summed(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The values, (n, m), or, if there are many rows, sums over random groups of them, (MOST_GROUPS, m)."""
    if len(values) <= MOST_GROUPS:
        return values
    shuffled = values[rng.permutation(len(values))]
    return np.add.reduceat(shuffled, np.arange(MOST_GROUPS) * len(values) // MOST_GROUPS, axis=0)


def _medians(errors: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The medians of resamples, (RESAMPLES,), without drawing the resamples.

    A draw from n sorted values is the one at index ⌊nU⌋ with uniform U. So the k-th smallest of n draws is
    the one at index ⌊nU₍ₖ₎⌋, and U₍ₖ₎ has a beta distribution (David & Nagaraja, Order Statistics, 2003,
    section 2.1).
    """
    n, values = len(errors), np.sort(errors)
    middle = (n + 1) // 2
    lower = rng.beta(middle, n + 1 - middle, RESAMPLES)
    # The next order statistic is the least of n − k uniforms above this one.
    upper = lower if n % 2 else lower + (1.0 - lower) * rng.beta(1, n - middle, RESAMPLES)
    places = (np.minimum((n * each).astype(np.intp), n - 1) for each in (lower, upper))
    below, above = (values[place] for place in places)
    medians: FloatArray = 0.5 * (below + above)
    return medians


def _ends(samples: FloatArray) -> list[float] | None:
    finite = samples[np.isfinite(samples)]
    if 2 * len(finite) < len(samples):
        return None
    return [float(end) for end in np.quantile(finite, LEVELS)]
