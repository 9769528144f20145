"""A constrained grid against the list of all combinations."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space import grid as combinations
from fnnctl.space.identity import identity
from fnnctl.space.space import Space

PLAIN: dict[str, Any] = {
    "a": {"choice": ["x", "y", "z"]},
    "b": {"integer": [1, 4], "when": {"a": ["x", "y"]}},
    "c": {"integer": [1, 3], "when": {"b": [2, 4]}},
    "d": {"integer": [1, 5]},
    "e": {"choice": [1, 2, "auto"]},
    "model.hidden": {"depth": [0, 2], "width": [4, 8], "log": True, "per_layer": True},
}
REQUIRED = [
    "b * d <= 6", "a == 'x' or d > 3", "c < b", "b + c + d == 7", "e * d < 4", "not d == 2",
    "width[0] >= width[1]", "depth * d <= 4", "d != 3 and d != 4", "1 / (d - 2) < 1", "a != 'z'", "d > 5",
]  # fmt: skip


def space(require: list[str], plain: dict[str, Any] = PLAIN) -> Space:
    search = SearchConfig.model_validate({"space": plain, "require": require})
    return space_of(search.domains, search.requirements)


EVERYTHING = list(space([]).everything())


@given(st.lists(st.sampled_from(REQUIRED), max_size=4, unique=True))
def test_a_grid_has_exactly_what_is_allowed(require: list[str]) -> None:
    constrained = space(require)
    allowed = {identity(assignment) for assignment in EVERYTHING if constrained.allows(assignment)}
    listed = [identity(assignment) for assignment in constrained.everything()]
    assert len(listed) == len(set(listed)) == constrained.size
    assert set(listed) == allowed


def test_without_constraints_the_order_is_that_of_the_dimensions() -> None:
    plain = {"a": {"integer": [1, 3]}, "b": {"integer": [1, 2]}}

    def numbers(*require: str) -> list[int]:
        return [
            assignment["a"] * 10 + assignment["b"] for assignment in space([*require], plain).everything()
        ]

    assert numbers() == [11, 12, 21, 22, 31, 32]
    assert numbers("a + b != 3") == [11, 22, 31, 32]


def test_independent_groups_are_counted_apart() -> None:
    """Their product is far too large to be listed."""
    plain = {f"{name}{index}": {"integer": [1, 90]} for name, index in product("ab", range(20))}
    require = [f"a{index} < b{index}" for index in range(20)]
    counted = space(require, plain)
    assert counted.size == (90 * 89 // 2) ** 20
    assert counted.allows(counted.everything().at(counted.size - 1))


def test_what_cannot_be_listed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combinations, "MAX_TRIED", 50)
    plain = {name: {"integer": [1, 10]} for name in "abcd"}
    large = space(["a + b < 12", "d < 3"], plain)
    everything = large.grid(10)
    assert large.size is None
    assert not everything.exact
    assert {assignment["d"] for assignment in everything} == {1, 2}
    assert everything.size == 10 * 10 * 10 * 2
    assert space(["d < 3"], plain).size == 2000
