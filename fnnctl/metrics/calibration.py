"""Calibration: whether predictions with a probability of 0.8 are correct in 80 % of the rows.

Rows are put into 15 bins of equal width by their confidence, which is the probability of the predicted class
(Guo et al., On Calibration of Modern Neural Networks, ICML 2017, after Naeini et al., AAAI 2015). Bins of
equal mass would never be empty, but their edges would differ from model to model. With equal widths, errors
are comparable between models and with published ones. A diagram has bins of equal mass: see `diagram_bins`.

Between two classes the probability of the positive class says more: the confidence is at least 0.5 in every
row, and hides whether the probability of a rare class is its frequency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.ranking import wilson_interval

BINS = 15
"""As in Guo et al."""
EDGES: FloatArray = np.linspace(0.0, 1.0, BINS + 1)
"""A bin contains its upper edge, but not its lower one."""
BLOCK_PAIRS = 2**17
"""(Row, class) pairs per block, so that temporary arrays stay in the cache."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Counts and sums of the rows in each bin; a bin may be empty."""

    rows: IntArray
    """(BINS,)"""
    hits: IntArray
    """(BINS,) rows whose predicted class is the true one, or rows of the positive class."""
    confidence_sums: FloatArray
    """(BINS,) the sum of the predicted classes' probabilities, or of the positive class's."""

    def __add__(self, other: Reliability) -> Reliability:
        """The counts and sums of both sets of rows."""
        return Reliability(
            self.rows + other.rows,
            self.hits + other.hits,
            self.confidence_sums + other.confidence_sums,
        )

    @property
    def expected_error(self) -> float:
        """Σ (nᵦ/n)·|accuracyᵦ − confidenceᵦ|, the expected calibration error (Guo et al., equation 3).

        It is never below 0, so with few rows per bin it overestimates.
        """
        return float(np.abs(self.hits - self.confidence_sums).sum() / self.rows.sum())

    @property
    def maximum_error(self) -> float:
        """The largest |accuracyᵦ − confidenceᵦ| over the bins that are not empty (Guo et al., equation 5)."""
        gaps, used = np.abs(self.hits - self.confidence_sums), self.rows > 0
        return float((gaps[used] / self.rows[used]).max())


NO_ROWS = Reliability(np.zeros(BINS, np.int64), np.zeros(BINS, np.int64), np.zeros(BINS))
"""The `Reliability` of no rows, to which batches are added."""


def confidences(
    labels: IntArray, probabilities: FloatArray, positive: int | None = None
) -> tuple[FloatArray, BoolArray]:
    """The probability of each row's predicted class, (n,), and whether that is the true one, (n,).

    Labels (n,), probabilities (n, C); ties predict the first class. With a `positive` class, that one counts
    as predicted in every row.
    """
    predicted = probabilities.argmax(axis=1) if positive is None else np.full(len(labels), positive)
    return probabilities[np.arange(len(labels)), predicted], predicted == labels


def reliability(labels: IntArray, probabilities: FloatArray, positive: int | None = None) -> Reliability:
    """Bin n rows by their `confidences`."""
    confidence, is_hit = confidences(labels, probabilities, positive)
    bins = _bins(confidence)
    return Reliability(
        rows=np.bincount(bins, minlength=BINS),
        hits=np.bincount(bins[is_hit], minlength=BINS),
        confidence_sums=np.bincount(bins, weights=confidence, minlength=BINS).astype(np.float64),
    )


MIN_ROWS_OF_BIN = 10
"""In a diagram: the 95 % interval of a share of ten rows may still be 0.6 wide."""


def diagram_bins(parts: Sequence[tuple[FloatArray, BoolArray]]) -> Iterator[list[object]]:
    """At most `BINS` bins of about equally many rows, of at least `MIN_ROWS_OF_BIN` if there are so many.

    The parts are the `confidences` of the same rows in each repeat. Each bin has its edges, number of rows,
    mean confidence, accuracy and 95 % interval of the accuracy; with a positive class its probability and
    frequency. Rows with equal confidence are in one bin. The interval counts each row once, not once per
    repeat. Bins of equal width, as in the errors, may have single rows, whose points say nothing.
    """
    repeats = len(parts)
    confidence, is_hit = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(confidence, kind="stable")
    ordered, hits = confidence[order], is_hit[order]
    least, low = MIN_ROWS_OF_BIN * repeats, float(ordered[0])
    for start, end in pairwise(_equal_bounds(ordered, least)):
        rows, hit = end - start, int(np.count_nonzero(hits[start:end]))
        high = float(ordered[end - 1] + ordered[min(end, len(ordered) - 1)]) / 2
        interval = wilson_interval(hit / repeats, rows / repeats) or (None, None)
        yield [low, high, rows, float(ordered[start:end].mean()), hit / rows, *interval]
        low = high


def _equal_bounds(ordered: FloatArray, least: int) -> list[int]:
    """Where bins of n rising numbers begin, and n: no bin has fewer than `least`, unless all have."""
    count = len(ordered)
    bins, bounds = max(1, min(BINS, count // least)), [0]
    for number in range(1, bins):
        end = int(np.searchsorted(ordered, ordered[number * count // bins - 1], side="right"))
        if end - bounds[-1] >= least and count - end >= least:
            bounds.append(end)
    return [*bounds, count]


def class_calibration_errors(labels: IntArray, probabilities: FloatArray) -> FloatArray:
    """The expected calibration error of each class's probability, (C,), over all rows.

    Their mean is the class-wise error of Kull et al. (NeurIPS 2019, equation 3). Labels (n,), probabilities
    (n, C). A class without rows also has an error: its probability should be 0.
    """
    rows, classes = probabilities.shape
    label_probabilities = probabilities[np.arange(rows), labels]
    cells = labels.astype(np.int64) * BINS + _bins(label_probabilities)
    # In each bin of a class: its rows of the class, less the sum of the class's probabilities.
    gaps = np.bincount(cells, minlength=classes * BINS).astype(np.float64)
    first_bins = np.arange(classes) * BINS
    for block in _blocks(rows, classes):
        part = probabilities[block]
        gaps -= np.bincount(
            (_bins(part) + first_bins).ravel(), weights=part.ravel(), minlength=classes * BINS
        )
    errors: FloatArray = np.abs(gaps).reshape(classes, BINS).sum(axis=1) / rows
    return errors


def brier_score(labels: IntArray, probabilities: FloatArray) -> float:
    """The mean squared distance between probabilities (n, C) and one-hot labels; `labels` is (n,).

    It is the sum over classes, from 0 to 2 (Brier, Monthly Weather Review 78, 1950). With two classes both
    terms are equal and only one is counted, so it is from 0 to 1, as in scikit-learn's `brier_score_loss`.
    """
    rows, classes = probabilities.shape
    total = 0.0
    for block in _blocks(rows, classes):
        distances = probabilities[block].copy()
        distances[np.arange(len(distances)), labels[block]] -= 1.0
        total += float(np.square(distances, out=distances).sum())
    divisor: int = 2 * rows if classes == 2 else rows
    return total / divisor


def _bins(probabilities: FloatArray) -> IntArray:
    """The index of each probability's bin, in the same shape."""
    return EDGES[1:-1].searchsorted(probabilities)


def _blocks(rows: int, classes: int) -> Iterator[slice]:
    step = max(1, BLOCK_PAIRS // classes)
    for start in range(0, rows, step):
        yield slice(start, start + step)
