"""Chooses trials that stand for all trials of a space, and asks what the rules say of them.

Each value of a choice and both ends of a range are tried alone; the values of a choice are also tried with
those of each other dimension. Of layers with their own widths, the first two and the last are tried.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any, Final, TypeAlias

from fnnctl.config.paths import ConfigPath
from fnnctl.config.problems import Problems
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError, Problem
from fnnctl.space.assignments import assignment_of
from fnnctl.space.constraints import Constraint
from fnnctl.space.dimensions import Dimension, active
from fnnctl.space.identity import identity
from fnnctl.space.layers import DEPTH, representatives

MAX_PAIRED: Final = 8
"""At most this many values of a choice are tried together with the values of every other dimension."""
JOINT_CHANGES: Final = 300
"""The number of random trials in which a setting is looked for that needs several changes to be read.

If it needs one particular value of each of two choices of eight, one of 300 trials has both with 99 %.
"""
Values: TypeAlias = Mapping[str, Any]
"""Values by dimension."""


class NearbyTrials:
    """The trials of a space near one that the rules accept: they differ from it in a few values, the changes.

    The dimensions are in `parents_first` order.
    """

    def __init__(
        self, configs: TrialConfigs, dimensions: Sequence[Dimension], constraints: Sequence[Constraint]
    ) -> None:
        self.dimensions = dimensions
        self._configs, self._constraints = configs, constraints
        self._parents = {
            dimension.name: parent_values(dimension, dimensions) or {} for dimension in dimensions
        }
        self._problems: dict[Hashable, Problems] = {}
        """What is wrong with trials, by the identity of their values: pairs of values repeat many trials."""
        self._center = _first_layers(dimensions)
        """The values of the accepted trial; the `_unplaced` dimensions have none that is accepted."""
        self._unplaced = varied = representatives(dimensions)
        for must_be_allowed in (True, False):  # the constraints may allow none of the values that are tried
            while placed := [
                dimension for dimension in self._unplaced if self._place(dimension, must_be_allowed)
            ]:
                self._unplaced = [dimension for dimension in self._unplaced if dimension not in placed]
        self._placed = [dimension for dimension in varied if dimension not in self._unplaced]

    def changes(self) -> Iterator[Values]:
        """All values of one dimension, then all pairs of values of two of which one is a choice."""
        alone = [(dimension,) for dimension in (*self._unplaced, *self._placed)]
        pairs = [pair for pair in combinations(self._placed, 2) if any(map(is_choice, pair))]
        for varied in (*alone, *pairs):
            most = None if len(varied) == 1 else MAX_PAIRED
            choices = (evenly_spaced(dimension.domain.values_to_try(), most) for dimension in varied)
            for values in product(*choices):
                yield {dimension.name: value for dimension, value in zip(varied, values, strict=True)}

    def values_with(self, changes: Values) -> dict[str, Any]:
        """The values of all active dimensions in a trial with these changes."""
        values = dict(self._center)
        for name in changes:
            values.update(self._parents[name])
        return active(self.dimensions, {**values, **changes})

    def problems_with(self, changes: Values) -> Problems:
        """Why the rules refuse a trial with these changes; empty if they accept it."""
        key = identity(self.values_with(changes))
        if key not in self._problems:
            try:
                self.experiment_with(changes)
                self._problems[key] = {}
            except InvalidConfigurationError as error:
                self._problems[key] = error.by_path
        return self._problems[key]

    def experiment_with(self, changes: Values) -> Experiment:
        """The experiment of a trial; raises `InvalidConfigurationError` if the rules refuse it."""
        return self._configs.experiment_of(assignment_of(self.dimensions, self.values_with(changes)))

    def are_active(self, changes: Values) -> bool:
        """Whether the changed dimensions are active together."""
        return changes.keys() <= self.values_with(changes).keys()

    def allows(self, changes: Values) -> bool:
        """Whether the constraints allow a trial with these changes, as far as its values are known."""
        values = self.values_with(changes)
        return all(constraint.holds(values) for constraint in self._constraints)

    def _place(self, dimension: Dimension, must_be_allowed: bool) -> bool:
        """Give a dimension a value that the rules accept beside the others; False if there is none."""
        for value in dimension.domain.values_to_try():
            changes = {dimension.name: value}
            if not self.problems_with(changes) and (self.allows(changes) or not must_be_allowed):
                self._center[dimension.name] = value
                return True
        return False


def read_by_some_trial(
    configs: TrialConfigs, dimensions: Sequence[Dimension], paths: Sequence[ConfigPath]
) -> set[ConfigPath]:
    """The settings among `paths` that some trial reads, as far as a few hundred trials show.

    Trials with one dimension different from the config come first. A setting may need several: a
    horizon beside lbfgs needs another optimizer and a schedule that depends on it.
    """
    read: set[ConfigPath] = set()
    for values in _single_and_joint_changes(dimensions):
        if len(read) == len(paths):
            break
        try:
            ineffective = configs.ineffective_in(assignment_of(dimensions, active(dimensions, values)))
        except ConfigError:
            continue  # the check of the space reports it
        read |= {path for path in paths if not why_ineffective(path, ineffective)}
    return read


def why_ineffective(path: ConfigPath, ineffective: Problems) -> Problem | None:
    """Why a setting, or a section around it, has no effect; None if it has an effect."""
    sections = (path[:depth] for depth in range(len(path), 0, -1))
    return next((ineffective[section] for section in sections if section in ineffective), None)


def parent_values(dimension: Dimension, dimensions: Sequence[Dimension]) -> dict[str, Any] | None:
    """Values of other dimensions that make a dimension active; None if it never is."""
    by_name = {parent.name: parent for parent in dimensions}
    allowed: dict[str, Sequence[Any]] = {}
    waiting = [dimension]
    while waiting:
        for condition in waiting.pop().conditions:
            values = condition.values
            former = allowed.get(condition.dimension, values)
            if former != values:
                identities = set(map(identity, former))
                values = tuple(value for value in values if identity(value) in identities)
            allowed[condition.dimension] = values
            waiting.append(by_name[condition.dimension])
    return {name: values[0] for name, values in allowed.items()} if all(allowed.values()) else None


def is_choice(dimension: Dimension) -> bool:
    """Whether a condition on the dimension makes sense: its values are words, or it is the depth."""
    return not dimension.ordered or dimension.part == DEPTH


def evenly_spaced(values: Sequence[Any], most: int | None) -> Sequence[Any]:
    """At most `most` of the values."""
    if most is None or len(values) <= most:
        return values
    return [values[k * (len(values) - 1) // (most - 1)] for k in range(most)]


def _single_and_joint_changes(dimensions: Sequence[Dimension]) -> Iterator[Values]:
    """Values of one dimension each, then random ones of all dimensions, the same at every call."""
    layers, varied = _first_layers(dimensions), representatives(dimensions)
    for dimension in varied:
        parents = parent_values(dimension, dimensions) or {}
        for value in dimension.domain.values_to_try():
            yield {**layers, **parents, dimension.name: value}
    rng = random.Random(0)  # no secret
    values = {dimension.name: dimension.domain.values_to_try() for dimension in varied}
    for _ in range(JOINT_CHANGES if len(values) > 1 else 0):
        yield {**layers, **{name: rng.choice(choice) for name, choice in values.items()}}


def _first_layers(dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """The first value of each part of layers: layers are tried as a whole."""
    return {
        dimension.name: dimension.domain.values_to_try()[0]
        for dimension in dimensions
        if dimension.part is not None
    }
