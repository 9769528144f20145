from __future__ import annotations

from typing import Any

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.samplers.grid import GridSampler


def sampler(space: dict[str, Any], **options: Any) -> GridSampler:
    return GridSampler(space_of(SearchConfig.model_validate({"space": space}).domains), **options)


def test_all_combinations_come_in_an_order_that_is_not_theirs() -> None:
    grid = sampler({"a": {"choice": [1, 2]}, "b": {"uniform": [0, 1]}}, resolution=3, seed=4)
    found = [*grid.ask(4, ()), *grid.ask(9, ())]
    assert grid.ask(1, ()) == []
    combinations = [{"a": a, "b": b} for a in (1, 2) for b in (0.0, 0.5, 1.0)]
    assert found != combinations
    assert sorted(map(str, found)) == sorted(map(str, combinations))
    assert grid.saved == 0


def test_equal_configurations_are_passed_over_and_counted() -> None:
    grid = sampler(
        {"a": {"integer": [0, 5]}, "b": {"choice": [0, 1]}}, key=lambda each: each["a"] // 2, resolution=9
    )
    found = grid.ask(4, ())
    assert sorted(each["a"] // 2 for each in found) == [0, 1, 2]
    assert grid.ask(1, ()) == []
    assert grid.saved == 12 - 3
