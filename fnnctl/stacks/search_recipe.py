"""Makes the `search` section of a config that names no space: from here on it is a search like any other.

Whatever the recipe chooses is written as settings, so that a resumed search, its plan and its report depend
on the section alone, and not on the version of the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fnnctl.config.paths import SPACE, ConfigPath, Messages, format_path
from fnnctl.config.recipes.adaptation import outside_search, settings_in
from fnnctl.config.recipes.before_data import experiment_before_data
from fnnctl.config.recipes.filling import ConfigChecker
from fnnctl.config.recipes.search import (
    BAGS,
    SAMPLE_FIRST,
    SAMPLE_ROWS,
    VALIDATION,
    SearchFacts,
    needs_sample,
    recipe_cost,
    recipe_rungs,
    recipe_section,
    recipe_space,
    recipe_trials,
)
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.rules.start_from import START_FROM
from fnnctl.config.rules.trials import trial_configs
from fnnctl.config.rules.unread import test_share
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.loading import LoadedExperiment, completed_by_recipe, split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.modelling.refit import as_trial
from fnnctl.search.samplers.sample_first import is_on_sample, repeated_trials
from fnnctl.stacks.trial_fits import TrialFits, trial_rows
from fnnctl.text import counted

SEARCH: Final = "search"
ON: Final[ConfigPath] = (SEARCH, "objective", "on")


@dataclass(frozen=True, slots=True)
class SearchRecipe:
    """An experiment whose `search` section is complete, and what is said about it."""

    loaded: LoadedExperiment
    notes: tuple[str, ...] = ()
    is_used: bool = False
    """Whether the config names no space."""


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
    on, notes = _where_measured(loaded, value_at(original, ON))
    if on != BAGS:
        loaded = _for_single_networks(loaded, original, written, on)
    sets = [] if loaded.experiment.complete else list(settings_in(outside_search(original)))
    recipe = recipe_facts(loaded.data, loaded.experiment)
    rows = round(recipe.rows * (1 - test_share(loaded.experiment.data)))
    facts = SearchFacts(
        recipe=recipe,
        default=loaded.experiment,
        set_paths=sets,
        on=on,
        tries_sample=needs_sample(rows, sets, written, max_trials=max_trials),
    )
    section = _merged(recipe_section(facts, recipe_space(facts)), written)
    loaded = _without_impossible(loaded, section, written)
    if facts.tries_sample and loaded.config.config[SEARCH]["method"] == SAMPLE_FIRST:
        return SearchRecipe(loaded, (*notes, _sample_note(loaded, rows)), is_used=True)
    return SearchRecipe(_with_budget(loaded, facts, written), notes, is_used=True)


def _sample_note(loaded: LoadedExperiment, rows: int) -> str:
    """Says how many configurations are tried on a sample of so many rows, and how many on all."""
    first = loaded.config.config[SEARCH]["start_from"]
    configurations = counted(sum(map(is_on_sample, first)), "configuration")
    return (
        f"very many rows: {configurations} are tried on {SAMPLE_ROWS:,} of the {rows:,} rows first, "
        f"and the best {repeated_trials(first):,} on all of them, beside the default settings"
    )


def _where_measured(loaded: LoadedExperiment, on: str | None) -> tuple[str, tuple[str, ...]]:
    """Where trials are measured, by the config or by what is possible, and a note if that is not on bags."""
    if on is not None:
        return on, ()
    ensemble = loaded.experiment.model.ensemble
    if ensemble.bags and not ensemble.share_weights:
        return BAGS, ()
    if ensemble.share_weights:
        reason = "the members of model.ensemble share weights"
    elif why := loaded.why_no_bags():
        reason = why.partition("; ")[0]
    else:
        reason = "model.ensemble has none"
    return VALIDATION, (
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
    refused: Messages = {}
    while True:
        if not section["space"]:
            raise _nothing_to_search(loaded, refused)
        config = {**loaded.config.config, SEARCH: section}
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
    loaded: LoadedExperiment, facts: SearchFacts, written: Mapping[str, Any]
) -> LoadedExperiment:
    """The experiment whose search ends after a cost, unless its section says when it ends."""
    section = loaded.config.config[SEARCH]
    chosen: dict[str, Any] = {"budget": {}}
    if "method" not in written:
        chosen["budget"] = recipe_rungs(facts, section)
    limits = value_at(written, ("budget",)) or {}
    if written.get("trials") is None and not {"cost", "total"} & limits.keys():
        chosen["trials"] = recipe_trials(facts.recipe.rows)
        if cost := _default_cost(loaded):
            chosen["budget"]["cost"] = recipe_cost(facts.recipe.rows, cost)
    return _with_section(loaded, _merged(chosen, section))


def _default_cost(loaded: LoadedExperiment) -> int:
    """The cost of the trial that has the config's values; 0 if it cannot be trained."""
    data, experiment = loaded.data, loaded.experiment
    configs = trial_configs(
        loaded.config.config, experiment, epochs=experiment.training.epochs, check=data.task.check
    )
    with loaded.config.add_locations():
        rows = trial_rows(data, experiment, split_data(data, as_trial(experiment)))
    cost, _ = TrialFits(data, configs, rows).cost_and_epochs({}) or (0, 0)
    return cost


def _with_section(loaded: LoadedExperiment, section: Mapping[str, Any]) -> LoadedExperiment:
    """The experiment with this `search` section; raises `ConfigError` if it is not valid."""
    config = {**loaded.config.config, SEARCH: section}
    with loaded.config.add_locations():
        experiment = _checker(loaded).experiment(config)
    return replace(loaded, config=replace(loaded.config, config=config, experiment=experiment))


def _checker(loaded: LoadedExperiment) -> ConfigChecker:
    return ConfigChecker(loaded.experiment.name, loaded.data.task.check)


def _merged(chosen: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's values, replaced by what is written; of some sections, setting by setting."""
    result = {**chosen, **written}
    for name in ("objective", "budget"):
        if isinstance(written.get(name, {}), Mapping):
            result[name] = {**chosen.get(name, {}), **written.get(name, {})}
    return result


def _nothing_to_search(loaded: LoadedExperiment, refused: Messages) -> ConfigError:
    message = "there is nothing to search: the config sets all that the recipe would vary"
    if refused:
        path, reason = next(iter(refused.items()))
        message = f"there is nothing to search, e.g. {path[2]} {reason}"
    advice = "leave some of them out, or write a space: {training.l2: {log_uniform: [1e-6, 1e-2]}}"
    problem = Problem(f"{message}; {advice}", path=format_path(SPACE))
    return ConfigError(loaded.config.locations.locate(problem))
