"""The largest budget of a search follows from the epochs of its config, its space and its first trials."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.budgets import budget_problems, largest_budget
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.search import SearchConfig

EPOCHS = "training.epochs"


def experiment_with(search: dict[str, Any]) -> tuple[Experiment, SearchConfig]:
    experiment = experiment_of(
        {
            "recipe": "classic",
            "data": {"source": "iris"},
            "model": {"ensemble": {"members": 2, "bags": True}},
            "training": {"epochs": 20},
            "search": {"space": {EPOCHS: {"integer": [5, 30]}}, **search},
        }
    )
    assert experiment.search is not None
    return experiment, experiment.search


@pytest.mark.parametrize(
    ("search", "epochs"),
    [
        ({"objective": {"on": "bags"}}, 30),
        ({"objective": {"on": "bags"}, "space": {EPOCHS: {"choice": [5, 10]}}}, 20),
        ({"objective": {"on": "bags"}, "start_from": [{EPOCHS: 40}]}, 40),
        ({"objective": {"on": "bags"}, "start_from": [{EPOCHS: 25, "training.batch_size": 512}]}, 30),
        ({"objective": {"on": "bags"}, "start_from": [{EPOCHS: "x"}]}, 30),
        ({"objective": {"on": "bags"}, "start_from": [{EPOCHS: 40}], "budget": {"max_epochs": 50}}, 50),
        ({"objective": {"on": "bags"}, "space": {"training.l2": {"uniform": [0, 1]}}}, 20),
    ],
    ids=["space", "config", "first trial", "shorter first trial", "wrong", "written", "not searched"],
)
def test_the_largest_budget_is_that_of_the_longest_trial(search: dict[str, Any], epochs: int) -> None:
    assert largest_budget(*experiment_with(search)) == epochs


def test_what_goes_beyond_the_largest_budget_is_named() -> None:
    first = [{EPOCHS: 12}, {EPOCHS: 40}, {"training.l2": 0.1}]
    _, search = experiment_with({"objective": {"on": "bags"}, "start_from": first})
    assert budget_problems(search, 40) == {}
    problems = budget_problems(search, 25)
    assert {path: problem.message for path, problem in problems.items()} == {
        ("search", "space", EPOCHS): "has up to 30 epochs, but search.budget.max_epochs is 25; raise it, or "
        "write null",
        ("search", "start_from", 1, EPOCHS): "has up to 40 epochs, but search.budget.max_epochs is 25; raise "
        "it, or write null",
    }
