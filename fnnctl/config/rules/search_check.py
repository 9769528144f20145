"""Checks the `search` section before a search starts.

When a config is loaded, this section is only checked against the schema: `fnnctl train` does not read it, and
an experiment with the `--set` options of one trial may make no sense as a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.messages.schema_errors import MAX_SUGGESTIONS, unknown_setting
from fnnctl.config.paths import SPACE, ConfigPath, format_path, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.provenance import Resolved
from fnnctl.config.rules.budgets import epochs_problems, largest_budget
from fnnctl.config.rules.plain_config import METHOD, override, value_at
from fnnctl.config.rules.setting_rules import search_contradictions
from fnnctl.config.rules.space_check import REQUIRE, form_problems, space_problems
from fnnctl.config.rules.start_from import START_FROM, start_from_problems
from fnnctl.config.rules.trials import MAX_ROWS, Check, TrialConfigs, trial_configs
from fnnctl.config.rules.validation import InvalidConfigurationError, validated
from fnnctl.config.schema.domains import ChoiceConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lookups import is_setting
from fnnctl.config.schema.losses import LOSS_RECORDS, has_one_loss
from fnnctl.config.schema.search import AUTO_METRIC, DEFAULTS, ObjectiveConfig, SearchConfig
from fnnctl.errors import Problem
from fnnctl.metrics.registry import class_of, objectives, positive_metric
from fnnctl.text import did_you_mean, quoted

OUTPUT: Final[ConfigPath] = ("model", "output")
ON: Final[ConfigPath] = ("search", "objective", "on")
METRIC: Final[ConfigPath] = ("search", "objective", "metric")
MAX_EPOCHS: Final[ConfigPath] = ("search", "budget", "max_epochs")


def search_problems(resolved: Resolved, check: Check | None = None) -> Problems:
    """What is wrong with the `search` section of a config.

    With `check`, this includes trials that do not fit the data.
    """
    experiment, search = resolved.experiment, resolved.experiment.search
    if search is None:
        return {}
    epochs = largest_budget(experiment, search)
    configs = trial_configs(resolved, epochs=epochs, check=check)
    problems = _objective_problems(search.objective, experiment) | _budget_problems(search, epochs)
    problems |= epochs_problems(search, epochs) | _sample_problems(search, experiment)
    problems |= search_contradictions(experiment)
    wrong = _base_problems(configs) or space_problems(configs, experiment, search)
    if all(path[: len(REQUIRE)] == REQUIRE for path in wrong):  # entries are completed in a valid space
        wrong |= start_from_problems(configs, search)
    return problems | wrong


def problems_beside(refused: Problems, config: Mapping[str, Any]) -> Problems:
    """The problems of the search beside what the schema `refused`, so that one run of a command reports all.

    They are those that depend on no other setting: on the recipe's values others may be right.
    """
    space, objective = value_at(config, SPACE), value_at(config, ("search", "objective"))
    is_about_search = any(path[:1] == SPACE[:1] for path in refused)
    if not is_about_search or not isinstance(space, Mapping):
        return {}
    wrong = {path[2] for path in refused if path[:2] == SPACE and path[2:]}
    accepted = {key: domain for key, domain in space.items() if key not in wrong}
    domains = SearchConfig.model_validate({"space": accepted}).domains
    problems = form_problems(domains, on_bags=value_at(objective, ("on",)) == "bags")
    unknown = [key for key in accepted if (*SPACE, key) not in problems and not is_setting(parse_path(key))]
    for index, key in enumerate(unknown):
        suggests = index < MAX_SUGGESTIONS
        problems[*SPACE, key] = _unknown_setting(parse_path(key)) if suggests else unknown_setting()
    metric = value_at(objective, ("metric",))
    return problems | (_metric_problems(metric) if isinstance(metric, str) else {})


def _unknown_setting(path: ConfigPath) -> Problem:
    """What is said of a searched setting that does not exist."""
    try:
        validated(override({}, path, None))
    except InvalidConfigurationError as error:
        return error.by_path.get(path, unknown_setting())
    return unknown_setting()


def _metric_problems(metric: str) -> Problems:
    if metric in (AUTO_METRIC, *objectives()) or class_of(metric) is not None:
        return {}
    meant, advice = _meant_metric(metric)
    return {METRIC: Problem(f"there is no metric {quoted(metric)}{meant}", advice=advice, has_subject=True)}


def _objective_problems(objective: ObjectiveConfig, experiment: Experiment) -> Problems:
    problems = _metric_problems(objective.metric)
    if objective.metric == "loss" and (searched := _searched_losses(experiment)):
        problems[METRIC] = Problem(
            "{searched} is searched, and values of different loss functions cannot be compared",
            advice="write metric: r2, rmse or mae",
            values={"searched": searched},
            related=(format_path(SPACE),),
            has_subject=True,
        )
    return problems


def _searched_losses(experiment: Experiment) -> str | None:
    """The searched setting that gives trials different loss functions; None if all have the same."""
    parameters = {(*OUTPUT, record.parameter) for record in LOSS_RECORDS.values() if record.parameter}
    for key, section in (experiment.search.domains if experiment.search else {}).items():
        path = parse_path(key)
        if path in parameters:
            return key
        values = section.choice if isinstance(section, ChoiceConfig) else ()
        if path == OUTPUT[:1]:
            values = tuple(value.get(OUTPUT[1]) for value in values if isinstance(value, Mapping))
        elif path not in (OUTPUT, (*OUTPUT, "name")):
            continue
        if not has_one_loss(values):
            return key
    return None


def _meant_metric(metric: str) -> tuple[str, str]:
    """The suggestion and the advice for a metric that does not exist."""
    part, _, rest = metric.partition("_")
    if part in {"train", "validation", "test"} and rest in objectives():
        return f" (write metric: {rest}; `on` sets where it is measured)", ""
    if class_metric := positive_metric(metric):
        name = class_metric.class_name
        return " of a trial", f"write per_class.CLASS.{name}, with the name of a class, or {name}_macro"
    if meant := did_you_mean(metric, objectives()):
        return meant, ""
    return "", f"the metrics are {', '.join(objectives())}, and per class, such as per_class.CLASS.recall"


def _budget_problems(search: SearchConfig, epochs: int) -> Problems:
    budget = search.budget
    if not search.method.scheduling.has_rungs or budget.total is not None or budget.min_epochs <= epochs:
        return {}
    largest = "max_epochs" if budget.max_epochs is not None else "training.epochs"
    values = {"largest": largest, "epochs": epochs}
    problem = Problem(
        "must be at most {largest}, which is {epochs}",
        values=values,
        related=("training.epochs", "search.budget.max_epochs"),
    )
    return {("search", "budget", "min_epochs"): problem}


def _sample_problems(search: SearchConfig, experiment: Experiment) -> Problems:
    """What is missing for a sampler that tries samples of the rows first."""
    sampler, setting = search.method.sampler, format_path(MAX_ROWS)
    if not search.method.sampling.tries_samples:
        return {}
    if search.method.scheduling.has_rungs:
        text = f"{sampler} compares trials after all of their epochs"
        return {METHOD: Problem(text, advice="write scheduler: full_budget", has_subject=True)}
    domain = next((domain for path, domain in search.domains.items() if parse_path(path) == MAX_ROWS), None)
    if not isinstance(domain, ChoiceConfig) or None not in domain.choice:
        advice = f"write {setting}: {{choice: [null, 50000]}} in search.space"
        text = f"{sampler} tries samples of the rows and then all of them"
        return {METHOD: Problem(text, advice=advice, has_subject=True)}
    first = search.start_from
    if isinstance(first, str) and first != DEFAULTS:
        return {}  # the trials of another search, which are not known yet
    entries = first if isinstance(first, tuple) else ({},)
    values = ({parse_path(path): value for path, value in entry.items()} for entry in entries)
    if all(entry.get(MAX_ROWS, experiment.training.max_rows) is None for entry in values):
        advice = f"write a list such as [{{{setting}: 50000}}]"
        text = f"{sampler} tries these trials on a sample first, but none has one"
        return {START_FROM: Problem(text, advice=advice, has_subject=True)}
    return {}


def _base_problems(configs: TrialConfigs) -> Problems:
    """Settings that contradict the largest budget, if that is not training.epochs."""
    try:
        configs.experiment_of({})
    except InvalidConfigurationError as error:
        path, problem = next(iter(error.by_path.items()))
        problem = problem.prefixed(f"with {configs.epochs}, {format_path(path)}")
        return {MAX_EPOCHS: replace(problem, related=(*problem.related, format_path(path)))}
    return {}
