"""A classifier's results on one part of the data: probabilities, loss, metrics, data of the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.metric_names import CLASSIFICATION_METRICS
from fnnctl.metrics.calibration import NO_ROWS, Reliability, reliability
from fnnctl.metrics.classification import log_losses, score
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.ranked import RankedPart, rank_part
from fnnctl.nn.losses.cross_entropy import cross_entropy, softmax
from fnnctl.tasks.classification import tables
from fnnctl.tasks.classification.temperature import scaled
from fnnctl.tasks.classification.versus_baseline import baseline_warning
from fnnctl.tasks.doubts import UNKNOWN, Course
from fnnctl.tasks.task import Artifacts, Readout


@dataclass(frozen=True, slots=True)
class Uncalibrated:
    """The metrics that a temperature changes, before calibration."""

    loss: float
    """Mean cross-entropy."""
    reliability: Reliability


@dataclass(frozen=True)
class ClassScores:
    """The probabilities of n rows, and what is computed from them."""

    classes: Sequence[str]
    rows: IntArray
    """(n,) the row numbers in the file."""
    labels: IntArray
    """(n,) class numbers."""
    probabilities: FloatArray
    """(n, classes), float64."""
    loss: float
    """Mean cross-entropy."""
    uncalibrated: Uncalibrated | None
    """The values without the temperature; None if there is no temperature."""
    baseline: FloatArray | None
    """(classes,) or (n, classes) the shares of the classes in the training part; None if unknown."""

    @property
    def predictions(self) -> IntArray:
        """The most probable class of each row, (n,)."""
        predicted: IntArray = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def ranked(self) -> RankedPart:
        """The rows ranked by the probability of each class, for metrics and curves."""
        return rank_part(self.labels, self.probabilities)

    def metrics(self, *, complete: bool = True) -> dict[str, Any]:
        """The part's entry in metrics.json; see `PartScores`."""
        before = self.uncalibrated
        scores = score(self.labels, self.probabilities, self.ranked, self.classes, loss=self.loss)
        if complete:
            scores["baseline"] = self._baseline_metrics()
        return {
            "loss": scores["loss"],
            "loss_uncalibrated": before and before.loss,
            **scores,
            "expected_calibration_error_uncalibrated": before and before.reliability.expected_error,
        }

    def _baseline_metrics(self) -> dict[str, Any] | None:
        """The metrics of a baseline that predicts the class shares of the training part for every row.

        It always predicts the majority class.
        """
        if self.baseline is None:
            return None
        shares = np.broadcast_to(self.baseline, self.probabilities.shape)
        with np.errstate(divide="ignore"):  # a class may be missing from the training part
            loss = -np.log(shares[np.arange(len(self.labels)), self.labels]).mean()
        ranked = rank_part(self.labels, shares)
        metrics = score(self.labels, shares, ranked, self.classes, loss=float(loss))
        return {name: metrics[name] for name in CLASSIFICATION_METRICS}

    def baseline_warning(self, where: str = "on the test part", course: Course = UNKNOWN) -> str | None:
        """See `PartScores`."""
        if self.baseline is None:
            return None
        return baseline_warning(
            self.classes, self.labels, self.probabilities, self.baseline, where=where, course=course
        )

    def row_losses(self) -> dict[str, FloatArray]:
        """The clipped log loss, and whether the prediction is wrong; see `PartScores`.

        The log loss is first: it changes with every probability, the accuracy only with the predictions.
        """
        wrong = (self.predictions != self.labels).astype(np.float64)
        return {"log_loss": log_losses(self.labels, self.probabilities), "accuracy": wrong}

    def confusion(self) -> IntArray:
        """(C, C) counts: true classes in rows, predicted ones in columns."""
        return confusion_matrix(self.labels, self.predictions, len(self.classes))

    def confusion_table(self) -> tuple[tuple[str, ...], IntArray]:
        """The classes and `confusion`; see `PartScores`."""
        return tuple(self.classes), self.confusion()

    def artifacts(self) -> Artifacts:
        """Predictions, confusion matrix, curves and calibration; see `PartScores`."""
        yield tables.predictions(self.classes, [(self.prediction_rows(), self.probabilities)])
        yield tables.confusion(self.classes, self.confusion())
        yield from tables.curves(roc_curves(self.ranked, self.classes), pr_curves(self.ranked, self.classes))
        yield tables.calibration(reliability(self.labels, self.probabilities).table())

    def prediction_rows(self) -> Iterator[list[object]]:
        """The rows of predictions.csv, without the probabilities."""
        columns = (self.rows.tolist(), self.labels.tolist(), self.predictions.tolist())
        for row, label, prediction in zip(*columns, strict=True):
            yield [row, self.classes[label], self.classes[prediction]]


def class_scores(
    classes: Sequence[str],
    rows: IntArray,
    labels: IntArray,
    batches: Iterable[FloatArray],
    readout: Readout,
) -> ClassScores:
    """Compute probabilities of n ≥ 1 rows from the network's scores, (…, classes), batch by batch.

    The scores are divided by the temperature if there is one. Softmax runs batch by batch because its
    temporary arrays for all rows would take twice the memory of the result. The caller must check that the
    loss is finite.
    """
    temperature = readout.temperature
    losses, losses_before = np.empty(len(rows)), np.empty(len(rows))
    probabilities = np.empty((len(rows), len(classes)))
    bins_before, start = NO_ROWS, 0
    for scores in batches:
        batch = slice(start, start + len(scores))
        with np.errstate(over="ignore", invalid="ignore"):
            if temperature is not None:
                losses_before[batch] = cross_entropy(scores, labels[batch])
                bins_before += reliability(labels[batch], softmax(scores))
            calibrated = scaled(scores, temperature)
            losses[batch] = cross_entropy(calibrated, labels[batch])
            probabilities[batch] = softmax(calibrated)
        start = batch.stop
    before = None if temperature is None else Uncalibrated(float(np.mean(losses_before)), bins_before)
    baseline = None if readout.baseline is None else np.array(readout.baseline)
    return ClassScores(classes, rows, labels, probabilities, float(np.mean(losses)), before, baseline)
