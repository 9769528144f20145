"""Reports the values of a space that the rules refuse, before the search starts.

A refused value is an error if it never works, or if a condition (`when`) on a choice would prevent the
refused combination. Numbers that contradict each other only in some combinations are not reported here: those
trials fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.paths import ConfigPath, format_path, overlap, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.rules.dimensions import path_of
from fnnctl.config.rules.nearby_trials import NearbyTrials, Values, evenly_spaced, is_choice, why_ineffective
from fnnctl.config.rules.setting_rules import ineffective_settings
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import Problem
from fnnctl.space.constraints import Constraint
from fnnctl.space.dimensions import Dimension

MAX_NAMED: Final = 50
"""A message proposes a condition with at most this many values."""


def refused_values(
    configs: TrialConfigs, dimensions: Sequence[Dimension], constraints: Sequence[Constraint] = ()
) -> Problems:
    """What is wrong with the values of a space whose form is valid; dimensions in `parents_first` order.

    Combinations that violate the constraints are not searched, so nothing is wrong with them.
    """
    trials = NearbyTrials(configs, dimensions, constraints)
    problems: Problems = {}
    for changes in trials.changes():
        if trials.problems_with(changes) and trials.are_active(changes) and trials.allows(changes):
            report = _report(trials, changes, problems)
            if report is not None:
                problems.setdefault(*report)
    return problems or _dimensions_without_effect(trials)


def _report(trials: NearbyTrials, changes: Values, known: Problems) -> tuple[ConfigPath, Problem] | None:
    """The place in the space where a refused trial's first problem is reported, and its wording there.

    None if other numbers avoid the problem, or if it is among the `known` ones.
    """
    refusal = trials.problems_with(changes)
    path, problem = next(iter(refusal.items()))
    problem = replace(problem, related=(format_path(path), *problem.related))
    values = trials.values_with(changes)
    present = sorted(
        (dimension for dimension in trials.dimensions if dimension.name in values),
        key=lambda dimension: dimension.name not in changes,
    )
    owner = next((dimension for dimension in present if _is_about(path, dimension)), present[0])
    if not _is_about(path, owner):
        problem = problem.prefixed(format_path(path))
    causes = (dimension for dimension in present if dimension.setting != owner.setting)
    for cause in sorted(causes, key=is_choice):
        accepted = _accepted_values(trials, changes, cause, owner)
        if accepted and not is_choice(cause):
            return None
        if accepted:
            text = f"with {cause.name}: {flow_yaml(values[cause.name])}, {problem.clause}"
            when = flow_yaml({cause.name: accepted[0] if len(accepted) == 1 else accepted})
            advice = f"write when: {when}"
            return path_of(owner), Problem(text, advice=advice, related=problem.related, has_subject=True)
    value = values[owner.name]
    if not _is_about(path, owner):
        problem = problem.prefixed(f"with {flow_yaml(value)}", ", ")
    elif path != parse_path(owner.setting):
        problem = problem.prefixed(format_path(path))
    if any(problem == replace(reported, related=problem.related) for reported in known.values()):
        return None
    inside = () if _all_are_refused(trials, owner, refusal) else _path_inside(owner, value)
    return (*path_of(owner), *inside), problem


def _accepted_values(
    trials: NearbyTrials, changes: Values, dimension: Dimension, owner: Dimension
) -> list[Any]:
    """The values of a dimension beside which the rules accept the changes, in trials that have the owner."""
    accepted = []
    for value in evenly_spaced(dimension.domain.values_to_try(), MAX_NAMED):
        changed = {**changes, dimension.name: value}
        is_present = trials.are_active(changed) and owner.name in trials.values_with(changed)
        if is_present and not trials.problems_with(changed):
            accepted.append(value)
    return accepted


def _all_are_refused(trials: NearbyTrials, dimension: Dimension, refusal: Problems) -> bool:
    """Whether the rules refuse every value of a dimension for the same reason: no value is to blame."""
    values = dimension.domain.values_to_try()
    return len(values) > 1 and all(
        trials.problems_with({dimension.name: value}) == refusal for value in values
    )


def _dimensions_without_effect(trials: NearbyTrials) -> Problems:
    """The dimensions that no trial reads, each with the reason in the last trial that has it."""
    unread = {dimension.name: dimension for dimension in trials.dimensions}
    reasons: dict[str, Problem] = {}
    for changes in trials.changes():
        names = unread.keys() & trials.values_with(changes).keys()
        if not names or trials.problems_with(changes):
            continue
        ineffective = ineffective_settings(trials.experiment_with(changes))
        for name in names:
            if reason := why_ineffective(parse_path(unread[name].setting), ineffective):
                reasons[name] = reason
            else:
                del unread[name]
    problems: Problems = {}
    for name, dimension in unread.items():
        if name in reasons:
            problems.setdefault(path_of(dimension), reasons[name])
    return problems


def _is_about(path: ConfigPath, dimension: Dimension) -> bool:
    """Whether a path is the dimension's setting, or one inside or around it."""
    return overlap(path, parse_path(dimension.setting))


def _path_inside(dimension: Dimension, value: Any) -> ConfigPath:
    """The path of a value inside its domain."""
    if dimension.part:
        return (dimension.part.partition("[")[0],)
    return dimension.domain.path_of(value)
