"""Settings without effect ("unread"): an error if given, and left out of `resolved.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from fnnctl.config.paths import SPACE, ConfigPath
from fnnctl.config.problems import Problems, no_effect, no_effect_without
from fnnctl.config.rules.plain_config import METHOD
from fnnctl.config.schema.data import (
    ARRAY_REASON,
    BUILTIN_NAMES,
    PARQUET_ENDING,
    PARQUET_REASON,
    DataConfig,
)
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.methods import SAMPLERS, SCHEDULERS
from fnnctl.config.schema.model import BatchNormalizationConfig
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.errors import Problem
from fnnctl.text import word_list

WITH_HORIZON: Final[Mapping[str, Sequence[str]]] = {
    "lr_schedule": ("cosine", "one_cycle"),
    "averaging": ("swa",),
}
"""The kinds of training settings that depend on the planned number of epochs."""

FOLD_STRATA: Final[ConfigPath] = ("evaluation", "cross_validation", "stratify")
CSV_SETTINGS: Final = ("delimiter", "encoding", "decimal_mark")
"""The settings of `data` that only a CSV file has."""
FILE_SETTINGS: Final = ("delimiter", "encoding")
"""Those of them that a table of texts in memory does not have."""
TABLE_SETTINGS: Final = (*CSV_SETTINGS, "missing_values")
"""The settings of `data` about the notation of a CSV file."""

TEST: Final[ConfigPath] = ("data", "split", "test")
VALIDATION: Final[ConfigPath] = ("data", "split", "validation")
STRATIFY: Final[ConfigPath] = ("data", "split", "stratify")
BY: Final[ConfigPath] = ("data", "split", "by")
SOURCE: Final[ConfigPath] = ("data", "source")
TEST_SOURCE: Final[ConfigPath] = ("data", "test_source")
BAGS: Final[ConfigPath] = ("model", "ensemble", "bags")
HIDDEN: Final[ConfigPath] = ("model", "hidden")
OPTIMIZER: Final[ConfigPath] = ("training", "optimizer", "name")
TOTAL: Final[ConfigPath] = ("search", "budget", "total")
PARTS: Final = (VALIDATION, TEST, TEST_SOURCE, BAGS)
"""The settings that say which parts are split off."""


Record = TypeVar("Record")
Unread: TypeAlias = Iterator[tuple[ConfigPath, Problem]]


def unread_settings(experiment: Experiment) -> Problems:
    """The settings that have no effect in this experiment, each with the reason."""
    parts = (_unread_data, _unread_model, _unread_training, _unread_momentum, _unread_search)
    return {path: problem for part in parts for path, problem in part(experiment)}


def test_share(data: DataConfig) -> float:
    """The share of the rows that is split off as the test part."""
    return data.split.test if data.test_source is None else 0.0


def validation_share(experiment: Experiment) -> float:
    """The share of the rows that is split off as the validation part; the members' bags have their own."""
    return 0.0 if experiment.model.ensemble.bags else experiment.data.split.validation


def is_validated(experiment: Experiment) -> bool:
    """Whether there are validation rows: a part, or those of the members' bags."""
    return experiment.model.ensemble.bags or experiment.data.split.validation > 0


def reads_horizon(training: TrainingConfig) -> bool:
    """Whether a schedule, an average or a patience depends on `training.horizon`; lbfgs has no schedule."""
    schedule = None if isinstance(training.optimizer, LbfgsOptimizer) else training.lr_schedule
    parts = {"lr_schedule": schedule, "averaging": training.averaging}
    return training.ends_out_of_reach or any(
        part is not None and part.name in WITH_HORIZON[name] for name, part in parts.items()
    )


def _unread_data(experiment: Experiment) -> Unread:
    data, reason = experiment.data, None
    if data.source in BUILTIN_NAMES:
        reason = f"{data.source} is built in and comes with its own format"
    elif data.source.endswith(".npz"):
        reason = ARRAY_REASON
    if reason:
        yield from ((("data", key), no_effect(reason, SOURCE)) for key in TABLE_SETTINGS)
    if all(file.endswith(PARQUET_ENDING) for file in (data.source, data.test_source or data.source)):
        is_parquet = no_effect(PARQUET_REASON, SOURCE, TEST_SOURCE)
        yield from ((("data", key), is_parquet) for key in CSV_SETTINGS)
    if reason == ARRAY_REASON:
        yield ("data", "max_categories"), no_effect(reason, SOURCE)
    if data.test_source is None:
        yield ("data", "test_sha256"), no_effect_without(TEST_SOURCE)
    else:
        yield TEST, no_effect("data.test_source is the test part", TEST_SOURCE)
    search = experiment.search
    if experiment.model.ensemble.bags and (search is None or search.prefers_bags):
        reason = "with bags, every row outside the test part is a validation row of one member"
        yield VALIDATION, no_effect(reason, BAGS, ("search", "objective", "on"), SPACE)
    if data.split.by is not None:
        reason = "the rows are divided in the order of data.split.by, whatever their target"
        for path in (*(("data", "split", key) for key in ("stratify", "bins", "seed")), FOLD_STRATA):
            yield path, no_effect(reason, BY)
    is_undivided = not is_validated(experiment) and test_share(data) == 0
    if is_undivided:
        yield STRATIFY, no_effect("no part is split off", *PARTS)
    if not experiment.evaluation.cross_validation.stratify and (is_undivided or not data.split.stratify):
        reason = "neither parts nor folds are stratified"
        yield ("data", "split", "bins"), no_effect(reason, FOLD_STRATA, STRATIFY, *PARTS)


def _unread_model(experiment: Experiment) -> Unread:
    """Settings of the model that no hidden layer inherits, and what the first layer cannot have."""
    hidden = experiment.model.hidden
    for key in ("activation", "normalization", "dropout"):
        if not any(getattr(layer, key) is None for layer in hidden):
            reason = f"every hidden layer has its own {key}" if hidden else "there is no hidden layer"
            yield ("model", key), no_effect(reason, HIDDEN)
    if not hidden:
        yield ("model", "residual"), no_effect("there is no hidden layer", HIDDEN)
    elif hidden[0].residual is not None:
        reason = "the first hidden layer's inputs are the features, which it never adds"
        yield (*HIDDEN, 0, "residual"), no_effect(reason, HIDDEN)
    if len(hidden) == 1:
        yield ("model", "residual"), no_effect("only hidden layers after the first add their inputs", HIDDEN)
    elif hidden and all(layer.residual is not None for layer in hidden[1:]):
        reason = "every hidden layer after the first has its own residual"
        yield ("model", "residual"), no_effect(reason, HIDDEN)


def _unread_training(experiment: Experiment) -> Unread:
    if isinstance(experiment.training.optimizer, LbfgsOptimizer):
        for key in ("batch_size", "shuffle"):
            reason = "lbfgs always uses all rows at once"
            yield ("training", key), no_effect(reason, OPTIMIZER)
        reason = "lbfgs finds its step length by line search"
        yield ("training", "lr_schedule"), no_effect(reason, OPTIMIZER)
    if not reads_horizon(experiment.training):
        kinds = word_list([*(kind for kinds in WITH_HORIZON.values() for kind in kinds), "patience: auto"])
        reason = f"only {kinds} depend on the horizon"
        names = (("training", key, "name") for key in WITH_HORIZON)
        causes = (*names, ("training", "early_stopping", "patience"), OPTIMIZER)
        yield ("training", "horizon"), no_effect(reason, *causes)
    if not experiment.model.hidden:
        yield ("training", "max_norm"), no_effect("there is no hidden layer", HIDDEN)


def _unread_momentum(experiment: Experiment) -> Unread:
    """Averaged weights have their own normalization statistics, which are plain means over an epoch."""
    if experiment.training.averaging is None:
        return
    sections: list[tuple[ConfigPath, object]] = [(("model",), experiment.model.normalization)]
    for index, layer in enumerate(experiment.model.hidden):
        sections.append(((*HIDDEN, index), layer.normalization))
    reason = "training.averaging uses plain means over the training rows"
    for path, normalization in sections:
        if isinstance(normalization, BatchNormalizationConfig):
            yield (*path, "normalization", "momentum"), no_effect(reason, ("training", "averaging"))


def _unread_search(experiment: Experiment) -> Unread:
    """Settings that only other methods use. No error, because the command line may choose another method."""
    search, budget = experiment.search, TOTAL[:-1]
    if search is None or (search.is_auto and "method" not in search.model_fields_set):
        return  # without a space the data choose the method, unless it is set
    scheduling, sampling = search.method.scheduling, search.method.sampling
    if scheduling.has_brackets:
        reason = f"{search.method.scheduler}'s brackets set the number of trials"
        yield ("search", "trials"), no_effect(reason, METHOD)
    if not scheduling.has_rungs:
        for key in ("min_epochs", "reduction_factor"):
            yield (*budget, key), no_effect("every trial gets all epochs", METHOD)
    if not scheduling.has_brackets:
        names = _with(SCHEDULERS, lambda record: record.has_brackets)
        yield (*budget, "brackets"), no_effect(f"only {names} has brackets", METHOD)
    if not scheduling.divides_total:
        names = _with(SCHEDULERS, lambda record: record.divides_total)
        yield TOTAL, no_effect(f"only {names} divides a total", METHOD)
    elif search.budget.total is not None:
        for key in ("min_epochs", "max_epochs"):
            yield (*budget, key), no_effect("search.budget.total is divided instead", METHOD, TOTAL)
    if not search.depends_on_order:
        reason = f"{search.method.name} decides the same whichever trial ends first"
        yield ("search", "concurrency"), no_effect(reason, METHOD)
    if not search.learns:
        yield ("search", "batch"), no_effect(f"{search.method.name} does not learn from results", METHOD)
    if not sampling.lists_grid:
        names = _with(SAMPLERS, lambda record: record.lists_grid)
        reason = f"only the {names} sampler divides domains into points"
        yield ("search", "grid_resolution"), no_effect(reason, METHOD)
    if not sampling.draws_sequence:
        names = _with(SAMPLERS, lambda record: record.draws_sequence)
        yield ("search", "sequence"), no_effect(f"only the {names} sampler uses a sequence", METHOD)


def _with(records: Mapping[str, Record], has: Callable[[Record], bool]) -> str:
    """The names of the schedulers or samplers that have a property, as the subject of a sentence."""
    return " or ".join(name for name, record in records.items() if has(record))
