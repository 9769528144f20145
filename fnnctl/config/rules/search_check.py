"""Checks the `search` section before a search starts.

When a config is loaded, this section is only checked against the schema: `fnnctl train` does not read it, and
an experiment with the `--set` options of one trial may make no sense as a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.paths import SPACE, ConfigPath, format_path
from fnnctl.config.problems import Problems
from fnnctl.config.provenance import Resolved
from fnnctl.config.rules.budgets import budget_problems, largest_budget
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.rules.setting_rules import search_contradictions
from fnnctl.config.rules.space_check import REQUIRE, form_problems, space_problems, unknown_settings
from fnnctl.config.rules.start_from import start_from_problems
from fnnctl.config.rules.trials import Check, TrialConfigs, trial_configs
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.objective import metric_problem
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.validation_schemes import scheme_named

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
    problems = search_contradictions(experiment) | budget_problems(search, epochs)
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
    problems = form_problems(domains, scheme_named(value_at(objective, ("on",))))
    problems |= unknown_settings(key for key in accepted if (*SPACE, key) not in problems)
    metric = value_at(objective, ("metric",))
    if isinstance(metric, str) and (problem := metric_problem(metric)):
        problems[METRIC] = problem
    return problems


def _base_problems(configs: TrialConfigs) -> Problems:
    """Settings that contradict the largest budget, if that is not training.epochs."""
    try:
        configs.experiment_of({})
    except InvalidConfigurationError as error:
        path, problem = next(iter(error.by_path.items()))
        problem = problem.prefixed(f"with {configs.epochs}, {format_path(path)}")
        return {MAX_EPOCHS: replace(problem, related=(*problem.related, format_path(path)))}
    return {}
