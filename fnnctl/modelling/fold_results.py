"""The results of a cross-validation: its scores, tables and out-of-fold predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fnnctl.arrays import FloatArray
from fnnctl.metrics.metric import CLASSIFICATION, SUPPORT
from fnnctl.metrics.registry import PER_CLASS, metrics_of
from fnnctl.metrics.resampling import summarize_scores
from fnnctl.metrics.stored import TARGETS
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.fit import Fit
from fnnctl.tasks.decoder import FittedValues
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.tasks.folds import mean_metrics
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import FoldScores, OutOfFold, PartScores, TaskData
from fnnctl.training.history import history_table
from fnnctl.training.trainer import Outcome

FACT_COLUMNS = (
    "repeat", "fold", "train_rows", "validation_rows", "test_rows",
    "epochs", "best_epoch", "stopped", "temperature",
)  # fmt: skip

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoldResult:
    """The result of one fold's fit."""

    outcome: Outcome
    epochs: int
    best_epoch: int | None
    history: dict[str, list[float]]
    fitted: FittedValues = FittedValues()  # noqa: RUF009  # frozen
    """What is fitted to the fold's validation part."""
    outputs: FloatArray | None = None
    """(n, outputs) of the network for the fold's n test rows; None if it diverged or was interrupted, or
    once they are saved in the run's folder."""
    scores: PartScores | None = None
    """The scores of the fold's test rows; None if it diverged or was interrupted."""

    def scored(self, data: TaskData, fit: Fit, outputs: FloatArray) -> FoldResult:
        """The result with outputs, (n, outputs), for the test rows of the fold's `fit`, and their scores.

        The fold also counts as diverged if its weights are finite but the loss of its outputs overflows.
        """
        decoder = fit.decoder.with_fitted(self.fitted)
        decoder = PostTraining.of(fit.experiment.model).with_threshold(decoder, self.fitted.threshold)
        part = data.score(fit.split(data).test, [outputs], decoder)
        if not math.isfinite(part.loss):
            return replace(self, outcome=Outcome.DIVERGED)
        return replace(self, outputs=outputs, scores=part)

    def without_outputs(self) -> FoldResult:
        """The result without the outputs, to save memory if there are many folds."""
        return replace(self, outputs=None)


Results = Sequence[FoldResult | None]
"""One per fit of a cross-validation; None for a fold that was not trained."""


def fold_metrics(results: Results) -> list[Metrics | None]:
    """Each fold's metrics; None if there are no scores."""
    return [
        _without_partial_means(result.scores.metrics(complete=False)) if result and result.scores else None
        for result in results
    ]


def _without_partial_means(metrics: dict[str, Any]) -> dict[str, Any]:
    """Replace a mean over classes by None if a class has no value: it would be over fewer classes."""
    class_scores = metrics.get(PER_CLASS, {}).values()
    partial = [
        metric.name
        for metric in metrics_of(CLASSIFICATION)
        # rates of a class without rows and predictions are left out as in scikit-learn
        if metric.needs == "ranking" and any(scores.get(metric.mean_of, 0) is None for scores in class_scores)
    ]
    means = {name: None if name in partial else value for name, value in metrics.items()}
    if TARGETS in metrics:
        means[TARGETS] = {name: _without_partial_means(own) for name, own in metrics[TARGETS].items()}
    return means


def summary(validation: CrossValidation, fold_scores: Sequence[Metrics | None]) -> dict[str, Any]:
    """The `cross_validation` entry of metrics.json: each metric's mean, deviation, interval and scores.

    Those of each of several targets are under `targets.NAME`.
    """
    return {
        "folds": validation.folds.count,
        "repeats": len(validation.folds.assignment),
        "diverged": sum(metrics is None for metrics in fold_scores),
        **_statistics(fold_scores, validation.test_share),
    }


def _statistics(fold_scores: Sequence[Metrics | None], test_share: float) -> dict[str, Any]:
    scores = {
        name: [_score(metrics, name) for metrics in fold_scores] for name in single_metrics(fold_scores)
    }
    statistics: dict[str, Any] = {**summarize_scores(scores, test_share=test_share)}
    if targets := _targets(fold_scores):
        statistics[TARGETS] = {
            name: _statistics([_of_target(metrics, name) for metrics in fold_scores], test_share)
            for name in targets
        }
    return statistics


def mean_baseline(results: Results) -> dict[str, Any] | None:
    """The baseline's metrics, averaged over the folds as the scores are; None if it is unknown."""
    baselines = [
        baseline
        for result in results
        if result and result.scores and (baseline := result.scores.baseline_metrics())
    ]
    return mean_metrics(baselines) if baselines else None


def fold_table(
    validation: CrossValidation,
    results: Results,
    fold_scores: Sequence[Metrics | None],
    names: Sequence[str] | None = None,
) -> tuple[list[str], list[list[object]]]:
    """The columns and rows of cross_validation.csv; `names` are the metrics, by default all of the folds."""
    names = table_metrics(fold_scores) if names is None else names
    rows: list[list[object]] = []
    folds = zip(validation.folds, validation.fits, results, map(_by_path, fold_scores), strict=True)
    for fold, fit, result, metrics in folds:
        facts: tuple[object, ...] = (None,) * 4
        if result:
            facts = result.epochs, result.best_epoch, str(result.outcome), result.fitted.temperature
        scores = (_score(metrics, name) for name in names)
        rows.append([*(number + 1 for number in fold), *fit.sizes, *facts, *scores])
    return [*FACT_COLUMNS, *names], rows


def history_rows(validation: CrossValidation, results: Results) -> tuple[list[str], Iterator[list[object]]]:
    """The columns and rows of history.csv, one row per epoch and fold."""
    settings = validation.fits[0].settings
    table = partial(
        history_table, metrics=epoch_metrics(settings.shape), layers=0, calibrated=settings.calibrated
    )
    columns, _ = table({})

    def rows() -> Iterator[list[object]]:
        for (repeat, fold), result in zip(validation.folds, results, strict=True):
            if result:
                for row in table(result.history)[1]:
                    yield [repeat + 1, fold + 1, *row]

    return ["repeat", "fold", *columns], rows()


def out_of_fold(validation: CrossValidation, results: Results) -> OutOfFold:
    """The predictions of all folds that have scores."""
    data = validation.data
    folds = [
        FoldScores(repeat, fold, validation.folds.test_rows(repeat, fold), result.scores)
        for (repeat, fold), result in zip(validation.folds, results, strict=True)
        if result and result.scores
    ]
    return data.task.out_of_fold(folds, data.dataset.file_rows, data.targets)


def table_metrics(fold_scores: Sequence[Metrics | None]) -> list[str]:
    """The columns of metrics in tables of folds: after those of the run, `targets.NAME.METRIC`."""
    of_targets = (
        f"{TARGETS}.{name}.{metric}"
        for name in _targets(fold_scores)
        for metric in single_metrics([_of_target(metrics, name) for metrics in fold_scores])
    )
    return [*single_metrics(fold_scores), *of_targets]


def single_metrics(fold_scores: Sequence[Metrics | None]) -> list[str]:
    """The metrics of the folds that are a single number, in order; row counts are not metrics."""
    scored = [metrics for metrics in fold_scores if metrics]
    names = dict.fromkeys(name for metrics in scored for name in metrics)
    return [
        name
        for name in names
        if name != SUPPORT
        and not any(isinstance(metrics.get(name), list | dict) for metrics in scored)
        and not name.endswith("_ci95")
    ]


def _targets(fold_scores: Sequence[Metrics | None]) -> list[str]:
    """The names of several targets, in order; the test rows of a fold may lack some of them."""
    return list(
        dict.fromkeys(name for metrics in fold_scores if metrics for name in metrics.get(TARGETS, ()))
    )


def _of_target(metrics: Metrics | None, target: str) -> Metrics | None:
    of_target: Metrics | None = (metrics or {}).get(TARGETS, {}).get(target)
    return of_target


def _by_path(metrics: Metrics | None) -> Metrics | None:
    """A fold's metrics with those of each target by their paths."""
    of_targets = (metrics or {}).get(TARGETS)
    if metrics is None or of_targets is None:
        return metrics
    paths = {f"{TARGETS}.{name}.{metric}": own[metric] for name, own in of_targets.items() for metric in own}
    return {**metrics, **paths}


def _score(metrics: Metrics | None, name: str) -> float | None:
    return metrics.get(name) if metrics else None
