"""A warning if a regression is not better than always predicting the mean, or the quantiles."""

from __future__ import annotations

import math

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.messages import Message
from fnnctl.metrics.mean_calibration import total_p
from fnnctl.metrics.paired import LEVEL, mean_test, sign_test
from fnnctl.metrics.rows import ErrorRows
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome, too_few_to_tell, worth_trying
from fnnctl.text import p_text

TOTAL_LEVEL = 0.01
"""A wrong total is no error by itself: once in a hundred tests chance alone warns."""
MIN_STANDARD_ERRORS = 4.0
"""Means this many standard errors apart are taken to differ: by chance that happens once in 16,000 times."""


def baseline_warning(
    rows: ErrorRows, baseline: ErrorRows, *, where: str, training: TrainingOutcome = UNKNOWN
) -> Message | None:
    """A warning unless the losses are smaller than the baseline's, by more than chance.

    They are squared errors, deviances of counts and amounts, and pinball losses of quantiles. Two one-sided
    tests are made, of which one must pass at half the level: the paired t-test of the losses and, because a
    few large errors take its power, the sign test; the latter only if the mean of the losses is smaller, too.
    The warning says if there are too few rows for any network to pass. There is another one if R² is negative
    although the errors are smaller: the targets are then unlike those of the training part.

    Args:
        rows: The network's estimates of n ≥ 1 rows.
        baseline: Those without features: the mean target of the training part, its mean rate times the
            exposure, or its quantiles.
        where: Which rows these are, such as `on the test part`.
        training: What is known about the training.
    """
    targets, has_squares = rows.targets, rows.power is None and rows.quantiles is None
    with np.errstate(over="ignore", invalid="ignore"):
        losses, of_baseline = _losses(rows), _losses(baseline)
        gains = of_baseline - losses
    by_mean = mean_test(gains)
    by_sign = sign_test(int(np.sum(gains > 0)), int(np.sum(gains < 0))) if gains.mean() > 0 else 1.0
    p = min(1.0, 2 * min(by_mean, by_sign))
    if p <= LEVEL:
        return _shifted(targets, rows.estimates, baseline.estimates, where) if has_squares else None
    error, baseline_error = (float(np.mean(values)) for values in (losses, of_baseline))
    measure, reference = "mean deviance", "mean"
    if rows.quantiles is not None:
        measure, reference = "pinball loss", "quantiles"
    elif has_squares:
        error, baseline_error = math.sqrt(error), math.sqrt(baseline_error)
        measure = "root mean squared error"
    finding = (
        f"the {measure} {where}, {_in_units(error)}, is not smaller than with the {reference} of the "
        f"training targets ({_in_units(baseline_error)}) by more than chance ({p_text(p)})"
    )
    if 2 * sign_test(len(targets), 0) > LEVEL:
        advice = too_few_to_tell(len(targets))
    else:
        advice = worth_trying(len(targets), is_ahead=error < baseline_error, training=training)
    return Message(NO_BETTER, f"{finding}: {advice}", is_severe=True)


def _losses(rows: ErrorRows) -> FloatArray:
    """The losses by which the network and the baseline are compared, (n,)."""
    if rows.quantiles is not None:
        return rows.pinball
    return rows.squares if rows.power is None else rows.deviances


def total_warning(targets: FloatArray, estimates: FloatArray, *, where: str) -> Message | None:
    """A warning if the total of n targets, (n,), is off the predicted one by more than chance."""
    p = total_p(targets, estimates)
    if p > TOTAL_LEVEL:
        return None
    observed, predicted = float(targets.sum()), float(estimates.sum())
    sentence = (
        f"the total {where} is {_in_units(observed)}, but {_in_units(predicted)} is predicted, which is off "
        f"by more than chance ({p_text(p)}, from the spread of the rows): if rates change over time or "
        "between groups, see data.split; a column may be missing"
    )
    return Message("wrong_total", sentence)


def _shifted(targets: FloatArray, estimates: FloatArray, baseline: FloatArray, where: str) -> Message | None:
    """A warning if the mean of these targets, far from the baseline's, would be a better estimate."""
    mean, trained_mean = float(np.mean(targets)), float(np.mean(baseline))
    variance = float(np.mean(np.square(targets - mean)))
    is_far = (mean - trained_mean) ** 2 * len(targets) > MIN_STANDARD_ERRORS**2 * variance
    if not is_far or np.mean(np.square(targets - estimates)) <= variance:
        return None
    return Message(
        "shifted_targets",
        f"R² {where} is negative although the errors are smaller than with the mean of the training targets: "
        f"that mean is {_in_units(trained_mean)}, and here it is {_in_units(mean)}; if the rows are ordered "
        "by time or come from several groups, see data.split",
    )


def _in_units(value: float) -> str:
    """A number in the target's units: four digits or, from 1,000 on, all before the point."""
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1e9 else f"{value:.4g}"
