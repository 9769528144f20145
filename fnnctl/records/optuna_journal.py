"""Optuna's journal files, which `fnnctl export` writes and `fnnctl search` reads.

The format is that of Optuna's `JournalFileBackend`: one JSON object per line, an operation on the studies of
the file. Optuna rebuilds its state by replaying them. Parameters are stored as numbers: that of a category is
its index. Nothing here needs Optuna.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import DataError, UsageError
from fnnctl.space.identity import index_of
from fnnctl.store.atomic import damaged, read_bytes
from fnnctl.text import quoted, word_list

WORKER: Final = "fnnctl"
"""The name of the worker in our records; Optuna's own begin with a random number."""
METRIC_NAMES: Final = "study:metric_names"
FIXED_PARAMETERS: Final = "fixed_params"
"""The attribute that holds the parameters of a trial that was enqueued and has not begun."""


class Operation(IntEnum):
    """The kinds of records that matter here."""

    CREATE_STUDY = 0
    DELETE_STUDY = 1
    SET_STUDY_USER_ATTRIBUTE = 2
    SET_STUDY_SYSTEM_ATTRIBUTE = 3
    CREATE_TRIAL = 4
    SET_PARAMETER = 5
    SET_STATE = 6


class State(IntEnum):
    """The states of a trial."""

    RUNNING = 0
    COMPLETE = 1
    PRUNED = 2
    FAIL = 3
    WAITING = 4

    @property
    def is_finished(self) -> bool:
        """Whether the trial cannot change any more."""
        return self in {State.COMPLETE, State.PRUNED, State.FAIL}


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values that a parameter can have."""

    name: str
    """The name of Optuna's class."""
    attributes: Mapping[str, Any]

    @classmethod
    def of_numbers(
        cls, low: float, high: float, *, whole: bool, log: bool, step: float | None
    ) -> Distribution:
        """Numbers between two ends; `step` is a difference, and None if there is none."""
        ends = {"low": int(low), "high": int(high)} if whole else {"low": float(low), "high": float(high)}
        steps = {"step": int(step or 1) if whole else step}
        return cls("IntDistribution" if whole else "FloatDistribution", {"log": log, **steps, **ends})

    @classmethod
    def of_choices(cls, choices: Sequence[Any]) -> Distribution:
        """One of several texts, numbers, booleans or None."""
        return cls("CategoricalDistribution", {"choices": list(choices)})

    def number_of(self, value: Any) -> float:
        """The number that is stored for a value; raises ValueError if it is none of the choices."""
        if "choices" not in self.attributes:
            return float(value)
        index = index_of(value, self.attributes["choices"])
        if index is None:
            raise ValueError(f"{value!r} is none of the choices")
        return index

    def value_of(self, number: float) -> Any:
        """The value with this number; raises ValueError or IndexError if there is none."""
        if "choices" in self.attributes:
            return self.attributes["choices"][int(number)]
        return int(number) if self.name.startswith("Int") else float(number)


def plain_choice(choice: Any) -> Any:
    """A choice as Optuna takes it: a list or a mapping as it would be written in a config."""
    return flow_yaml(choice) if isinstance(choice, list | tuple | Mapping) else choice


@dataclass(slots=True)
class StudyTrial:
    """A trial of a study."""

    state: State
    value: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    """By parameter; only to be written."""
    intermediate: Mapping[int, float] = field(default_factory=dict)
    """The values on the way, by step."""
    start: datetime | None = None
    end: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Study:
    """A study with one objective."""

    name: str
    maximizes: bool
    metric: str | None = None
    trials: list[StudyTrial] = field(default_factory=list)
    attributes: Mapping[str, Any] = field(default_factory=dict)


def study_lines(study: Study) -> Iterator[str]:
    """The lines of a file with this study alone."""
    directions = [2 if study.maximizes else 1]
    yield _line(Operation.CREATE_STUDY, study_name=study.name, directions=directions)
    if study.metric is not None:
        metric = {METRIC_NAMES: [study.metric]}
        yield _line(Operation.SET_STUDY_SYSTEM_ATTRIBUTE, study_id=0, system_attr=metric)
    for name, value in study.attributes.items():
        yield _line(Operation.SET_STUDY_USER_ATTRIBUTE, study_id=0, user_attr={name: value})
    for trial in study.trials:
        yield _trial_line(trial)


def _trial_line(trial: StudyTrial) -> str:
    end = {} if trial.end is None else {"datetime_complete": _time(trial.end)}
    return _line(
        Operation.CREATE_TRIAL,
        study_id=0,
        datetime_start=None if trial.start is None else _time(trial.start),
        state=trial.state,
        value=trial.value,
        values=None,
        **end,
        distributions={
            name: json.dumps({"name": distribution.name, "attributes": distribution.attributes})
            for name, distribution in trial.distributions.items()
        },
        params={name: trial.distributions[name].number_of(value) for name, value in trial.parameters.items()},
        user_attrs=trial.attributes,
        system_attrs={},
        intermediate_values=trial.intermediate,
    )


def _line(operation: Operation, **entries: Any) -> str:
    return json.dumps({"op_code": operation, "worker_id": WORKER, **entries}, allow_nan=False) + "\n"


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read_study(path: Path) -> Study:
    """The only study in a file.

    Raises `UsageError` if there is no such file, or if it has not exactly one study with one objective, and
    `DataError` if it is no journal.
    """
    content = read_bytes(path)
    if content is None:
        raise UsageError(f"there is no file '{path}'")
    replay = _Replay()
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if number == len(lines) and not line.endswith(b"\n"):
            break  # it is being written
        try:
            replay.apply(json.loads(line))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise _no_journal(path, number) from error
    studies = [study for study in replay.studies if study is not None]
    if len(studies) != 1:
        names = f" ({word_list([quoted(study.name) for study in studies])})" if studies else ""
        raise UsageError(
            f"'{path}' has {len(studies)} studies{names}, and must have one: see optuna.copy_study"
        )
    (study,) = studies
    if study.name in replay.with_several_objectives:
        raise UsageError(
            f"'{path}': the study {quoted(study.name)} has several objectives, and must have one"
        )
    return study


def _no_journal(path: Path, line: int) -> DataError:
    advice = "copy the study into a JournalStorage with a JournalFileBackend (optuna.copy_study)"
    return damaged(path, f"line {line} is no record of an Optuna journal; {advice}")


class _Replay:
    """The studies after some operations, as Optuna sees them."""

    def __init__(self) -> None:
        self.studies: list[Study | None] = []
        """By id; None for a deleted one."""
        self.with_several_objectives: set[str] = set()
        self._trials: list[StudyTrial] = []
        """Those of all studies by id, deleted ones included."""

    def apply(self, record: Mapping[str, Any]) -> None:
        """Raises an exception that depends on what is wrong if the record is invalid."""
        operation = record["op_code"]
        if operation == Operation.CREATE_STUDY:
            self._create_study(record["study_name"], record["directions"])
        elif operation == Operation.DELETE_STUDY:
            self.studies[record["study_id"]] = None
        elif operation == Operation.CREATE_TRIAL:
            self._create_trial(record)
        elif operation in {Operation.SET_PARAMETER, Operation.SET_STATE}:
            trial = self._trials[record["trial_id"]]
            if trial.state.is_finished:  # another worker was faster
                return
            if operation == Operation.SET_STATE:
                trial.state = State(record["state"])
                trial.value = _value(record["values"])
            else:
                distribution = _distribution(record["distribution"])
                value = distribution.value_of(record["param_value_internal"])
                trial.parameters[str(record["param_name"])] = value

    def _create_study(self, name: str, directions: Sequence[int]) -> None:
        if any(study is not None and study.name == name for study in self.studies):
            return  # another worker was faster
        self.studies.append(Study(str(name), directions[0] == 2))
        if len(directions) > 1:
            self.with_several_objectives.add(name)

    def _create_trial(self, record: Mapping[str, Any]) -> None:
        study = self.studies[record["study_id"]]
        if study is None:
            return
        distributions = {name: _distribution(text) for name, text in record.get("distributions", {}).items()}
        parameters = {name: distributions[name].value_of(n) for name, n in record.get("params", {}).items()}
        state = State(record.get("state", State.RUNNING))
        if state is State.WAITING:
            parameters |= record.get("system_attrs", {}).get(FIXED_PARAMETERS, {})
        value, values = record.get("value"), record.get("values")
        trial = StudyTrial(state, _value([value] if values is None else values), parameters)
        study.trials.append(trial)
        self._trials.append(trial)


def _distribution(text: str) -> Distribution:
    distribution = json.loads(text)
    return Distribution(str(distribution["name"]), dict(distribution["attributes"]))


def _value(values: Sequence[float | None] | None) -> float | None:
    """The only value; None if there is none, or if it is no finite number."""
    value = values[0] if values else None
    return value if value is not None and math.isfinite(value) else None
