"""What a search measures on the fits of its trials, in the worker that trained them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.registry import CALIBRATED_LOSS, of_one_target
from fnnctl.stacks.work import TrainedStack
from fnnctl.tasks.epoch_metrics import UNCORRECTED_LOSS, VALIDATION_LOSS, epoch_metrics
from fnnctl.tasks.task import metric_of
from fnnctl.training.state import State
from fnnctl.training.trainer import Outcome, TrainedMember

ENDED_EARLY = {Outcome.STOPPED_EARLY, Outcome.CONVERGED}

Weights: TypeAlias = State
"""What is kept of a trial at its end: the `parameters`, (P,), and running `statistics`, (S,), of its network.
For those of an ensemble see `trials.bags`."""


@dataclass(frozen=True, slots=True)
class FitObjective:
    """What a search records about one fit."""

    outcome: Outcome
    epochs: int
    """Epochs trained in total, including those before this job."""
    kept_epoch: int
    """The epoch of the final weights: an earlier one if early stopping restores the best."""
    objective: float | None = None
    """None if the metric is undefined, or if training was interrupted or diverged."""
    curves: dict[str, list[float | None]] = field(default_factory=dict)
    """The learning curves of this job's epochs; NaN and infinity are None."""
    weights: Weights | None = field(default=None, compare=False, repr=False)
    """The measured network, if it is wanted."""


@dataclass(frozen=True, slots=True)
class ObjectiveMeasure:
    """Measures the metric by which a search compares trials.

    A fit that reached the last epoch is measured with its weights in that epoch; one that ended early is
    measured with its final weights.
    """

    metric: str
    part: Literal["validation", "test"] = "validation"
    """The part of a fit's rows that is measured: the test part of folds."""
    weights_at: int | None = None
    """If given, the measured network is wanted of fits that ended early or reached this epoch."""

    def __call__(self, stack: TrainedStack) -> list[FitObjective]:
        """One result per fit; a fit with finite weights whose loss overflows also counts as diverged."""
        results = []
        for k in range(len(stack.fits)):
            trained = stack.trained_fit(k)
            objective, loss = self._objective(stack, k, trained)
            is_diverged = objective is None and not math.isfinite(loss)
            outcome = Outcome.DIVERGED if is_diverged else trained.outcome
            curves, kept_epoch = learning_curves(stack, k, f"validation_{self.metric}"), _kept_epoch(stack, k)
            is_final = trained.outcome in ENDED_EARLY or trained.epochs == self.weights_at
            has_weights = self.weights_at is not None and objective is not None and is_final
            weights: Weights | None = None
            if has_weights:
                parameters, statistics = _measured_weights(stack, k)
                weights = {"parameters": parameters[0], "statistics": statistics[0]}  # of one network
            results.append(FitObjective(outcome, trained.epochs, kept_epoch, objective, curves, weights))
        return results

    def _objective(self, stack: TrainedStack, k: int, trained: TrainedMember) -> tuple[float | None, float]:
        """The metric and the loss; the metric is None if it is undefined, if the loss is not finite, or if
        training did not reach an end, where the loss is 0.
        """
        fit, reached = stack.fits[k], trained.outcome is Outcome.COMPLETED
        if not reached and trained.outcome not in ENDED_EARLY:
            return None, 0.0
        column = f"validation_{self.metric}"
        columns = epoch_metrics(stack.fits[k].settings.shape).validation_columns
        # class weights make the losses of the history wrong, but no decisions; the history of a transformed
        # target has metrics in its units, and that of several targets losses relative to the baseline's
        is_wrong = _is_corrected(stack, k) if column == VALIDATION_LOSS else fit.decoder.has_transform
        is_wrong = is_wrong or of_one_target(self.metric) == "loss"
        if self.part == "validation" and not is_wrong and column in columns:
            epoch = _kept_epoch(stack, k)
            value, loss = (trained.history[name][epoch - 1] for name in (column, VALIDATION_LOSS))
            return value if math.isfinite(value) else None, loss
        weights = _measured_weights(stack, k)
        split, offset = fit.split(stack.data), stack.offsets[k]
        rows = split.parts[self.part]
        # Scored as `train` does for metrics.json, so that the metrics are equal to the last bit.
        predictor = stack.predictor(k, *weights)
        scores = [batch.copy() for batch in predictor.pool_scores(stack.pool, rows + offset)]
        decoder = fit.decoder
        if decoder.needs_residuals and split.validation.size:
            validated = predictor.pool_scores(stack.pool, split.validation + offset)
            of_validation = np.concatenate([batch.copy() for batch in validated])
            targets = stack.data.targets[split.validation]
            decoder = stack.data.task.with_calibration(decoder, "none", of_validation, targets)
        part = stack.data.score(rows, scores, decoder)
        if not math.isfinite(part.loss):
            return None, part.loss
        return metric_of(part, self.metric), part.loss


def learning_curves(stack: TrainedStack, k: int, *read: str) -> dict[str, list[float | None]]:
    """The learning curves of fit k since the stack's start, as they are recorded.

    Of the columns of several targets, which may be hundreds, they are those that are `read` or monitored.
    """
    history, fit = stack.trained_fit(k).history, stack.fits[k]
    metrics = epoch_metrics(fit.settings.shape)
    names = [metrics.training_columns[0], *metrics.validation_columns[:2], CALIBRATED_LOSS]
    if fit.settings.shape.output.parts:
        names = [
            metrics.training_columns[0],
            VALIDATION_LOSS,
            *read,
            *fit.experiment.training.monitors.values(),
        ]
    curves = {
        name: [value if math.isfinite(value) else None for value in history[name][stack.start :]]
        for name in dict.fromkeys(names)
        if name in history
    }
    if VALIDATION_LOSS in curves and _is_corrected(stack, k):
        curves[UNCORRECTED_LOSS] = curves.pop(VALIDATION_LOSS)
    return curves


def _is_corrected(stack: TrainedStack, k: int) -> bool:
    """Whether a fit's probabilities are corrected for class weights, unlike in training."""
    return stack.fits[k].decoder.class_weights is not None


def _measured_weights(stack: TrainedStack, k: int) -> tuple[FloatArray, FloatArray]:
    """The parameters, (N, P), and running statistics, (N, S), that are measured: see `ObjectiveMeasure`."""
    if stack.trained_fit(k).outcome is not Outcome.COMPLETED or stack.last is None:
        return stack.final_weights(k)
    indices, network = stack.indices(k), stack.last.evaluated
    return network.parameters[indices], network.statistics[indices]


def _kept_epoch(stack: TrainedStack, k: int) -> int:
    trained, stopping = stack.trained_fit(k), stack.members[stack.members_of(k)][0].stopping
    restores = stopping is not None and stopping.restore_best and trained.outcome in ENDED_EARLY
    return (trained.best_epoch if restores else None) or trained.epochs
