"""Trains a configuration on the folds of a table, and scores it; folds of equal size train as one stack."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.reading.overrides import read_override
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.recipes.resolving import experiment_before_data, resolve
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import override
from fnnctl.data.splits.folds import Fold
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.fold_results import FoldResult
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.planning import plan_folds
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.post_training import PostTraining
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.recipe.parts import Settings
from tests.benchmarks.recipe.tables import Table, data_settings

MIN_PROBABILITY = 1e-15


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one contender on the folds of a table."""

    scores: Sequence[float]
    """The accuracy, or R², of each fold."""
    log_losses: Sequence[float]
    """Of each fold; empty in a regression."""
    seconds: float
    """Of the processors, for preprocessing, training and scoring of all folds."""
    diverged: int = 0
    """The number of folds that diverged; they score as the majority class, or the mean."""
    cost: float = math.nan
    """Epochs × rows × parameters × members, with the epochs that were trained."""


def resolved(table: Table, recipe: Settings, changes: Settings) -> dict[str, Any] | None:
    """The complete configuration of a recipe on this table, in which some settings are then changed.

    The changes are made in the complete configuration, so that nothing else in it changes. None if they are
    for the other kind of task.
    """
    data = {**data_settings(table.path), "task": table.data.task.name}
    if "test_source" not in data:
        data["split"] = {"test": 0}
    config: Mapping[str, Any] = {"name": table.name, "data": data}
    given = _changed(config, recipe)
    written = experiment_before_data(given)
    facts = recipe_facts(table.data, written)
    complete = active_settings(resolve(given, facts, check=table.data.task.check).experiment)
    experiment = experiment_of(_changed(complete, changes))
    return None if table.data.task.check(experiment) else active_settings(experiment)


def _changed(config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
    changed: Any = config
    for each in settings:
        path, document = read_override(each)
        changed = override(changed, path, document.value)
    return changed  # type: ignore[no-any-return]


def train_and_score(table: Table, config: Mapping[str, Any], folds: Sequence[Fold]) -> Scored:
    """Train one fit per fold, and score each on the fold's own test rows."""
    experiment = experiment_of(config)
    begun = processor_seconds()
    fits = [Fit.of(table.data, experiment, fold, seed=fold.network_seed(fold.seed)) for fold in folds]
    _, stacks = plan_folds(fits, rows=len(table.data), workers=1)
    measure = FoldMeasure(PostTraining.of(experiment.model))
    results: dict[int, FoldResult] = {}
    for stack in stacks:
        trained = train_fits(table.data, [fits[k] for k in stack])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            results |= dict(zip(stack, measure(trained), strict=True))
    seconds = processor_seconds() - begun
    scores = [_scores(results[k]) if results[k].scores else guessed(table, fit) for k, fit in enumerate(fits)]
    return Scored(
        [score for score, *_ in scores],
        [losses[0] for _, *losses in scores if losses],
        seconds,
        sum(result.scores is None for result in results.values()),
        math.fsum(count(fit) * results[k].epochs for k, fit in enumerate(fits)),
    )


def _scores(result: FoldResult) -> tuple[float, ...]:
    """The accuracy and the log loss, or R²."""
    metrics = result.scores.metrics(complete=False) if result.scores else {}
    return (metrics["accuracy"], metrics["loss"]) if "accuracy" in metrics else (metrics["r2"],)


def guessed(table: Table, fit: Fit) -> tuple[float, ...]:
    """What the baseline scores on a fold's test rows: it predicts the classes' shares, or the mean."""
    baseline = np.array(fit.decoder.baseline)
    targets = table.data.targets[fit.split(table.data).test]
    if not table.is_classification:
        return (r2(targets, np.full(len(targets), baseline[0])),)
    return class_scores(np.broadcast_to(baseline, (len(targets), len(baseline))), targets)


def class_scores(probabilities: FloatArray, labels: IntArray) -> tuple[float, float]:
    """The accuracy and the log loss, in which a probability of 0 counts as 1e-15, of (n, classes)."""
    own = np.maximum(probabilities[np.arange(len(labels)), labels], MIN_PROBABILITY)
    return float(np.mean(probabilities.argmax(axis=1) == labels)), float(-np.log(own).mean())


def r2(targets: FloatArray, estimates: FloatArray) -> float:
    """The coefficient of determination; below 0 for an estimate that is worse than the mean."""
    spread = np.square(targets - targets.mean()).sum()
    return float(1.0 - np.square(targets - estimates).sum() / spread)


def count(fit: Fit) -> float:
    """What an epoch costs: the rows that a member trains on × parameters × members."""
    return float(fit.trained_rows * ParameterLayout(fit.settings.shape).size * fit.settings.ensemble)
