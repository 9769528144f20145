"""The first step of a search, of its plan and of its check: config, data and space are validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Final

from fnnctl.config.paths import SPACE, format_path, parse_path
from fnnctl.config.schema.domains import ChoiceConfig, DomainConfig
from fnnctl.config.schema.search import DEFAULTS
from fnnctl.data.splits.draws import draws
from fnnctl.data.splits.parts import Split
from fnnctl.errors import ConfigError
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.modelling.loading import LoadedExperiment, split_data
from fnnctl.modelling.refit import trial_experiment
from fnnctl.records.optuna_journal import Study
from fnnctl.records.trials import Trial
from fnnctl.search.earlier import best_assignments
from fnnctl.search.plan import SearchPlan, plan_within_cost
from fnnctl.search.setup import SearchSetup, set_up
from fnnctl.space.assignments import Assignment
from fnnctl.tasks.target_transforms import transform_of
from fnnctl.tasks.task import TaskData
from fnnctl.trials.fits import TrialFits
from fnnctl.trials.memory import refuse_too_large, refuse_too_large_first
from fnnctl.trials.recipe import with_search_recipe
from fnnctl.trials.schemes import trial_scheme
from fnnctl.trials.schemes.base import TrialScheme

SAMPLED: Final = 32
"""The drawn trials by whose cost the length of a search is estimated."""
TARGET_TRANSFORM: Final = "data.target_transform"


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search whose config, data and space are valid."""

    loaded: LoadedExperiment
    setup: SearchSetup
    split: Split
    fits: TrialFits
    plan: SearchPlan
    """What is expected of the setup's plan, if the cost of its trials is limited."""
    is_from_recipe: bool = False
    """Whether the config names no space, so that the recipe has completed its `search` section."""
    default: LoadedExperiment | None = None
    """What `fnnctl train` trains with the config; None if the search is not compared with it."""

    @property
    def scheme(self) -> TrialScheme:
        """Where its trials are measured, and what they become."""
        return trial_scheme(self.setup.configs.scheme)

    def draws(self, seeds: int) -> TrialFits:
        """The trials' fits on other training and validation rows, with one fit per seed."""
        config, seed = self.setup.experiment.data.split, self.setup.experiment.split_seed
        rows = draws(self.split, seeds, stratify=config.stratify, seed=seed, in_order=config.by is not None)
        return TrialFits(self.loaded.data, self.setup.configs, rows)

    def default_fit(self) -> Fit | None:
        """The fit of `default`; raises `InputError` if it cannot be trained."""
        return self.default.fit(self.default.split()) if self.default else None

    def base_fit(self) -> Fit:
        """The fit of the config itself, used as an example of the trials' fits."""
        experiment = trial_experiment(self.loaded.experiment)
        rows = self.split if self.scheme.facts.has_folds else self.fits.rows[0]
        with self.loaded.config.add_locations():
            return Fit.of(self.loaded.data, experiment, rows)


def prepare_search(
    loaded: LoadedExperiment,
    *,
    max_trials: int | None,
    horizon: int | None = None,
    most_jobs: int | None = None,
    runs_dir: Path = Path("runs"),
    study: Study | None = None,
    default: LoadedExperiment | None = None,
) -> PreparedSearch:
    """Split the rows, plan, and check that every network fits into memory, also when it is refitted.

    Raises `InputError`. If the search starts from a run, the run is looked up in `runs_dir`; the
    trials of a `study` that fit are tried next. `horizon` and `most_jobs` are those with which the search
    began, if it is resumed: see `SearchSetup`. It is then compared with the `default` with which it began:
    its own config has the values of the recipe that suit trials.
    """
    default = default or loaded
    recipe = with_search_recipe(loaded, max_trials=max_trials)
    loaded = _without_other_run(recipe.loaded, runs_dir)
    _refuse_unsound(loaded)
    data = loaded.data
    experiment = with_data_facts(loaded.experiment, data)
    with loaded.config.add_locations():
        setup = set_up(
            loaded.resolved.with_experiment(experiment),
            data.task,
            max_trials=max_trials,
            horizon=horizon,
            study=study,
        )
        split = split_data(data, trial_experiment(loaded.experiment))
        _refuse_missing_logarithms(data, setup.settings.domains, split)
        one_fit_each = TrialFits(data, setup.configs, (split,))
        refuse_too_large(one_fit_each, setup.space, experiment.model.ensemble)
        refuse_too_large_first(one_fit_each, setup.first, experiment.model.ensemble)
        rows = trial_scheme(setup.configs.scheme).rows(data, loaded.experiment, split)
        fits = TrialFits(data, setup.configs, rows)
    setup = replace(setup, notes=(*recipe.notes_about(setup), *setup.notes), most_jobs=most_jobs)
    return PreparedSearch(
        loaded,
        setup,
        split,
        fits,
        _expected_plan(setup, fits),
        recipe.is_used,
        default if setup.settings.compare_with_default and split.test.size else None,
    )


def _expected_plan(setup: SearchSetup, fits: TrialFits) -> SearchPlan:
    """The plan as far as its cost allows, by the cost and the epochs of the first trials."""
    if setup.budget.cost is None and not setup.configs.own_epochs:
        return setup.plan
    sampled = islice(asked_first(setup), len(setup.first) + SAMPLED)
    trials = [keys for assignment in sampled if (keys := fits.valid_stack_keys(assignment))]
    if not trials:
        return setup.plan

    def total(values: Sequence[int], count: int) -> float:
        """The sum over `count` trials; later ones are like those that were proposed."""
        proposed = values[len(setup.first) :] or values
        return sum(values[:count]) + max(0, count - len(values)) * sum(proposed) / len(proposed)

    costs, epochs = [keys.total_cost for keys in trials], [keys.epochs for keys in trials]

    def epoch_cost(count: int) -> float:
        return total(costs, count) / total(epochs, count)

    plan = setup.plan
    if setup.configs.own_epochs:
        plan = replace(plan, own_epochs=tuple(epochs), bound="about")
    method = setup.settings.method.scheduler
    return plan_within_cost(method, setup.budget, plan, epoch_cost=epoch_cost, size=setup.size)


def asked_first(setup: SearchSetup) -> Iterator[Assignment]:
    """The first assignments of the search; a sampler that learns does not know their results.

    Only one that waits for them is told: that earlier trials are better.
    """
    sampler, waits_for_results = setup.sampler(), setup.settings.method.sampling.tries_samples
    for number in count():
        assignments = sampler.ask(1, ())
        yield from assignments
        if not assignments:
            return
        if waits_for_results:
            sampler.tell(Trial(number, assignments[0]), float(number), setup.budget.max_epochs)


def _refuse_missing_logarithms(data: TaskData, space: Mapping[str, DomainConfig], split: Split) -> None:
    """Raise `ConfigError` if some trials would take logarithms of negative targets.

    The winner is refitted on the rows of the validation part, too.
    """
    domain = space.get(TARGET_TRANSFORM)
    if isinstance(domain, ChoiceConfig) and "log" in domain.choice:
        try:
            transform_of("log", data.targets[split.non_test])
        except ConfigError as error:
            path = format_path((*SPACE, TARGET_TRANSFORM))
            raise ConfigError(*(replace(problem, path=path) for problem in error.problems)) from None


def _without_other_run(loaded: LoadedExperiment, runs_dir: Path) -> LoadedExperiment:
    """The experiment with the other search's best trials in place of its run's name in `start_from`."""
    search = loaded.experiment.search
    if search is None or not isinstance(search.start_from, str) or search.start_from == DEFAULTS:
        return loaded
    settings = {format_path(parse_path(key)) for key in search.domains}
    with loaded.config.add_locations():
        first = best_assignments(search.start_from, runs_dir, settings)
    search = search.model_copy(update={"start_from": tuple(first)})
    experiment = loaded.experiment.model_copy(update={"search": search})
    return replace(loaded, resolved=loaded.resolved.with_experiment(experiment))


def _refuse_unsound(loaded: LoadedExperiment) -> None:
    """Raise `ConfigError` if the config's search section is wrong."""
    if problems := loaded.search_problems():
        raise ConfigError(*problems)
