from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.search.samplers.gp.coordinates import MAX_LEVELS, MAX_LISTED, Cube
from fnnctl.space.identity import identity
from tests.search.spaces import space

MIXED: dict[str, Any] = {
    "rate": {"log_uniform": [1e-4, 1.0]},
    "width": {"log_integer": [1, 64]},
    "steps": {"uniform": [0, 1], "step": 0.25},
    "many": {"integer": [1, 100 * MAX_LEVELS]},
    "noise": {"normal": [0, 1], "step": 0.5},
}


def cube_of(plain: dict[str, Any]) -> Cube:
    return Cube(space(plain))


def test_an_assignment_becomes_a_point_and_back() -> None:
    cube = Cube(space(MIXED))
    points = cube.snapped(np.random.default_rng(0).random((50, 5)))
    assignments = [cube.assignment(point) for point in points]
    np.testing.assert_allclose(cube.points(assignments), points, atol=1e-5)
    again = [cube.assignment(point) for point in cube.points(assignments)]
    assert [identity(each) for each in again] == [identity(each) for each in assignments]


def test_domains_with_few_values_have_levels() -> None:
    made = cube_of(MIXED)
    assert [each.name for each in made.dimensions if each.levels is None] == ["many", "rate"]
    names = [each.name for each, smooth in zip(made.dimensions, made.smooth, strict=True) if smooth]
    assert names == ["many", "noise", "rate", "width"]


def test_levels_are_the_coordinates_of_values() -> None:
    (dimension,) = cube_of({"steps": MIXED["steps"]}).dimensions
    assert dimension.levels is not None
    assert dimension.levels.tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert [dimension.value(u) for u in (0.0, 0.19, 0.21, 0.5, 0.999)] == [0.0, 0.0, 0.25, 0.5, 1.0]


def test_points_snap_to_the_nearest_levels_and_into_the_cube() -> None:
    made = cube_of({"steps": MIXED["steps"], "x": {"uniform": [0, 1]}})
    found = made.snapped(np.array([[0.39, 0.39], [0.41, 1.5], [-3.0, -3.0]]))
    np.testing.assert_allclose(found, [[0.3, 0.39], [0.5, 1.0], [0.1, 0.0]])
    assert (found < 1.0).all()


def test_neighbours_differ_by_a_step_or_by_any_of_few_levels() -> None:
    made = cube_of({"a": {"integer": [1, 50]}, "b": {"uniform": [0, 1]}, "c": {"integer": [1, 4]}})
    found = made.neighbours(np.array([0.05, 0.6, 0.375]))
    steps = [[0.03, 0.6, 0.375], [0.07, 0.6, 0.375]]
    np.testing.assert_allclose(found, [*steps, *([0.05, 0.6, level] for level in (0.125, 0.625, 0.875))])
    assert len(made.neighbours(np.array([0.01, 0.6, 0.375]))) == 4
    assert cube_of({"x": {"uniform": [0, 1]}}).neighbours(np.array([0.5])).shape == (0, 1)


@pytest.mark.parametrize("count", [1, 7])
def test_a_small_space_is_listed(count: int) -> None:
    listed = cube_of({"a": {"integer": [1, count]}, "b": {"integer": [1, 3]}}).listed()
    assert listed is not None
    assert len(np.unique(listed, axis=0)) == len(listed) == 3 * count


@pytest.mark.parametrize(
    ("first", "second"),
    [({"integer": [1, 3]}, {"uniform": [0, 1]}), ({"integer": [1, MAX_LISTED // 2]}, {"integer": [1, 3]})],
    ids=["infinite", "large"],
)
def test_other_spaces_are_not_listed(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert cube_of({"a": first, "b": second}).listed() is None


def test_foreign_values_count_as_the_nearest_or_the_middle() -> None:
    made = cube_of({"a": {"integer": [1, 5]}, "x": {"uniform": [0, 1]}})
    found = made.points([{"a": 9, "x": 0.2}, {"a": "nine", "x": -4.0}, {}])
    np.testing.assert_allclose(found, [[0.9, 0.2], [0.5, 0.0], [0.5, 0.5]])
