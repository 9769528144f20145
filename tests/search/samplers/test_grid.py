from __future__ import annotations

from fnnctl.search.samplers.grid import GridSampler
from tests.search.spaces import space


def test_all_combinations_come_in_an_order_that_is_not_theirs() -> None:
    grid = GridSampler(space({"a": {"choice": [1, 2]}, "b": {"uniform": [0, 1]}}), resolution=3, seed=4)
    assignments = [*grid.ask(4, ()), *grid.ask(9, ())]
    combinations = [{"a": a, "b": b} for a in (1, 2) for b in (0.0, 0.5, 1.0)]
    assert assignments != combinations
    assert sorted(map(str, assignments)) == sorted(map(str, combinations))
    assert grid.saved == 0


def test_equal_configurations_are_passed_over_and_counted() -> None:
    plain = {"a": {"integer": [0, 5]}, "b": {"choice": [0, 1]}}
    grid = GridSampler(space(plain), key=lambda assignment: assignment["a"] // 2, resolution=9)
    assert sorted(assignment["a"] // 2 for assignment in grid.ask(4, ())) == [0, 1, 2]
    assert grid.saved == 12 - 3
