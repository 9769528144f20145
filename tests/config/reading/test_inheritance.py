from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.reading.inheritance import Inheritance
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, value_at

TABLE = {"data": {"source": "table.csv", "target": "y"}}


def run_of(**model: Any) -> Inheritance:
    return Inheritance("the run", experiment_of({**TABLE, "model": model}))


@pytest.mark.parametrize(
    ("model", "filled_in"),
    [
        ({}, {"name": "elu", "alpha": 0.5}),
        ({"activation": {"alpha": 2.0}}, {"name": "elu", "alpha": 2.0}),
        ({"activation": "elu"}, {"name": "elu", "alpha": 0.5}),
        # alpha would be no setting of another activation
        ({"activation": "tanh"}, "tanh"),
        ({"activation": {"name": "tanh"}}, {"name": "tanh"}),
    ],
)
def test_what_is_left_open_is_the_runs(model: dict[str, Any], filled_in: Any) -> None:
    run = run_of(activation={"name": "elu", "alpha": 0.5}, hidden=[7])
    config, paths = run.fill_in({**TABLE, "model": model})
    assert value_at(config, ("model", "activation")) == filled_in
    assert value_at(config, ("model", "hidden", 0, "units")) == 7
    assert ("model", "hidden") in paths
    assert all(is_set(config, path) for path in paths)


def test_auto_is_open() -> None:
    run = run_of(output={"name": "logistic", "positive_class": "b"})
    for output in ({}, {"output": "auto"}, {"output": {"name": "auto"}}):
        config, paths = run.fill_in({**TABLE, "model": output})
        assert value_at(config, ("model", "output")) == {"name": "logistic", "positive_class": "b"}
        assert ("model", "output", "name") in paths


def test_null_is_a_value_of_the_run() -> None:
    """No recipe gives the setting another one."""
    config, paths = run_of().fill_in(TABLE)
    assert is_set(config, ("data", "class_order"))
    assert ("data", "class_order") in paths


def test_what_is_set_otherwise_is_a_difference() -> None:
    order = {"data": {**TABLE["data"], "class_order": ["a", "b"]}}
    run = run_of(hidden=[7])
    same = {"model": {"hidden": [{"units": 7}]}, "training": {"epochs": 9}}
    assert [*run.differences(experiment_of({**TABLE, **same}))] == []
    problems = [*run.differences(experiment_of({**order, "model": {"hidden": [8]}}))]
    assert {problem.path: problem.message for problem in problems} == {
        path: f"must be {value}, as in the run, whose networks are trained on; remove this setting, or "
        "training.warm_start"
        for path, value in (("data.class_order", "null"), ("model.hidden", "[{units: 7}]"))
    }
    backwards = Inheritance("the run", experiment_of(order))
    assert [problem.path for problem in backwards.differences(experiment_of(TABLE))] == [
        format_path(("data", "class_order"))
    ]
