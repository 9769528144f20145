"""A cross-validation: one configuration as a fit per fold, each with a preprocessing of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.splits.folds import Folds, divide, most_folds
from fnnctl.data.warnings import data_warnings
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.seeds import fold_seed
from fnnctl.tasks.task import TaskData
from fnnctl.text import counted

FOLDS = "evaluation.cross_validation.folds"


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """An experiment and its folds."""

    experiment: Experiment
    """With everything filled in that depends on the data, but not on a fold."""
    data: TaskData
    folds: Folds
    fits: tuple[Fit, ...]
    """One per fold, repeat after repeat."""
    warnings: list[str]


def cross_validation(data: TaskData, experiment: Experiment) -> CrossValidation:
    """Divide all rows, and make the fit of every fold.

    A fold's seed follows from the configuration's and from the fold's number. With the configuration's alone
    all folds would begin with the same weights, and the spread of the scores would lack the share that these
    have in it; with the fold's place in a stack, a score would depend on the number of workers. Raises
    `ConfigError` if the rows cannot be divided so, or if the experiment has a time limit.
    """
    if experiment.training.time_limit is not None:
        message = (
            "is for `fnnctl train`: with it the scores of folds would depend on the machine and on how many "
            "train at once; write null, and a smaller training.epochs if they take too long"
        )
        raise ConfigError(Problem(message, path="training.time_limit"))
    dataset = data.dataset
    settings = experiment.evaluation.cross_validation
    _check_rows(data, experiment)
    folds = divide(
        data.strata,
        folds=settings.folds,
        repeats=settings.repeats,
        stratify=settings.stratify,
        seed=experiment.seed,
        groups=dataset.groups,
    )
    config = experiment.data.split
    of_folds = folds.folds(validation=config.validation, stratify=config.stratify, seed=experiment.seed)
    fits = [Fit.of(data, experiment, fold, seed=0) for fold in of_folds]
    if config.validation > 0 and not all(fit.sizes[1] for fit in fits):
        message = "in a fold every class has a single row to learn from, and none to set apart for validation"
        raise ConfigError(Problem(f"{message}: more folds, or set data.split.validation to 0", path=FOLDS))
    experiment = _completed(experiment, data, fits)
    seed = configuration_seed(experiment)
    seeded = (
        replace(fit, experiment=experiment, seed=fold_seed(seed, fold.repeat, fold.number))
        for fit, fold in zip(fits, of_folds, strict=True)
    )
    warnings = [
        *data.warnings,
        *data_warnings(dataset, None),
        *data.task.fold_warnings(data.targets, folds.assignment, folds.count),
    ]
    return CrossValidation(experiment, data, folds, tuple(seeded), warnings)


def _check_rows(data: TaskData, experiment: Experiment) -> None:
    """Refuse rows that cannot be divided, or more folds than there is something to put into them."""
    groups = data.dataset.groups
    if groups is not None and data.dataset.test_rows:
        message = "the test file's rows have no group, and cross-validation divides all rows: leave one out"
        raise ConfigError(Problem(message, path="data.test_source"))
    most = most_folds(data.strata, groups)
    wanted = experiment.evaluation.cross_validation.folds
    what = counted(most, "row" if groups is None else "group")
    if wanted > most:
        raise ConfigError(Problem(f"{what} cannot be divided into {wanted:,} folds", path=FOLDS))
    if experiment.data.split.validation > 0 and most - -(-most // wanted) < 2:
        message = f"{what} in {wanted:,} folds leave none to set apart for validation"
        raise ConfigError(Problem(f"{message}: set data.split.validation to 0", path=FOLDS))


def _completed(experiment: Experiment, data: TaskData, fits: Sequence[Fit]) -> Experiment:
    """Fill in what follows from the data, and the batch size if all folds have the same."""
    sizes = {fit.settings.batch_size for fit in fits}
    concrete: dict[str, object] = {"precision": fits[0].settings.precision}
    if len(sizes) == 1:
        concrete["batch_size"] = sizes.pop()
    training = experiment.training.model_copy(update=concrete)
    return with_data_facts(experiment, data).model_copy(update={"training": training})
