from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.assignments import values_by_dimension
from fnnctl.space.identity import identity
from fnnctl.space.space import Space
from tests.config.spaces import spaces

CHAIN = {
    "a": {"choice": ["x", "y"]},
    "b": {"choice": [1, 2, 3], "when": {"a": "x"}},
    "c": {"uniform": [0, 1], "when": {"b": [2, 3]}},
}
LAYER = {"activation": ["relu", "tanh", "elu"], "residual": [False, True]}


def space(plain: dict[str, Any]) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).domains)


def names(space: Space) -> list[str]:
    return [dimension.name for dimension in space.dimensions]


def test_conditions_decide_along_the_chain() -> None:
    chain = space(CHAIN)
    assert chain.assignment([0.1, 0.9, 0.5]) == {"a": "x", "b": 3, "c": 0.5}
    assert chain.assignment([0.1, 0.1, 0.5]) == {"a": "x", "b": 1}
    assert chain.assignment([0.9, 0.9, 0.5]) == {"a": "y"}


def test_a_point_has_a_number_for_each_dimension() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        space(CHAIN).assignment([0.1])


def test_conditions_that_form_cycles_are_refused() -> None:
    with pytest.raises(ValueError, match="conditions form a cycle: a, b"):
        space({"a": {"choice": [1], "when": {"b": 1}}, "b": {"choice": [1], "when": {"a": 1}}})


def test_layers_and_their_coordinates() -> None:
    one = space({"model.hidden": {"depth": [0, 3], "width": [16, 128], "log": True}})
    assert one.assignment([0.6, 0.6]) == {"model.hidden": [64, 64]}
    assert one.assignment([0.0, 0.6]) == {"model.hidden": []}
    assert one.coordinates({"model.hidden": [64, 64]}) == {
        "model.hidden.depth": 0.625,
        "model.hidden.width": 0.625,
    }
    assert one.coordinates({"model.hidden": []}) == {"model.hidden.depth": 0.125}
    each = space({"model.hidden": {"depth": [1, 3], "width": [1, 4], "per_layer": True}})
    assert each.assignment([0.5, 0.0, 0.9, 0.5]) == {"model.hidden": [1, 4]}
    assert list(each.coordinates({"model.hidden": [1, 4]}).values()) == [0.5, 0.125, 0.875]


def test_coordinates_of_what_is_active() -> None:
    assert space(CHAIN).coordinates({"a": "x", "b": 1}) == {"a": 0.25, "b": pytest.approx(1 / 6)}


def test_coordinates_of_foreign_values() -> None:
    """A number counts as the nearest value; a choice that the domain lacks is left out."""
    plain = {**CHAIN, "model.hidden": {"depth": [1, 2], "width": [4, 8], "log": True}}
    here = space(plain)
    found = here.nearest_coordinates({"a": "x", "b": 4, "c": 7.0, "model.hidden": [5, 5, 5]})
    assert found == {
        "a": 0.25, "c": pytest.approx(1.0), "model.hidden.depth": 0.75, "model.hidden.width": 0.25
    }  # fmt: skip
    own = here.assignment([0.1, 0.9, 0.5, 0.1, 0.1])
    assert here.nearest_coordinates(own) == here.coordinates(own)


@pytest.mark.parametrize(
    ("plain", "points", "size"),
    [
        (CHAIN, 5, 2 + 2 * 5),  # y; x with 1; x with 2 or 3, each with five points
        (CHAIN, 2, 2 + 2 * 2),
        ({"a": {"choice": [1, 2]}, "b": {"integer": [1, 3]}, "c": {"uniform": [0, 1], "step": 0.5}}, 5, 18),
        ({"model.hidden": {"depth": [0, 3], "width": [16, 64], "log": True}}, 5, 1 + 3 * 3),
        ({"model.hidden": {"depth": [1, 3], "width": [1, 2], "per_layer": True}}, 5, 2 + 4 + 8),
        ({"model.hidden": {"depth": [1, 2], "width": [1, 2], "per_layer": True, **LAYER}}, 5, 6 + 6**2 * 2),
        ({"model.hidden": {"depth": [0, 2], "width": [1, 2], **LAYER}}, 5, 1 + 2 * 3 + 2 * 3 * 2),
        ({"a": {"integer": [1, 1000]}, "b": {"choice": [1, 2], "when": {"a": [1, 501, 7]}}}, 5, 5 + 2),
        ({f"x{index}": {"uniform": [0, 1]} for index in range(40)}, 5, 5**40),
    ],
)  # fmt: skip
def test_the_size_of_a_grid(plain: dict[str, Any], points: int, size: int) -> None:
    assert space(plain).grid(points).size == size


@pytest.mark.parametrize(
    ("plain", "size"),
    [
        ({"a": {"choice": [1]}}, 1),
        (CHAIN, None),
        ({"a": CHAIN["a"], "b": CHAIN["b"]}, 4),
        ({"a": {"integer": [1, 10**15]}, "b": {"choice": [1, 2], "when": {"a": [3, 8]}}}, 10**15 + 2),
        ({"a": {"log_integer": [1, 100]}}, 100),
        ({"a": {"normal": [0, 1], "step": 1}}, 9),
    ],
)
def test_the_size_of_a_space(plain: dict[str, Any], size: int | None) -> None:
    assert space(plain).size == size


def test_the_size_with_hundreds_of_widths() -> None:
    layers = {"depth": [0, 300], "width": [1, 2], "per_layer": True}
    assert space({"model.hidden": layers}).size == 2**301 - 1


def test_a_grid_in_its_order_the_last_dimension_first() -> None:
    grid = space({"a": {"choice": [1, 2, 3]}, "b": {"integer": [7, 8], "when": {"a": [2, 3]}}}).grid(5)
    assert list(grid) == [{"a": 2, "b": 7}, {"a": 2, "b": 8}, {"a": 3, "b": 7}, {"a": 3, "b": 8}, {"a": 1}]


@pytest.mark.parametrize(
    "outside",
    [
        {"a": "y", "b": 1},  # not active
        {"a": "x"},  # without an active setting
        {"a": "x", "b": 4},
        {"a": "z"},
        {},
        {"a": "x", "b": 2, "c": 0.3},  # between two points of the grid
    ],
)
def test_what_a_grid_does_not_have(outside: dict[str, Any]) -> None:
    grid = space(CHAIN).grid(5)
    assert {"a": "x", "b": 2, "c": 0.25} in grid
    assert outside not in grid


def test_layers_in_a_grid() -> None:
    grid = space({"model.hidden": {"depth": [0, 3], "width": [16, 64], "log": True}}).everything()
    assert all({"model.hidden": layers} in grid for layers in ([], [16], [64, 64, 64]))
    assert not any({"model.hidden": layers} in grid for layers in ([17], [16] * 4))


@given(plain=spaces(), data=st.data())
def test_every_combination_of_a_grid_is_there_once_and_in_the_space(
    plain: dict[str, Any], data: st.DataObject
) -> None:
    chosen = space(plain)
    grid = chosen.grid(2)
    numbers = (
        range(grid.size)
        if grid.size < 200
        else data.draw(st.sets(st.integers(0, grid.size - 1), max_size=50))
    )
    found = [grid.at(number) for number in numbers]
    assert len({identity(each) for each in found}) == len(found)
    for assignment in found:
        assert assignment in grid
        middle = {name: chosen.coordinates(assignment).get(name, 0.5) for name in names(chosen)}
        for name, value in assignment.items():
            back = chosen.assignment(list(middle.values()))[name]
            assert back == value or math.isclose(back, value, rel_tol=1e-4)


@given(plain=spaces(), data=st.data())
def test_coordinates_lead_back_to_the_assignment(plain: dict[str, Any], data: st.DataObject) -> None:
    chosen = space(plain)
    point = [data.draw(st.floats(0, 1, exclude_max=True)) for _ in chosen.dimensions]
    assignment = chosen.assignment(point)
    coordinates = chosen.coordinates(assignment)
    again = [coordinates.get(name, 0.5) for name in names(chosen)]
    assert chosen.assignment(again) == assignment


def hidden(*layers: Any) -> dict[str, Any]:
    return {"model.hidden": [*layers]}


RELU, TANH, ELU = ({"units": 8, "activation": name} for name in ("relu", "tanh", "elu"))


@pytest.mark.parametrize(
    ("plain", "assignment", "neighbours"),
    [
        (
            CHAIN,
            {"a": "x", "b": 1},
            [{"a": "y"}, {"a": "x", "b": 2, "c": 0.5}, {"a": "x", "b": 3, "c": 0.5}],
        ),
        (
            CHAIN,
            {"a": "x", "b": 3, "c": 0.95},
            [
                {"a": "y"},
                {"a": "x", "b": 1},
                {"a": "x", "b": 2, "c": 0.95},
                {"a": "x", "b": 3, "c": 0.85},
                {"a": "x", "b": 3, "c": 1.0},
            ],
        ),
        (CHAIN, {"a": "y"}, [{"a": "x", "b": 2, "c": 0.5}]),
        (
            {"model.hidden": {"depth": [0, 3], "width": [16, 64], "log": True}},
            hidden(64, 64),
            [hidden(64), hidden(64, 64, 64), hidden(32, 32)],
        ),
        (
            {"model.hidden": {"depth": [1, 3], "width": [1, 5], "per_layer": True}},
            hidden(1, 4),
            [hidden(1), hidden(1, 4, 3), hidden(2, 4), hidden(1, 3), hidden(1, 5)],
        ),
        ({"a": {"choice": [1]}}, {"a": 1}, []),
        (
            {"model.hidden": {"depth": [1, 2], "width": [8, 8], "per_layer": True, **LAYER}},
            hidden(ELU),
            [hidden(ELU, {**TANH, "residual": True}), hidden(RELU), hidden(TANH)],
        ),
    ],
)
def test_neighbours_differ_in_one_dimension(
    plain: dict[str, Any], assignment: dict[str, Any], neighbours: list[dict[str, Any]]
) -> None:
    assert list(space(plain).neighbours(assignment)) == neighbours


def test_neighbours_fulfil_the_constraints() -> None:
    plain = {"a": {"integer": [1, 9], "step": 1}, "b": {"choice": [1, 2, 3]}}
    chosen = Space(space(plain).dimensions, ["a * b <= 6"])
    found = list(chosen.neighbours({"a": 3, "b": 2}))
    assert found == [{"a": 2, "b": 2}, {"a": 3, "b": 1}]


def test_layers_with_settings_fulfil_the_constraints() -> None:
    plain = {"model.hidden": {"depth": [1, 2], "width": [1, 2], "per_layer": True, **LAYER}}
    chosen = Space(space(plain).dimensions, ["residual[1] == true"])
    assert chosen.size == 2 * 3 + 6 * 6  # a layer that does not exist violates nothing
    deep = [layers for each in chosen.everything() for layers in [each["model.hidden"]] if len(layers) == 2]
    assert all(layers[1]["residual"] for layers in deep)


@given(plain=spaces(), data=st.data())
def test_neighbours_are_other_assignments_of_the_space(plain: dict[str, Any], data: st.DataObject) -> None:
    chosen = space(plain)
    point = [data.draw(st.floats(0, 1, exclude_max=True)) for _ in chosen.dimensions]
    assignment = chosen.assignment(point)
    found = list(chosen.neighbours(assignment))
    assert len({identity(each) for each in [assignment, *found]}) == len(found) + 1
    for neighbour in found:
        values = values_by_dimension(chosen.dimensions, neighbour)
        assert chosen.assignment_of(values) == neighbour
        assert all(values[each.name] in each.domain for each in chosen.dimensions if each.name in values)
