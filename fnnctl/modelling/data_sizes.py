"""A learning curve over data size: a cross-validation with several shares of the training rows, and its
results.

All sizes have the same settings, also those that a recipe chose for all rows, so that only the rows differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fnnctl.data.splits.bags import BaggedRows
from fnnctl.data.splits.subsets import Subset
from fnnctl.errors import ConfigError, Problem
from fnnctl.metrics.paired import paired_test
from fnnctl.metrics.stored import TARGETS
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.fold_results import Results, fold_metrics, fold_table, summary, table_metrics
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.text import counted, quoted, word_list

LARGER = "write a larger share, or leave it out"
_OF_FOLDS = ("folds", "repeats", "diverged")
"""The entries of a cross-validation's summary that are not metrics."""


def with_sizes(validation: CrossValidation) -> CrossValidation:
    """The cross-validation with the largest of the experiment's sizes, and the others in `smaller`.

    `validation` has all rows; it is returned unchanged if the experiment names no sizes. The fits of a fold
    have the same seed for all sizes. Raises `ConfigError` if a size has too few rows for the experiment.
    """
    sizes = validation.experiment.evaluation.sizes
    if sizes is None:
        return validation
    *smaller, largest = (_of_share(validation, share) for share in sorted(sizes))
    return replace(largest, smaller=tuple(smaller))


def _of_share(validation: CrossValidation, share: float) -> CrossValidation:
    """The cross-validation with this share of the rows that each fold trains on."""
    if share == 1.0:
        return validation
    fits = tuple(_smaller_fit(validation, fit, share) for fit in validation.fits)
    return replace(validation, fits=fits, share=share)


def _smaller_fit(validation: CrossValidation, fit: Fit, share: float) -> Fit:
    experiment, data = validation.experiment, validation.data
    subset = Subset(
        fit.rows.rows if isinstance(fit.rows, BaggedRows) else fit.rows,
        share,
        experiment.evaluation.cross_validation.stratify,
        experiment.split_seed,
        data.dataset.order,
    )
    try:
        split = subset.split(data.strata, data.dataset.groups)
    except ValueError:
        by = quoted(experiment.data.split.by or "")
        message = f"a fold's last rows all have the same value in the column {by}: {LARGER}"
        raise _too_small(validation, share, message) from None
    whole, trained = fit.split(data).non_test, split.non_test
    if absent := data.task.untrained_classes(data.targets[whole], data.targets[trained]):
        which = "the class" if len(absent) == 1 else "the classes"
        names = word_list([*map(quoted, absent)])
        lack = f"a fold trains on {counted(trained.size, 'row')}, none of them of {which} {names}"
        raise _too_small(validation, share, f"{lack}: {LARGER}")
    try:
        return Fit.of(data, experiment, subset, seed=fit.seed)
    except ConfigError as error:
        problem = error.problems[0]
        where = f" in {problem.path}" if problem.path else ""
        message = f"{problem.message}{where}; or {LARGER}"
        raise _too_small(validation, share, message) from None


def _too_small(validation: CrossValidation, share: float, message: str) -> ConfigError:
    index = (validation.experiment.evaluation.sizes or ()).index(share)
    return ConfigError(Problem(f"with {share:g} of the rows, {message}", path=f"evaluation.sizes[{index}]"))


def share_suffix(validation: CrossValidation) -> str:
    """` with 0.1 of the rows`, for messages; empty if it is all of them."""
    return "" if validation.share == 1.0 else f" with {validation.share:g} of the rows"


def by_size(validation: CrossValidation, results: Results) -> list[tuple[CrossValidation, Results]]:
    """The cross-validation of each size with its results, in rising order.

    `results` has one per fit in `all_fits`.
    """
    pairs, end = [], 0
    for size in (validation, *validation.smaller):
        start, end = end, end + len(size.fits)
        pairs.append((size, results[start:end]))
    return [*pairs[1:], pairs[0]]


def size_table(validation: CrossValidation, results: Results) -> tuple[list[str], list[list[object]]]:
    """The columns and rows of data_size.csv: those of cross_validation.csv for each share."""
    sizes = [(size, folds, fold_metrics(folds)) for size, folds in by_size(validation, results)]
    names = table_metrics([metrics for _, _, fold_scores in sizes for metrics in fold_scores])
    columns: list[str] = []
    rows: list[list[object]] = []
    for size, folds, fold_scores in sizes:
        columns, table = fold_table(size, folds, fold_scores, names)
        rows += [[size.share, *row] for row in table]
    return ["share", *columns], rows


def size_summaries(validation: CrossValidation, results: Results) -> list[dict[str, Any]]:
    """The `sizes` entry of metrics.json, in rising order.

    `rows` is the mean number of rows that a fold trains on, its validation rows included. Each metric has
    `mean`, `std` and `ci95` as in a cross-validation, and the `difference` from the size before, with `mean`,
    `ci95` and `p` of the corrected resampled t-test over the folds that have both scores (None if fewer than
    two have). `train` has the mean loss and metric of the training rows, as measured in training.

    Drawing the subset is taken as a part of the training, which has all rows of a fold at hand for every
    size. So the correction for the overlap of the folds is that of all rows.
    """
    entries: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for size, size_results in by_size(validation, results):
        scores = summary(size, fold_metrics(size_results))
        metrics = {name: entry for name, entry in scores.items() if name not in _OF_FOLDS}
        statistics = _with_differences(before, metrics, validation.test_share)
        rows = round(sum(fit.non_test_rows for fit in size.fits) / len(size.fits))
        facts = {"share": size.share, "rows": rows, "diverged": scores["diverged"]}
        entries.append({**facts, "train": _train_scores(size, size_results), **statistics})
        before = metrics
    return entries


def _train_scores(validation: CrossValidation, results: Results) -> dict[str, float | None]:
    """The mean loss and metric of the training rows in the epochs whose weights were kept."""
    stopping = validation.experiment.training.early_stopping
    restores = stopping is not None and stopping.restore_best
    ended = [result for result in results if result and result.scores]
    means: dict[str, float | None] = {}
    for column in epoch_metrics(validation.fits[0].settings.shape).training_columns:
        values = [
            result.history[column][((result.best_epoch if restores else None) or result.epochs) - 1]
            for result in ended
            if column in result.history
        ]
        finite = [value for value in values if math.isfinite(value)]
        means[column.removeprefix("train_")] = math.fsum(finite) / len(finite) if finite else None
    return means


def _with_differences(
    before: Mapping[str, Any], metrics: Mapping[str, Any], test_share: float
) -> dict[str, Any]:
    """The statistics of each metric, with the difference from the size before."""
    statistics: dict[str, Any] = {
        name: {
            **{key: entry[key] for key in ("mean", "std", "ci95")},
            "difference": _difference(before.get(name), entry, test_share),
        }
        for name, entry in metrics.items()
        if name != TARGETS
    }
    if targets := metrics.get(TARGETS):
        of_targets = before.get(TARGETS, {})
        statistics[TARGETS] = {
            name: _with_differences(of_targets.get(name, {}), own, test_share)
            for name, own in targets.items()
        }
    return statistics


def _difference(before: dict[str, Any] | None, after: dict[str, Any], test_share: float) -> Any:
    if before is None:
        return None
    both = [
        (score, other)
        for score, other in zip(after["scores"], before["scores"], strict=True)
        if score is not None and other is not None
    ]
    if len(both) < 2:
        return None
    scores, before_scores = zip(*both, strict=True)
    test = paired_test(scores, before_scores, test_share=test_share)
    return {"mean": test.difference, "ci95": test.ci95, "p": test.p}
