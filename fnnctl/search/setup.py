"""Sets up the search of an experiment: its space and the number of its configurations, its plan, sampler and
scheduler.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, Final

from fnnctl.config.paths import parse_path
from fnnctl.config.provenance import Resolved
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.rules.budgets import largest_budget
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.start_from import first_assignments
from fnnctl.config.rules.trials import TrialConfigs, trial_configs
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.methods import AUTO, SamplerName
from fnnctl.config.schema.search import DEFAULT_TRIALS, DEFAULTS, MAX_TRIALS, SearchConfig
from fnnctl.errors import ConfigError, Problem
from fnnctl.records.confirmation import CONFIRM
from fnnctl.records.journal import SAMPLER, Header
from fnnctl.records.optuna_journal import Study
from fnnctl.records.record_values import MEMBERS, RUNGS
from fnnctl.records.trials import Direction, Trial
from fnnctl.search.budget import SearchBudget, least
from fnnctl.search.optuna_trials import trials_to_try
from fnnctl.search.plan import SearchPlan, plan_search
from fnnctl.search.protocols import UNLIMITED, Sampler, Scheduler
from fnnctl.search.samplers import make_sampler
from fnnctl.search.samplers.auto import chosen_sampler, gp_problem
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.search.samplers.sample_first import repeated_trials
from fnnctl.search.samplers.sequences import MAX_REJECTED, pseudo_random, shuffled
from fnnctl.search.samplers.start_from import StartFrom
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.schedulers.curve_stopping import REASONS, CurveStopping
from fnnctl.search.schedulers.stop_when import StopWhen
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.tasks.epoch_metrics import VALIDATION_LOSS
from fnnctl.tasks.task import Task
from fnnctl.version import __version__

MIN_ALLOWED: Final = 10
"""Of `MAX_REJECTED` random configurations, at least this many must fulfil the constraints."""


def size_for_search(
    space: Space, search: SearchConfig, budget: SearchBudget, first: Sequence[Assignment], *, seed: int
) -> int | None:
    """How many configurations there are to try; None if they are infinitely or uncountably many.

    They are those that the sampler can propose, and the others of `first`.

    Raises `ConfigError` if no configuration fulfils the constraints or hardly any does, or if nothing bounds
    a grid whose allowed combinations are too many to be counted.
    """
    if search.method.sampling.tries_samples:
        return len(first) + repeated_trials(first)
    grid = space.grid(search.grid_resolution) if search.method.sampling.lists_grid else None
    if grid is None:
        size = space.size
        point = pseudo_random(len(space.dimensions), seed=seed)
        candidates = (space.assignment(point(number)) for number in count())
    else:
        size = grid.size if grid.exact else None
        candidates = (grid.at(number) for number in shuffled(grid.size, seed=seed))
    if space.constraints:
        _refuse_rare(space, search, budget, candidates, size)
    if size is None:
        return None
    points = space.everything() if grid is None else grid
    return size + sum(assignment not in points for assignment in first)


def _refuse_rare(
    space: Space,
    search: SearchConfig,
    budget: SearchBudget,
    candidates: Iterable[Assignment],
    size: int | None,
) -> None:
    """Raise `ConfigError` if too few candidates fulfil the constraints, or if a grid cannot be counted."""
    if size == 0:
        raise _wrong("no configuration of the space fulfils it")
    if size is None:
        tried = islice(candidates, MAX_REJECTED)
        count = sum(1 for _ in islice(filter(space.allows, tried), MIN_ALLOWED))
        if count < MIN_ALLOWED:
            some = f"only {count} of {MAX_REJECTED:,} random configurations fulfil it"
            some = some if count else f"none of {MAX_REJECTED:,} random configurations fulfils it"
            raise _wrong(f"{some}; narrow the domains in search.space, so that more of them do")
        if _may_be_unbounded(search) and least(budget.trials, budget.max_trials) is None:
            advice = "set search.trials, or use method: random"
            raise _wrong(f"the grid has too many combinations to count those that fulfil it; {advice}")


def _may_be_unbounded(search: SearchConfig) -> bool:
    """Whether the number of trials may be that of all configurations: in a grid that has one budget."""
    return search.method.sampling.lists_grid and not search.method.scheduling.has_rungs


def _wrong(message: str) -> ConfigError:
    return ConfigError(Problem(message, path="search.require"))


@dataclass(frozen=True, slots=True)
class SearchSetup:
    """A search that is ready to start."""

    experiment: Experiment
    """The given experiment, completed with settings that depend on the data."""
    configs: TrialConfigs
    space: Space
    budget: SearchBudget
    plan: SearchPlan
    first: tuple[Assignment, ...] = ()
    """The trials that `search.start_from` gives, complete."""
    size: int | None = None
    """How many configurations there are to try; None if they are infinitely or uncountably many."""
    notes: tuple[str, ...] = ()
    """What is said about how trials are measured, and about the first ones."""
    most_jobs: int | None = None
    """The most jobs that a time limit allows to be under way together; None if it allows all."""

    @property
    def settings(self) -> SearchConfig:
        """The `search` section."""
        return self.experiment.search or SearchConfig()

    @property
    def direction(self) -> Direction:
        """Whether the objective is maximized or minimized."""
        return "minimize" if self.settings.objective.minimized else "maximize"

    @property
    def concurrency(self) -> int:
        """How many jobs are under way at once, in virtual time."""
        if not self.settings.depends_on_order:
            return UNLIMITED
        return min(self.settings.concurrency, self.most_jobs or UNLIMITED)

    @property
    def batch(self) -> int:
        """How many configurations a sampler that learns proposes together: fewer in fewer slots."""
        if self.concurrency >= self.settings.concurrency:
            return self.settings.batch
        return max(1, self.settings.batch * self.concurrency // self.settings.concurrency)

    @property
    def too_few(self) -> int | None:
        """The number of configurations there are to try; None unless they are too few for the trials."""
        if self.size is None or self.settings.method.sampling.tries_samples:
            return None
        try:
            plan = plan_search(self.settings.method.scheduler, self.budget)
        except ValueError:  # a grid without a bound has all that there are
            return None
        return self.size if plan.trials > self.plan.trials else None

    @property
    def auto_sampler(self) -> SamplerName | None:
        """The sampler that `auto` chooses; None if the method names its sampler."""
        auto = self.settings.method.sampler == AUTO
        return chosen_sampler(self.space, self.settings) if auto else None

    def sampler(self, begun: Sequence[Assignment] = ()) -> Sampler:
        """A new sampler; `begun` are the first trials of a search that it extends, in order."""
        sampler = make_sampler(
            self.settings.method.sampler,
            self.space,
            self.settings,
            seed=self.experiment.seed,
            key=self.configs.key_of,
        )
        if isinstance(sampler, LearningSampler):
            sampler.proposed_before(begun[len(self.first) :])
        first = (*begun, *self.first) if self.settings.learns else self.first
        return StartFrom(sampler, first, self.configs.key_of) if first else sampler

    def scheduler(self, sampler: Sampler) -> Scheduler:
        """A new scheduler, which uses this sampler."""
        scheduler = build_scheduler(
            self.settings.method.scheduler,
            sampler,
            self.budget,
            direction=self.direction,
            batch=self.batch,
        )
        max_epochs = self.budget.max_epochs
        if rule := self.settings.stop_when:
            most = rule.no_improvement
            scheduler = StopWhen(scheduler, self.direction, no_improvement=most, max_epochs=max_epochs)
        if self.settings.curve_stopping != "none":  # around the other, so that jobs under way are completed
            scheduler = CurveStopping(
                scheduler,
                REASONS[self.settings.curve_stopping],
                max_epochs=max_epochs,
                direction=self.direction,
                curve=self._judged_curve,
            )
        return scheduler

    @property
    def _judged_curve(self) -> str | None:
        """The recorded curve by which trials are judged; None if it is not of the objective in all trials.

        The mean of a curve and that of the objectives after its parts cannot be compared.
        """
        if not self.settings.objective.scheme.has_objective_curve:
            return None  # an ensemble on bags, for example, is calibrated before it is measured
        column = f"validation_{self.settings.objective.metric}"
        searched = (parse_path(dimension.name)[:2] for dimension in self.space.dimensions)
        is_missing = column == VALIDATION_LOSS and ("training", "class_weights") in searched
        return None if is_missing else column

    def default_trial(self, trials: Mapping[int, Trial]) -> int | None:
        """The number of the trial with the default settings; None if none of these trials has them.

        The trial may spell them otherwise than the config: `[8]` is `[{units: 8}]`.
        """
        search = self.settings.model_copy(update={"start_from": DEFAULTS})
        try:
            (defaults,) = first_assignments(self.configs, search)
        except ConfigError:  # the space cannot express them
            return None
        key = self.configs.key_of(defaults)
        equal = (number for number, trial in trials.items() if self.configs.key_of(trial.assignment) == key)
        return next(equal, None)

    def header(self, data_sha256: str, versions: Mapping[str, str]) -> Header:
        """The journal's first record; `versions` are those of the computing libraries."""
        fixed: dict[str, Any] = active_settings(self.experiment, self.configs)
        del fixed["complete"]  # it is true when the search is resumed
        search = fixed["search"]
        budget, trials = search.pop("budget"), search.pop("trials", None)
        search.pop("compare_with_default")  # it changes no trial, and journals of before 0.7 lack it
        objective, networks = self.settings.objective, self.experiment.model.ensemble.networks
        rungs = {
            str(bracket.number): [rung.epochs for rung in bracket.rungs] for bracket in self.plan.brackets
        }
        return Header(
            configuration=hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest(),
            data=data_sha256,
            versions={"fnnctl": __version__, **versions},
            settings={
                "method": self.settings.method.name,
                **({SAMPLER: self.auto_sampler} if self.auto_sampler else {}),
                "objective": {
                    "metric": objective.metric,
                    "on": objective.on,
                    "direction": self.direction,
                },
                "paths": [dimension.name for dimension in self.space.dimensions],
                "scales": {dimension.name: dimension.domain.scale for dimension in self.space.dimensions},
                "budget": budget,
                "trials": trials,
                "max_trials": self.budget.max_trials,
                "concurrency": self.concurrency if self.settings.depends_on_order else None,
                **({"batch": self.batch} if self.settings.learns else {}),
                "curve_stopping": self.settings.curve_stopping,
                **({CONFIRM: confirm.model_dump()} if (confirm := self.settings.confirm) else {}),
                **({} if self.settings.curve_stopping == "none" else {RUNGS: rungs}),
                "horizon": self.configs.horizon,
                **({} if networks == 1 else {MEMBERS: networks}),
            },
        )


def set_up(
    resolved: Resolved,
    task: Task,
    *,
    max_trials: int | None,
    horizon: int | None = None,
    study: Study | None = None,
) -> SearchSetup:
    """Plan the search of a valid config, whose experiment is completed with facts of the data.

    In the setup's experiment `search.start_from` lists all values, so that a search of it does not depend on
    another run or on the `study` whose trials come next. `horizon` is the one with which the search began, if
    it is resumed. Raises `ConfigError`, or `UsageError` if no trial of the study fits.
    """
    experiment = resolved.experiment
    search = experiment.search or SearchConfig()
    budget = _budget(experiment, search, max_trials)
    space = space_of(search.domains, search.requirements)
    if search.method.sampling.needs_numbers and (problem := gp_problem(space)):
        raise ConfigError(Problem(problem, path="search.method.sampler"))
    first: tuple[Assignment, ...] = ()
    notes: tuple[str, ...] = ()
    if search.start_from is not None or search.learns or study:
        configs = trial_configs(resolved, epochs=budget.max_epochs, check=task.check)
        first = _first_trials(configs, search, space)
        if study:
            imported = trials_to_try(study, configs, search, space)
            first, notes = _distinct((*first, *imported.assignments), configs), (imported.note,)
        written = first or (() if search.learns else None)  # null would stand for the default settings
        search = search.model_copy(update={"start_from": written})
        experiment = experiment.model_copy(update={"search": search})
    size = size_for_search(space, search, budget, first, seed=experiment.seed)
    try:
        plan = plan_search(search.method.scheduler, budget, size=size)
    except ValueError as error:
        path = "search.budget" if budget.total_epochs is None else "search.budget.total"
        raise ConfigError(Problem(str(error), path=path)) from None
    if budget.total_epochs is not None:
        largest = max((bracket.rungs[-1].epochs for bracket in plan.brackets), default=1)
        budget = replace(budget, max_epochs=largest, min_epochs=min(budget.min_epochs, largest))
    configs = trial_configs(resolved, epochs=budget.max_epochs, horizon=horizon, check=task.check)
    return SearchSetup(experiment, configs, space, budget, plan, first, size, notes)


def _first_trials(configs: TrialConfigs, search: SearchConfig, space: Space) -> tuple[Assignment, ...]:
    """The trials that `search.start_from` gives; without it, the default settings for a sampler that learns.

    The space may be unable to express those, as one with equal widths cannot express [64, 32], or they may
    violate the constraints: then there is no such trial, unless `start_from` asks for it. Raises
    `ConfigError`.
    """
    if search.start_from is not None:
        return first_assignments(configs, search)
    if not search.learns:
        return ()
    try:
        defaults = first_assignments(configs, search.model_copy(update={"start_from": DEFAULTS}))
    except ConfigError:
        return ()
    return tuple(filter(space.allows, defaults))


def _distinct(assignments: Iterable[Assignment], configs: TrialConfigs) -> tuple[Assignment, ...]:
    """The first of equal configurations, in order."""
    by_key: dict[Hashable, Assignment] = {}
    for assignment in assignments:
        by_key.setdefault(configs.key_of(assignment), assignment)
    return tuple(by_key.values())


def _default_trials(search: SearchConfig) -> int | None:
    """The bound on the number of trials if `search.trials` is null; None if there is none."""
    if _may_be_unbounded(search) or search.method.sampling.tries_samples:
        return None
    return MAX_TRIALS if search.is_bounded_by_cost else DEFAULT_TRIALS


def _budget(experiment: Experiment, search: SearchConfig, max_trials: int | None) -> SearchBudget:
    config = search.budget
    most = largest_budget(experiment, search)
    return SearchBudget(
        max_epochs=most,
        min_epochs=min(config.min_epochs, most),
        reduction_factor=config.reduction_factor,
        trials=search.trials or _default_trials(search),
        max_trials=max_trials,
        total_epochs=config.total if search.method.scheduling.divides_total else None,
        brackets=config.brackets,
        cost=config.cost,
    )
