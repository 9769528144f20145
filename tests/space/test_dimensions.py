from __future__ import annotations

from typing import Any

from fnnctl.config.rules.dimensions import dimensions_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.dimensions import Dimension, active, parents_first
from fnnctl.space.domains import Choice
from fnnctl.space.number_domains import Integer

CHAIN = {
    "c": {"choice": [1, 2], "when": {"b": [1, 2]}},
    "a": {"choice": ["x", "y"], "when": {"c": 2}},
    "b": {"choice": [0, 1, 2]},
}


def dimensions(plain: dict[str, Any]) -> tuple[Dimension, ...]:
    return dimensions_of(SearchConfig.model_validate({"space": plain}).domains)


def test_values_are_active_where_their_conditions_hold_along_the_chain() -> None:
    ordered, _ = parents_first(dimensions(CHAIN))
    assert active(ordered, {"a": "x", "b": 1, "c": 2}) == {"a": "x", "b": 1, "c": 2}
    assert active(ordered, {"a": "x", "b": 1, "c": 1}) == {"b": 1, "c": 1}
    assert active(ordered, {"a": "x", "b": 0, "c": 2}) == {"b": 0}
    assert active(ordered, {"a": "x", "c": 2}) == {}


def test_conditions_that_form_cycles_are_returned_separately() -> None:
    plain = {
        "a": {"choice": [1], "when": {"b": 1}},
        "b": {"choice": [1], "when": {"a": 1}},
        "c": {"choice": [1], "when": {"b": 1}},
        "d": {"choice": [1]},
    }
    ordered, waiting = parents_first(dimensions(plain))
    assert [each.name for each in ordered] == ["d"]
    assert [each.name for each in waiting] == ["a", "b", "c"]


def test_a_choice_has_no_order() -> None:
    assert not Dimension("a", Choice((1, 2))).ordered
    assert Dimension("a", Integer(1, 2)).ordered
