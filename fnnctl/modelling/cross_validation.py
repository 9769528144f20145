"""A cross-validation: one configuration, with one fit per fold, each with its own preprocessing; and its
results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.unread import validation_share
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.splits.folds import Folds, divide
from fnnctl.data.splits.forward_folds import ForwardFolds, fewest_values
from fnnctl.data.splits.groups import most_folds
from fnnctl.data.splits.in_order import distinct
from fnnctl.errors import ConfigError, Problem
from fnnctl.metrics.metric import SUPPORT
from fnnctl.metrics.registry import CLASSIFICATION, PER_CLASS, metrics_of
from fnnctl.metrics.resampling import summarize_scores
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.tasks.folds import mean_metrics
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import FoldScores, OutOfFold, PartScores, TaskData
from fnnctl.text import counted, shown
from fnnctl.training.history import history_table
from fnnctl.training.trainer import Outcome

AnyFolds: TypeAlias = Folds | ForwardFolds
FOLDS = "evaluation.cross_validation.folds"


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """An experiment and its folds."""

    experiment: Experiment
    """Complete with all settings that depend on the data, but not on the fold."""
    data: TaskData
    folds: AnyFolds
    fits: tuple[Fit, ...]
    """One per fold, ordered by repeat."""
    check: DataCheck
    """What was found in the data."""
    test_share: float
    """The number of test rows per other row of the folds."""
    share: float = 1.0
    """The share of each fold's other rows that its network is trained on."""
    smaller: tuple[CrossValidation, ...] = ()
    """The same folds with smaller shares, in rising order."""

    @property
    def all_fits(self) -> tuple[Fit, ...]:
        """The fits of all shares: first its own, then those of the smaller ones."""
        return self.fits + tuple(fit for validation in self.smaller for fit in validation.fits)


def cross_validation(data: TaskData, experiment: Experiment) -> CrossValidation:
    """Divide all rows into folds, and make the fit of each fold.

    A fold's seed follows from the configuration's seed and from the fold's number. With the configuration's
    seed alone all folds would begin with the same weights, and the spread of the scores would not include the
    effect of the initial weights. If the seed depended on the fold's position in a stack, scores would depend
    on the number of workers. Raises `ConfigError` if the rows cannot be divided into these folds, or if the
    experiment has a time limit.
    """
    if experiment.training.time_limit is not None:
        message = (
            "is for `fnnctl train` only: fold scores would depend on the machine and on how many folds train "
            "at once; write null, and lower training.epochs if training takes too long"
        )
        raise ConfigError(Problem(message, path="training.time_limit"))
    dataset = data.dataset
    _check_rows(data, experiment)
    folds = divided(data, experiment)
    share, stratify = validation_share(experiment), experiment.data.split.stratify
    refuse_single_groups(folds, dataset.groups, share)
    of_folds = folds.folds(validation=share, stratify=stratify, seed=experiment.split_seed)
    fits = [Fit.of(data, experiment, fold, seed=0) for fold in of_folds]
    if share > 0 and not all(fit.sizes[1] for fit in fits):
        message = "in a fold every class or bin has only one row, so no row is left for validation"
        advice = "use more folds, or set data.split.validation to 0"
        raise ConfigError(Problem(f"{message}: {advice}", path=FOLDS))
    experiment = _completed(experiment, data, fits)
    seed = configuration_seed(experiment)
    seeded = (replace(fit, experiment=experiment, seed=fit.rows.own_seed(seed)) for fit in fits)
    fold_warnings = data.task.fold_warnings(data.targets, folds)
    check = DataCheck.of_folds(data, fold_warnings, max_categories=experiment.data.max_categories)
    # Validation rows count as training rows, because early stopping has seen them.
    test_share = sum(fit.sizes[2] for fit in fits) / sum(fit.known_rows for fit in fits)
    return CrossValidation(experiment, data, folds, tuple(seeded), check, test_share)


def divided(data: TaskData, experiment: Experiment, rows: IntArray | None = None) -> AnyFolds:
    """All rows, or some `rows` (n,), divided into the experiment's folds.

    Raises `ValueError` if they are too few, and `ConfigError` if too few have different values in the column
    of `data.split.by`.
    """
    settings = experiment.evaluation.cross_validation
    strata, groups, order = data.strata, data.dataset.groups, data.dataset.order
    if rows is not None:
        strata = strata[rows]
        groups = None if groups is None else groups[rows]
        order = None if order is None else order[rows]
    if order is not None:
        validated = validation_share(experiment) > 0
        _check_order(order, experiment, validated=validated)
        return ForwardFolds.of(order, folds=settings.folds, repeats=settings.repeats, validated=validated)
    return divide(
        strata,
        folds=settings.folds,
        repeats=settings.repeats,
        stratify=settings.stratify,
        seed=experiment.split_seed,
        groups=groups,
    )


def _check_order(order: FloatArray, experiment: Experiment, *, validated: bool) -> None:
    """Refuse folds for which too few rows of this `order` (n,) differ."""
    folds, count = experiment.evaluation.cross_validation.folds, distinct(order)
    if count < (fewest := fewest_values(folds, validated=validated)):
        column = shown(experiment.data.split.by or "")
        message = (
            f"the column {column} has {counted(count, 'different value')}, but {folds:,} folds in its order "
            f"need {fewest:,}: use fewer folds, or name another column in data.split.by"
        )
        raise ConfigError(Problem(message, path=FOLDS))


def _check_rows(data: TaskData, experiment: Experiment) -> None:
    """Refuse rows that cannot be divided, and more folds than there are rows or groups."""
    groups = data.dataset.groups
    if data.dataset.test_rows and (groups is not None or data.dataset.order is not None):
        lack = "have no group" if groups is not None else "are not in the order of data.split.by"
        message = f"a cross-validation uses all rows, but the test file's {lack}: remove this setting"
        raise ConfigError(Problem(message, path="data.test_source"))
    most = most_folds(data.strata, groups)
    wanted = experiment.evaluation.cross_validation.folds
    count = counted(most, "row" if groups is None else "group")
    if wanted > most:
        raise ConfigError(Problem(f"{count} cannot be divided into {wanted:,} folds", path=FOLDS))
    if validation_share(experiment) > 0 and most - -(-most // wanted) < 2:
        message = f"with {count} in {wanted:,} folds, none is left for validation"
        raise ConfigError(Problem(f"{message}: set data.split.validation to 0", path=FOLDS))


def refuse_single_groups(folds: AnyFolds, groups: IntArray | None, validation: float) -> None:
    """Raise `ConfigError` if a fold leaves one of the `groups` (N,), so that none is left for validation.

    A large group may be a fold by itself, and all others be together in another one.
    """
    if groups is not None and validation > 0 and folds.fewest_outside(groups) < 2:
        message = "one group is so large that a fold leaves no other one, and none is left for validation"
        raise ConfigError(Problem(f"{message}: use more folds", path=FOLDS))


def _completed(experiment: Experiment, data: TaskData, fits: Sequence[Fit]) -> Experiment:
    """Fill in the settings that follow from the data, and the batch size if it is the same in all folds."""
    sizes = {fit.settings.batch_size for fit in fits}
    concrete: dict[str, object] = {"precision": fits[0].settings.precision}
    if len(sizes) == 1:
        concrete["batch_size"] = sizes.pop()
    training = experiment.training.model_copy(update=concrete)
    return with_data_facts(experiment, data).model_copy(update={"training": training})


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
    temperature: float | None
    """The temperature fitted to the fold's validation part; None without calibration, or if none fits."""
    threshold: float | None = None
    """The threshold between two classes, which may be chosen on the fold's validation part; None for the
    default, or if none can be chosen."""
    class_weights: tuple[float, ...] | None = None
    """The weights of the classes for which probabilities are corrected; None if there are none."""
    outputs: FloatArray | None = None
    """(n, outputs) of the network for the fold's n test rows; None if it diverged or was interrupted, or
    once they are saved in the run's folder."""
    scores: PartScores | None = None
    """The scores of the fold's test rows; None if it diverged or was interrupted."""

    def scored(self, data: TaskData, fit: Fit, outputs: FloatArray) -> FoldResult:
        """The result with outputs, (n, outputs), for the test rows of the fold's `fit`, and their scores.

        The fold also counts as diverged if its weights are finite but the loss of its outputs overflows.
        """
        decoder = replace(fit.decoder, temperature=self.temperature).weighted(self.class_weights)
        decoder = PostTraining.of(fit.experiment.model).with_threshold(decoder, self.threshold)
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
    of_classes = metrics.get(PER_CLASS, {}).values()
    partial = [
        metric.name
        for metric in metrics_of(CLASSIFICATION)
        # rates of a class without rows and predictions are left out as in scikit-learn
        if metric.needs == "ranking" and any(scores.get(metric.mean_of, 0) is None for scores in of_classes)
    ]
    return {name: None if name in partial else value for name, value in metrics.items()}


def summary(validation: CrossValidation, of_folds: Sequence[Metrics | None]) -> dict[str, Any]:
    """The `cross_validation` entry of metrics.json: each metric's mean, deviation, interval and scores."""
    scores = {name: [_score(metrics, name) for metrics in of_folds] for name in single_metrics(of_folds)}
    return {
        "folds": validation.folds.count,
        "repeats": len(validation.folds.assignment),
        "diverged": sum(metrics is None for metrics in of_folds),
        **summarize_scores(scores, test_share=validation.test_share),
    }


def mean_baseline(results: Results) -> dict[str, Any] | None:
    """The baseline's metrics, averaged over the folds as the scores are; None if it is unknown."""
    of_folds = [
        baseline
        for result in results
        if result and result.scores and (baseline := result.scores.baseline_metrics())
    ]
    return mean_metrics(of_folds) if of_folds else None


def fold_table(
    validation: CrossValidation,
    results: Results,
    of_folds: Sequence[Metrics | None],
    names: Sequence[str] | None = None,
) -> tuple[list[str], list[list[object]]]:
    """The columns and rows of cross_validation.csv; `names` are the metrics, by default all of the folds."""
    names = single_metrics(of_folds) if names is None else names
    rows: list[list[object]] = []
    folds = zip(validation.folds, validation.fits, results, of_folds, strict=True)
    for fold, fit, result, metrics in folds:
        facts: tuple[object, ...] = (None,) * 4
        if result:
            facts = result.epochs, result.best_epoch, str(result.outcome), result.temperature
        scores = (_score(metrics, name) for name in names)
        rows.append([*(number + 1 for number in fold), *fit.sizes, *facts, *scores])
    return [*FACT_COLUMNS, *names], rows


def history_rows(validation: CrossValidation, results: Results) -> tuple[list[str], Iterator[list[object]]]:
    """The columns and rows of history.csv, one row per epoch and fold."""
    metrics = epoch_metrics(validation.fits[0].settings.shape)
    columns, _ = history_table({}, metrics, layers=0)

    def rows() -> Iterator[list[object]]:
        for (repeat, fold), result in zip(validation.folds, results, strict=True):
            if result:
                for row in history_table(result.history, metrics, layers=0)[1]:
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


def single_metrics(of_folds: Sequence[Metrics | None]) -> list[str]:
    """The metrics of the folds that are a single number, in order; row counts are not metrics."""
    known = [metrics for metrics in of_folds if metrics]
    names = dict.fromkeys(name for metrics in known for name in metrics)
    return [
        name
        for name in names
        if name != SUPPORT
        and not any(isinstance(metrics.get(name), list | dict) for metrics in known)
        and not name.endswith("_ci95")
    ]


def _score(metrics: Metrics | None, name: str) -> float | None:
    return metrics.get(name) if metrics else None
