from __future__ import annotations

from typing import Any

import numpy as np

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.corners import MAX_CORNERS, corners
from fnnctl.space.space import Space


def space(plain: dict[str, Any], *require: str) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).domains, require)


def corners_of(constrained: Space) -> list[dict[str, Any]]:
    return list(corners(constrained, np.random.default_rng(0)))


def test_each_depth_has_its_largest_width() -> None:
    layers = {"depth": [1, 4], "width": [16, 100_000], "step": None}
    constrained = space({"model.hidden": layers}, "depth * width <= 512")
    pairs = {
        (corner["model.hidden.depth"], corner["model.hidden.width"]) for corner in corners_of(constrained)
    }
    assert {(1, 512), (2, 256), (3, 170), (4, 128)} <= pairs
    assert all(depth * width <= 512 for depth, width in pairs)


def test_settings_of_layers_can_be_compared() -> None:
    layers = {"depth": [2, 2], "width": [4, 64], "per_layer": True, "activation": ["relu", "maxout"]}
    constrained = space({"model.hidden": layers}, "activation[1] != 'maxout' or width[1] <= 30")
    names = ("model.hidden.activation[1]", "model.hidden.width[1]")
    widths = {tuple(corner[name] for name in names) for corner in corners_of(constrained)}
    assert {("relu", 60), ("maxout", 28)} <= widths
    assert max(width for activation, width in widths if activation == "maxout") == 28


def test_only_what_is_compared_and_its_parents_are_there() -> None:
    plain = {
        "a": {"choice": ["x", "y"]},
        "b": {"integer": [1, 9], "when": {"a": "x"}},
        "c": {"uniform": [0, 1]},
    }
    constrained = space(plain, "b <= 3")
    assert all(corner.keys() == {"a", "b"} for corner in corners_of(constrained))
    assert max(corner["b"] for corner in corners_of(constrained) if corner["a"] == "x") == 3


def test_many_dimensions_have_few_corners() -> None:
    plain = {f"x{index}": {"integer": [0, 9]} for index in range(25)}
    require = f"{' + '.join(plain)} <= 150"
    assert 0 < len(corners_of(space(plain, require))) <= MAX_CORNERS


def test_points_of_a_finite_space_are_added() -> None:
    """The corners of an equation are hard to reach."""
    constrained = space({name: {"integer": [1, 300]} for name in "ab"}, "a * 7 == b + 1000")
    pairs = {(corner["a"], corner["b"]) for corner in corners_of(constrained)}
    assert pairs == {(a, a * 7 - 1000) for a in range(143, 186)}


def test_what_is_never_allowed_has_none() -> None:
    assert corners_of(space({"a": {"integer": [1, 9]}}, "a > 9")) == []
