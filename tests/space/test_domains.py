"""Shares of the unit interval, and the coordinates of values that a domain does not have."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given

from fnnctl.space.domains import BELOW_ONE, Domain
from tests.space.test_number_domains import POINTS, domain, domains


@pytest.mark.parametrize(
    ("plain", "value", "share"),
    [
        ({"choice": ["x", "y", None, "z"]}, None, (0.5, 0.75)),
        ({"integer": [1, 10]}, 3, (0.2, 0.3)),
        ({"uniform": [0, 1], "step": 0.25}, 1.0, (0.8, 1.0)),
        ({"uniform": [0, 4]}, 1.0, (0.25, 0.25)),
        ({"log_integer": [1, 4]}, 1, (0.0, math.log(3) / math.log(9))),
        ({"log_integer": [1, 4]}, 2, (math.log(3) / math.log(9), math.log(5) / math.log(9))),
        ({"log_integer": [1, 4]}, 4, (math.log(7) / math.log(9), 1.0)),
        ({"log_integer": [1, 4], "step": 2}, 2, (1 / 3, 2 / 3)),
        ({"normal": [0, 1], "step": 4}, 0.0, (0.02275 - 0.00003, 0.97725 + 0.00003)),
        ({"normal": [0, 1]}, 0.0, (0.5, 0.5)),
    ],
)
def test_shares_worked_out_by_hand(plain: dict[str, Any], value: Any, share: tuple[float, float]) -> None:
    assert domain(**plain).share(value) == pytest.approx(share, abs=1e-4)


@given(domain=domains(), u=POINTS)
def test_a_share_holds_the_points_of_its_value(domain: Domain, u: float) -> None:
    value = domain.value(u)
    low, high = domain.share(value)
    assert 0.0 <= low <= high <= 1.0 + 1e-12
    if domain.values is not None:
        assert low - 1e-9 <= u <= high + 1e-9
        assert domain.value(min((low + high) / 2, BELOW_ONE)) == value


@given(domain=domains(), u=POINTS)
def test_a_value_is_nearest_to_itself(domain: Domain, u: float) -> None:
    value = domain.value(u)
    assert domain.nearest_coordinate(value) == domain.coordinate(value)


@pytest.mark.parametrize(
    ("plain", "foreign", "like"),
    [
        ({"uniform": [1, 2]}, 7.0, 2),
        ({"uniform": [0, 1], "step": 0.25}, 0.6, 0.5),
        ({"integer": [2, 20], "step": 3}, 4, 5),
        ({"integer": [2, 20], "step": 3}, 10.4, 11),
        ({"integer": [2, 20], "step": 3}, 100, 20),
        ({"log_uniform": [0.1, 1]}, 0, 0.1),
        ({"log_integer": [1, 64], "step": 2}, 30, 32),
        ({"normal": [0, 1]}, -9, -4),
    ],
)
def test_a_number_counts_as_the_nearest_value(plain: dict[str, Any], foreign: Any, like: Any) -> None:
    assert domain(**plain).nearest_coordinate(foreign) == domain(**plain).coordinate(like)


@pytest.mark.parametrize(
    ("plain", "foreign"),
    [
        ({"choice": [1, 2]}, 3),
        ({"choice": ["x", "y"]}, None),
        ({"uniform": [0, 1]}, True),
        ({"uniform": [0, 1]}, math.nan),
        ({"integer": [0, 9]}, "auto"),
        ({"integer": [0, 9]}, {"units": 3}),
    ],
)
def test_nothing_is_near(plain: dict[str, Any], foreign: Any) -> None:
    assert domain(**plain).nearest_coordinate(foreign) is None
