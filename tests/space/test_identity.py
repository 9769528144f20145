from __future__ import annotations

from typing import Any

import pytest

from fnnctl.space.identity import identity, index_of


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
