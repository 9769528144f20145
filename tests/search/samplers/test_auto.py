from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.samplers.auto import chosen_sampler, gp_problem
from tests.search.spaces import space

NUMBERS: dict[str, Any] = {
    "learning_rate": {"log_uniform": [1e-4, 1]},
    "noise": {"normal": [0, 1], "step": 0.5},
    "whole": {"integer": [0, 9]},
    "model.hidden": {"depth": [1, 3], "width": [4, 64], "log": True},
}
CHOICE = {"kind": {"choice": [1, 2]}}
CONDITION = {"more": {"uniform": [0, 1], "when": {"whole": 3}}}


FULL = "full_budget"


@pytest.mark.parametrize(
    ("scheduler", "sampler", "plain", "trials", "chosen"),
    [
        (FULL, "auto", NUMBERS, None, "gp"),
        (FULL, "auto", NUMBERS, 250, "gp"),
        (FULL, "auto", NUMBERS, 251, "tpe"),
        (FULL, "auto", NUMBERS | CHOICE, 50, "tpe"),
        (FULL, "auto", {"model.hidden": {"depth": [0, 3], "width": [4, 64]}}, 50, "tpe"),
        *((scheduler, "auto", NUMBERS, None, "tpe") for scheduler in ("asha", "halving", "hyperband")),
        *((FULL, sampler, NUMBERS, None, sampler) for sampler in ("random", "grid", "tpe", "gp")),
    ],
)
def test_the_budgets_the_space_and_the_number_of_trials_decide(
    scheduler: str, sampler: str, plain: dict[str, Any], trials: int | None, chosen: str
) -> None:
    method = {"scheduler": scheduler, "sampler": sampler}
    search = SearchConfig.model_validate({"method": method, "space": plain, "trials": trials})
    assert chosen_sampler(space(plain), search) == chosen


@pytest.mark.parametrize(
    ("plain", "problem"),
    [
        (NUMBERS, None),
        (NUMBERS | CHOICE, "gp searches numbers only, and kind is a choice; use tpe"),
        (
            NUMBERS | CONDITION,
            "gp searches every dimension in every trial, and more has a condition; use tpe",
        ),
    ],
    ids=["numbers", "choice", "condition"],
)
def test_numbers_without_conditions_are_no_problem_for_gp(plain: dict[str, Any], problem: str | None) -> None:
    assert gp_problem(space(plain)) == problem
