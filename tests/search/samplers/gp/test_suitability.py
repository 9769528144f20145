from __future__ import annotations

from typing import Any

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.samplers.gp.suitability import gp_problem
from fnnctl.space.space import Space

PLANE: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"uniform": [0, 1]}}
STEPS: dict[str, Any] = {"x": {"integer": [0, 100]}, "y": {"log_integer": [1, 1024]}}


def space(plain: dict[str, Any]) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).space)


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
