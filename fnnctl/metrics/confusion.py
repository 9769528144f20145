"""The confusion matrix and everything that is computed from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray


def confusion_matrix(labels: IntArray, predictions: IntArray, classes: int) -> IntArray:
    """Counts (C, C) of labels and predictions (n,): true classes in rows, predicted ones in columns."""
    cells = labels.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ClassRates:
    """Precision, recall and F1 of each class (…, C), 0 if the denominator is 0."""

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: IntArray
    occurs: BoolArray
    """Whether the class occurs in labels or predictions; macro averages are over these classes."""


def class_rates(hits: IntArray, support: IntArray, predicted: IntArray) -> ClassRates:
    """Rates from counts (…, C) per class: correct predictions, rows of the class, and predictions of the
    class.

    They equal scikit-learn's with `zero_division=0`. Leading axes, such as the members of a stack, are kept.
    """
    return ClassRates(
        precision=_share(hits, predicted),
        recall=_share(hits, support),
        f1=_share(2 * hits, support + predicted),
        support=support,
        occurs=support + predicted > 0,
    )


def balanced_accuracy(rates: ClassRates) -> FloatArray:
    """The mean recall (…,) over the classes that occur in the labels."""
    return mean_over(rates.recall, rates.support > 0)


def mean_over(values: FloatArray, weights: BoolArray | IntArray) -> FloatArray:
    """The weighted mean (…,) over the last axis, 0 if all weights are 0."""
    return _share((values * weights).sum(axis=-1), weights.sum(axis=-1))


def matthews_correlation(matrix: IntArray) -> float:
    """The correlation R_K (Gorodkin, 2004) from counts (C, C); 0 if labels or predictions have one class."""
    observed, expected, rows = _agreement(matrix)
    spread = math.sqrt(
        (rows**2 - _square_sum(matrix.sum(axis=0))) * (rows**2 - _square_sum(matrix.sum(axis=1)))
    )
    return (observed * rows - expected) / spread if spread else 0.0


def cohens_kappa(matrix: IntArray) -> float | None:
    """The agreement beyond chance (Cohen, 1960) from counts (C, C); None if all are of one class."""
    observed, expected, rows = _agreement(matrix)
    by_chance = rows**2 - expected
    return (observed * rows - expected) / by_chance if by_chance else None


def _agreement(matrix: IntArray) -> tuple[int, int, int]:
    """The rows that agree, n² times the share expected to agree by chance, and the number of rows n."""
    expected = int(matrix.sum(axis=0) @ matrix.sum(axis=1))
    return int(np.trace(matrix)), expected, int(matrix.sum())


def _square_sum(counts: IntArray) -> int:
    return int(counts @ counts)


def _share(part: FloatArray | IntArray, whole: IntArray) -> FloatArray:
    """Divide; 0 if the denominator is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)
