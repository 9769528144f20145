"""A classifier's predictions beside guesses: values and tests, which judge nothing.

A guess gives every row the classes' shares of the training rows, and so predicts the majority class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.comparison.shares import unpaired_shares
from fnnctl.metrics.decisions import MIN_OF_CLASS, decide_across
from fnnctl.metrics.paired import mean_test, sign_test
from fnnctl.metrics.ranking import wilson_interval
from fnnctl.metrics.rows import log_losses


@dataclass(frozen=True, slots=True)
class MajorityComparison:
    """Predicted classes beside the majority class of the training rows."""

    majority: int
    """The majority class; if the training rows of folds differ, that of most rows."""
    accuracy: float
    guessed: float
    """The accuracy of always predicting the majority class."""
    p: float
    """One-sided: the probability of so many more right predictions by chance."""
    best_p: float
    """The p of a classifier that is right in every row: it tells whether there are enough rows for any."""
    other_rows: int
    """The rows that are not of their majority class."""
    is_constant: bool
    """Whether the majority class is predicted for every row."""


def compare_with_majority(labels: IntArray, predicted: IntArray, shares: FloatArray) -> MajorityComparison:
    """Compare n ≥ 1 predicted classes (n,) with the majority class of the `shares`, (n, classes).

    Only rows that one of the two predicts correctly count: McNemar's test, exact, one-sided (Psychometrika
    12, 1947); see `sign_test`. `labels` (n,) are the true classes.
    """
    guesses = shares.argmax(axis=1)
    is_right, is_guessed = predicted == labels, guesses == labels
    other_rows = int(np.sum(~is_guessed))
    return MajorityComparison(
        majority=int(np.bincount(guesses, minlength=shares.shape[1]).argmax()),
        accuracy=float(is_right.mean()),
        guessed=float(is_guessed.mean()),
        p=sign_test(int(np.sum(is_right & ~is_guessed)), int(np.sum(is_guessed & ~is_right))),
        best_p=sign_test(other_rows, 0),
        other_rows=other_rows,
        is_constant=np.array_equal(predicted, guesses),
    )


@dataclass(frozen=True, slots=True)
class LogLossComparison:
    """The mean log loss of probabilities beside that of the classes' shares."""

    mean: float
    guessed: float
    """That of the shares."""
    p_better: float
    """One-sided: the probability of so much smaller losses by chance."""
    p_worse: float
    """Likewise of so much larger ones."""


def compare_log_losses(labels: IntArray, probabilities: FloatArray, shares: FloatArray) -> LogLossComparison:
    """Compare the log losses of n ≥ 1 rows by the paired t-test of `mean_test`.

    `labels` (n,) are the true classes; `probabilities` and `shares` are (n, classes).
    """
    losses, guessed = log_losses(labels, probabilities), log_losses(labels, shares)
    return LogLossComparison(
        mean=float(losses.mean()),
        guessed=float(guessed.mean()),
        p_better=mean_test(guessed - losses),
        p_worse=mean_test(losses - guessed),
    )


@dataclass(frozen=True, slots=True)
class ClassRecall:
    """How many rows of a class are found."""

    hits: int
    rows: int

    @property
    def value(self) -> float:
        """The recall; NaN without rows."""
        return self.hits / self.rows if self.rows else math.nan

    @property
    def upper_end(self) -> float:
        """The upper end of its 95 % interval (Wilson, JASA 22, 1927); 1 without rows."""
        interval = wilson_interval(self.hits, self.rows)
        return interval[1] if interval else 1.0


def class_recalls(labels: IntArray, predicted: IntArray, classes: int) -> list[ClassRecall]:
    """The recall of each class, from the true and the predicted classes, (n,) each."""
    rows = np.bincount(labels, minlength=classes).tolist()
    hits = np.bincount(labels[predicted == labels], minlength=classes).tolist()
    return list(map(ClassRecall, hits, rows))


@dataclass(frozen=True, slots=True)
class ThresholdEffect:
    """What the threshold with the best F1 does to rows that did not choose it."""

    rows: int
    """Rows of the class."""
    hits: int
    """Those that are found."""
    false_positives: int
    """Rows of other classes that are taken for it."""
    p: float
    """One-sided: the probability of so many more hits than false positives, per row, by chance."""


def best_f1_effect(is_positive: BoolArray, scores: FloatArray) -> ThresholdEffect | None:
    """The effect of the threshold on n rows, (n,) each; None if too few are of the class.

    Each fold of the rows is decided by the others: see `decide_across`. The p is that of `unpaired_shares`:
    without any signal the best F1 is that of nearly all rows, which finds the class by chance.
    """
    predicted = decide_across(is_positive, scores, "f1")
    rows = int(np.count_nonzero(is_positive))
    if predicted is None or rows < MIN_OF_CLASS:
        return None
    hits = int(np.count_nonzero(predicted & is_positive))
    false_positives = int(np.count_nonzero(predicted)) - hits
    p = unpaired_shares(hits, rows, false_positives, len(scores) - rows).p_above
    return ThresholdEffect(rows, hits, false_positives, p)


@dataclass(frozen=True, slots=True)
class MeanProbability:
    """The mean probability of a class beside its frequency in the same rows."""

    mean: float
    count: int
    """Rows of the class."""
    rows: int

    @property
    def share(self) -> float:
        """The frequency."""
        return self.count / self.rows

    @property
    def gap(self) -> float:
        """How far the two are from each other."""
        return abs(self.mean - self.share)

    @property
    def standard_error(self) -> float:
        """The standard error of the frequency.

        It is the larger of two. That of a frequency equal to the mean probability is too small for a surprise
        in a single row. The other one is Agresti & Coull's (The American Statistician 52, 1998), with two
        more rows of the class and two more of the others, which is never 0.
        """
        likely = (self.count + 2) / (self.rows + 4)
        return math.sqrt(max(self.mean * (1 - self.mean), likely * (1 - likely)) / self.rows)

    @property
    def odds_ratio(self) -> float:
        """The larger odds, p / (1 − p), divided by the smaller; infinite if these are 0."""
        low, high = sorted((self.mean, self.share))
        below = low * (1 - high)
        return high * (1 - low) / below if below > 0.0 else math.inf


def mean_probabilities(labels: IntArray, probabilities: FloatArray) -> list[MeanProbability]:
    """Those of each class, from the true classes of n ≥ 1 rows (n,) and the probabilities (n, classes)."""
    counts = np.bincount(labels, minlength=probabilities.shape[1]).tolist()
    means = probabilities.mean(axis=0).tolist()
    return [MeanProbability(mean, count, len(labels)) for mean, count in zip(means, counts, strict=True)]
