"""Checks a search space and its constraints before any of the space's values are tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.messages.schema_errors import MAX_SUGGESTIONS, unknown_path, unknown_setting
from fnnctl.config.paths import ENSEMBLE, HIDDEN, SPACE, ConfigPath, format_path, parse_path
from fnnctl.config.problems import Problems, predicate, sentence
from fnnctl.config.rules.dimensions import condition, dimensions_of, domain_of, path_of
from fnnctl.config.rules.nearby_trials import parent_values
from fnnctl.config.rules.plain_config import override, value_at
from fnnctl.config.rules.refused_values import refused_values
from fnnctl.config.rules.trials import TrialConfigs, gives_ensemble
from fnnctl.config.schema.domains import ChoiceConfig, DomainConfig, LayersConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lookups import forms_at, is_setting
from fnnctl.config.schema.records import can_be_searched_in_ensembles, why_not_searched
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES, ValidationScheme
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem
from fnnctl.space.constraints import Constraint, check_syntax, constraints_of
from fnnctl.space.dimensions import Dimension, parents_first
from fnnctl.space.expression_parser import ExpressionError
from fnnctl.space.identity import identity
from fnnctl.space.number_domains import LogUniform, Normal, Uniform
from fnnctl.text import did_you_mean, joined_words, word_list

REQUIRE: Final[ConfigPath] = ("search", "require")
MAX_LISTED: Final = 100
"""The most values of a domain that a message lists or compares with a wrong one."""
_WHOLE: Final[Mapping[type, str]] = {Uniform: "integer", LogUniform: "log_integer", Normal: "integer"}
"""The domain of whole numbers that takes the place of a domain of real numbers."""
_OF_ENSEMBLES: Final = joined_words(
    [name for name, scheme in VALIDATION_SCHEMES.items() if scheme.trains_ensembles], "or"
)
"""The values of `search.objective.on` with which trials are ensembles."""


def space_problems(configs: TrialConfigs, experiment: Experiment, search: SearchConfig) -> Problems:
    """Everything that is wrong with a search's space and constraints.

    First comes what is wrong with the form of domains, then with the values of the valid ones.
    """
    space = search.domains
    if not space:
        advice = "name a setting with its domain, such as training.l2: {log_uniform: [1e-6, 1e-2]}"
        return {SPACE: predicate("is empty", advice=advice)}
    problems = form_problems(space, configs.scheme)
    domains = sound_domains(search)
    dimensions = dimensions_of(domains)
    by_name = {dimension.name: dimension for dimension in dimensions}
    for key, domain in domains.items():
        for path, values in (domain.when or {}).items():
            if problem := _condition_problem(path, values, by_name, experiment, space):
                problems[(*SPACE, key, "when", path)] = problem
    problems |= _cycles(dimensions)
    constraints, wrong = _constraints(search, None if problems else dimensions)
    for check in (_exclusive_conditions, _wrong_paths, _fractions):
        problems |= check(configs, _without_problems(dimensions, problems))
    problems |= unknown_settings(key for key in domains if (*SPACE, key) not in _domain_paths(problems))
    problems |= refused_values(configs, _without_problems(dimensions, problems), constraints)
    return problems | wrong


def sound_domains(search: SearchConfig) -> dict[str, DomainConfig]:
    """The domains that are valid on their own and whose paths can be searched."""
    wrong = _domain_paths(form_problems(search.domains, search.objective.scheme))
    return {key: domain for key, domain in search.domains.items() if (*SPACE, key) not in wrong}


def form_problems(space: Mapping[str, DomainConfig], scheme: ValidationScheme) -> Problems:
    """What is wrong with domains by themselves."""
    problems: Problems = {}
    keys = {parse_path(key): key for key in reversed(list(space))}
    """The first key with each path."""
    for key, domain in space.items():
        path = parse_path(key)
        around = [keys[path[:depth]] for depth in range(1, len(path) + 1) if path[:depth] in keys]
        outer = min((first for first in around if first != key), key=list(space).index, default=None)
        if "" in path:
            advice = "write it with dots, such as training.l2"
            problems[*SPACE, key] = predicate("is not the path of a setting", advice=advice)
        elif outer is not None:
            is_same = parse_path(outer) == path
            part = f"is part of {outer}, which is searched as a whole"
            text = f"is already searched, as {outer}" if is_same else part
            problems[*SPACE, key] = predicate(text, advice="remove one of the two")
        elif problem := _why_not_searched(path, domain, scheme):
            problems[*SPACE, key] = problem
        else:
            inner = domain_of(domain).problems()
            problems |= {(*SPACE, key, *path): Problem(text) for path, text in inner}
    return problems


def unknown_settings(keys: Iterable[str]) -> Problems:
    """The keys of a space that are no settings; the first ones have a suggestion."""
    problems: Problems = {}
    for key in keys:
        path = parse_path(key)
        if is_setting(path):
            continue
        problem = unknown_path(path) if len(problems) < MAX_SUGGESTIONS else unknown_setting()
        if problem.path not in (None, format_path(path)):
            problem = problem.prefixed(problem.path)
        problems[*SPACE, key] = problem
    return problems


def _why_not_searched(path: ConfigPath, domain: DomainConfig, scheme: ValidationScheme) -> Problem | None:
    """Why a search cannot vary a setting, whether or not it exists, or not by this domain."""
    if path == ("data",):
        advice = "search settings in it, such as data.scaling"
        return predicate("cannot be searched as a whole", advice=advice)
    if reason := why_not_searched(path, scheme):
        exception = f", except with search.objective: {{on: {_OF_ENSEMBLES}}}"
        is_exception = can_be_searched_in_ensembles(path)
        return predicate(f"cannot be searched{exception if is_exception else ''}: {reason}")
    if isinstance(domain, ChoiceConfig) and any(gives_ensemble(path, value) for value in domain.choice):
        return sentence(f"model.ensemble cannot be searched: {why_not_searched(ENSEMBLE, scheme)}")
    if isinstance(domain, LayersConfig) and path != HIDDEN:
        return sentence(f"depth and width are a domain of {format_path(HIDDEN)} only")
    return None


def _condition_problem(
    path: str,
    option: Any,
    dimensions: Mapping[str, Dimension],
    experiment: Experiment,
    space: Mapping[str, DomainConfig],
) -> Problem | None:
    """Why a condition can never hold; None if it can."""
    parent = condition(path, option, dimensions)
    if parent is None:
        values = option if isinstance(option, list) else [option]
        return _unsearched_problem(path, values, experiment, space)
    if not parent.values:
        return sentence(f"never holds: no value of {parent.dimension} has {flow_yaml(option)} there")
    domain = dimensions[parent.dimension].domain
    if domain.values is None:
        return predicate("cannot be a condition, because its domain is continuous", advice="use a choice")
    for value in parent.values:
        if value not in domain:
            listed = domain.values[:MAX_LISTED]
            words = [choice for choice in listed if isinstance(choice, str)]
            suggestion = did_you_mean(str(value), words)
            advice = "" if suggestion else f"its domain has {word_list(list(map(flow_yaml, listed)))}"
            return predicate(f"is never {flow_yaml(value)}{suggestion}", advice=advice)
    return None


def _unsearched_problem(
    path: str, values: Sequence[Any], experiment: Experiment, space: Mapping[str, DomainConfig]
) -> Problem | None:
    """Why a condition on a setting that is not searched never holds; None if it holds."""
    if any(parse_path(path) == parse_path(key) for key in space):
        return None  # its problem is reported at its own path
    if not is_setting(parse_path(path)):
        suggestion = did_you_mean(path, space)
        return predicate(f"is not searched{suggestion}") if suggestion else unknown_path(parse_path(path))
    config_value = value_at(experiment.model_dump(exclude={"search"}), parse_path(path))
    if identity(config_value) in {identity(value) for value in values}:
        return None
    if config_value is None and (suggestion := did_you_mean(path, space)):
        return predicate(f"is not searched{suggestion}")
    text = f"is not searched and is {flow_yaml(config_value)}"
    return predicate(text, advice="add it to the space, or remove the condition")


def _cycles(dimensions: Sequence[Dimension]) -> Problems:
    """Conditions that form a cycle; dimensions that only depend on a cycle are left out."""
    _, waiting = parents_first(dimensions)
    by_name = {dimension.name: dimension for dimension in waiting}
    problems: Problems = {}
    for dimension in waiting:
        names = [dimension.name]
        while names[-1] not in names[:-1]:
            parents = (condition.dimension for condition in by_name[names[-1]].conditions)
            names.append(next(name for name in parents if name in by_name))
        if names[-1] == dimension.name:
            problem = sentence(f"forms a cycle: {' → '.join(names)}")
            problems.setdefault((*path_of(dimension), "when"), problem)
    return problems


def _constraints(
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
            problems[path] = sentence(str(error))
    return constraints, problems


def _exclusive_conditions(_: TrialConfigs, dimensions: Sequence[Dimension]) -> Problems:
    """Conditions that exclude each other."""
    text = "never holds: its conditions, or those of the settings it depends on, exclude each other"
    inactive = (dimension for dimension in dimensions if parent_values(dimension, dimensions) is None)
    return {(*path_of(dimension), "when"): sentence(text) for dimension in inactive}


def _wrong_paths(configs: TrialConfigs, dimensions: Sequence[Dimension]) -> Problems:
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
            if not problem.has_subject:  # its advice is one for `--set`
                problem = replace(
                    problem.prefixed(f"there is no such setting: {problem.path}", " "), advice=""
                )
            problems[path_of(dimension)] = problem
    return problems


def _fractions(configs: TrialConfigs, dimensions: Sequence[Dimension]) -> Problems:
    """Domains of real numbers for a setting that accepts only whole numbers."""
    problems: Problems = {}
    for dimension in dimensions:
        whole = _WHOLE.get(type(dimension.domain))
        kinds = {form.kind for form in forms_at(parse_path(dimension.setting), configs.config)}
        if whole and {"integer", "number"} & kinds == {"integer"}:
            low, *_, high = dimension.domain.values_to_try()
            advice = f"write {whole}: [{low:.0f}, {high:.0f}]"
            problems[path_of(dimension)] = predicate("must be a whole number", advice=advice)
    return problems


def _without_problems(dimensions: Iterable[Dimension], problems: Problems) -> list[Dimension]:
    """The dimensions without a problem so far, and without one in those that they depend on."""
    wrong = _domain_paths(problems)
    return parents_first(dimension for dimension in dimensions if path_of(dimension) not in wrong)[0]


def _domain_paths(problems: Problems) -> set[ConfigPath]:
    """The paths of the domains that have a problem, at themselves or inside."""
    return {path[: len(SPACE) + 1] for path in problems}
