"""The rows of a part of the data, with everything that formulas of metrics share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.arrays.deviances import half_deviances
from fnnctl.metrics.calibration import Reliability, brier_score, class_calibration_errors, reliability
from fnnctl.metrics.confusion import ClassCounts, class_counts
from fnnctl.metrics.ranking import RankedPart, average_precision, rank_part, roc_auc

Form: TypeAlias = Literal["mean", "root", "explained"]
"""How a metric follows from a value per row: as the mean, as its square root, or as 1 − sum / the sum of
always predicting the mean, which is Σ(y − ȳ)² for squared errors."""
Terms: TypeAlias = tuple[Form, FloatArray, FloatArray | None]
"""How a metric follows from a value per row, (n,), and those of always predicting the mean, (n,), if it needs
any."""
Combine: TypeAlias = Callable[[FloatArray], FloatArray]
"""From sums over rows, (…, m), to the metric, (…); NaN where it does not exist."""
RESAMPLES: Final = 2000
"""Of bootstrap intervals: their ends vary by about a fiftieth of their width from seed to seed."""
ROUNDING: Final = 1e-12
"""A variance below this share of the sum of squares that it is computed from is only a rounding error."""


@dataclass(frozen=True)
class ClassRows:
    """The rows of a classification, (…, n); several stacks of rows have no probabilities."""

    labels: IntArray
    """(…, n)"""
    predictions: IntArray
    """(…, n)"""
    classes: int
    probabilities: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """(n, C) in float64; empty where only predictions are known."""
    is_ordered: bool = False
    """Whether the indices of the classes are ranks."""

    @property
    def kinds(self) -> frozenset[str]:
        """What metrics of these rows can be computed from: values of `Metric.needs`."""
        return class_kinds(is_ordered=self.is_ordered)

    @cached_property
    def counts(self) -> ClassCounts:
        """The counts of each class, (…, C)."""
        return class_counts(self.labels, self.predictions, self.classes)

    @property
    def rank_errors(self) -> IntArray:
        """The absolute differences of the ranks of labels and predictions, (…, n)."""
        errors: IntArray = np.abs(self.labels - self.predictions)
        return errors

    @cached_property
    def ranked(self) -> RankedPart:
        """The rows ranked by the probability of each class."""
        return rank_part(self.labels, self.probabilities)

    @cached_property
    def reliability(self) -> Reliability:
        """The rows in bins by the probability of the most probable class."""
        return reliability(self.labels, self.probabilities)

    @cached_property
    def class_calibration_errors(self) -> FloatArray:
        """The calibration error of each class's probability, (C,)."""
        return class_calibration_errors(self.labels, self.probabilities)

    @cached_property
    def average_precisions(self) -> list[float | None]:
        """The average precision of each class; None for a class without rows."""
        return [average_precision(ranking) for ranking in self.ranked.classes]

    @property
    def pooled_precision(self) -> float | None:
        """The average precision of all (row, class) pairs."""
        return average_precision(self.ranked.pooled)

    @property
    def pooled_area(self) -> float | None:
        """The ROC AUC of all (row, class) pairs."""
        return roc_auc(self.ranked.pooled)

    @property
    def weighted_area(self) -> float | None:
        """The mean ROC AUC of the classes that have one, weighted by their rows."""
        areas = [None if estimate is None else estimate.area for estimate in self.ranked.areas]
        return self.mean_over_classes(areas, self.counts.support)

    def mean_over_classes(
        self, values: Sequence[float | None] | FloatArray, weights: IntArray | None = None
    ) -> float | None:
        """The mean of the values, one per class, that exist; None if none does."""
        exists = np.array([value is not None for value in values])
        if not exists.any():
            return None
        defined = np.array(values, dtype=np.float64)[exists]
        return float(np.average(defined, weights=None if weights is None else weights[exists]))

    @property
    def of_labels(self) -> FloatArray:
        """(n,) the probability of each row's true class."""
        return self.probabilities[np.arange(len(self.labels)), self.labels]

    @property
    def log_losses(self) -> FloatArray:
        """(n,) See the function of this name."""
        return log_losses(self.labels, self.probabilities)

    @property
    def cross_entropies(self) -> FloatArray:
        """(n,) −log p of the true class, which may be infinite."""
        with np.errstate(divide="ignore"):
            losses: FloatArray = -np.log(self.of_labels)
        return losses

    @property
    def brier_scores(self) -> FloatArray:
        """(n,) the squared distance of each row's probabilities from its one-hot label; see `brier_score`."""
        squares: FloatArray = (self.probabilities**2).sum(axis=1) - 2 * self.of_labels + 1
        return squares / 2 if self.classes == 2 else squares

    @property
    def brier_score(self) -> float:
        """The mean of `brier_scores`, in blocks: there may be as many probabilities as fit into memory."""
        return brier_score(self.labels, self.probabilities)


def class_kinds(*, is_ordered: bool) -> frozenset[str]:
    """What metrics of classes can be computed from: values of `Metric.needs`."""
    of_all = frozenset({"predictions", "ranking", "probabilities", "decision"})
    return of_all | {"ranks"} if is_ordered else of_all


def log_losses(labels: IntArray, probabilities: FloatArray) -> FloatArray:
    """−log p of the true class of each row, (n,); p is at least the machine epsilon, as in scikit-learn."""
    label_probabilities = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    losses: FloatArray = -np.log(np.clip(label_probabilities, np.finfo(np.float64).eps, 1.0))
    return losses


@dataclass(frozen=True)
class LabelRows:
    """The rows of L labels of which each may have any number, (n, L)."""

    truths: BoolArray
    """Whether the row has the label."""
    predictions: BoolArray
    """Whether the label is predicted."""
    is_known: BoolArray
    """Whether the row tells if it has the label; otherwise it has not, and none is predicted."""

    @cached_property
    def errors(self) -> IntArray:
        """How many labels of each row are wrong, (n,)."""
        errors: IntArray = (self.truths != self.predictions).sum(axis=1)
        return errors

    @cached_property
    def is_complete(self) -> BoolArray:
        """Which rows tell all labels, (n,)."""
        complete: BoolArray = np.all(self.is_known, axis=1)
        return complete


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Estimated quantiles of rows."""

    levels: tuple[float, ...]
    """The share of targets that is to be below each, rising."""
    values: FloatArray
    """(…, n, levels), in each row rising."""

    def pinball(self, targets: FloatArray) -> FloatArray:
        """The pinball loss of each target (…, n) and level, (…, n, levels): u(τ − [u < 0]) of u = y − q."""
        above = targets[..., None] - self.values
        losses: FloatArray = np.maximum(np.array(self.levels) * above, (np.array(self.levels) - 1.0) * above)
        return losses

    def of_rows(self, rows: IntArray) -> Quantiles:
        """Those of some rows, (m,)."""
        return Quantiles(self.levels, self.values[rows])


@dataclass(frozen=True)
class ErrorRows:
    """The rows of a regression, (…, n), in the target's units or standardized."""

    targets: FloatArray
    estimates: FloatArray
    power: float | None = None
    """The power of the mean in the variance of counts and amounts; None for other targets."""
    exposures: FloatArray | None = None
    """(n,) how long, or how much, each row was observed; None if the rows count equally."""
    quantiles: Quantiles | None = None
    """If quantiles are estimated; the estimates are then those of one level."""

    @classmethod
    def joined(cls, parts: Sequence[ErrorRows], order: IntArray) -> ErrorRows:
        """The n rows of several parts, in this order, (n,)."""
        targets, estimates = (
            np.concatenate([getattr(part, name) for part in parts])[order]
            for name in ("targets", "estimates")
        )
        exposures = [part.exposures for part in parts if part.exposures is not None]
        known = [part.quantiles for part in parts if part.quantiles is not None]
        quantiles = None
        if len(known) == len(parts):
            values = np.concatenate([quantiles.values for quantiles in known])
            quantiles = Quantiles(known[0].levels, values[order])
        return cls(
            targets,
            estimates,
            parts[0].power,
            np.concatenate(exposures)[order] if len(exposures) == len(parts) else None,
            quantiles,
        )

    def of_rows(self, rows: IntArray) -> ErrorRows:
        """Some of n rows, (m,)."""
        exposures = None if self.exposures is None else self.exposures[rows]
        quantiles = None if self.quantiles is None else self.quantiles.of_rows(rows)
        return ErrorRows(self.targets[rows], self.estimates[rows], self.power, exposures, quantiles)

    @property
    def kinds(self) -> frozenset[str]:
        """What metrics of these rows can be computed from: values of `Metric.needs`."""
        has_deviances, has_levels = self.power is not None, self.quantiles is not None
        known = {"predictions": True, "deviances": has_deviances, "levels": has_levels}
        return frozenset(kind for kind, is_known in known.items() if is_known)

    @cached_property
    def deviances(self) -> FloatArray:
        """The unit deviances of the targets from the estimates, (n,)."""
        return self._deviances_from(self.estimates)

    @cached_property
    def mean_deviances(self) -> FloatArray:
        """The unit deviances from the mean of these targets, or from their mean rate times the exposure."""
        exposures = np.ones(len(self.targets)) if self.exposures is None else self.exposures
        mean = self.targets.sum() / exposures.sum()
        if not mean > 0.0:  # all targets are 0, as the mean is
            return np.zeros(len(self.targets))
        return self._deviances_from(mean * exposures)

    def _deviances_from(self, means: FloatArray) -> FloatArray:
        if self.power is None:
            raise ValueError("the rows have no deviances")
        return 2.0 * half_deviances(self.targets, means, self.power)

    @cached_property
    def level_losses(self) -> FloatArray:
        """The pinball loss of each level, (…, n, levels); (…, n, 0) without quantiles."""
        if self.quantiles is None:
            return np.empty((*self.targets.shape, 0))
        return self.quantiles.pinball(self.targets)

    @cached_property
    def pinball(self) -> FloatArray:
        """The mean of the levels' pinball losses, (…, n)."""
        mean: FloatArray = self.level_losses.mean(axis=-1)
        return mean

    @cached_property
    def errors(self) -> FloatArray:
        """The absolute errors, (…, n)."""
        return np.abs(self.targets - self.estimates)

    @cached_property
    def squares(self) -> FloatArray:
        """The squared errors, (…, n)."""
        return np.square(self.errors)

    @cached_property
    def centred(self) -> FloatArray:
        """The targets less their mean, (…, n)."""
        centred: FloatArray = self.targets - self.targets.mean(axis=-1, keepdims=True)
        return centred

    @property
    def median_error(self) -> Any:
        """The median absolute error."""
        return np.median(self.errors)

    def summed(self, metrics: Sequence[Terms]) -> tuple[FloatArray, list[Combine]]:
        """What is summed over n rows, (n, m), for these metrics, and how they follow from the sums.

        Ones, squared errors, errors, and centred targets with their squares are always summed: the last bits
        of a matrix product depend on the number of its columns.
        """
        columns = [np.ones(len(self.errors)), self.squares, self.errors, self.centred, self.centred**2]

        def index(values: FloatArray) -> int:
            known = next((k for k, column in enumerate(columns) if column is values), None)
            if known is None:
                columns.append(values)
            return len(columns) - 1 if known is None else known

        indices = [
            (form, index(values), None if of_mean is None else index(of_mean))
            for form, values, of_mean in metrics
        ]
        return np.stack(columns, axis=1), [_of_columns(*entry) for entry in indices]

    def total(self, values: FloatArray) -> Any:
        """The sum of values (n,); that of squares is a dot product, as in the metrics of older runs."""
        return self.errors @ self.errors if values is self.squares else values.sum()

    def resampled_medians(self, rng: np.random.Generator) -> FloatArray:
        """The median errors of resamples, (RESAMPLES,), without drawing the resamples.

        A draw from n sorted values is the one at index ⌊nU⌋ with uniform U. So the k-th smallest of n draws
        is the one at index ⌊nU₍ₖ₎⌋, and U₍ₖ₎ has a beta distribution (David & Nagaraja, Order Statistics,
        2003, section 2.1).
        """
        n, values = len(self.errors), np.sort(self.errors)
        middle = (n + 1) // 2
        lower = rng.beta(middle, n + 1 - middle, RESAMPLES)
        # The next order statistic is the least of n − k uniforms above this one.
        upper = lower if n % 2 else lower + (1.0 - lower) * rng.beta(1, n - middle, RESAMPLES)
        below, above = (values[np.minimum((n * share).astype(np.intp), n - 1)] for share in (lower, upper))
        medians: FloatArray = 0.5 * (below + above)
        return medians


def _of_columns(form: Form, values: int, of_mean: int | None) -> Combine:
    """A metric from the sums of the columns of `ErrorRows.summed`, (…, m), by their indices."""

    def combine(sums: FloatArray) -> FloatArray:
        if of_mean is None:
            spread = spread_of(sums[..., 0], sums[..., 3], sums[..., 4])
        else:
            spread = sums[..., of_mean]
        combined: FloatArray = of_sum(form, sums[..., values], sums[..., 0], spread)
        return combined

    return combine


def of_sum(form: Form, total: Any, rows: Any, spread: Any = None) -> Any:
    """A metric from sums, (…), of values over rows; for `explained` the `spread` is that of the mean.

    NaN where it does not exist: if all targets are equal, or if the sum is not finite.
    """
    if form == "mean":
        return total / rows
    if form == "root":
        return np.sqrt(total / rows)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        unexplained = np.float64(total) / spread
        return np.where(np.isfinite(unexplained), 1.0 - unexplained, np.nan)


def spread_of(rows: Any, centred: Any, centred_squares: Any) -> Any:
    """Σ(y − ȳ)², (…), from sums over rows of nearly centred targets and of their squares; 0 for rounding."""
    spread = centred_squares - centred**2 / rows
    return np.where(spread > ROUNDING * centred_squares, spread, 0.0)
