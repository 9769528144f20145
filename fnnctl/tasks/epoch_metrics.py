"""The metrics that training records after every epoch, for each task."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.deviances import half_deviances
from fnnctl.config.schema.losses import loss_record
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION, Metric, OfCounts, OfRows, TaskName
from fnnctl.metrics.registry import CALIBRATED_LOSS, TRAIN, VALIDATION, is_loss, monitored
from fnnctl.metrics.rows import ClassRows, ErrorRows, of_sum
from fnnctl.metrics.stored import TARGETS
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.losses.registry import power_of
from fnnctl.nn.shape import NetworkShape, OutputShape
from fnnctl.tasks.temperature import calibrated_losses

TRAIN_LOSS, VALIDATION_LOSS = f"{TRAIN}loss", f"{VALIDATION}loss"
"""The history columns that all tasks have in common."""
SMALLEST_MEAN: Final = np.finfo(np.float64).tiny
"""In place of the mean of targets that are all 0."""
UNCORRECTED_LOSS = "uncorrected_validation_loss"
"""The name of `VALIDATION_LOSS` among a trial's curves if its probabilities are corrected for class weights,
which training does not do."""


class EpochMetrics(Protocol):
    """The metrics that training records after every epoch, for all members of a stack at once."""

    @property
    def training_columns(self) -> tuple[str, ...]:
        """The loss, and what is summed along with it: see `Loss.totals`."""

    @property
    def validation_columns(self) -> tuple[str, ...]:
        """The loss, and the metrics of `validation_record`."""

    @property
    def monitors(self) -> tuple[str, ...]:
        """The columns that early stopping and an lr_schedule can monitor."""

    @property
    def monitors_in_words(self) -> str:
        """What messages call the choices of a monitor."""

    @property
    def rising_columns(self) -> frozenset[str]:
        """The columns in which larger is better; in all others smaller is better."""

    @property
    def guessing_loss(self) -> float:
        """The recorded loss of a network that knows nothing: its outputs are the same for every row."""

    def validation_record(
        self,
        losses: FloatArray,
        predictions: TargetArray,
        targets: TargetArray,
        factors: FloatArray | None = None,
    ) -> Mapping[str, FloatArray]:
        """The validation columns, (K,) each, from mean losses, (K,), predictions and targets, (K, rows).

        The rows' `factors` in the loss, (K, rows), are those of the pool. With T targets, losses are (K, T)
        and all others (K, rows, T).
        """

    def calibrated_losses(
        self, scores: FloatArray, targets: TargetArray, networks: int, *, out_of_bag: bool
    ) -> FloatArray:
        """The column `CALIBRATED_LOSS`, (K,), if it is among the `monitors`.

        Targets (K, rows). Of scores (…, n, outputs) `networks` consecutive ones are of the same rows, and
        averaged; the others are of the bags whose rows the targets are.
        """


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns that follow from the metrics of a task."""

    task: ClassVar[TaskName]

    @property
    def metrics(self) -> list[Metric[Any]]:
        """The metrics of the validation rows; the first one is summed along with the training loss, too."""
        return monitored(self.task)

    @property
    def training_columns(self) -> tuple[str, str]:
        """The loss, and the metric that is summed along with it: see `EpochMetrics`."""
        return TRAIN_LOSS, f"{TRAIN}{self.metrics[0].name}"

    @property
    def validation_columns(self) -> tuple[str, ...]:
        """The loss, and the metrics of the validation rows: see `EpochMetrics`."""
        return VALIDATION_LOSS, *(f"{VALIDATION}{metric.name}" for metric in self.metrics)

    @property
    def monitors(self) -> tuple[str, ...]:
        """The columns that can be monitored: see `EpochMetrics`."""
        return (*self.training_columns, *self.validation_columns)

    @property
    def monitors_in_words(self) -> str:
        """All of them: see `EpochMetrics`."""
        return ", ".join(self.monitors)

    @property
    def rising_columns(self) -> frozenset[str]:
        """The columns in which larger is better: see `EpochMetrics`."""
        columns = (self.training_columns[1], *self.validation_columns[1:])
        return frozenset(column for column in columns if not is_loss(column.partition("_")[2]))


@dataclass(frozen=True, slots=True)
class ClassificationEpochMetrics(_Columns):
    """The epoch metrics of a task with this number of classes."""

    classes: int
    task: ClassVar = CLASSIFICATION

    @property
    def monitors(self) -> tuple[str, ...]:
        """The columns that can be monitored: see `EpochMetrics`."""
        return (*self.training_columns, *self.validation_columns, CALIBRATED_LOSS)

    @property
    def guessing_loss(self) -> float:
        """The cross-entropy of equal probabilities."""
        return math.log(self.classes)

    def validation_record(
        self,
        losses: FloatArray,
        predictions: IntArray,
        targets: IntArray,
        factors: FloatArray | None = None,
    ) -> Mapping[str, FloatArray]:
        """The validation columns, (K,) each: see `EpochMetrics`."""
        rows = ClassRows(
            targets.astype(np.intp, copy=False), predictions.astype(np.intp, copy=False), self.classes
        )
        values = (_of_predictions(metric, rows) for metric in self.metrics)
        return dict(zip(self.validation_columns, (losses, *values), strict=True))

    def calibrated_losses(
        self, scores: FloatArray, targets: IntArray, networks: int, *, out_of_bag: bool
    ) -> FloatArray:
        """The losses of calibrated probabilities, (K,): see `EpochMetrics`."""
        return calibrated_losses(scores, targets, networks, out_of_bag=out_of_bag)


def _of_predictions(metric: Metric[ClassRows], rows: ClassRows) -> FloatArray:
    """A metric of each member, (K,), from labels and predictions (K, rows)."""
    match metric.formula:
        case OfRows(values, form):
            value: FloatArray = of_sum(form, values(rows).sum(axis=1), rows.labels.shape[1])
            return value
        case OfCounts(of_counts):
            return of_counts(rows.counts)
    raise TypeError(f"{metric.name} does not follow from predictions")


@dataclass(frozen=True, slots=True)
class RegressionEpochMetrics(_Columns):
    """Metrics of the standardized target, such as R²: they should not depend on the target's unit."""

    task: ClassVar = REGRESSION

    guessing_loss: ClassVar = 0.5
    """Half the squared error of predicting the mean; the other losses are of similar size."""

    @property
    def metrics(self) -> list[Metric[Any]]:
        """Those of estimates alone."""
        return monitored(self.task, ("predictions",))

    def validation_record(
        self,
        losses: FloatArray,
        predictions: FloatArray,
        targets: FloatArray,
        factors: FloatArray | None = None,
    ) -> Mapping[str, FloatArray]:
        """See `EpochMetrics`; R² is NaN if all targets are equal."""
        rows = ErrorRows(targets.astype(np.float64), predictions)
        values = (_of_estimates(metric, rows) for metric in self.metrics)
        return dict(zip(self.validation_columns, (losses, *values), strict=True))

    def calibrated_losses(
        self, scores: FloatArray, targets: FloatArray, networks: int, *, out_of_bag: bool
    ) -> FloatArray:
        """Raises TypeError: a regression has no probabilities."""
        raise TypeError("a regression has no probabilities to calibrate")


def _of_estimates(metric: Metric[ErrorRows], rows: ErrorRows) -> FloatArray:
    """A metric of each member, (K,), from targets and estimates (K, rows)."""
    if not isinstance(metric.formula, OfRows):
        raise TypeError(f"{metric.name} does not follow from a value per row")
    sums, spread = metric.formula.values(rows).sum(axis=1), np.square(rows.centred).sum(axis=1)
    value: FloatArray = of_sum(metric.formula.form, sums, rows.targets.shape[1], spread)
    return value


@dataclass(frozen=True, slots=True)
class DevianceEpochMetrics(RegressionEpochMetrics):
    """Metrics of counts and amounts: D² takes the place of R², in which rows with large means count most."""

    power: float = 1.0
    """The power of the mean in the variance."""

    @property
    def metrics(self) -> list[Metric[Any]]:
        """Those of deviances."""
        return monitored(self.task, ("deviances",))

    def validation_record(
        self,
        losses: FloatArray,
        predictions: FloatArray,
        targets: FloatArray,
        factors: FloatArray | None = None,
    ) -> Mapping[str, FloatArray]:
        """See `EpochMetrics`; D² is NaN if all targets, or all rates, are equal."""
        rates = targets.astype(np.float64)
        weights = np.ones_like(rates) if factors is None else factors.astype(np.float64)
        means = np.average(rates, axis=1, weights=weights)[:, None]
        of_mean = half_deviances(rates, np.maximum(means, SMALLEST_MEAN), self.power)
        spread = (weights * of_mean).sum(axis=1)
        d2 = of_sum("explained", losses * rates.shape[1], rates.shape[1], spread)
        return dict(zip(self.validation_columns, (losses, d2), strict=True))


@dataclass(frozen=True, slots=True)
class JointEpochMetrics:
    """The losses of several targets, which are shares of the baseline's, and the metrics of each target."""

    of_targets: Mapping[str, EpochMetrics]
    """What is recorded of each target alone, by its name, in the order of the targets."""

    @property
    def training_columns(self) -> tuple[str, ...]:
        """The sum of the losses, and that of each target."""
        return TRAIN_LOSS, *(_target_column(TRAIN_LOSS, name) for name in self.of_targets)

    @property
    def validation_columns(self) -> tuple[str, ...]:
        """The sum of the losses, and the loss and the metrics of each target."""
        columns = (
            _target_column(column, name)
            for name, metrics in self.of_targets.items()
            for column in metrics.validation_columns
        )
        return VALIDATION_LOSS, *columns

    @property
    def monitors(self) -> tuple[str, ...]:
        """The columns that can be monitored: see `EpochMetrics`."""
        return (*self.training_columns, *self.validation_columns)

    @property
    def monitors_in_words(self) -> str:
        """See `EpochMetrics`; there may be hundreds of targets."""
        name, metrics = next(iter(self.of_targets.items()))
        loss, metric, *_ = (_target_column(column, name) for column in metrics.validation_columns)
        return f"{VALIDATION_LOSS}, {TRAIN_LOSS} or those of one target, such as {loss} and {metric}"

    @property
    def rising_columns(self) -> frozenset[str]:
        """The columns in which larger is better: see `EpochMetrics`."""
        return frozenset(
            _target_column(column, name)
            for name, metrics in self.of_targets.items()
            for column in metrics.rising_columns
            if column.startswith(VALIDATION)
        )

    @property
    def guessing_loss(self) -> float:
        """The loss of the baselines, each of which has 1."""
        return float(len(self.of_targets))

    def validation_record(
        self,
        losses: FloatArray,
        predictions: TargetArray,
        targets: TargetArray,
        factors: FloatArray | None = None,
    ) -> Mapping[str, FloatArray]:
        """The validation columns, (K,) each, from the mean losses, (K, T): see `EpochMetrics`.

        The metrics of a target are those of the rows that have it; NaN if no row has.
        """
        parts = np.ones(targets.shape) if factors is None else factors
        is_present = parts != 0.0
        counts = is_present.sum(axis=1)  # (K, T)
        record = dict.fromkeys(self.validation_columns, losses.sum(axis=1))  # in their order
        names = [*self.of_targets]
        for metrics, of_kind in self._targets_by_metrics().items():
            columns = metrics.validation_columns
            values = np.full((len(columns), *counts.shape), np.nan)
            values[0] = losses
            for count in np.unique(counts[:, of_kind]).tolist():
                if count:  # one stack of all members and targets that have so many rows
                    members, places = np.nonzero(counts[:, of_kind] == count)
                    stack = members, slice(None), np.array(of_kind)[places]
                    rows = is_present[stack]
                    metric_values = metrics.validation_record(
                        losses[members, stack[2]] * (targets.shape[1] / count),
                        *(part[stack][rows].reshape(-1, count) for part in (predictions, targets, parts)),
                    )
                    for number, column in enumerate(columns[1:], start=1):
                        values[number, members, stack[2]] = metric_values[column]
            for number in of_kind:
                for column, of_members in zip(columns, values[:, :, number], strict=True):
                    record[_target_column(column, names[number])] = of_members
        return record

    def _targets_by_metrics(self) -> dict[EpochMetrics, list[int]]:
        """The numbers of the targets that have the same metrics."""
        numbers: dict[EpochMetrics, list[int]] = {}
        for number, metrics in enumerate(self.of_targets.values()):
            numbers.setdefault(metrics, []).append(number)
        return numbers

    def calibrated_losses(
        self, scores: FloatArray, targets: TargetArray, networks: int, *, out_of_bag: bool
    ) -> FloatArray:
        """Raises TypeError: targets are calibrated one by one, after the training."""
        raise TypeError("the losses of several targets are not calibrated in training")


def _target_column(column: str, target: str) -> str:
    """The column of one of several targets, such as `validation_targets.price.loss`."""
    part, _, metric = column.partition("_")
    return f"{part}_{TARGETS}.{target}.{metric}"


def target_monitor(monitor: str, target: str) -> str:
    """The column that a network of one of several targets watches if this is the monitor of all.

    It is the loss of the target on the part that the monitor measures, unless the monitor is a metric of
    this very target.
    """
    loss = _target_column(TRAIN_LOSS if monitor.startswith(TRAIN) else VALIDATION_LOSS, target)
    owner, _, metric = monitor.rpartition(".")
    return monitor if metric and owner == loss.rpartition(".")[0] else loss


def _of_regression(output: OutputShape) -> RegressionEpochMetrics:
    power = power_of(output)
    return RegressionEpochMetrics() if power is None else DevianceEpochMetrics(power)


EPOCH_METRICS: Final[Mapping[TaskName, Callable[[OutputShape], EpochMetrics]]] = {
    CLASSIFICATION: lambda output: ClassificationEpochMetrics(output.size),
    REGRESSION: _of_regression,
}
"""For the output layer of a task."""


def epoch_metrics(shape: NetworkShape) -> EpochMetrics:
    """The metrics that are recorded for networks of this shape after every epoch."""
    if shape.output.parts:
        return JointEpochMetrics({part.target: _of_one_target(part) for part in shape.output.parts})
    return _of_one_target(shape.output)


def _of_one_target(output: OutputShape) -> EpochMetrics:
    return EPOCH_METRICS[loss_record(output.kind).task](output)
