"""Optuna's journal files: the operations of several workers, and files that are something else."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import DataError, UsageError
from fnnctl.records.optuna_journal import (
    Distribution,
    State,
    Study,
    StudyTrial,
    plain_choice,
    read_study,
    study_lines,
)
from tests.messages import Messages

LEVELS = Distribution.of_choices(["low", None, 2])
RATE = Distribution.of_numbers(1e-4, 1, whole=False, log=True, step=None)


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def study(name: str, *directions: int) -> dict[str, Any]:
    return {"op_code": 0, "study_name": name, "directions": directions}


def parameter(name: str, value: float, kind: str, **attributes: Any) -> dict[str, Any]:
    distribution = json.dumps({"name": f"{kind}Distribution", "attributes": attributes})
    operation = {"op_code": 5, "trial_id": 1, "param_name": name}
    return {**operation, "param_value_internal": value, "distribution": distribution}


def test_a_study_that_was_written_is_read_again(tmp_path: Path) -> None:
    trials = [
        StudyTrial(State.COMPLETE, 0.5, {"level": None, "rate": 0.01}, {"level": LEVELS, "rate": RATE}),
        StudyTrial(State.FAIL, None, {"level": 2}, {"level": LEVELS}),
    ]
    (tmp_path / "a.log").write_text("".join(study_lines(Study("s", True, "accuracy", trials))))
    again = read_study(tmp_path / "a.log")
    assert (again.name, again.maximizes) == ("s", True)
    assert [(trial.state, trial.value, trial.parameters) for trial in again.trials] == [
        (State.COMPLETE, 0.5, {"level": None, "rate": 0.01}),
        (State.FAIL, None, {"level": 2}),
    ]


def test_operations_are_applied_as_optuna_applies_them(tmp_path: Path) -> None:
    """A deleted study's trials keep their ids; what comes after a trial's end, or a second study of the same
    name, is another worker's and has no effect; so has a last line that is still being written.
    """
    path = written(
        tmp_path / "a.log",
        study("old", 1),
        {"op_code": 4, "study_id": 0},
        {"op_code": 1, "study_id": 0},
        study("new", 1),
        study("new", 1),
        {"op_code": 9, "trial_id": 1, "system_attr": {"x": 1}},
        {"op_code": 4, "study_id": 1, "datetime_start": None},
        {"op_code": 4, "study_id": 1, "state": 4, "system_attrs": {"fixed_params": {"rate": 0.2}}},
        parameter("rate", 1, "Float", low=0.0, high=1.0),
        parameter("depth", 2.0, "Int", low=1, high=3),
        parameter("level", 1.0, "Categorical", choices=["a", "b"]),
        {"op_code": 7, "trial_id": 1, "step": 1, "intermediate_value": 0.3},
        {"op_code": 6, "trial_id": 1, "state": 1, "values": [0.25]},
        {"op_code": 6, "trial_id": 1, "state": 3, "values": None},
        parameter("rate", 0, "Float", low=0.0, high=1.0),
    )
    path.write_text(path.read_text() + '{"op_code": 4, "study_')
    done, enqueued = read_study(path).trials
    assert (done.state, done.value, done.parameters) == (
        State.COMPLETE,
        0.25,
        {"rate": 1.0, "depth": 2, "level": "b"},
    )
    assert (enqueued.state, enqueued.parameters) == (State.WAITING, {"rate": 0.2})
    assert isinstance(done.parameters["rate"], float)


def test_what_is_written_has_the_types_that_optuna_reads() -> None:
    """Whole numbers without a fraction, times in UTC, and the metric's name where the dashboard looks."""
    depth = Distribution.of_numbers(1, 3, whole=True, log=False, step=None)
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))
    parameters = StudyTrial(State.RUNNING, None, {"depth": 2}, {"depth": depth, "rate": RATE}, start=start)
    first, second, third = map(json.loads, study_lines(Study("s", False, "accuracy", [parameters])))
    assert (first["op_code"], first["directions"]) == (0, [1])
    assert (second["study_id"], second["system_attr"]) == (0, {"study:metric_names": ["accuracy"]})
    assert third["datetime_start"] == "2026-01-02T02:04:05.000000+00:00"
    assert third["distributions"] == {
        name: json.dumps({"name": f"{kind}Distribution", "attributes": attributes})
        for name, kind, attributes in (
            ("depth", "Int", {"log": False, "step": 1, "low": 1, "high": 3}),
            ("rate", "Float", {"log": True, "step": None, "low": 0.0001, "high": 1.0}),
        )
    }
    assert len([*study_lines(Study("s", False))]) == 1, "without a metric it has no name"


def test_choices_are_plain_values() -> None:
    choices = [1, "a", None, [8, 4], {"name": "adam"}]
    assert list(map(plain_choice, choices)) == [1, "a", None, "[8, 4]", "{name: adam}"]


ONE = json.dumps(study("a", 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ONE}\n{json.dumps(study('b', 1))}\n",
        json.dumps(study("a", 1, 2)) + "\n",
        "data: {source: iris}\n",
        ONE + '\n{"op_code": 5, "trial_id": 7}\n',
        "[1]\n",
        json.dumps(study("a")) + "\n",
        None,
    ],
    ids=["empty", "two studies", "two objectives", "YAML", "no trial", "a list", "no objective", "no file"],
)
def test_other_files(tmp_path: Path, text: str | None, messages: Messages) -> None:
    if text is not None:
        (tmp_path / "a.log").write_text(text)
    with pytest.raises((UsageError, DataError)) as raised:
        read_study(tmp_path / "a.log")
    messages.check(raised.value)
