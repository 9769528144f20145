"""The trials of an Optuna study, as the first trials of a search."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config.rules.start_from import first_assignments
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.schema.search import MOST_FIRST, SearchConfig
from fnnctl.errors import ConfigError, UsageError
from fnnctl.records.optuna_journal import State, Study, StudyTrial, plain_choice
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Dimension, active
from fnnctl.space.domains import Choice, Domain
from fnnctl.space.identity import identity
from fnnctl.space.number_domains import nearest
from fnnctl.space.space import Space
from fnnctl.text import counted, quoted, word_list

OPTION: Final = "--import-optuna"
_LEFT_OUT: Final = {State.PRUNED: "pruned", State.FAIL: "failed", State.RUNNING: "without a result"}
CLOSE: Final = 1e-9
"""The relative difference of two numbers that are one value: Optuna adds steps in binary."""


class _UnfitError(Exception):
    """A trial cannot be tried in this search; the message is the reason."""


@dataclass(frozen=True, slots=True)
class StudyTrials:
    """Trials of a study that fit a search."""

    assignments: tuple[Assignment, ...]
    """The complete ones, the best first; then those that were enqueued."""
    note: str
    """How many they are, and why the others are left out."""


def trials_to_try(study: Study, configs: TrialConfigs, search: SearchConfig, space: Space) -> StudyTrials:
    """The trials of a study that fit; raises `UsageError` if none does."""
    left_out = Counter(_LEFT_OUT[trial.state] for trial in study.trials if trial.state in _LEFT_OUT)
    assignments: dict[Any, Assignment] = {}
    for trial in _in_order(study):
        try:
            assignment = _fitting(trial, configs, search, space)
            key = configs.key_of(assignment)
            if key in assignments:
                raise _UnfitError("equal to a better one")
            if len(assignments) == MOST_FIRST:
                raise _UnfitError(f"after the first {MOST_FIRST:,}")
            assignments[key] = assignment
        except _UnfitError as reason:
            left_out[str(reason)] += 1
    reasons = word_list([f"{count:,} {reason}" for reason, count in left_out.items()])
    trials = f"{counted(len(study.trials), 'trial')} of the study {quoted(study.name)}"
    if not assignments:
        why = f": {reasons}" if reasons else ""
        raise UsageError(f"{OPTION}: none of {trials} can be tried{why}")
    note = f"{OPTION}: {len(assignments):,} of {trials} are tried first"
    omissions = f"; {left_out.total():,} are left out: {reasons}" if left_out else ""
    return StudyTrials(tuple(assignments.values()), note + omissions)


def _in_order(study: Study) -> Iterator[StudyTrial]:
    """Complete trials, the best first and the earlier one of two that are equal; then enqueued ones."""
    complete = [trial for trial in study.trials if trial.state is State.COMPLETE]

    def loss(trial: StudyTrial) -> float:
        if trial.value is None:
            return math.inf
        return -trial.value if study.maximizes else trial.value

    yield from sorted(complete, key=loss)
    yield from (trial for trial in study.trials if trial.state is State.WAITING)


def _fitting(trial: StudyTrial, configs: TrialConfigs, search: SearchConfig, space: Space) -> Assignment:
    """The trial's complete assignment; the config gives what the trial leaves out."""
    values = _values(trial.parameters, {dimension.name: dimension for dimension in space.dimensions})
    _refuse_incomplete_layers(values, space.dimensions)
    entry = dict(space.assignment_of(values))
    try:
        (assignment,) = first_assignments(configs, search.model_copy(update={"start_from": (entry,)}))
    except ConfigError as error:
        raise _UnfitError(error.problems[0].message) from None
    if not space.allows(assignment):
        raise _UnfitError("not allowed by search.require")
    return assignment


def _values(parameters: Mapping[str, Any], dimensions: Mapping[str, Dimension]) -> dict[str, Any]:
    """The values by dimension, in the form of the space."""
    values = {}
    for name, value in parameters.items():
        if name not in dimensions:
            raise _UnfitError(f"with a {quoted(name)} that is not searched")
        meant = _value(dimensions[name].domain, value)
        if not meant:
            raise _UnfitError(f"with a {quoted(name)} outside of the space")
        values[name] = meant[0]
    return values


def _value(domain: Domain, value: Any) -> Sequence[Any]:
    """The domain's own value that this one stands for; empty if there is none."""
    if isinstance(domain, Choice):
        is_meant = (
            identity(value) in {identity(choice), identity(plain_choice(choice))} for choice in domain.choice
        )
        return [choice for choice, meant in zip(domain.choice, is_meant, strict=True) if meant][:1]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ()
    if domain.values is None:
        return [value] if value in domain else ()
    near = nearest(domain.values, value)
    return [near] if math.isclose(near, value, rel_tol=CLOSE) else ()


def _refuse_incomplete_layers(values: Mapping[str, Any], dimensions: Sequence[Dimension]) -> None:
    """Raise `_UnfitError` if some but not all dimensions of a network's layers have a value."""
    layered = {dimension.setting for dimension in dimensions if dimension.part and dimension.name in values}
    active_values = active(dimensions, values)
    for dimension in dimensions:
        is_required = dimension.setting in layered and all(
            c.holds(active_values) for c in dimension.conditions
        )
        if is_required and dimension.name not in active_values:
            raise _UnfitError(f"without {quoted(dimension.name)}")
