from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.samplers.auto import chosen_sampler, gp_problem
from fnnctl.space.space import Space

NUMBERS: dict[str, Any] = {
    "learning_rate": {"log_uniform": [1e-4, 1]},
    "noise": {"normal": [0, 1], "step": 0.5},
    "whole": {"integer": [0, 9]},
    "model.hidden": {"depth": [1, 3], "width": [4, 64], "log": True},
}
CHOICE = {"kind": {"choice": [1, 2]}}
CONDITION = {"more": {"uniform": [0, 1], "when": {"whole": 3}}}


def chosen(method: Any, plain: dict[str, Any], trials: int | None = None) -> str:
    search = SearchConfig.model_validate({"method": method, "space": plain, "trials": trials})
    return chosen_sampler(space_of(search.domains), search)


@pytest.mark.parametrize(
    ("plain", "trials", "sampler"),
    [
        (NUMBERS, None, "gp"),
        (NUMBERS, 250, "gp"),
        (NUMBERS, 251, "tpe"),
        (NUMBERS | CHOICE, 50, "tpe"),
        (NUMBERS | CONDITION, 50, "tpe"),
        ({"model.hidden": {"depth": [0, 3], "width": [4, 64]}}, 50, "tpe"),
    ],
)
def test_the_space_and_the_number_of_trials_decide(
    plain: dict[str, Any], trials: int | None, sampler: str
) -> None:
    assert chosen("bayes", plain, trials) == sampler


@pytest.mark.parametrize("scheduler", ["asha", "halving", "hyperband"])
def test_with_several_budgets_it_is_tpe(scheduler: str) -> None:
    assert chosen({"scheduler": scheduler, "sampler": "auto"}, NUMBERS) == "tpe"


@pytest.mark.parametrize("sampler", ["random", "grid", "tpe", "gp"])
def test_a_sampler_that_is_named_is_not_replaced(sampler: str) -> None:
    assert chosen({"scheduler": "full_budget", "sampler": sampler}, NUMBERS) == sampler


PLANE: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"uniform": [0, 1]}}
STEPS: dict[str, Any] = {"x": {"integer": [0, 100]}, "y": {"log_integer": [1, 1024]}}


def space(plain: dict[str, Any]) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).domains)


def test_numbers_without_conditions_have_none() -> None:
    assert gp_problem(space({**PLANE, **STEPS, "noise": {"normal": [0, 1]}})) is None


def test_a_choice() -> None:
    problem = gp_problem(space({"kind": {"choice": ["a", "b"]}, **PLANE}))
    assert problem == "gp searches numbers only, and kind is a choice; use tpe"


def test_a_condition() -> None:
    plain = {"n": {"integer": [1, 3]}, "x": {"uniform": [0, 1], "when": {"n": 2}}}
    problem = gp_problem(space(plain))
    assert problem is not None
    assert "x has a condition" in problem
