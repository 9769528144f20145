"""Checks the `search` section before a search starts.

When a config is loaded, this section is only checked against the schema: `fnnctl train` does not read it, and
an experiment with the `--set` options of one trial may make no sense as a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.messages.schema_errors import MAX_SUGGESTIONS
from fnnctl.config.paths import SPACE, ConfigPath, Messages, format_path, parse_path
from fnnctl.config.rules.budgets import epochs_messages, largest_budget
from fnnctl.config.rules.plain_config import METHOD, override, value_at
from fnnctl.config.rules.space_check import REQUIRE, form_messages, space_messages
from fnnctl.config.rules.start_from import START_FROM, start_from_messages
from fnnctl.config.rules.trials import MAX_ROWS, Check, TrialConfigs, trial_configs
from fnnctl.config.rules.validation import InvalidConfigurationError, validated
from fnnctl.config.schema.domains import ChoiceConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.schema_tree import is_setting
from fnnctl.config.schema.search import AUTO_METRIC, DEFAULTS, ObjectiveConfig, SearchConfig
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.metrics.registry import class_of, objectives, positive_metric
from fnnctl.text import did_you_mean, shown

OUTPUT: Final[ConfigPath] = ("model", "output")
OUTPUTS_OF_NUMBERS: Final = frozenset({"squared", "absolute", "huber"})
"""The outputs of a regression, each of which has a loss function of its own."""


def search_messages(
    config: Mapping[str, Any], experiment: Experiment, check: Check | None = None
) -> Messages:
    """What is wrong with the `search` section of `config`, which describes `experiment`.

    With `check`, this includes trials that do not fit the data.
    """
    search = experiment.search
    if search is None:
        return {}
    epochs = largest_budget(experiment, search)
    configs = trial_configs(config, experiment, epochs=epochs, check=check)
    messages = _objective_messages(search.objective, experiment) | _budget_messages(search, epochs)
    messages |= epochs_messages(search, epochs) | _sample_messages(search, experiment)
    if experiment.training.time_limit is not None:
        messages["training", "time_limit"] = (
            "is for `fnnctl train` only: in a search, trials would depend on the speed of the machine; "
            "write null, and limit the whole search with --time-limit TIME"
        )
    if search.curve_stopping != "none" and search.objective.on == "cross_validation":
        messages["search", "curve_stopping"] = (
            "a cross-validated objective has no learning curve; write none, or set "
            "search.objective.on: validation"
        )
    if search.confirm is not None and search.objective.on_bags:
        messages["search", "confirm"] = (
            "trains the best trials again to measure them on other rows, but bags measure on all rows "
            "outside the test part already; write null, or set search.objective.on: validation"
        )
    elif search.confirm is not None and experiment.data.split.validation == 0:
        messages["search", "confirm"] = (
            "measures on validation rows, but data.split.validation is 0; write data.split.validation: 0.15, "
            "or confirm: null"
        )
    if search.ensemble is not None and search.objective.on == "cross_validation":
        messages["search", "ensemble"] = (
            "needs one network per trial, but a cross-validated objective trains one per fold; write null, "
            "or set search.objective.on: validation"
        )
    wrong = _base_messages(configs) or space_messages(configs, experiment, search)
    if all(path[: len(REQUIRE)] == REQUIRE for path in wrong):  # entries are completed in a valid space
        wrong |= start_from_messages(configs, search)
    return messages | wrong


def messages_beside(refused: Messages, config: Mapping[str, Any]) -> Messages:
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
    messages = form_messages(domains, on_bags=value_at(objective, ("on",)) == "bags")
    unknown = [key for key in accepted if (*SPACE, key) not in messages and not is_setting(parse_path(key))]
    for index, key in enumerate(unknown):
        suggests = index < MAX_SUGGESTIONS
        messages[*SPACE, key] = _unknown_message(parse_path(key)) if suggests else "unknown setting"
    metric = value_at(objective, ("metric",))
    return messages | (_metric_messages(metric) if isinstance(metric, str) else {})


def _unknown_message(path: ConfigPath) -> str:
    """What is said of a searched setting that does not exist."""
    try:
        validated(override({}, path, None))
    except InvalidConfigurationError as error:
        return error.messages.get(path, "unknown setting")
    return "unknown setting"


def _metric_messages(metric: str) -> Messages:
    if metric in (AUTO_METRIC, *objectives()) or class_of(metric) is not None:
        return {}
    return {("search", "objective", "metric"): f"there is no metric {shown(metric)}{_meant_metric(metric)}"}


def _objective_messages(objective: ObjectiveConfig, experiment: Experiment) -> Messages:
    messages = _metric_messages(objective.metric)
    if objective.metric == "loss" and (searched := _searched_losses(experiment)):
        messages["search", "objective", "metric"] = (
            f"{searched} is searched, and values of different loss functions cannot be compared; "
            "write metric: r2, rmse or mae"
        )
    if objective.on_bags and not experiment.model.ensemble.bags:
        messages["search", "objective", "on"] = (
            "bags needs an ensemble with bags; write model.ensemble: {members: 8, bags: true}, or "
            "on: validation"
        )
    if objective.on == "validation" and experiment.data.split.validation == 0:
        trial = " (a trial has no bags)" if experiment.model.ensemble.bags else ""
        messages["search", "objective", "on"] = (
            f"there is no validation part, because data.split.validation is 0{trial}; "
            "write on: cross_validation, or data.split.validation: 0.15"
        )
    return messages


def _searched_losses(experiment: Experiment) -> str | None:
    """The searched setting that gives trials different loss functions; None if all have the same.

    `softmax` and `logistic` have the same one, the cross-entropy.
    """
    for key, section in (experiment.search.domains if experiment.search else {}).items():
        path = parse_path(key)
        if path == (*OUTPUT, "delta"):
            return key
        values = section.choice if isinstance(section, ChoiceConfig) else ()
        if path == OUTPUT[:1]:
            values = tuple(value.get(OUTPUT[1]) for value in values if isinstance(value, Mapping))
        elif path not in (OUTPUT, (*OUTPUT, "name")):
            continue
        kinds = {value.get("name") if isinstance(value, Mapping) else value for value in values}
        if len({flow_yaml(value) for value in values}) > 1 and not kinds.isdisjoint(OUTPUTS_OF_NUMBERS):
            return key
    return None


def _meant_metric(metric: str) -> str:
    part, _, rest = metric.partition("_")
    if part in {"train", "validation", "test"} and rest in objectives():
        return f" (write metric: {rest}; `on` sets where it is measured)"
    if class_metric := positive_metric(metric):
        name = class_metric.class_name
        return f" of a trial; write per_class.CLASS.{name}, with the name of a class, or {name}_macro"
    hint = f"; the metrics are {', '.join(objectives())}, and per class, such as per_class.CLASS.recall"
    return did_you_mean(metric, objectives()) or hint


def _budget_messages(search: SearchConfig, epochs: int) -> Messages:
    budget = search.budget
    if not search.method.scheduling.has_rungs or budget.total is not None or budget.min_epochs <= epochs:
        return {}
    largest = "max_epochs" if budget.max_epochs is not None else "training.epochs"
    return {("search", "budget", "min_epochs"): f"must be at most {largest}, which is {epochs}"}


def _sample_messages(search: SearchConfig, experiment: Experiment) -> Messages:
    """What is missing for a sampler that tries samples of the rows first."""
    sampler, setting = search.method.sampler, format_path(MAX_ROWS)
    if not search.method.sampling.tries_samples:
        return {}
    if search.method.scheduling.has_rungs:
        return {METHOD: f"{sampler} compares trials after all of their epochs; write scheduler: full_budget"}
    domain = next((domain for path, domain in search.domains.items() if parse_path(path) == MAX_ROWS), None)
    if not isinstance(domain, ChoiceConfig) or None not in domain.choice:
        advice = f"write {setting}: {{choice: [null, 50000]}} in search.space"
        return {METHOD: f"{sampler} tries samples of the rows and then all of them; {advice}"}
    first = search.start_from
    if isinstance(first, str) and first != DEFAULTS:
        return {}  # the trials of another search, which are not known yet
    entries = first if isinstance(first, tuple) else ({},)
    values = ({parse_path(path): value for path, value in entry.items()} for entry in entries)
    if all(entry.get(MAX_ROWS, experiment.training.max_rows) is None for entry in values):
        advice = f"write a list such as [{{{setting}: 50000}}]"
        return {START_FROM: f"{sampler} tries these trials on a sample first, but none has one; {advice}"}
    return {}


def _base_messages(configs: TrialConfigs) -> Messages:
    """Settings that contradict the largest budget, if that is not training.epochs."""
    try:
        configs.experiment_of({})
    except InvalidConfigurationError as error:
        path, message = next(iter(error.messages.items()))
        return {("search", "budget", "max_epochs"): f"with {configs.epochs}, {format_path(path)}: {message}"}
    return {}
