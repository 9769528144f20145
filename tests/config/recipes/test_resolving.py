from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.provenance import Provenance
from fnnctl.config.recipes.resolving import ConfigChecker, fill_in
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import Problem


def fill(config: dict[str, Any], values: dict[str, Any], checker: ConfigChecker | None = None) -> Provenance:
    config = {"data": {"source": "iris"}, **config}
    by_path = {parse_path(key): value for key, value in values.items()}
    checker = checker or ConfigChecker(None)
    return fill_in(config, by_path, checker, partial(checker.problems, config))


@pytest.mark.parametrize("given", ["adamw", {"name": "adamw"}])
def test_a_value_is_filled_in_beside_what_is_given(given: Any) -> None:
    """A short form is written out for it."""
    values = {"training.optimizer.name": "adamw", "training.optimizer.weight_decay": 0.05}
    found = fill({"training": {"optimizer": given}}, values)
    assert value_at(found.config, ("training", "optimizer")) == {"name": "adamw", "weight_decay": 0.05}
    assert [*map(format_path, found.applied)] == ["training.optimizer.weight_decay"]


def test_what_the_search_refuses_is_found_although_another_setting_is_wrong_at_first() -> None:
    """Early stopping is in the way of `swa` until the recipe's is taken; only then the search is judged."""
    values = {
        "model.numeric_embedding.name": "piecewise_linear",
        "training.early_stopping.patience": None,
    }
    search = {"space": {"training.mixup": {"uniform": [0.1, 0.5]}}, "method": "random"}
    found = fill({"training": {"averaging": "swa"}, "search": search}, values)
    assert [*map(format_path, found.omitted)] == ["model.numeric_embedding.name"]
    assert ConfigChecker(None).problems(found.config) == {}


def test_a_value_is_refused_even_if_another_setting_is_wrong_at_first() -> None:
    """Early stopping is in the way of `swa` until the recipe's is taken; bags are refused before."""

    def check(experiment: Experiment) -> Sequence[Problem]:
        return [Problem("too few rows", path="model.ensemble")] if experiment.model.ensemble.bags else []

    values = {
        "model.ensemble.members": 8,
        "model.ensemble.bags": True,
        "training.early_stopping.patience": None,
    }
    found = fill({"training": {"averaging": "swa"}}, values, ConfigChecker(None, check))
    assert {format_path(path): problem.message for path, problem in found.omitted.items()} == {
        "model.ensemble.bags": "too few rows"
    }
    assert ConfigChecker(None, check).problems(found.config) == {}


@pytest.mark.parametrize(
    ("config", "values", "reason"),
    [
        (
            {"training": {"mixup": 0.2}},
            {"model.numeric_embedding.name": "piecewise_linear"},
            "training.mixup would not reach the bins of piecewise_linear, which are found before training",
        ),
        (
            {"data": {"source": "iris", "split": {"validation": 0.2}}},
            {"model.ensemble.members": 4, "model.ensemble.bags": True},
            "data.split.validation would have no effect: with bags, every row outside the test part is a "
            "validation row of one member",
        ),
        (
            {"search": {"space": {"training.mixup": {"uniform": [0.1, 0.5]}}, "method": "random"}},
            {"model.numeric_embedding.name": "piecewise_linear"},
            "training.mixup would not reach the bins of piecewise_linear, which are found before training",
        ),
        (
            {"training": {"optimizer": "adam"}},
            {"training.optimizer.weight_decay": 0.02},
            "adam has no weight_decay",
        ),
    ],
)
def test_reasons_have_a_subject(config: dict[str, Any], values: dict[str, Any], reason: str) -> None:
    """The one of the value itself is added where it is shown."""
    (problem,) = fill(config, values).omitted.values()
    assert problem.clause == reason


def test_a_problem_of_the_config_refuses_no_value() -> None:
    found = fill({"training": {"epchs": 3}, "model": {"hidden": "x"}}, {"data.scaling": "robust"})
    assert (found.omitted, len(found.applied)) == ({}, 1)


def test_a_choice_stays_if_one_of_its_hyperparameters_is_impossible() -> None:
    """Else the user would be told that another choice has no such setting."""
    values = {"training.lr_schedule.name": "cosine", "training.epochs": 32}
    filled = fill({"training": {"lr_schedule": {"warmup_epochs": 1000}}}, values)
    assert [*map(format_path, filled.applied)] == ["training.lr_schedule.name"]
    (problem,) = ConfigChecker(None).problems(filled.config).values()
    assert problem.message == "must be less than training.epochs, which is 200"
