from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.schema.objective import ObjectiveConfig, objective_of


@pytest.mark.parametrize(
    ("metric", "direction", "minimized"),
    [
        ("accuracy", "auto", False),
        ("log_loss", "auto", True),
        ("per_class.a.b.recall", "auto", False),
        ("per_class.a.expected_calibration_error", "auto", True),
        ("accuracy", "minimize", True),
        ("loss", "maximize", False),
    ],
)
def test_losses_are_minimized_by_default(metric: str, direction: Any, minimized: bool) -> None:
    assert ObjectiveConfig(metric=metric, direction=direction).minimized == minimized


@pytest.mark.parametrize(
    ("outputs", "metric"),
    [
        (None, "r2"),
        (["squared", "absolute"], "r2"),
        (["poisson"], "d2"),
        (["quantile"], "pinball"),
        # nothing is shared, or what is shared is of another function for each
        (["poisson", "squared"], "r2"),
        (["poisson", "gamma"], "r2"),
        (["quantile", {"name": "quantile", "levels": [0.5]}], "r2"),
    ],
)
def test_trials_are_compared_by_what_all_their_outputs_are_for(outputs: Any, metric: str) -> None:
    space = {} if outputs is None else {"model.output": {"choice": outputs}}
    search = {"space": {"training.l2": {"uniform": [0, 1]}, **space}}
    experiment = experiment_of({"data": {"source": "table.csv", "target": "y"}, "search": search})
    assert objective_of(experiment, "regression", "r2") == metric


def test_the_objective_of_several_targets_is_their_own() -> None:
    experiment = experiment_of({"data": {"source": "table.csv", "target": ["y", "z"]}})
    assert objective_of(experiment, "several", "loss") == "loss"
