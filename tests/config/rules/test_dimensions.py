from __future__ import annotations

from itertools import permutations
from typing import Any

from fnnctl.config.rules.dimensions import condition, dimensions_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.dimensions import Condition, Dimension, parents_first

CHAIN = {
    "c": {"choice": [1, 2], "when": {"b": [1, 2]}},
    "a": {"choice": ["x", "y"], "when": {"c": 2}},
    "b": {"choice": [0, 1, 2]},
}


def dimensions(plain: dict[str, Any]) -> tuple[Dimension, ...]:
    return dimensions_of(SearchConfig.model_validate({"space": plain}).domains)


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


def test_the_condition_of_layers_is_that_of_each_of_their_dimensions() -> None:
    plain = {"model.hidden": {"depth": [0, 2], "width": [4, 8], "when": {"a": 1}}, "a": {"choice": [1, 2]}}
    _, depth, width = dimensions(plain)
    assert depth.conditions == (Condition("a", (1,)),)
    assert width.conditions == (Condition("a", (1,)), Condition("model.hidden.depth", range(1, 3)))


def test_a_condition_may_lead_into_a_setting_that_is_searched_as_a_whole() -> None:
    choice = [
        "adam",
        {"name": "sgd", "learning_rate": 1},
        {"name": "sgd", "learning_rate": 2},
        [{"units": 3}],
    ]
    by_name = {each.name: each for each in dimensions({"training.optimizer": {"choice": choice}})}

    def found(path: str, wanted: Any) -> tuple[Any, ...] | range:
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
