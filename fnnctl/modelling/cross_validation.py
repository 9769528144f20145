"""A cross-validation: one configuration, with one fit per fold, each with its own preprocessing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.splits.folds import Folds, divide
from fnnctl.data.splits.forward_folds import ForwardFolds, fewest_values
from fnnctl.data.splits.groups import most_folds
from fnnctl.data.splits.in_order import distinct
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.tasks.task import TaskData
from fnnctl.text import counted, quoted

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
    share, stratify = experiment.validation_share, experiment.data.split.stratify
    refuse_single_groups(folds, dataset.groups, share)
    fold_rows = folds.folds(validation=share, stratify=stratify, seed=experiment.split_seed)
    fits = [Fit.of(data, experiment, fold, seed=0) for fold in fold_rows]
    if share > 0 and not all(fit.sizes[1] for fit in fits):
        message = "in a fold every class or bin has only one row, so no row is left for validation"
        advice = "use more folds, or set data.split.validation to 0"
        raise ConfigError(Problem(f"{message}: {advice}", path=FOLDS))
    experiment = _completed(experiment, data, fits)
    seed = configuration_seed(experiment)
    seeded = (replace(fit, experiment=experiment, seed=fit.rows.network_seed(seed)) for fit in fits)
    fold_warnings = data.task.fold_warnings(data.targets, folds)
    check = DataCheck.of_folds(data, fold_warnings, experiment.data)
    # Validation rows count as training rows, because early stopping has seen them.
    test_share = sum(fit.sizes[2] for fit in fits) / sum(fit.non_test_rows for fit in fits)
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
        validated = experiment.validation_share > 0
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
        column = quoted(experiment.data.split.by or "")
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
    folds = experiment.evaluation.cross_validation.folds
    count = counted(most, "row" if groups is None else "group")
    if folds > most:
        raise ConfigError(Problem(f"{count} cannot be divided into {folds:,} folds", path=FOLDS))
    if experiment.validation_share > 0 and most - math.ceil(most / folds) < 2:
        message = f"with {count} in {folds:,} folds, none is left for validation"
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
