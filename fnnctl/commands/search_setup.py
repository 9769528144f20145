"""From a config to all that a search needs: what is wrong with the input is found here, before any folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import fnnctl
from fnnctl.arrays import IntArray
from fnnctl.commands.preparation import Source, data_facts, load_source, parts_of, searching_problems
from fnnctl.commands.search_memory import refuse_too_large
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.trials import TrialConfigs, trial_configs
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.search import DEFAULT_TRIALS, SearchConfig
from fnnctl.data.splits.folds import divide, most_folds
from fnnctl.data.splits.parts import Split
from fnnctl.errors import ConfigError
from fnnctl.records.journal import Header
from fnnctl.records.trials import Direction
from fnnctl.search.budget import SearchBudget
from fnnctl.search.plan import SearchPlan, plan_search
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.samplers import SAMPLERS
from fnnctl.search.schedulers import build_scheduler
from fnnctl.space.space import Space


@dataclass(frozen=True, slots=True)
class Unit:
    """What a trial trains one network on: the training part, or a fold of it."""

    split: Split
    judged: IntArray
    """The rows whose metric is the objective."""
    fold: tuple[int, int] | None = None
    """Its repeat and fold."""


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search that can begin."""

    source: Source
    experiment: Experiment
    """As it was given, with what follows from the data filled in."""
    configs: TrialConfigs
    space: Space
    split: Split
    units: tuple[Unit, ...]
    budget: SearchBudget
    plan: SearchPlan
    warnings: list[str]

    @property
    def settings(self) -> SearchConfig:
        """The `search` section."""
        return _section(self.experiment)

    @property
    def direction(self) -> Direction:
        """Whether the objective should rise or fall."""
        return "minimize" if self.settings.objective.minimized else "maximize"

    def sampler(self) -> Sampler:
        """A new sampler."""
        make = SAMPLERS[self.settings.method.sampler]
        return make(self.space, self.settings, seed=self.experiment.seed, key=self.configs.key_of)

    def scheduler(self, sampler: Sampler) -> Scheduler:
        """A new scheduler, which asks this sampler."""
        return build_scheduler(self.settings.method.scheduler, sampler, self.budget, direction=self.direction)

    def header(self, versions: Mapping[str, str]) -> Header:
        """The journal's first record."""
        fixed: dict[str, Any] = active_settings(self.experiment)
        search = fixed["search"]
        budget, trials = search.pop("budget"), search.pop("trials", None)
        dataset = self.source.dataset
        objective = self.settings.objective
        return Header(
            configuration=hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest(),
            data=dataset.sha256,
            versions={"fnnctl": fnnctl.__version__, **versions},
            settings={
                "method": self.settings.method.name,
                "objective": {
                    "metric": objective.metric,
                    "on": objective.on,
                    "direction": self.direction,
                },
                "paths": [each.name for each in self.space.dimensions],
                "scales": {each.name: each.domain.scale for each in self.space.dimensions},
                "budget": budget,
                "trials": trials,
                "max_trials": self.budget.max_trials,
                "horizon": self.configs.epochs,
            },
        )


def prepare_search(
    file: Path,
    overrides: Sequence[str],
    *,
    name: str | None,
    seed: int | None,
    max_trials: int | None,
) -> PreparedSearch:
    """Load the config and its data, divide the rows, and plan; raises `InputError`."""
    return search_of(load_source(file, overrides, name=name, seed=seed), max_trials=max_trials)


def search_of(source: Source, *, max_trials: int | None, horizon: int | None = None) -> PreparedSearch:
    """Divide the rows, and plan; raises `InputError`.

    Without a `horizon`, after how many epochs schedules end, it is the largest budget.
    """
    experiment = source.loaded.experiment
    if experiment.search is None or not experiment.search.space:
        message = "there is nothing to search; write for example {training.l2: {log_uniform: [1e-6, 1e-2]}}"
        raise ConfigError(source.loaded.problem("search.space", message))
    if problems := searching_problems(source.loaded, source.dataset):
        raise ConfigError(*problems)
    split = parts_of(source)
    budget = _search_budget(experiment, max_trials)
    space = space_of(experiment.search.space)
    size = _size(space, experiment.search)
    try:
        plan = plan_search(experiment.search.method.scheduler, budget, size=size)
    except ValueError as error:
        place = "search.budget" if budget.total_epochs is None else "search.budget.total"
        raise ConfigError(source.loaded.problem(place, str(error))) from None
    if budget.total_epochs is not None:
        largest = max((bracket.rungs[-1].epochs for bracket in plan.brackets), default=1)
        budget = replace(budget, max_epochs=largest, min_epochs=min(budget.min_epochs, largest))
    configs = trial_configs(source.loaded.config, experiment, epochs=horizon or budget.max_epochs)
    refuse_too_large(source, space, configs, split.train)
    data = experiment.data.model_copy(update=data_facts(source.dataset))
    return PreparedSearch(
        source=source,
        experiment=experiment.model_copy(update={"data": data}),
        configs=configs,
        space=space,
        split=split,
        units=_units(source, split),
        budget=budget,
        plan=plan,
        warnings=list(source.dataset.warnings),
    )


def _section(experiment: Experiment) -> SearchConfig:
    return experiment.search or SearchConfig()


def _search_budget(experiment: Experiment, max_trials: int | None) -> SearchBudget:
    search = _section(experiment)
    budget, method = search.budget, search.method
    trials = search.trials
    if trials is None and not (method.scheduler == "full_budget" and method.sampler == "grid"):
        trials = DEFAULT_TRIALS
    most = budget.max_epochs or experiment.training.epochs
    return SearchBudget(
        max_epochs=most,
        min_epochs=min(budget.min_epochs, most),
        reduction_factor=budget.reduction_factor,
        trials=trials,
        max_trials=max_trials,
        total_epochs=budget.total if method.scheduler == "halving" else None,
        brackets=budget.brackets,
    )


def _size(space: Space, search: SearchConfig) -> int | None:
    """How many assignments the sampler can choose from."""
    return space.grid(search.grid_resolution).size if search.method.sampler == "grid" else space.size


def _units(source: Source, split: Split) -> tuple[Unit, ...]:
    """The training and validation parts, or the folds that these are divided into."""
    experiment, dataset = source.loaded.experiment, source.dataset
    objective = _section(experiment).objective
    if objective.on == "validation":
        if not split.validation.size:
            message = "there is no validation part to judge trials by: set data.split.validation above 0"
            raise ConfigError(source.loaded.problem("search.objective.on", message))
        return (Unit(split, split.validation),)
    known = np.sort(np.concatenate([split.train, split.validation]))
    labels, groups = dataset.labels[known], None if dataset.groups is None else dataset.groups[known]
    settings = experiment.evaluation.cross_validation
    if settings.folds > (most := most_folds(labels, groups)):
        message = f"{most:,} rows or groups outside the test part do not make {settings.folds:,} folds"
        raise ConfigError(source.loaded.problem("evaluation.cross_validation.folds", message))
    folds = divide(
        labels,
        folds=settings.folds,
        repeats=settings.repeats,
        stratify=settings.stratify,
        seed=experiment.seed,
        groups=groups,
    )
    units = []
    config = experiment.data.split
    for fold in folds.folds(
        validation=config.validation, stratify=config.stratify, seed=experiment.seed, rows=known
    ):
        parts = fold.split(dataset.labels, dataset.groups)
        units.append(Unit(parts, parts.test, (fold.repeat, fold.number)))
    return tuple(units)
