"""Tries values of a space before the search starts, to find the ones that the rules refuse.

Each value of a choice and both ends of a range are tried alone; the values of a choice are also tried with
those of each other dimension. Of layers with their own widths, the first two and the last are tried.

A refused value is an error if it never works, or if a condition (`when`) on a choice would prevent the
refused combination. Numbers that contradict each other only in some combinations are not reported here: those
trials fail.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from fnnctl.config.paths import ConfigPath, format_path, overlap, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.rules.dimensions import path_of
from fnnctl.config.rules.setting_rules import ineffective_settings
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem
from fnnctl.space.assignments import assignment_of
from fnnctl.space.constraints import Constraint
from fnnctl.space.dimensions import Dimension, active
from fnnctl.space.identity import identity
from fnnctl.space.layers import DEPTH, representatives

MAX_PAIRED = 8
"""At most this many values of a choice are tried together with the values of every other dimension."""
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
    trials = _Trials(configs, dimensions, constraints)
    problems: Problems = {}
    for changes in trials.changes():
        if trials.problems_with(changes) and trials.is_searched(changes):
            for path, problem in _attribution(trials, changes, problems):
                problems.setdefault(path, problem)
    return problems or _unread_dimensions(trials)


def read_by_some_trial(
    configs: TrialConfigs, dimensions: Sequence[Dimension], paths: Sequence[ConfigPath]
) -> set[ConfigPath]:
    """The settings among `paths` that some trial reads, as far as a few hundred trials show.

    Trials with one dimension different from the config come first. A setting may need several: a
    horizon beside lbfgs needs another optimizer and a schedule that depends on it.
    """
    read: set[ConfigPath] = set()
    for values in _changes(dimensions):
        if len(read) == len(paths):
            break
        try:
            ineffective = configs.ineffective_in(assignment_of(dimensions, active(dimensions, values)))
        except ConfigError:
            continue  # the check of the space reports it
        read |= {path for path in paths if not _why_ineffective(path, ineffective)}
    return read


def _changes(dimensions: Sequence[Dimension]) -> Iterator[Values]:
    """Values of one dimension each, then random ones of all dimensions, the same at every call."""
    layers, tried = _first_layers(dimensions), representatives(dimensions)
    for dimension in tried:
        parents = parent_values(dimension, dimensions) or {}
        for value in dimension.domain.values_to_try():
            yield {**layers, **parents, dimension.name: value}
    rng = random.Random(0)  # no secret
    values = {dimension.name: dimension.domain.values_to_try() for dimension in tried}
    for _ in range(JOINT_CHANGES if len(values) > 1 else 0):
        yield {**layers, **{name: rng.choice(choice) for name, choice in values.items()}}


def parent_values(dimension: Dimension, dimensions: Sequence[Dimension]) -> dict[str, Any] | None:
    """Values of other dimensions that make a dimension active; None if it never is."""
    by_name = {parent.name: parent for parent in dimensions}
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


class _Trials:
    """The trials that differ in a few values, the changes, from one that the rules do not refuse."""

    def __init__(
        self, configs: TrialConfigs, dimensions: Sequence[Dimension], constraints: Sequence[Constraint]
    ) -> None:
        self.dimensions = dimensions
        self._configs, self._constraints = configs, constraints
        self._parents = {
            dimension.name: parent_values(dimension, dimensions) or {} for dimension in dimensions
        }
        self._problems: dict[Hashable, Problems] = {}
        """What the rules refuse, by the identity of a trial's values: pairs of values repeat many trials."""
        self._center = _first_layers(dimensions)
        """The values of the trial that is changed; the `_unplaced` dimensions have none that works there."""
        self._unplaced = tried = representatives(dimensions)
        for must_be_allowed in (True, False):  # the constraints may allow none of the values that are tried
            while placed := [
                dimension for dimension in self._unplaced if self._place(dimension, must_be_allowed)
            ]:
                self._unplaced = [dimension for dimension in self._unplaced if dimension not in placed]
        self._placed = [dimension for dimension in tried if dimension not in self._unplaced]

    def _place(self, dimension: Dimension, must_be_allowed: bool) -> bool:
        """Give a dimension a value that does not contradict the others; False if there is none."""
        for value in dimension.domain.values_to_try():
            changes = {dimension.name: value}
            if not self.problems_with(changes) and (self._allow(changes) or not must_be_allowed):
                self._center[dimension.name] = value
                return True
        return False

    def changes(self) -> Iterator[Values]:
        """All values of one dimension, then all pairs of values of two of which one is a choice."""
        alone = [(dimension,) for dimension in (*self._unplaced, *self._placed)]
        pairs = [pair for pair in combinations(self._placed, 2) if any(map(_is_choice, pair))]
        for varied in (*alone, *pairs):
            most = None if len(varied) == 1 else MAX_PAIRED
            tried = (_evenly_spaced(dimension.domain.values_to_try(), most) for dimension in varied)
            for values in product(*tried):
                yield {dimension.name: value for dimension, value in zip(varied, values, strict=True)}

    def values_with(self, changes: Values) -> dict[str, Any]:
        """The values of all active dimensions in a trial with these changes."""
        values = dict(self._center)
        for name in changes:
            values.update(self._parents[name])
        return active(self.dimensions, {**values, **changes})

    def problems_with(self, changes: Values) -> Problems:
        """Why the rules refuse a trial with these changes; empty if they do not."""
        values = self.values_with(changes)
        key = identity(values)
        if key not in self._problems:
            try:
                self.experiment_of(values)
                self._problems[key] = {}
            except InvalidConfigurationError as error:
                self._problems[key] = error.by_path
        return self._problems[key]

    def experiment_of(self, values: Values) -> Experiment:
        """The experiment of a trial; raises `InvalidConfigurationError` if the rules refuse it."""
        return self._configs.experiment_of(assignment_of(self.dimensions, values))

    def is_searched(self, changes: Values) -> bool:
        """Whether the changed dimensions are active together, and the constraints allow their values."""
        return changes.keys() <= self.values_with(changes).keys() and self._allow(changes)

    def accept(self, changes: Values, dimension: Dimension) -> bool:
        """Whether there is a trial with these changes in which this dimension is active, too."""
        is_active = changes.keys() | {dimension.name} <= self.values_with(changes).keys()
        return is_active and not self.problems_with(changes)

    def refuse_all(self, dimension: Dimension, problems: Problems) -> bool:
        """Whether every value of a dimension has the same problems: no value is to blame."""
        values = dimension.domain.values_to_try()
        return len(values) > 1 and all(
            self.problems_with({dimension.name: value}) == problems for value in values
        )

    def _allow(self, changes: Values) -> bool:
        """Whether the constraints allow a trial with these changes, as far as its values are known."""
        values = self.values_with(changes)
        return all(constraint.holds(values) for constraint in self._constraints)


def _attribution(trials: _Trials, changes: Values, known: Problems) -> Iterator[tuple[ConfigPath, Problem]]:
    """Where in the space a refused trial's first problem is reported, and how.

    Nothing is reported if other numbers avoid the problem, or if it is among the `known` ones.
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
    for cause in sorted(causes, key=_is_choice):
        tried = _evenly_spaced(cause.domain.values_to_try(), MAX_NAMED)
        accepted = [value for value in tried if trials.accept({**changes, cause.name: value}, owner)]
        if not accepted:
            continue
        if _is_choice(cause):
            text = f"with {cause.name}: {flow_yaml(values[cause.name])}, {problem.clause}"
            when = flow_yaml({cause.name: accepted[0] if len(accepted) == 1 else accepted})
            advice = f"write when: {when}"
            yield path_of(owner), Problem(text, advice=advice, related=problem.related, has_subject=True)
        return
    value = values[owner.name]
    if not _is_about(path, owner):
        problem = problem.prefixed(f"with {flow_yaml(value)}", ", ")
    elif path != parse_path(owner.setting):
        problem = problem.prefixed(format_path(path))
    if not any(problem == replace(reported, related=problem.related) for reported in known.values()):
        inside = () if trials.refuse_all(owner, refusal) else _path_inside(owner, value)
        yield (*path_of(owner), *inside), problem


def _unread_dimensions(trials: _Trials) -> Problems:
    """The dimensions that have no effect in any trial, each with the reason in the last one."""
    unread = {dimension.name: dimension for dimension in trials.dimensions}
    reasons: dict[str, Problem] = {}
    for changes in trials.changes():
        values = trials.values_with(changes)
        names = unread.keys() & values.keys()
        if not names or trials.problems_with(changes):
            continue
        ineffective = ineffective_settings(trials.experiment_of(values))
        for name in names:
            if reason := _why_ineffective(parse_path(unread[name].setting), ineffective):
                reasons[name] = reason
            else:
                del unread[name]
    problems: Problems = {}
    for name, dimension in unread.items():
        if name in reasons:
            problems.setdefault(path_of(dimension), reasons[name])
    return problems


def _first_layers(dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """The first value of each part of layers: layers are tried as a whole."""
    return {
        dimension.name: dimension.domain.values_to_try()[0]
        for dimension in dimensions
        if dimension.part is not None
    }


def _evenly_spaced(values: Sequence[Any], most: int | None) -> Sequence[Any]:
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


def _path_inside(dimension: Dimension, value: Any) -> ConfigPath:
    """The path of a value inside its domain."""
    if dimension.part:
        return (dimension.part.partition("[")[0],)
    return dimension.domain.path_of(value)
