from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from fnnctl.config.rules.dimensions import (
    Condition,
    Dimension,
    active,
    assignment_of,
    condition,
    dimensions_of,
    parents_first,
)
from fnnctl.config.rules.domain_values import values_of
from fnnctl.config.schema.search import SearchConfig

CHAIN = {
    "c": {"choice": [1, 2], "when": {"b": [1, 2]}},
    "a": {"choice": ["x", "y"], "when": {"c": 2}},
    "b": {"choice": [0, 1, 2]},
}


def dimensions(plain: dict[str, Any]) -> tuple[Dimension, ...]:
    return dimensions_of(SearchConfig.model_validate({"space": plain}).space)


def test_the_order_of_the_files_lines_changes_nothing() -> None:
    orders = [dict(order) for order in permutations(CHAIN.items())]
    assert {tuple(each.name for each in dimensions(order)) for order in orders} == {("a", "b", "c")}
    ordered = {tuple(each.name for each in parents_first(dimensions(order))[0]) for order in orders}
    assert ordered == {("b", "c", "a")}


def test_list_entries_are_in_the_order_of_the_list() -> None:
    plain = {f"model.hidden.{index}.units": {"integer": [1, 9]} for index in (10, 2, 0)}
    assert [each.name for each in dimensions(plain)] == [
        "model.hidden[0].units",
        "model.hidden[2].units",
        "model.hidden[10].units",
    ]


def test_layers_are_a_depth_and_one_width() -> None:
    depth, width = dimensions({"model.hidden": {"depth": [0, 2], "width": [16, 200], "log": True}})
    assert (depth.name, width.name) == ("model.hidden.depth", "model.hidden.width")
    assert {depth.setting, width.setting} == {"model.hidden"}
    assert (list(values_of(depth.domain) or ()), depth.conditions) == ([0, 1, 2], ())
    assert values_of(width.domain) == [16, 32, 64, 128]
    assert width.conditions == (Condition("model.hidden.depth", (1, 2)),)


def test_layers_may_have_widths_of_their_own() -> None:
    plain = {"model.hidden": {"depth": [1, 3], "width": [4, 8], "per_layer": True}}
    depth, *widths = dimensions(plain)
    assert [width.name for width in widths] == [f"model.hidden.width[{index}]" for index in range(3)]
    assert [width.conditions for width in widths] == [
        (),
        (Condition(depth.name, (2, 3)),),
        (Condition(depth.name, (3,)),),
    ]


@pytest.mark.parametrize(
    ("layers", "widths"),
    [
        ({"width": [16, 256]}, [16, 46, 76, 106, 136, 166, 196, 226, 256]),
        ({"width": [4, 8]}, [4, 5, 6, 7, 8]),
        ({"width": [4, 8], "step": 2}, [4, 6, 8]),
        ({"width": [4, 7], "step": None}, [4, 5, 6, 7]),
        ({"width": [4, 7], "step": None, "log": True}, [4, 5, 6, 7]),
        ({"width": [4, 40], "step": 3, "log": True}, [4, 12, 36]),
        ({"width": [5, 5]}, [5]),
    ],
)
def test_the_widths_of_layers(layers: dict[str, Any], widths: list[int]) -> None:
    _, width = dimensions({"model.hidden": {"depth": [1, 2], **layers}})
    assert list(values_of(width.domain) or ()) == widths


def test_no_layers_have_no_width() -> None:
    assert len(dimensions({"model.hidden": {"depth": [0, 0], "width": [4, 8]}})) == 1


def test_the_condition_of_layers_is_that_of_each_of_their_dimensions() -> None:
    plain = {"model.hidden": {"depth": [0, 2], "width": [4, 8], "when": {"a": 1}}, "a": {"choice": [1, 2]}}
    _, depth, width = dimensions(plain)
    assert depth.conditions == (Condition("a", (1,)),)
    assert width.conditions == (Condition("a", (1,)), Condition("model.hidden.depth", (1, 2)))


def test_values_are_active_where_their_conditions_hold_along_the_chain() -> None:
    ordered, _ = parents_first(dimensions(CHAIN))
    assert active(ordered, {"a": "x", "b": 1, "c": 2}) == {"a": "x", "b": 1, "c": 2}
    assert active(ordered, {"a": "x", "b": 1, "c": 1}) == {"b": 1, "c": 1}
    assert active(ordered, {"a": "x", "b": 0, "c": 2}) == {"b": 0}
    assert active(ordered, {"a": "x", "c": 2}) == {}


def test_conditions_that_go_in_circles_are_told_apart() -> None:
    plain = {
        "a": {"choice": [1], "when": {"b": 1}},
        "b": {"choice": [1], "when": {"a": 1}},
        "c": {"choice": [1], "when": {"b": 1}},
        "d": {"choice": [1]},
    }
    ordered, waiting = parents_first(dimensions(plain))
    assert [each.name for each in ordered] == ["d"]
    assert [each.name for each in waiting] == ["a", "b", "c"]


def test_a_condition_may_lead_into_a_setting_that_is_searched_as_a_whole() -> None:
    choice = [
        "adam",
        {"name": "sgd", "learning_rate": 1},
        {"name": "sgd", "learning_rate": 2},
        [{"units": 3}],
    ]
    by_name = {each.name: each for each in dimensions({"training.optimizer": {"choice": choice}})}

    def found(path: str, wanted: Any) -> tuple[Any, ...]:
        result = condition(path, wanted, by_name)
        assert result is not None
        assert result.dimension == "training.optimizer"
        return result.values

    assert found("training.optimizer.name", "adam") == ("adam",)
    assert found("training.optimizer.name", ["adam", "sgd"]) == tuple(choice[:3])
    assert found("training.optimizer.learning_rate", 2.0) == (choice[2],)
    assert found("training.optimizer[0].units", 3) == (choice[3],)
    assert found("training.optimizer.name", "lbfgs") == ()
    assert condition("training.l2", 0, by_name) is None


def test_conditions_on_settings_that_are_not_searched_are_left_out() -> None:
    (dimension,) = dimensions({"a": {"choice": [1], "when": {"b": 1}}})
    assert dimension.conditions == ()


@pytest.mark.parametrize(
    ("values", "layers"),
    [
        ({"depth": 0}, []),
        ({"depth": 2, "width": 8}, [8, 8]),
        ({"depth": 2, "width[0]": 8, "width[1]": 4}, [8, 4]),
    ],
)
def test_layers_are_put_together(values: dict[str, int], layers: list[int]) -> None:
    per_layer = "width[0]" in values
    plain = {"model.hidden": {"depth": [0, 2], "width": [1, 9], "per_layer": per_layer}, "a": {"choice": [1]}}
    named = {f"model.hidden.{key}": value for key, value in values.items()}
    assert assignment_of(dimensions(plain), {"a": 1, **named}) == {"a": 1, "model.hidden": layers}
    assert assignment_of(dimensions(plain), {"a": 1}) == {"a": 1}
