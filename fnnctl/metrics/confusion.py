"""The confusion matrix, the counts of each class, and everything that is computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray


def confusion_matrix(labels: IntArray, predictions: IntArray, classes: int) -> IntArray:
    """Counts (C, C) of labels and predictions (n,): true classes in rows, predicted ones in columns."""
    cells = labels.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Counts (…, C) per class; leading axes, such as the members of a stack, are kept by all methods."""

    hits: IntArray
    """Rows of the class that are predicted correctly."""
    support: IntArray
    """Rows of the class."""
    predicted: IntArray
    """Rows that are predicted to be of the class."""

    @property
    def occurs(self) -> BoolArray:
        """Whether the class occurs in labels or predictions."""
        return self.support + self.predicted > 0

    def share(self, part: FloatArray | IntArray, whole: IntArray) -> FloatArray:
        """Divide; 0 if the denominator is 0, as in scikit-learn with `zero_division=0`."""
        return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)

    def mean(self, values: FloatArray, weights: BoolArray | IntArray) -> FloatArray:
        """The weighted mean (…,) over the classes, 0 if all weights are 0."""
        return self.share((values * weights).sum(axis=-1), weights.sum(axis=-1))

    def matthews_correlation(self) -> FloatArray:
        """The correlation R_K (…,) (Gorodkin, 2004); 0 if labels or predictions have one class."""
        excess, rows = self._excess()
        labels, predictions = ((counts**2).sum(axis=-1) for counts in (self.support, self.predicted))
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt((rows**2 - labels) * (rows**2 - predictions))
            return np.where(spread > 0, excess / spread, 0.0)

    def cohens_kappa(self) -> FloatArray:
        """The agreement beyond chance (…,) (Cohen, 1960); NaN if all rows are of one class."""
        excess, rows = self._excess()
        by_chance = (self.support * self.predicted).sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(rows**2 > by_chance, excess / (rows**2 - by_chance), np.nan)

    def _excess(self) -> tuple[FloatArray, FloatArray]:
        """n times the hits, less n² times the share of hits expected by chance; and the number of rows n."""
        rows: FloatArray = self.support.sum(axis=-1).astype(np.float64)
        by_chance = (self.support * self.predicted).sum(axis=-1)
        return self.hits.sum(axis=-1) * rows - by_chance, rows


def class_counts(labels: IntArray, predictions: IntArray, classes: int) -> ClassCounts:
    """The counts of labels and predictions (…, n)."""
    shape = (*labels.shape[:-1], classes)
    stacks = int(np.prod(shape[:-1], dtype=np.intp))
    offsets = np.arange(stacks).reshape(*shape[:-1], 1) * classes
    truth, guess = labels + offsets, predictions + offsets

    def counts(cells: IntArray) -> IntArray:
        return np.bincount(cells.ravel(), minlength=stacks * classes).reshape(shape)

    return ClassCounts(counts(truth[predictions == labels]), counts(truth), counts(guess))
