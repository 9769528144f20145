"""What all folds say together: the scores of each, and those of the out-of-fold predictions.

In every repeat each row is predicted once, by a network that has not seen it. Repeats are judged one by
one, on as many rows as there are, and their metrics and curves averaged: to pool the repeats' predictions
would count every row several times and narrow all intervals, and to average the probabilities would judge an
ensemble that nobody asked for. The confusion matrix alone, whose counts must be whole, is the sum over the
repeats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import BoolArray, IntArray
from fnnctl.commands.evaluation import PartScores, Uncalibrated
from fnnctl.commands.fold_training import FoldResult
from fnnctl.commands.folds import CrossValidation
from fnnctl.metrics.calibration import NO_ROWS, Reliability, reliability
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import Curve, mean_pr_curves, mean_roc_curves, pr_curves, roc_curves
from fnnctl.metrics.resampling import summarize_scores
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.training.history import history_table

PREDICTION_COLUMNS = ("repeat", "fold", "row", "label", "prediction")
FACT_COLUMNS = (
    "repeat", "fold", "train_rows", "validation_rows", "test_rows",
    "epochs", "best_epoch", "stopped", "temperature",
)  # fmt: skip
OVER_ALL_CLASSES = ("roc_auc_macro", "average_precision_macro")
"""Means that would be of other classes where a fold lacks one."""

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RepeatScores:
    """The out-of-fold predictions of a repeat, in the order of the rows."""

    repeat: int
    folds: IntArray
    """(n,) the fold that predicted each row"""
    part: PartScores


def fold_metrics(validation: CrossValidation, results: Sequence[FoldResult | None]) -> list[Metrics | None]:
    """Each fold's metrics; None where there are no scores."""
    classes = validation.dataset.classes
    return [
        _with_nulls(result.scores.metrics(result.scores.ranked(), classes))
        if result and result.scores
        else None
        for result in results
    ]


def _with_nulls(metrics: dict[str, Any]) -> dict[str, Any]:
    if any(scores["roc_auc"] is None for scores in metrics["per_class"].values()):
        return {**metrics, **dict.fromkeys(OVER_ALL_CLASSES)}
    return metrics


def summary(validation: CrossValidation, of_folds: Sequence[Metrics | None]) -> dict[str, Any]:
    """The `cross_validation` entry of metrics.json: for each metric mean, deviation, interval, scores."""
    known = [metrics for metrics in of_folds if metrics]
    scores = {name: [_score(metrics, name) for metrics in of_folds] for name in _single_metrics(known)}
    # What is watched while training is learned from, too.
    tested = sum(network.test_rows for network in validation.networks)
    learned = sum(network.train_rows + network.validation_rows for network in validation.networks)
    return {
        "folds": validation.folds.count,
        "repeats": len(validation.folds.assignment),
        "diverged": sum(metrics is None for metrics in of_folds),
        **summarize_scores(scores, test_share=tested / learned),
    }


def fold_table(
    validation: CrossValidation, results: Sequence[FoldResult | None], of_folds: Sequence[Metrics | None]
) -> tuple[list[str], list[list[object]]]:
    """The columns and rows of cross_validation.csv."""
    names = _single_metrics([metrics for metrics in of_folds if metrics])
    rows: list[list[object]] = []
    for network, result, metrics in zip(validation.networks, results, of_folds, strict=True):
        sizes = network.train_rows, network.validation_rows, network.test_rows
        facts: tuple[object, ...] = (None,) * 4
        if result:
            facts = result.epochs, result.best_epoch, str(result.outcome), result.temperature
        scores = (_score(metrics, name) for name in names)
        rows.append([network.repeat + 1, network.fold + 1, *sizes, *facts, *scores])
    return [*FACT_COLUMNS, *names], rows


def history_rows(
    validation: CrossValidation, results: Sequence[FoldResult | None]
) -> tuple[list[str], Iterator[list[object]]]:
    """The columns and rows of history.csv, an epoch and fold a row."""
    metrics = epoch_metrics(validation.networks[0].settings.shape)
    columns, _ = history_table({}, metrics, layers=0)

    def rows() -> Iterator[list[object]]:
        for network, result in zip(validation.networks, results, strict=True):
            if result:
                for row in history_table(result.history, metrics, layers=0)[1]:
                    yield [network.repeat + 1, network.fold + 1, *row]

    return ["repeat", "fold", *columns], rows()


def out_of_fold(validation: CrossValidation, results: Sequence[FoldResult | None]) -> list[RepeatScores]:
    """The predictions of each repeat; a row whose fold has none is left out, and so is an empty repeat."""
    repeats: list[RepeatScores] = []
    dataset, folds = validation.dataset, validation.folds
    for repeat, assigned in enumerate(folds.assignment):
        probabilities = np.empty((len(dataset), len(dataset.classes)))
        known: BoolArray = np.zeros(len(dataset), np.bool_)
        parts: list[PartScores] = []
        for network, result in zip(validation.networks, results, strict=True):
            if network.repeat == repeat and result and result.scores:
                rows = folds.test_rows(repeat, network.fold)
                probabilities[rows] = result.scores.probabilities
                known[rows] = True
                parts.append(result.scores)
        if parts:
            part = PartScores(
                dataset.file_rows[known],
                dataset.labels[known],
                probabilities[known],
                loss=math.fsum(each.loss * len(each.rows) for each in parts) / int(known.sum()),
                uncalibrated=_uncalibrated(parts),
            )
            repeats.append(RepeatScores(repeat, assigned[known], part))
    return repeats


def _uncalibrated(parts: Sequence[PartScores]) -> Uncalibrated | None:
    """All folds' rows as they were before calibration; None where nothing was calibrated.

    A fold that no temperature suited is as it was.
    """
    if all(part.uncalibrated is None for part in parts):
        return None
    before = [
        part.uncalibrated or Uncalibrated(part.loss, reliability(part.labels, part.probabilities))
        for part in parts
    ]
    rows = [len(part.rows) for part in parts]
    total = math.fsum(each.loss * count for each, count in zip(before, rows, strict=True))
    return Uncalibrated(total / sum(rows), sum((each.reliability for each in before), NO_ROWS))


def prediction_rows(scores: RepeatScores, classes: Sequence[str]) -> Iterator[list[object]]:
    """A repeat's rows of predictions.csv, without the probabilities."""
    for fold, row in zip(scores.folds.tolist(), scores.part.table(classes), strict=True):
        yield [scores.repeat + 1, fold + 1, *row]


def pooled_reliability(repeats: Sequence[RepeatScores]) -> Reliability:
    """The bins of all predictions, each row's as often as it was predicted."""
    bins = (reliability(scores.part.labels, scores.part.probabilities) for scores in repeats)
    return sum(bins, NO_ROWS)


def out_of_fold_metrics(
    repeats: Sequence[RepeatScores], classes: Sequence[str]
) -> tuple[dict[str, Any], list[Curve], list[Curve]]:
    """The mean of the repeats' metrics, ROC curves, and precision-recall curves."""
    metrics, roc, pr = [], [], []
    for scores in repeats:
        ranked = scores.part.ranked()
        metrics.append(scores.part.metrics(ranked, classes))
        roc.append(roc_curves(ranked, classes))
        pr.append(pr_curves(ranked, classes))
    return _mean(metrics), mean_roc_curves(roc), mean_pr_curves(pr)


def summed_confusion(repeats: Sequence[RepeatScores], classes: int) -> IntArray:
    """The counts (C, C) of all repeats together."""
    total = np.zeros((classes, classes), np.int64)
    for scores in repeats:
        total += confusion_matrix(scores.part.labels, scores.part.predictions, classes)
    return total


def _single_metrics(of_folds: Sequence[Metrics]) -> list[str]:
    """The metrics that are one number, in their order; which row counts are not."""
    names = dict.fromkeys(name for metrics in of_folds for name in metrics)
    return [
        name
        for name in names
        if name != "support"
        and not any(isinstance(metrics.get(name), list | dict) for metrics in of_folds)
        and not name.endswith("_ci95")
    ]


def _score(metrics: Metrics | None, name: str) -> float | None:
    return metrics.get(name) if metrics else None


def _mean(values: Sequence[Any]) -> Any:
    """The mean of numbers, of the ends of intervals, and within mappings; counts are the largest."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], Mapping):
        names = dict.fromkeys(name for mapping in known for name in mapping)
        return {name: _mean([mapping.get(name) for mapping in known]) for name in names}
    if isinstance(known[0], list):
        return [_mean(ends) for ends in zip(*known, strict=True)]
    if isinstance(known[0], int):
        return max(known)
    return math.fsum(known) / len(known)
