"""A classifier's results on one part of the data: probabilities, loss, metrics, data of the figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.calibration import NO_ROWS, Reliability, confidences, diagram_bins, reliability
from fnnctl.metrics.class_metrics import (
    CALIBRATION_ERROR,
    CLASS_CALIBRATION_ERROR,
    COST,
    CROSS_ENTROPY,
    THRESHOLD,
)
from fnnctl.metrics.classification import score
from fnnctl.metrics.comparison.measures import Measure, class_measure
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.decisions import ScoredRows, best_f1, mean_trade_offs, table_thresholds, trade_offs
from fnnctl.metrics.metric import CLASSIFICATION, UNCALIBRATED, OfRows
from fnnctl.metrics.ranking import RankedPart
from fnnctl.metrics.registry import BEST_F1, PER_CLASS, class_of, importance_metrics, metric_of, metrics_of
from fnnctl.metrics.rows import ClassRows
from fnnctl.nn.losses.cross_entropy import cross_entropy, softmax
from fnnctl.plugins import value_in_use
from fnnctl.tasks.classification import tables
from fnnctl.tasks.classification.warnings import (
    JudgedRows,
    baseline_warning,
    decision_warning,
    log_loss_warning,
    mean_probability_warning,
    missed_classes_warning,
    ranking_warning,
    unfound_class_warning,
)
from fnnctl.tasks.decisions import Decision, cheapest_answer, predicted_classes, row_costs
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.regions import ErrorTails, MeasuredRegions, RegionLimits
from fnnctl.tasks.task import Artifacts, PartScores
from fnnctl.tasks.temperature import calibrated
from fnnctl.tasks.warnings import TEST_PART, UNKNOWN, TrainingOutcome, few_rows

CLASS_LOSSES: Final[Mapping[str, Callable[[FloatArray, IntArray], FloatArray]]] = {
    "softmax": cross_entropy,
    "logistic": cross_entropy,
    "ordinal": cross_entropy,
}
"""By the name of the output: the loss of each row, (n,), from scores (n, classes) and labels (n,)."""


def class_losses(output: str) -> Callable[[FloatArray, IntArray], FloatArray]:
    """The function of `CLASS_LOSSES` for an output of this name, which may be that of a plug-in in use."""
    if losses := CLASS_LOSSES.get(output):
        return losses
    of_plugin: Callable[[FloatArray, IntArray], FloatArray] = value_in_use("loss", output).row_losses
    return of_plugin


@dataclass(frozen=True, slots=True)
class Uncalibrated:
    """The metrics that a temperature changes, before calibration."""

    loss: float
    """The mean loss."""
    reliability: Reliability
    positive_bins: Reliability | None
    """By the probability of the positive class; None unless there are two classes."""


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
    """The mean loss."""
    uncalibrated: Uncalibrated | None
    """The values without the temperature; None if there is no temperature."""
    baseline: FloatArray | None
    """(classes,) or (n, classes) the shares of the classes in the training part; None if unknown."""
    decision: Decision | None = None
    """How one of two classes is predicted; None with more classes. Out of fold, its threshold is the mean of
    those of the folds."""
    as_predicted: IntArray | None = None
    """(n,) the predicted class of each row, if not all rows have the decision's threshold."""
    class_weights: Sequence[float] | None = None
    """The weight of each class in training, by which classes are decided; see `OutputDecoder`."""
    losses: FloatArray | None = None
    """(n,) the loss of each row; None if only their mean is known."""
    is_ordered: bool = False
    """Whether the indices of the classes are ranks."""

    @property
    def predictions(self) -> IntArray:
        """The predicted class of each row, (n,); see `predicted_classes`."""
        if self.as_predicted is not None:
            return self.as_predicted
        return predicted_classes(self.probabilities, self.decision, self.class_weights)

    @cached_property
    def measured(self) -> ClassRows:
        """The rows as formulas of metrics need them."""
        return self._rows(self.predictions, self.probabilities)

    def _rows(self, predictions: IntArray, probabilities: FloatArray) -> ClassRows:
        """The rows with predictions, (n,), and probabilities, (n, classes)."""
        return ClassRows(self.labels, predictions, len(self.classes), probabilities, self.is_ordered)

    @property
    def ranked(self) -> RankedPart:
        """The rows ranked by the probability of each class, for metrics and curves."""
        return self.measured.ranked

    def metrics(self, *, complete: bool = True) -> dict[str, Any]:
        """The part's entry in metrics.json; see `PartScores`."""
        before = self.uncalibrated
        scores = score(self.measured, self.classes, loss=self.loss, positive=self.positive)
        if complete:
            scores["baseline"] = self.baseline_metrics()
            scores |= best_f1_entry([self])
        return {
            CROSS_ENTROPY.name: scores[CROSS_ENTROPY.name],
            f"{CROSS_ENTROPY.name}{UNCALIBRATED}": before and before.loss,
            **scores,
            **self._decision_metrics(),
            f"{CALIBRATION_ERROR.name}{UNCALIBRATED}": before and before.reliability.expected_error,
            **self._positive_uncalibrated(),
        }

    def _positive_uncalibrated(self) -> dict[str, float]:
        """The calibration error of the positive class before calibration; none without two classes."""
        before = None if self.uncalibrated is None else self.uncalibrated.positive_bins
        name = f"{CLASS_CALIBRATION_ERROR.name}{UNCALIBRATED}"
        return {} if before is None else {name: before.expected_error}

    def _decision_metrics(self) -> dict[str, float]:
        """The threshold and the mean cost of a row; none without them."""
        decision, metrics = self.decision, {}
        if decision is not None and decision.effective is not None:
            metrics[THRESHOLD.name] = decision.effective
        if decision is not None and decision.costs is not None:
            costs = row_costs(decision, decision.costs, self.labels, self.predictions)
            metrics[COST.name] = float(costs.mean())
        return metrics

    def baseline_metrics(self) -> dict[str, Any] | None:
        """The metrics of the class shares of the training part, predicted for every row; see `PartScores`.

        It always predicts the majority class; its cost is that of always predicting the class that costs less
        in the training part.
        """
        if self.baseline is None:
            return None
        shares = self._shares(self.baseline)
        with np.errstate(divide="ignore"):  # a class may be missing from the training part
            loss = -np.log(shares[np.arange(len(self.labels)), self.labels]).mean()
        rows = self._rows(self.baseline_predictions, shares)
        scores = score(rows, self.classes, loss=float(loss), positive=self.positive)
        names = [metric.name for metric in metrics_of(CLASSIFICATION)]
        baseline = {name: scores[name] for name in names if name in scores}
        if costs := self._costs():
            baseline[COST.name] = float(costs[1].mean())
        return baseline

    @property
    def baseline_predictions(self) -> IntArray:
        """The class that the baseline predicts for each row, (n,); raises ValueError if it is unknown."""
        if self.baseline is None:
            raise ValueError("the baseline is unknown")
        predicted: IntArray = self._shares(self.baseline).argmax(axis=1)
        return predicted

    def _shares(self, baseline: FloatArray) -> FloatArray:
        """The shares of the classes for each row, (n, classes)."""
        return np.broadcast_to(baseline, self.probabilities.shape)

    def warnings(
        self,
        where: str = TEST_PART,
        training: TrainingOutcome = UNKNOWN,
        held_out: PartScores | None = None,
    ) -> list[Message]:
        """Warnings if the predictions of these rows are of little use: see `PartScores`."""
        rows = held_out if isinstance(held_out, ClassScores) else None
        return [warning for warning in self.warnings_by_kind(where, training, rows) if warning]

    def warnings_by_kind(
        self, where: str, training: TrainingOutcome, held_out: ClassScores | None
    ) -> tuple[Message | None, ...]:
        """The warning of each kind, or None: about decisions, the log loss, and mean probabilities."""
        rows = JudgedRows(
            self.classes,
            self.labels,
            self.probabilities,
            where,
            shares=None if self.baseline is None else self._shares(self.baseline),
            positive=self.positive,
            training=training,
            held_out=None if held_out is None else (held_out.labels, held_out.probabilities),
        )
        return (
            self._no_better(rows) or self._not_found(rows) or few_rows(len(self.labels), where),
            log_loss_warning(rows, is_calibrated=self.uncalibrated is not None),
            mean_probability_warning(rows),
        )

    @property
    def positive(self) -> int | None:
        """The index of the positive one of two classes; None with more classes."""
        return None if self.decision is None else self.decision.positive

    def _no_better(self, rows: JudgedRows) -> Message | None:
        """A warning if the predictions are no better than the baseline's, or than chance with a threshold."""
        if rows.shares is None:
            return None
        if self.decision is not None and self.decision.threshold is not None:
            return decision_warning(rows, self.ranked.areas[self.decision.positive], self._costs())
        if rows.training.counts_rows_equally:
            return baseline_warning(rows)
        if rows.training.has_row_weights:
            return None
        # With class weights the accuracy may be low on purpose.
        return ranking_warning(rows, self.ranked.areas)

    def _not_found(self, rows: JudgedRows) -> Message | None:
        """A warning about classes that are hardly ever found; with a threshold, if it finds no positive row.

        A threshold may miss many rows of a class on purpose.
        """
        if self.decision is not None and self.decision.threshold is not None:
            return unfound_class_warning(rows, self.predictions, self.decision.threshold)
        return missed_classes_warning(rows, self.predictions)

    @property
    def confidences(self) -> tuple[FloatArray, BoolArray]:
        """Those of the reliability diagram: with two classes, of the positive one."""
        return confidences(self.labels, self.probabilities, self.positive)

    def scored_rows(self, decision: Decision) -> ScoredRows:
        """The rows as thresholds see them."""
        return self.labels == decision.positive, self.probabilities[:, decision.positive]

    def _costs(self) -> tuple[FloatArray, FloatArray] | None:
        """What each row costs, (n,), and what it would if one class were always predicted.

        That is the class that costs less in the training part. None if there are no costs.
        """
        decision, shares = self.decision, self.baseline
        if decision is None or decision.costs is None or shares is None:
            return None
        answers = cheapest_answer(decision, decision.costs, np.broadcast_to(shares, self.probabilities.shape))
        decided, always = (
            row_costs(decision, decision.costs, self.labels, predicted)
            for predicted in (self.predictions, answers)
        )
        return decided, always

    def row_losses(self) -> dict[str, FloatArray]:
        """See `PartScores`; of a metric that rises what is missing to 1, such as whether a row is wrong."""
        losses: dict[str, FloatArray] = {}
        for metric in importance_metrics(CLASSIFICATION, self.measured.kinds):
            if isinstance(metric.formula, OfRows):
                values = metric.formula.values(self.measured).astype(np.float64)
                losses[metric.name] = values if metric.lower_is_better else 1.0 - values
        return losses

    def measure(self, metric: str) -> Measure | None:
        """A metric by what it is computed from in each row: see `PartScores`."""
        record, owner = metric_of(metric), class_of(metric)
        if record is not None and record.per_class and owner is None and self.positive is not None:
            return self.measure(f"{PER_CLASS}.{self.classes[self.positive]}.{record.class_name}")
        if record is None or record.needs not in self.measured.kinds:
            return None
        if not record.is_compared or (owner is not None and owner not in self.classes):
            return None
        index = None if owner is None else self.classes.index(owner)
        return class_measure(record, self.measured, index)

    def subset(self, rows: IntArray) -> ClassScores:
        """Some of the rows; see `PartScores`."""
        losses = None if self.losses is None else self.losses[rows]
        return replace(
            self,
            rows=self.rows[rows],
            labels=self.labels[rows],
            probabilities=self.probabilities[rows],
            loss=math.nan if losses is None else float(np.mean(losses)),
            uncalibrated=None,
            baseline=self.baseline
            if self.baseline is None or self.baseline.ndim == 1
            else self.baseline[rows],
            as_predicted=None if self.as_predicted is None else self.as_predicted[rows],
            losses=losses,
        )

    def among(self, classes: Sequence[str], labels: IntArray) -> ClassScores:
        """The results of a network that knows only some of the `classes`; the `labels` (n,) are indices of
        these.

        A class that it does not know has probability 0, and its rows are wrongly predicted.
        """
        places = np.array([classes.index(name) for name in self.classes])
        probabilities = np.zeros((len(self.rows), len(classes)))
        probabilities[:, places] = self.probabilities
        losses = self.losses
        if losses is not None:
            losses = np.where(np.isin(labels, places), losses, np.inf)
        decision = self.decision if len(classes) == len(places) else None
        return replace(
            self,
            classes=classes,
            labels=labels,
            probabilities=probabilities,
            loss=math.nan if losses is None else float(np.mean(losses)),
            uncalibrated=None,
            baseline=None,
            decision=decision and replace(decision, positive=int(places[decision.positive])),
            as_predicted=places[self.predictions],
            class_weights=None,
            losses=losses,
        )

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """The probability of the class that is wrongly predicted; see `PartScores`."""
        predictions = self.predictions
        probability = np.take_along_axis(self.probabilities, predictions[:, None], axis=1)[:, 0]
        return self.rows, np.where(predictions == self.labels, np.nan, probability)

    def error_tails(self, groups: IntArray | None) -> ErrorTails:
        """What is missing to 1 of the probabilities of the true classes; see `PartScores`."""
        return ErrorTails.of_classes(self.labels, self.probabilities, groups)

    def regions(self, limits: RegionLimits) -> MeasuredRegions:
        """Sets, by true classes; see `PartScores`."""
        inside = limits.sets(self.probabilities)
        holds = inside[np.arange(len(self.labels)), self.labels]
        return MeasuredRegions(holds, inside.sum(axis=1).astype(np.float64), self.labels, self.classes)

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
        bins = diagram_bins([self.confidences])
        yield tables.calibration(bins, positive_only=self.positive is not None)
        yield from trade_off_table([self])

    def prediction_rows(self) -> Iterator[list[object]]:
        """The rows of predictions.csv, without the probabilities."""
        columns = (self.rows.tolist(), self.labels.tolist(), self.predictions.tolist())
        for row, label, prediction in zip(*columns, strict=True):
            yield [row, self.classes[label], self.classes[prediction]]


def best_f1_entry(repeats: Sequence[ClassScores]) -> dict[str, dict[str, float] | None]:
    """The largest F1 of all thresholds between two classes, averaged over repeats of the same rows, for
    metrics.json; None with too few rows of a class, and no entry if there are not two.
    """
    decision = repeats[0].decision
    if decision is None:
        return {}
    best = best_f1([part.scored_rows(decision) for part in repeats])
    return {BEST_F1: None if best is None else asdict(best)}


def trade_off_table(repeats: Sequence[ClassScores]) -> Artifacts:
    """The rates at thresholds between two classes, averaged over repeats of the same rows; else nothing."""
    decision = repeats[0].decision
    if decision is None:
        return
    scored = [part.scored_rows(decision) for part in repeats]
    chosen = [part.decision.effective for part in repeats if part.decision]
    marked = [threshold for threshold in chosen if threshold is not None]
    mean = [math.fsum(marked) / len(marked)] if marked else []
    thresholds = table_thresholds(scored, mean, decision.costs)
    yield tables.trade_offs(
        mean_trade_offs([trade_offs(*rows, thresholds, decision.costs) for rows in scored])
    )


def class_scores(
    classes: Sequence[str],
    rows: IntArray,
    labels: IntArray,
    batches: Iterable[FloatArray],
    decoder: OutputDecoder,
    *,
    is_ordered: bool = False,
) -> ClassScores:
    """Compute probabilities of n ≥ 1 rows from the network's scores, (…, classes), batch by batch.

    The scores are calibrated as the decoder says. Softmax runs batch by batch because its
    temporary arrays for all rows would take twice the memory of the result. The caller must check that the
    loss is finite.
    """
    temperature, class_weights = decoder.temperature, decoder.class_weights
    loss = class_losses(decoder.output.kind)
    losses, losses_before = np.empty(len(rows)), np.empty(len(rows))
    probabilities = np.empty((len(rows), len(classes)))
    positive = None if decoder.decision is None else decoder.decision.positive
    bins_before = positive_before = NO_ROWS
    start = 0
    for scores in batches:
        batch = slice(start, start + len(scores))
        with np.errstate(over="ignore", invalid="ignore"):
            if temperature is not None:
                before = calibrated(scores, None, class_weights)
                losses_before[batch] = loss(before, labels[batch])
                batch_probabilities = softmax(before)
                bins_before += reliability(labels[batch], batch_probabilities)
                positive_before += reliability(labels[batch], batch_probabilities, positive)
            after = calibrated(scores, temperature, class_weights)
            losses[batch] = loss(after, labels[batch])
            probabilities[batch] = softmax(after)
        start = batch.stop
    uncalibrated = None
    if temperature is not None:
        positive_bins = None if positive is None else positive_before
        uncalibrated = Uncalibrated(float(np.mean(losses_before)), bins_before, positive_bins)
    baseline = None if decoder.baseline is None else np.array(decoder.baseline)
    return ClassScores(
        classes,
        rows,
        labels,
        probabilities,
        float(np.mean(losses)),
        uncalibrated,
        baseline,
        decoder.decision,
        class_weights=class_weights,
        losses=losses,
        is_ordered=is_ordered,
    )
