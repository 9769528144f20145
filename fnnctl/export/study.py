"""A search as a study of Optuna.

Optuna's best trial is the one with the best value among complete trials, whatever was spent on them. So only
those that compete with the incumbent are complete; what was stopped at a lower rung is pruned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fnnctl.config.reading.loading import load_config
from fnnctl.config.rules.dimensions import space_of
from fnnctl.errors import UsageError
from fnnctl.modelling.run_config import resolved_config
from fnnctl.records.history import SearchHistory, read_search
from fnnctl.records.optuna_journal import Distribution, State, Study, StudyTrial, plain_choice
from fnnctl.records.standings import finite_objective
from fnnctl.records.trial_records import TrialRecord, trial_records
from fnnctl.records.trials import Result
from fnnctl.space.assignments import values_by_dimension
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import Choice
from fnnctl.space.identity import identity
from fnnctl.space.number_domains import NumberDomain, Range
from fnnctl.store.folder import RunFolder
from fnnctl.text import quoted


def study_of(run: RunFolder) -> Study:
    """The study of a search; raises `UsageError` for another run, and `DataError` if a file is damaged."""
    search = read_search(run)
    if search is None:
        kind = quoted(run.read_manifest().kind)
        raise UsageError(f"--format optuna is for a search, but {run.path} is of kind {kind}")
    settings = load_config(resolved_config(run)).experiment.search
    dimensions = space_of({} if settings is None else settings.domains).dimensions
    records = trial_records(run, search)
    parameters = [_parameters(dimensions, record.trial.assignment) for record in records]
    distributions = {
        dimension.name: _distribution(
            dimension, [values[dimension.name] for values in parameters if dimension.name in values]
        )
        for dimension in dimensions
    }
    study = Study(
        run.path.name, search.direction == "maximize", search.metric, attributes=_facts(run, search)
    )
    complete = {result.trial for result in search.standings.contenders()}
    for record, values in zip(records, parameters, strict=True):
        trial = _trial(search, record, is_complete=record.trial.number in complete)
        trial.parameters, trial.distributions = values, {name: distributions[name] for name in values}
        study.trials.append(trial)
    return study


def _trial(search: SearchHistory, record: TrialRecord, *, is_complete: bool) -> StudyTrial:
    """A trial's state, values and facts."""
    value = None if record.latest is None else finite_objective(record.latest)
    state = State.FAIL if value is None else State.COMPLETE if is_complete else State.PRUNED
    return StudyTrial(
        State.RUNNING if record.latest is None else state,
        value,
        intermediate=dict(point for result in record.results for point in _values(search, result)),
        start=record.start,
        end=record.end,
        attributes=record.facts,
    )


def _values(search: SearchHistory, result: Result) -> Iterator[tuple[int, float]]:
    """The objective after each epoch of a result's job or, if only that is known, after the last one."""
    start, curve = search.starts[result.key], search.curve_of(result)
    for epoch, value in enumerate(curve, start=start + 1):
        if value is not None and math.isfinite(value):
            yield epoch, value
    if not curve and result.objective is not None:
        yield start + result.epochs, result.objective


def _facts(run: RunFolder, search: SearchHistory) -> dict[str, Any]:
    """What is said about the study: the trial that was refitted may be another one than Optuna's best."""
    facts = {} if run.named is None else {"run": run.named}
    facts |= {"method": search.method, "measured on": search.part}
    return facts if search.winner is None else {**facts, "winner": search.winner.trial}


def _parameters(dimensions: Sequence[Dimension], assignment: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a trial's active dimensions, by name."""
    values = values_by_dimension(dimensions, assignment)
    return {
        dimension.name: plain_choice(values[dimension.name])
        if isinstance(dimension.domain, Choice)
        else values[dimension.name]
        for dimension in dimensions
        if dimension.name in values
    }


def _distribution(dimension: Dimension, tried: Sequence[Any]) -> Distribution:
    """The values of a dimension, and those that were tried outside of its domain, as first trials may be.

    All trials share it: Optuna leaves parameters out of its analyses if their distributions differ.
    """
    domain = dimension.domain
    if not isinstance(domain, NumberDomain):
        choices = {identity(value): value for value in (*map(plain_choice, domain.values or ()), *tried)}
        return Distribution.of_choices(list(choices.values()))
    low, high = domain.ends
    is_outside = any(not low <= value <= high for value in tried)
    whole = isinstance(domain, Range) and domain.whole and all(float(value).is_integer() for value in tried)
    has_steps = domain.step is not None and not domain.log and not is_outside and isinstance(domain, Range)
    return Distribution.of_numbers(
        min(low, *tried),
        max(high, *tried),
        whole=whole,
        log=domain.log,
        step=domain.step if has_steps else None,
    )
