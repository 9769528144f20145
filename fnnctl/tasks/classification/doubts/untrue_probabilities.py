"""Warnings if probabilities are worse than the classes' shares, or far from the classes' frequencies.

The predicted classes, and so the accuracy, may be good nevertheless.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.errors import quoted_list
from fnnctl.metrics.classification import log_losses
from fnnctl.metrics.paired import LEVEL, mean_test
from fnnctl.tasks.doubts import UNKNOWN, Course
from fnnctl.text import shown

ENOUGH_ROWS = 100
"""So many rows show that a log loss is not better, even if it is not worse by more than chance."""
FAR = 4.0
"""A mean probability differs from a frequency if it is so many standard errors away, because there may be
many classes, and if their odds differ by the factor `ODDS` and they themselves by `LEAST`."""
ODDS = 1.5
LEAST = 0.01
MOST_NAMED = 5


def log_loss_warning(
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray,
    *,
    where: str,
    is_calibrated: bool = False,
) -> str | None:
    """A warning if the log loss is not below the baseline's, unless that may be chance in few rows.

    Args:
        labels: (n,) the true classes of n ≥ 1 rows.
        probabilities: (n, classes), the network's.
        baseline: (classes,) or (n, classes), the shares of the classes in the training part.
        where: Which rows these are, such as `on the test part`.
        is_calibrated: Whether a temperature was fitted.
    """
    losses = log_losses(labels, probabilities)
    of_shares = log_losses(labels, np.broadcast_to(baseline, probabilities.shape))
    is_worse = mean_test(losses - of_shares) <= LEVEL
    is_no_better = not losses.mean() < of_shares.mean() and len(labels) >= ENOUGH_ROWS
    if not (is_worse or is_no_better):
        return None
    advice = "rank rows by them, but do not read them as frequencies"
    if not is_calibrated:
        advice = f"set model.calibration: temperature, or {advice}"
    return (
        f"the log loss {where}, {losses.mean():.4g}, is not better than the baseline's "
        f"({of_shares.mean():.4g}), which gives every row the classes' shares of the training rows, so the "
        f"probabilities are misleading: {advice}"
    )


def mean_probability_warning(
    classes: Sequence[str],
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray | None,
    *,
    where: str,
    positive: int | None,
    course: Course = UNKNOWN,
) -> str | None:
    """One warning about all classes whose mean probability is far from their frequency: see `FAR`.

    Args:
        classes: The names of the classes.
        labels: (n,) the true classes of n ≥ 1 rows.
        probabilities: (n, classes), the network's.
        baseline: (classes,) or (n, classes), the shares of the classes in the training part, if known.
        where: Which rows these are, such as `on the test part`.
        positive: Of two classes, the only one to name, as the other one's probability follows; else None.
        course: What is known about the training.
    """
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    means = probabilities.mean(axis=0).tolist()
    rows = len(labels)
    candidates = range(len(classes)) if positive is None else [positive]
    far = [index for index in candidates if _is_far(means[index], counts[index], rows)]
    if not far:
        return None
    if len(far) == 1:
        (index,) = far
        said = (
            f"the mean probability of {shown(classes[index])} {where} is {means[index]:.3g}, but its share "
            f"of the rows is {counts[index] / rows:.3g}"
        )
    else:
        named = [f"{shown(classes[each])} ({means[each]:.3g}, {counts[each] / rows:.3g})" for each in far]
        said = (
            f"the mean probabilities of {len(far):,} classes {where} are far from their shares of the rows: "
            f"{quoted_list(named, MOST_NAMED)}"
        )
    if baseline is not None:
        shares = np.broadcast_to(baseline, probabilities.shape).mean(axis=0).tolist()
        if all(_is_far(shares[each], counts[each], rows) for each in far):
            of_training = quoted_list([f"{shares[each]:.3g}" for each in far], MOST_NAMED)
            return f"{said}: in the training rows it is {of_training}, so these rows are of another kind"
    if course.has_row_weights:
        return f"{said}: probabilities follow the weights of the rows (data.weights)"
    return f"{said}: rank rows by the probabilities, but do not read them as frequencies"


def _is_far(mean: float, count: int, rows: int) -> bool:
    share = count / rows
    if abs(mean - share) < LEAST:
        return False
    # The larger of two variances: that of a frequency equal to the mean probability is too small for a
    # surprise in a single row. The other one is Agresti & Coull's, which is never 0.
    likely = (count + 2) / (rows + 4)
    error = math.sqrt(max(mean * (1 - mean), likely * (1 - likely)) / rows)
    low, high = sorted((mean, share))
    return abs(mean - share) > FAR * error and high * (1 - low) >= ODDS * low * (1 - high)
