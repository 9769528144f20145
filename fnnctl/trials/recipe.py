"""Makes the `search` section of a config that names no space: from here on it is a search like any other.

Whatever the recipe chooses is written as settings, so that a resumed search, its plan and its report depend
on the section alone, and not on the version of the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fnnctl.config.paths import OBJECTIVE_ON, SPACE, VALIDATION, format_path, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.recipes.portfolio import EPOCHS
from fnnctl.config.recipes.resolving import ConfigChecker, experiment_before_data
from fnnctl.config.recipes.search import (
    SAMPLE_ROWS,
    SearchRecipeFacts,
    recipe_cost,
    recipe_rungs,
    recipe_section,
    recipe_space,
    recipe_trials,
    why_no_sample,
)
from fnnctl.config.recipes.written import gives, outside_search, settings_in
from fnnctl.config.rules.dimensions import dimensions_of
from fnnctl.config.rules.plain_config import METHOD, value_at
from fnnctl.config.rules.space_check import REQUIRE
from fnnctl.config.rules.start_from import START_FROM
from fnnctl.config.rules.trials import trial_configs
from fnnctl.config.schema.methods import SAMPLERS
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.validation_schemes import (
    ON_BAGS,
    ON_VALIDATION,
    VALIDATION_SCHEMES,
    SchemeName,
    ValidationScheme,
)
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.loading import LoadedExperiment, completed_by_recipe, split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.modelling.refit import trial_experiment
from fnnctl.search.budget import least
from fnnctl.search.samplers.sample_first import is_on_sample, repeated_trials
from fnnctl.search.setup import SearchSetup
from fnnctl.space.constraints import constraints_of
from fnnctl.space.expression_parser import ExpressionError
from fnnctl.text import counted
from fnnctl.trials.fits import TrialFits
from fnnctl.trials.schemes import trial_scheme

SEARCH: Final = "search"


@dataclass(frozen=True, slots=True)
class SearchRecipe:
    """An experiment whose `search` section is complete, and what is said about it."""

    loaded: LoadedExperiment
    notes: tuple[str, ...] = ()
    is_used: bool = False
    """Whether the config names no space."""

    def notes_about(self, setup: SearchSetup) -> tuple[str, ...]:
        """The notes, after a line that says what the search tries if the config names no space."""
        if not self.is_used or setup.settings.method.sampling.tries_samples:  # has a note of its own
            return self.notes
        limit, first = least(setup.budget.trials, setup.budget.max_trials), len(setup.first)
        count = first if limit is None else min(first, limit)
        tried = []
        if "start_from" in (self.loaded.original.get(SEARCH) or {}):
            tried += [f"{counted(count, 'configuration')} of search.start_from"] if count else []
        else:
            experiment = setup.experiment
            is_one_of_several = (
                experiment.model.ensemble.members > 1 and not setup.settings.objective.scheme.trains_ensembles
            )
            tried.append(f"the default settings{' with one network' if is_one_of_several else ''}")
            tried += [f"{counted(count - 1, 'configuration')} good on other tables"] if count > 1 else []
        if limit is None or limit > first:
            sampler = setup.auto_sampler or setup.settings.method.sampler
            tried.append(f"then {SAMPLERS[sampler].proposals} around the recipe's values")
        return f"no search.space: {', '.join(tried)}", *self.notes


def with_search_recipe(loaded: LoadedExperiment, *, max_trials: int | None = None) -> SearchRecipe:
    """The experiment with the recipe's values in its `search` section; unchanged if it names a space.

    What the section sets stays. `max_trials` limits the trials of this command alone. Raises `ConfigError` if
    nothing can be searched.
    """
    search = loaded.experiment.search
    if search is not None and not search.is_auto:
        return SearchRecipe(loaded)
    original = loaded.original
    written = {key: value for key, value in (original.get(SEARCH) or {}).items() if key != SPACE[1]}
    scheme, notes = _where_measured(loaded, value_at(original, OBJECTIVE_ON))
    if not scheme.trains_ensembles:
        loaded = _for_single_networks(loaded, original, written, scheme.name)
    sets = [] if loaded.experiment.complete else list(settings_in(outside_search(original)))
    recipe = recipe_facts(loaded.data, loaded.experiment)
    rows = round(recipe.rows * (1 - loaded.experiment.data.test_share))
    why_not = why_no_sample(rows, sets, written, max_trials=max_trials)
    if why_not and search is not None and search.method.sampling.tries_samples:
        raise _no_sample(loaded, search.method.sampler, why_not)
    facts = SearchRecipeFacts(
        recipe=recipe,
        default=loaded.experiment,
        set_paths=sets,
        scheme=scheme,
        max_epochs=value_at(written, ("budget", "max_epochs")),
        tries_sample=why_not is None,
    )
    _refuse_constraints_on_fixed(loaded, facts)
    section = _merged(recipe_section(facts, recipe_space(facts)), written)
    loaded = _without_impossible(loaded, section, written)
    notes = (*notes, *_fixed_epochs_notes(facts, section["space"]))
    if facts.tries_sample:
        return SearchRecipe(loaded, (*notes, _sample_note(loaded, rows)), is_used=True)
    return SearchRecipe(_with_budget(loaded, facts, written), notes, is_used=True)


def _fixed_epochs_notes(facts: SearchRecipeFacts, space: Mapping[str, Any]) -> tuple[str, ...]:
    """Says that all trials have the most epochs of a trial, if there is no room for a search of them."""
    is_set = gives(list(facts.set_paths), parse_path(EPOCHS))
    if not facts.scheme.trains_ensembles or facts.max_epochs is None or EPOCHS in space or is_set:
        return ()
    default = facts.default.training.epochs
    return (
        f"{EPOCHS} is not searched: all trials have the {facts.max_epochs:,} epochs of "
        f"search.budget.max_epochs, and `fnnctl train` has {default:,}",
    )


def _sample_note(loaded: LoadedExperiment, rows: int) -> str:
    """Says how many configurations are tried on a sample of the `rows`, and how many on all."""
    first = loaded.resolved.provenance.config[SEARCH]["start_from"]
    configurations = counted(sum(map(is_on_sample, first)), "configuration")
    return (
        f"no search.space, and very many rows: {configurations} are tried on {SAMPLE_ROWS:,} of the "
        f"{rows:,} rows first, and the best {repeated_trials(first):,} on all of them, beside the default "
        "settings"
    )


def _where_measured(
    loaded: LoadedExperiment, on: SchemeName | None
) -> tuple[ValidationScheme, tuple[str, ...]]:
    """Where trials are measured, by the config or by what is possible, and a note if that is not on bags."""
    if on is not None:
        return VALIDATION_SCHEMES[on], ()
    ensemble = loaded.experiment.model.ensemble
    if ensemble.bags and not ensemble.share_weights:
        return VALIDATION_SCHEMES[ON_BAGS], ()
    if ensemble.share_weights:
        reason = "the members of model.ensemble share weights"
    elif why := loaded.why_no_bags():
        reason = why.clause
        if why.path == format_path(VALIDATION):
            reason = f"{why.path} is set; remove it, and trials are ensembles"
    else:
        reason = "model.ensemble has none"
    return VALIDATION_SCHEMES[ON_VALIDATION], (
        f"each trial is one network, measured on the validation part, and not an ensemble on bags: {reason}",
    )


def _for_single_networks(
    loaded: LoadedExperiment, original: Mapping[str, Any], written: Mapping[str, Any], on: str
) -> LoadedExperiment:
    """The experiment with the recipe's values for trials that are single networks and train equally long."""
    config = {**original, SEARCH: _merged({"objective": {"on": on}}, written)}
    experiment = experiment_before_data(config)
    experiment = experiment.model_copy(update={"name": loaded.experiment.name})
    return completed_by_recipe(replace(loaded.config, config=config, experiment=experiment), loaded.data)


def _without_impossible(
    loaded: LoadedExperiment, section: dict[str, Any], written: Mapping[str, Any]
) -> LoadedExperiment:
    """The experiment with this section, less those of the recipe's domains and first trials that the rules or
    the data refuse.

    What is wrong with what is `written` is the user's to mend, and is said when the search begins.
    """
    checker, has_own_first = _checker(loaded), "start_from" in written
    refused: Problems = {}
    while True:
        if not section["space"]:
            raise _nothing_to_search(loaded, refused)
        config = {**loaded.resolved.provenance.config, SEARCH: section}
        problems = checker.problems(config)
        domains = {path[2] for path in problems if path[:2] == SPACE and path[2:]}
        first = {path[2] for path in problems if path[:2] == START_FROM and path[2:] and not has_own_first}
        if not (domains or first):
            return _with_section(loaded, section)
        refused |= problems
        space = {path: domain for path, domain in section["space"].items() if path not in domains}
        section = {**section, "space": space}
        if not has_own_first:
            section["start_from"] = [
                {path: value for path, value in entry.items() if path not in domains}
                for index, entry in enumerate(section["start_from"])
                if index not in first
            ]


def _with_budget(
    loaded: LoadedExperiment, facts: SearchRecipeFacts, written: Mapping[str, Any]
) -> LoadedExperiment:
    """The experiment whose search ends after a cost, unless its section says when it ends."""
    section = loaded.resolved.provenance.config[SEARCH]
    recipe: dict[str, Any] = {"budget": {}}
    if "method" not in written:
        recipe["budget"] = recipe_rungs(facts, section)
    limits = value_at(written, ("budget",)) or {}
    if written.get("trials") is None and not {"cost", "total"} & limits.keys():
        recipe["trials"] = recipe_trials(facts.recipe.rows)
        if cost := _default_cost(loaded):
            recipe["budget"]["cost"] = recipe_cost(facts.recipe.rows, cost)
    return _with_section(loaded, _merged(recipe, section))


def _default_cost(loaded: LoadedExperiment) -> int:
    """The cost of the trial that has the config's values; 0 if it cannot be trained."""
    data, experiment = loaded.data, loaded.experiment
    configs = trial_configs(loaded.resolved, epochs=experiment.training.epochs, check=data.task.check)
    with loaded.config.add_locations():
        split = split_data(data, trial_experiment(experiment))
        rows = trial_scheme(configs.scheme).rows(data, experiment, split)
    keys = TrialFits(data, configs, rows).valid_stack_keys({})
    return keys.total_cost if keys else 0


def _with_section(loaded: LoadedExperiment, section: Mapping[str, Any]) -> LoadedExperiment:
    """The experiment with this `search` section; raises `ConfigError` if it is not valid."""
    provenance = loaded.resolved.provenance
    provenance = replace(provenance, config={**provenance.config, SEARCH: section})
    with loaded.config.add_locations():
        experiment = _checker(loaded).experiment(provenance.config)
    return replace(loaded, resolved=replace(loaded.resolved, experiment=experiment, provenance=provenance))


def _checker(loaded: LoadedExperiment) -> ConfigChecker:
    return ConfigChecker(loaded.experiment.name, loaded.data.task.check)


def _merged(recipe: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's values, replaced by what is written; of some sections, setting by setting."""
    result = {**recipe, **written}
    for name in ("objective", "budget"):
        if isinstance(written.get(name, {}), Mapping):
            result[name] = {**recipe.get(name, {}), **written.get(name, {})}
    return result


def _refuse_constraints_on_fixed(loaded: LoadedExperiment, facts: SearchRecipeFacts) -> None:
    """Raise `ConfigError` if a constraint is about a setting that is not searched because the config sets it.

    Constraints that are wrong in any case are refused when the search begins.
    """
    search = loaded.experiment.search
    domains = SearchConfig.model_validate({"space": recipe_space(replace(facts, set_paths=()))}).domains
    dimensions = dimensions_of(domains)
    for index, text in enumerate(search.requirements if search else ()):
        try:
            names = {name for constraint in constraints_of(text, dimensions) for name in constraint.names}
        except ExpressionError:
            continue
        settings = {dimension.setting for dimension in dimensions if dimension.name in names}
        for setting in sorted(settings):
            if gives(list(facts.set_paths), parse_path(setting)):
                message = f"{setting} is not searched, because the config sets it"
                advice = "leave it out of the config, or of search.require"
                is_one = search is not None and isinstance(search.require, str)
                path = format_path(REQUIRE if is_one else (*REQUIRE, index))
                raise ConfigError(loaded.config.locations.locate(Problem(f"{message}; {advice}", path=path)))


def _no_sample(loaded: LoadedExperiment, sampler: str, reason: str) -> ConfigError:
    message = f"{sampler} cannot be used without a space, because {reason}; write another method, or a space"
    return ConfigError(loaded.config.locations.locate(Problem(message, path=format_path(METHOD))))


def _nothing_to_search(loaded: LoadedExperiment, refused: Problems) -> ConfigError:
    text = "there is nothing to search: the config sets all that the recipe would vary"
    if refused:
        path, reason = next(iter(refused.items()))
        text = f"there is nothing to search, e.g. {path[2]} {reason.message}"
    advice = "leave some of them out, or write a space: {training.l2: {log_uniform: [1e-6, 1e-2]}}"
    problem = Problem(text, path=format_path(SPACE), advice=advice)
    return ConfigError(loaded.config.locations.locate(problem))
