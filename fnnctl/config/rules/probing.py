"""Tries values of a space before the search starts, to find the ones that the rules refuse.

Each value of a choice and both ends of a range are tried alone; the values of a choice are also tried with
those of each other dimension. Of layers with their own widths, the first two and the last are tried.

A refused value is an error if it never works, or if a condition (`when`) on a choice would prevent the
refused combination. Numbers that contradict each other only in some combinations are not reported here: those
trials fail.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations, product
from typing import Any

from fnnctl.config.paths import ConfigPath, format_path, overlap, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.rules.dimensions import path_of
from fnnctl.config.rules.setting_rules import ineffective_settings
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem
from fnnctl.space.assignments import assignment_of
from fnnctl.space.constraints import Constraint
from fnnctl.space.dimensions import Dimension, active
from fnnctl.space.identity import identity
from fnnctl.space.layers import DEPTH, representatives

MAX_PAIRED = 8
"""At most this many values of a choice are tried together with the values of every other dimension.

Each pair is a check of a whole config, of a millisecond: ten choices of eight values take three seconds.
"""
MAX_NAMED = 50
"""A message proposes a condition with at most this many values."""
JOINT_CHANGES = 300
"""The number of random trials in which a setting is looked for that needs several changes to be read.

If it needs one particular value of each of two choices of eight, one of 300 trials has both with 99 %.
"""
Values = Mapping[str, Any]
"""Values by dimension."""


def refused_values(
    configs: TrialConfigs, dimensions: Sequence[Dimension], constraints: Sequence[Constraint] = ()
) -> Problems:
    """What is wrong with the values of a space whose form is valid; dimensions in `parents_first` order.

    Combinations that violate the constraints are not searched, so nothing is wrong with them.
    """
    probing = _Probing(configs, dimensions, constraints)
    for dimension in (*probing.unplaced, *probing.fitting):
        probing.check(dimension)
    for one, other in combinations(probing.fitting, 2):
        if _is_choice(one) or _is_choice(other):
            probing.check(one, other)
    if not probing.problems:
        probing.report_ineffective()
    return probing.problems


def read_by_some_trial(
    configs: TrialConfigs, dimensions: Sequence[Dimension], paths: Sequence[ConfigPath]
) -> set[ConfigPath]:
    """The settings among `paths` that some trial reads, as far as a few hundred trials show.

    Trials with one dimension different from the config come first. A setting may need several: a
    horizon beside lbfgs needs another optimizer and a schedule that depends on it.
    """
    read: set[ConfigPath] = set()
    for values in chain(_single_changes(dimensions), _joint_changes(dimensions)):
        if len(read) == len(paths):
            break
        try:
            ineffective = configs.ineffective_in(assignment_of(dimensions, active(dimensions, values)))
        except ConfigError:
            continue  # the check of the space reports it
        read |= {path for path in paths if not _why_ineffective(path, ineffective)}
    return read


def _single_changes(dimensions: Sequence[Dimension]) -> Iterator[Values]:
    layers = _first_layers(dimensions)
    for dimension in representatives(dimensions):
        context = {**layers, **(active_with(dimension, dimensions) or {})}
        for value in dimension.domain.values_to_try():
            yield {**context, dimension.name: value}


def _joint_changes(dimensions: Sequence[Dimension]) -> Iterator[Values]:
    """Random values of all dimensions, the same at every call."""
    rng, layers = random.Random(0), _first_layers(dimensions)  # no secret
    values = {dimension.name: dimension.domain.values_to_try() for dimension in representatives(dimensions)}
    for _ in range(JOINT_CHANGES if len(values) > 1 else 0):
        yield {**layers, **{name: rng.choice(tried) for name, tried in values.items()}}


def active_with(dimension: Dimension, dimensions: Sequence[Dimension]) -> dict[str, Any] | None:
    """Parent values that make a dimension active; None if it never is."""
    by_name = {other.name: other for other in dimensions}
    allowed: dict[str, Sequence[Any]] = {}
    waiting = [dimension]
    while waiting:
        for condition in waiting.pop().conditions:
            before = allowed.get(condition.dimension)
            if before is None or before == condition.values:
                allowed[condition.dimension] = condition.values
            else:
                identities = set(map(identity, before))
                allowed[condition.dimension] = [
                    value for value in condition.values if identity(value) in identities
                ]
            waiting.append(by_name[condition.dimension])
    return {name: values[0] for name, values in allowed.items()} if all(allowed.values()) else None


class _Probing:
    """Values that do not contradict each other, and the problems found so far."""

    def __init__(
        self, configs: TrialConfigs, dimensions: Sequence[Dimension], constraints: Sequence[Constraint]
    ) -> None:
        self.configs = configs
        self.dimensions = dimensions
        self.constraints = constraints
        self.contexts = {dimension.name: active_with(dimension, dimensions) or {} for dimension in dimensions}
        self.problems: Problems = {}
        self.reasons: dict[str, Problem] = {}
        """Why a dimension has no effect, if no trial has read it yet."""
        self.read: set[str] = set()
        self.is_placed = False
        """Whether all dimensions have their center: before, a trial has settings that no trial may have."""
        self.first_layers = _first_layers(dimensions)
        """For those that have no center yet."""
        self.unplaced = representatives(dimensions)
        tried = {dimension.name for dimension in self.unplaced}
        self.center: dict[str, Any] = {
            dimension.name: dimension.domain.values_to_try()[0]
            for dimension in dimensions
            if dimension.name not in tried
        }
        """One value per dimension, without contradictions; the `unplaced` dimensions have none."""
        for only_allowed in (True, False):  # the constraints may allow none of the values that are tried
            while placed := [
                dimension for dimension in self.unplaced if self._place(dimension, only_allowed=only_allowed)
            ]:
                self.unplaced = [dimension for dimension in self.unplaced if dimension not in placed]
        self.is_placed = True
        unplaced = {dimension.name for dimension in self.unplaced}
        self.fitting = [dimension for dimension in dimensions if dimension.name in tried - unplaced]

    def check(self, *varied: Dimension) -> None:
        """Try all values of one dimension, or all pairs of values of two, and collect the errors."""
        most = None if len(varied) == 1 else MAX_PAIRED
        for values in product(*(_some(dimension.domain.values_to_try(), most) for dimension in varied)):
            combination = {dimension.name: value for dimension, value in zip(varied, values, strict=True)}
            problems = self._problems_of(combination)
            if (
                problems
                and combination.keys() <= self._around(combination).keys()
                and self._is_allowed(combination)
            ):
                self._report(problems, combination, varied)

    def report_ineffective(self) -> None:
        """Report the dimensions that no trial reads."""
        for dimension in self.dimensions:
            if dimension.name in self.reasons and dimension.name not in self.read:
                self.problems.setdefault(path_of(dimension), self.reasons[dimension.name])

    def _place(self, dimension: Dimension, *, only_allowed: bool) -> bool:
        """Give a dimension a center value that does not contradict the others; False if there is none."""
        for value in dimension.domain.values_to_try():
            combination = {dimension.name: value}
            if not self._problems_of(combination) and (self._is_allowed(combination) or not only_allowed):
                self.center[dimension.name] = value
                return True
        return False

    def _around(self, combination: Values) -> dict[str, Any]:
        """The values of a trial: those of the combination, and those of the center for other dimensions."""
        values = {**self.first_layers, **self.center}
        for name in combination:
            values.update(self.contexts[name])
        return active(self.dimensions, {**values, **combination})

    def _is_allowed(self, combination: Values) -> bool:
        """Whether that trial fulfils the constraints, as far as its values are known."""
        values = self._around(combination)
        return all(constraint.holds(values) for constraint in self.constraints)

    def _problems_of(self, combination: Values) -> Problems:
        """Why the rules refuse that trial; empty if they do not."""
        values = self._around(combination)
        try:
            experiment = self.configs.experiment_of(assignment_of(self.dimensions, values))
        except InvalidConfigurationError as error:
            return error.by_path
        if not self.is_placed:
            return {}
        ineffective = ineffective_settings(experiment)
        for dimension in self.dimensions:
            if dimension.name in values and dimension.name not in self.read:
                reason = _why_ineffective(parse_path(dimension.setting), ineffective)
                if reason:
                    self.reasons[dimension.name] = reason
                else:
                    self.read.add(dimension.name)
        return {}

    def _report(self, problems: Problems, combination: Values, varied: Sequence[Dimension]) -> None:
        path, problem = next(iter(problems.items()))
        related = (format_path(path), *problem.related)
        around = self._around(combination)
        present = [*varied, *(dimension for dimension in self.dimensions if dimension.name in around)]
        owner = next((dimension for dimension in present if _is_about(path, dimension)), varied[0])
        if not _is_about(path, owner):
            problem = problem.prefixed(format_path(path))
        for other in sorted(
            (dimension for dimension in present if dimension.setting != owner.setting), key=_is_choice
        ):
            values = _some(other.domain.values_to_try(), MAX_NAMED)
            works = [value for value in values if self._works(combination, other, value, owner)]
            if works and not _is_choice(other):
                return
            if works:
                text = f"with {other.name}: {flow_yaml(around[other.name])}, {problem.clause}"
                when = flow_yaml({other.name: works[0] if len(works) == 1 else works})
                advice = f"write when: {when}"
                problem = Problem(text, advice=advice, related=related, has_subject=True)
                self.problems.setdefault(path_of(owner), problem)
                return
        value = around.get(owner.name, combination.get(owner.name))
        if not _is_about(path, owner):
            problem = problem.prefixed(f"with {flow_yaml(value)}", ", ")
        elif path != parse_path(owner.setting):
            problem = problem.prefixed(format_path(path))
        if not any(problem == replace(known, related=problem.related) for known in self.problems.values()):
            inside = () if self._all_are_refused(owner, problems) else _inside(owner, value)
            self.problems.setdefault((*path_of(owner), *inside), replace(problem, related=related))

    def _all_are_refused(self, dimension: Dimension, problems: Problems) -> bool:
        """Whether the rules refuse every value of a dimension for the same reason: no value is to blame."""
        values = dimension.domain.values_to_try()
        return len(values) > 1 and all(
            self._problems_of({dimension.name: value}) == problems for value in values
        )

    def _works(self, combination: Values, other: Dimension, value: Any, owner: Dimension) -> bool:
        changed = {**combination, other.name: value}
        return changed.keys() | {owner.name} <= self._around(changed).keys() and not self._problems_of(
            changed
        )


def _first_layers(dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """The first value of each part of layers: layers are tried as a whole."""
    return {
        dimension.name: dimension.domain.values_to_try()[0]
        for dimension in dimensions
        if dimension.part is not None
    }


def _some(values: Sequence[Any], most: int | None) -> Sequence[Any]:
    """At most `most` of the values, evenly spaced."""
    if most is None or len(values) <= most:
        return values
    return [values[k * (len(values) - 1) // (most - 1)] for k in range(most)]


def _is_choice(dimension: Dimension) -> bool:
    """Whether a condition on the dimension makes sense: its values are words, or it is the depth."""
    return not dimension.ordered or dimension.part == DEPTH


def _is_about(path: ConfigPath, dimension: Dimension) -> bool:
    """Whether a path is the dimension's setting, or one inside or around it."""
    return overlap(path, parse_path(dimension.setting))


def _why_ineffective(path: ConfigPath, ineffective: Problems) -> Problem | None:
    """Why a setting, or a section around it, has no effect; None if it has an effect."""
    sections = (path[:depth] for depth in range(len(path), 0, -1))
    return next((ineffective[section] for section in sections if section in ineffective), None)


def _inside(dimension: Dimension, value: Any) -> ConfigPath:
    """The path of a value inside its domain."""
    if dimension.part:
        return (dimension.part.partition("[")[0],)
    return dimension.domain.path_of(value)
