from __future__ import annotations

from typing import Any

import pytest

from fnnctl.space.identity import factors_between, identity, index_of, nearest, steps_between


@pytest.mark.parametrize(("low", "high", "step", "steps"), [(0, 0.3, 0.1, 3), (1, 0, 0.1, 0), (0, 1, 2, 0)])
def test_steps_are_counted_in_decimals(low: float, high: float, step: float, steps: int) -> None:
    assert steps_between(low, high, step) == steps


@pytest.mark.parametrize(
    ("low", "high", "factor", "factors"), [(1e-3, 1.0, 10, 3), (1, 7.9, 2, 2), (2, 1, 2, 0)]
)
def test_factors_are_counted_up_to_rounding(low: float, high: float, factor: float, factors: int) -> None:
    assert factors_between(low, high, factor) == factors


def test_values_are_the_same_whatever_their_type_of_number() -> None:
    assert identity([1, {"a": 2.0}]) == identity([1.0, {"a": 2}]) == identity((1, {"a": 2}))
    assert identity({"a": 1, "b": 2}) == identity({"b": 2, "a": 1})
    different = [1, True, "1", None, "None", [], {}, [1], {"a": 1}, {"a": True}, 0, False, ""]
    assert len({identity(value) for value in different}) == len(different)


@pytest.mark.parametrize(
    ("value", "index"), [(4, 1), (4.0, 1), (5, None), (True, None), ("4", None), (4.5, None), (10**15, None)]
)
def test_a_value_is_found_among_very_many(value: Any, index: int | None) -> None:
    assert index_of(value, range(2, 10**15, 2)) == index


def test_a_value_is_found_in_a_list() -> None:
    assert index_of({"name": "sgd"}, ["adam", {"name": "sgd"}]) == 1
    assert index_of(True, [1, "true"]) is None


@pytest.mark.parametrize(("number", "value"), [(-9.0, 1), (2.9, 2), (3.1, 4), (99.0, 4)])
def test_the_nearest_value(number: float, value: int) -> None:
    assert nearest([1, 2, 4], number) == value
    assert nearest(range(1, 5), number) == min(max(round(number), 1), 4)
    assert nearest(range(2, 21, 3), number) == {-9.0: 2, 2.9: 2, 3.1: 2, 99.0: 20}[number]
