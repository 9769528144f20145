"""Checks a search space and its constraints before any of the space's values are tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fnnctl.config.messages.schema_errors import MAX_SUGGESTIONS, unknown_setting
from fnnctl.config.paths import SPACE, ConfigPath, format_path, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.rules.dimensions import condition, dimensions_of, domain_of, path_of
from fnnctl.config.rules.plain_config import override, value_at
from fnnctl.config.rules.probing import parent_values
from fnnctl.config.rules.refused_values import refused_values
from fnnctl.config.rules.trials import ENSEMBLE, TrialConfigs, gives_ensemble
from fnnctl.config.schema.domains import ChoiceConfig, DomainConfig, LayersConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lookups import forms_at, is_setting
from fnnctl.config.schema.records import can_be_searched_on_bags, why_not_searched
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem
from fnnctl.space.constraints import Constraint, check_syntax, constraints_of
from fnnctl.space.dimensions import Dimension, parents_first
from fnnctl.space.expression_parser import ExpressionError
from fnnctl.space.identity import identity
from fnnctl.space.number_domains import LogUniform, Normal, Uniform
from fnnctl.text import did_you_mean, word_list

REQUIRE: Final[ConfigPath] = ("search", "require")
HIDDEN: Final[ConfigPath] = ("model", "hidden")
MAX_SHOWN: Final = 100
"""The most values of a domain that a message lists or compares with a wrong one."""
_WHOLE: Final[Mapping[type, str]] = {Uniform: "integer", LogUniform: "log_integer", Normal: "integer"}
"""The domain of whole numbers that takes the place of a domain of real numbers."""


def checked_constraints(
    search: SearchConfig, dimensions: Sequence[Dimension] | None
) -> tuple[list[Constraint], Problems]:
    """The constraints, and what is wrong with their expressions.

    `dimensions` is None if some domain is wrong: then only the form of the expressions is checked.
    """
    constraints: list[Constraint] = []
    problems: Problems = {}
    for index, text in enumerate(search.requirements):
        try:
            if dimensions is None:
                check_syntax(text)
            else:
                constraints += constraints_of(text, dimensions)
        except ExpressionError as error:
            path = REQUIRE if isinstance(search.require, str) else (*REQUIRE, index)
            problems[path] = Problem(str(error), has_subject=True)
    return constraints, problems


def space_problems(configs: TrialConfigs, experiment: Experiment, search: SearchConfig) -> Problems:
    """Everything that is wrong with a search's space and constraints.

    First comes what is wrong with the form of domains, then with the values of the valid ones.
    """
    space = search.domains
    if not space:
        advice = "name a setting with its domain, such as training.l2: {log_uniform: [1e-6, 1e-2]}"
        return {SPACE: Problem("is empty", advice=advice)}
    problems = form_problems(space, on_bags=configs.on_bags)
    sound = sound_domains(search)
    dimensions = {dimension.name: dimension for dimension in dimensions_of(sound)}
    for key, section in sound.items():
        for path, values in (section.when or {}).items():
            if problem := _condition_problem(path, values, dimensions, experiment, space):
                problems[(*SPACE, key, "when", path)] = problem
    problems |= _many_unknown(dimensions.values())
    problems |= _circles(list(dimensions.values()))
    constraints, wrong = checked_constraints(search, None if problems else list(dimensions.values()))
    for rule in (_never, _leads_nowhere, _not_whole):
        problems |= rule(configs, _unsuspected(dimensions.values(), problems))
    problems |= refused_values(configs, _unsuspected(dimensions.values(), problems), constraints)
    return problems | wrong


def sound_domains(search: SearchConfig) -> dict[str, DomainConfig]:
    """The domains that are valid on their own and whose paths can be searched."""
    wrong = _domains_of(form_problems(search.domains, on_bags=search.objective.on_bags))
    return {key: section for key, section in search.domains.items() if (*SPACE, key) not in wrong}


def _unsuspected(dimensions: Iterable[Dimension], problems: Problems) -> list[Dimension]:
    """The dimensions without a problem so far, and without one in those that they depend on."""
    wrong = _domains_of(problems)
    return parents_first(dimension for dimension in dimensions if path_of(dimension) not in wrong)[0]


def _domains_of(problems: Problems) -> set[ConfigPath]:
    """The paths of the domains that have a problem, at themselves or inside."""
    return {path[: len(SPACE) + 1] for path in problems}


def form_problems(space: Mapping[str, DomainConfig], *, on_bags: bool) -> Problems:
    """What is wrong with domains by themselves."""
    problems: Problems = {}
    first_keys: dict[ConfigPath, tuple[int, str]] = {}
    for index, key in enumerate(space):
        first_keys.setdefault(parse_path(key), (index, key))
    for key, section in space.items():
        if problem := _setting_problem(key, section, first_keys, on_bags=on_bags):
            problems[*SPACE, key] = problem
        else:
            inner = domain_of(section).problems()
            problems |= {(*SPACE, key, *path): Problem(text) for path, text in inner}
    return problems


def _setting_problem(
    key: str,
    section: DomainConfig,
    first_keys: Mapping[ConfigPath, tuple[int, str]],
    *,
    on_bags: bool,
) -> Problem | None:
    """Why a setting cannot be searched, whether or not it exists; None if it can.

    `first_keys` has the first key of the space with each path, and the index of that key.
    """
    path = parse_path(key)
    if "" in path:
        return Problem("is not the path of a setting", advice="write it with dots, such as training.l2")
    around = [first_keys[path[:depth]] for depth in range(1, len(path) + 1) if path[:depth] in first_keys]
    _, first_key = min((first for first in around if first[1] != key), default=(0, None))
    if first_key is not None and parse_path(first_key) == path:
        return Problem(f"is already searched, as {first_key}", advice="remove one of the two")
    if first_key is not None:
        text = f"is part of {first_key}, which is searched as a whole"
        return Problem(text, advice="remove one of the two")
    if path == ("data",):
        text = "cannot be searched as a whole"
        return Problem(text, advice="search settings in it, such as data.scaling")
    if reason := why_not_searched(path, on_bags=on_bags):
        exception = ", except with search.objective: {on: bags}" if can_be_searched_on_bags(path) else ""
        return Problem(f"cannot be searched{exception}: {reason}")
    if isinstance(section, ChoiceConfig) and any(gives_ensemble(path, value) for value in section.choice):
        reason = why_not_searched(ENSEMBLE, on_bags=on_bags)
        return Problem(f"model.ensemble cannot be searched: {reason}", has_subject=True)
    if isinstance(section, LayersConfig) and path != HIDDEN:
        return Problem(f"depth and width are a domain of {format_path(HIDDEN)} only", has_subject=True)
    return None


def _many_unknown(dimensions: Iterable[Dimension]) -> Problems:
    """Unknown settings but for the first ones: `refused_values` tries these, and each gets a suggestion."""
    unknown = [dimension for dimension in dimensions if not is_setting(parse_path(dimension.setting))]
    return {path_of(dimension): unknown_setting() for dimension in unknown[MAX_SUGGESTIONS:]}


def _condition_problem(
    path: str,
    option: Any,
    dimensions: Mapping[str, Dimension],
    experiment: Experiment,
    space: Mapping[str, DomainConfig],
) -> Problem | None:
    """Why a condition can never hold; None if it can."""
    parent = condition(path, option, dimensions)
    values = option if isinstance(option, list) else [option]
    if parent is None:
        return _unsearched_problem(path, values, experiment, space)
    if not parent.values:
        text = f"never holds: no value of {parent.dimension} has {flow_yaml(option)} there"
        return Problem(text, has_subject=True)
    domain = dimensions[parent.dimension].domain
    if domain.values is None:
        text = "cannot be a condition, because its domain is continuous"
        return Problem(text, advice="use a choice")
    for value in parent.values:
        if value not in domain:
            first = domain.values[:MAX_SHOWN]
            words = [choice for choice in first if isinstance(choice, str)]
            meant = did_you_mean(str(value), words)
            advice = "" if meant else f"its domain has {word_list(list(map(flow_yaml, first)))}"
            return Problem(f"is never {flow_yaml(value)}{meant}", advice=advice)
    return None


def _unsearched_problem(
    path: str, values: Sequence[Any], experiment: Experiment, space: Mapping[str, DomainConfig]
) -> Problem | None:
    """Why a condition on a setting that is not searched never holds; None if it holds."""
    if any(parse_path(path) == parse_path(key) for key in space):
        return None  # its problem is reported at its own path
    config_value = value_at(experiment.model_dump(exclude={"search"}), parse_path(path))
    if identity(config_value) in {identity(value) for value in values}:
        return None
    if config_value is None and (near := did_you_mean(path, space)):
        return Problem(f"is not searched{near}")
    text = f"is not searched and is {flow_yaml(config_value)}"
    return Problem(text, advice="add it to the space, or remove the condition")


def _circles(dimensions: Sequence[Dimension]) -> Problems:
    """Conditions that form a cycle; dimensions that only depend on a cycle are left out."""
    _, waiting = parents_first(dimensions)
    by_name = {dimension.name: dimension for dimension in waiting}
    problems: Problems = {}
    for dimension in waiting:
        way = [dimension.name]
        while way[-1] not in way[:-1]:
            parents = (condition.dimension for condition in by_name[way[-1]].conditions)
            way.append(next(name for name in parents if name in by_name))
        if way[-1] == dimension.name:
            problem = Problem(f"forms a cycle: {' → '.join(way)}", has_subject=True)
            problems.setdefault((*path_of(dimension), "when"), problem)
    return problems


def _never(configs: TrialConfigs, dimensions: Sequence[Dimension]) -> Problems:
    """Conditions that exclude each other."""
    text = "never holds: its conditions, or those of the settings it depends on, exclude each other"
    never = (dimension for dimension in dimensions if parent_values(dimension, dimensions) is None)
    return {(*path_of(dimension), "when"): Problem(text, has_subject=True) for dimension in never}


def _leads_nowhere(configs: TrialConfigs, dimensions: Sequence[Dimension]) -> Problems:
    """Settings whose paths lead into a single value, or past the end of a list."""
    problems: Problems = {}
    config: Any = configs.config
    for dimension in dimensions:
        try:
            if dimension.part is None:
                value = dimension.domain.values_to_try()[0]
                config = override(config, parse_path(dimension.setting), value)
        except ConfigError as error:
            (problem,) = error.problems
            text = f"there is no such setting: {problem.path} {problem.clause}"
            if problem.has_subject:  # there is no such entry
                text = f"{problem.clause}: {problem.advice}"
            problems[path_of(dimension)] = Problem(text, has_subject=True)
    return problems


def _not_whole(configs: TrialConfigs, dimensions: Sequence[Dimension]) -> Problems:
    """Domains of real numbers for a setting that accepts only whole numbers."""
    problems: Problems = {}
    for dimension in dimensions:
        instead = _WHOLE.get(type(dimension.domain))
        forms = forms_at(parse_path(dimension.setting), configs.config)
        if instead and {"integer", "number"} & {form.kind for form in forms} == {"integer"}:
            low, *_, high = dimension.domain.values_to_try()
            advice = f"write {instead}: [{low:.0f}, {high:.0f}]"
            problems[path_of(dimension)] = Problem("must be a whole number", advice=advice)
    return problems
