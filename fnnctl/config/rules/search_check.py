"""Checks the `search` section before a search starts.

Loading a config checks this section against the schema only: `fnnctl train` does not read it, and the `--set`
options of a trial may give an experiment that makes no sense as the start of a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnnctl.config.paths import Messages, format_path
from fnnctl.config.rules.space_check import space_messages
from fnnctl.config.rules.trials import Check, TrialConfigs, trial_configs
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.metric_names import METRICS, class_of
from fnnctl.config.schema.search import AUTO_METRIC, ObjectiveConfig, SearchConfig
from fnnctl.errors import did_you_mean
from fnnctl.text import shown


def search_messages(
    config: Mapping[str, Any], experiment: Experiment, check: Check | None = None
) -> Messages:
    """What is wrong with the `search` section of `config`, which describes `experiment`.

    With `check`, also which trials do not fit the data.
    """
    search = experiment.search
    if search is None:
        return {}
    epochs = search.budget.max_epochs or experiment.training.epochs
    configs = trial_configs(config, experiment, epochs=epochs, check=check)
    messages = _objective_messages(search.objective, experiment) | _budget_messages(search, epochs)
    if experiment.training.time_limit is not None:
        messages["training", "time_limit"] = (
            "is for `fnnctl train` only: in a search, trials would depend on the speed of the machine; "
            "write null, and limit the whole search with --time-limit SECONDS"
        )
    return messages | (_base_messages(configs) or space_messages(configs, experiment, search))


def _objective_messages(objective: ObjectiveConfig, experiment: Experiment) -> Messages:
    messages: Messages = {}
    metric = objective.metric
    if metric not in (AUTO_METRIC, *METRICS) and class_of(metric) is None:
        message = f"there is no metric {shown(metric)}{_meant_metric(metric)}"
        messages["search", "objective", "metric"] = message
    if objective.on == "validation" and experiment.data.split.validation == 0:
        messages["search", "objective", "on"] = (
            "there is no validation part, because data.split.validation is 0; "
            "write on: cross_validation, or data.split.validation: 0.15"
        )
    return messages


def _meant_metric(metric: str) -> str:
    part, _, rest = metric.partition("_")
    if part in {"train", "validation", "test"} and rest in METRICS:
        return f" (write metric: {rest}; `on` sets where it is measured)"
    known = f"; the metrics are {', '.join(METRICS)}, and per class, such as per_class.CLASS.recall"
    return did_you_mean(metric, METRICS) or known


def _budget_messages(search: SearchConfig, epochs: int) -> Messages:
    budget = search.budget
    if search.method.scheduler == "full_budget" or budget.total is not None or budget.min_epochs <= epochs:
        return {}
    largest = "max_epochs" if budget.max_epochs is not None else "training.epochs"
    return {("search", "budget", "min_epochs"): f"must be at most {largest}, which is {epochs}"}


def _base_messages(configs: TrialConfigs) -> Messages:
    """Settings that contradict the largest budget, if that is not training.epochs."""
    try:
        configs.experiment_of({})
    except RefusedConfigurationError as error:
        path, message = next(iter(error.messages.items()))
        return {("search", "budget", "max_epochs"): f"with {configs.epochs}, {format_path(path)}: {message}"}
    return {}
