from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.rules.dimensions import dimensions_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.domains import BELOW_ONE, Domain, domain_of

POINTS = st.floats(0, 1, exclude_max=True)
ENDS = st.floats(-1e6, 1e6).map(lambda number: round(number, 4))


def domain(**plain: Any) -> Domain:
    space = SearchConfig.model_validate({"space": {"x": plain}}).space
    return domain_of(dimensions_of(space)[0].domain)


@st.composite
def domains(draw: st.DrawFn) -> Domain:
    """Domains of every kind, with and without steps."""
    low, high = sorted(draw(st.tuples(ENDS, ENDS).filter(lambda ends: ends[0] != ends[1])))
    step = draw(st.sampled_from([None, (high - low) / 3, (high - low) / 50]))
    above = draw(st.floats(1e-9, 1e6)), draw(st.floats(1.1, 1e6))
    ratio = draw(st.sampled_from([None, above[1] ** 0.2 + 0.01, 2.0]))
    whole = draw(st.integers(-1000, 1000)), draw(st.integers(1, 10**9))
    ends = [above[0], above[0] * max(above[1], ratio or 0)]
    whole_ends = [abs(whole[0]) + 1, (abs(whole[0]) + 1) * (whole[1] + 2)]
    normal = {"normal": [low, high - low], "step": draw(st.sampled_from([None, (high - low) / 3]))}
    kinds: list[dict[str, Any]] = [
        {"choice": draw(st.lists(st.integers(), min_size=1, unique=True))},
        {"uniform": [low, high], "step": step},
        {"log_uniform": ends, "step": ratio},
        {"integer": [whole[0], whole[0] + whole[1]], "step": draw(st.sampled_from([None, whole[1]]))},
        {"log_integer": whole_ends, "step": ratio},
        normal,
        {**normal, "within": [low - (high - low) / 3, high]},
    ]
    return domain(**draw(st.sampled_from(kinds)))


@given(domain=domains(), u=st.one_of(POINTS, st.sampled_from([0.0, BELOW_ONE])))
def test_the_value_at_a_point_is_inside_and_its_coordinate_leads_back(domain: Domain, u: float) -> None:
    value = domain.value(u)
    assert value in domain
    coordinate = domain.coordinate(value)
    assert 0.0 <= coordinate < 1.0
    assert domain.value(coordinate) == value


@given(domain=domains(), points=st.integers(2, 9))
def test_every_value_of_a_grid_is_inside_and_no_two_are_equal(domain: Domain, points: int) -> None:
    grid = list(domain.grid(points)[:100])
    assert grid
    assert all(value in domain for value in grid)
    assert len(set(grid)) == len(grid)
    if domain.values is None:
        assert len(grid) <= points


@given(domain=domains(), u=st.lists(POINTS, min_size=2))
def test_values_rise_with_their_points(domain: Domain, u: list[float]) -> None:
    if domain.values is None or isinstance(domain.values, range):
        values = [domain.value(each) for each in sorted(u)]
        assert values == sorted(values)


@pytest.mark.parametrize(
    ("plain", "u", "value"),
    [
        ({"choice": ["a", "b", "c"]}, 0.0, "a"),
        ({"choice": ["a", "b", "c"]}, 0.34, "b"),
        ({"choice": ["a", "b", "c"]}, BELOW_ONE, "c"),
        ({"uniform": [2, 4]}, 0.25, 2.5),
        ({"uniform": [0, 1]}, 1 / 3, 0.33333),
        ({"uniform": [0, 0.5]}, 1 / 3, 0.16667),
        ({"uniform": [1000, 1001]}, 1 / 3, 1000.33333),
        ({"uniform": [0, 1e6]}, 1 / 3, 333330.0),
        ({"uniform": [0, 1], "step": 0.25}, 0.5, 0.5),
        ({"uniform": [0, 1], "step": 0.25}, 0.39, 0.25),
        ({"log_uniform": [1e-4, 1]}, 0.5, 0.01),
        ({"log_uniform": [1e-4, 1]}, 0.4321, 0.0053506),  # 10^(−4 + 4·0.4321) = 10^−2.2716
        ({"log_uniform": [1e-4, 1e-1], "step": 10}, 0.5, 0.01),
        ({"log_uniform": [1, 1.01]}, 0.5, 1.0049876),  # √1.01, to five digits of the range
        ({"integer": [1, 4]}, 0.5, 3),
        ({"log_integer": [1, 4]}, 0.49, 1),  # P(1) = ln(1.5/0.5) / ln(4.5/0.5) = 1/2
        ({"log_integer": [1, 4]}, 0.51, 2),
        ({"log_integer": [16, 256], "step": 2}, 0.5, 64),
        ({"normal": [5, 2]}, 0.5, 5.0),
        ({"normal": [5, 2]}, 0.0, -3.0),
        ({"normal": [5, 2], "within": [5, 7]}, 0.5, 5.8835),  # Φ⁻¹(½ + ½·(Φ(1) − ½)) = 0.44177
        ({"normal": [5, 2], "step": 1}, 0.6, 6.0),  # Φ(0.25) = 0.5987
        ({"normal": [5, 2], "step": 1}, 0.59, 5.0),
    ],
)
def test_values_worked_out_by_hand(plain: dict[str, Any], u: float, value: Any) -> None:
    assert domain(**plain).value(u) == value


@pytest.mark.parametrize(
    ("plain", "value", "coordinate"),
    [
        ({"choice": ["a", "b"]}, "b", 0.75),
        ({"uniform": [2, 4]}, 2.5, 0.25),
        ({"uniform": [2, 4]}, 4.0, BELOW_ONE),
        ({"uniform": [0, 1], "step": 0.25}, 0.25, 0.3),
        ({"log_uniform": [1e-4, 1]}, 0.01, 0.5),
        ({"integer": [1, 4]}, 2, 0.375),
        ({"normal": [5, 2]}, 5.0, 0.5),
    ],
)
def test_coordinates_worked_out_by_hand(plain: dict[str, Any], value: Any, coordinate: float) -> None:
    assert domain(**plain).coordinate(value) == pytest.approx(coordinate, abs=1e-12)


def test_what_is_no_value_of_a_list_has_no_coordinate() -> None:
    with pytest.raises(ValueError, match="'c' is not in the domain"):
        domain(choice=["a", "b"]).coordinate("c")


@pytest.mark.parametrize(
    ("plain", "grid"),
    [
        ({"choice": ["a", None, [1]]}, ["a", None, [1]]),
        ({"uniform": [0, 1]}, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ({"uniform": [0.123456789, 0.987654321]}, [0.123456789, 0.33951, 0.55556, 0.7716, 0.987654321]),
        ({"uniform": [0, 1], "step": 0.1}, [k / 10 for k in range(11)]),
        ({"log_uniform": [1e-4, 1]}, [0.0001, 0.001, 0.01, 0.1, 1.0]),
        ({"integer": [1, 3]}, [1, 2, 3]),
        ({"integer": [1, 101]}, [1, 26, 51, 76, 101]),
        ({"integer": [1, 101], "step": 10}, list(range(1, 102, 10))),
        ({"log_integer": [1, 10_000]}, [1, 10, 100, 1000, 10_000]),
        ({"log_integer": [1, 64], "step": 2}, [1, 2, 4, 8, 16, 32, 64]),
        ({"log_integer": [1, 3]}, [1, 2, 3]),
        # the middles of five shares, from Φ⁻¹(0.10002534) on: the tails are cut off
        ({"normal": [0, 1]}, [-1.28141, -0.52436, 0.0, 0.52436, 1.28141]),
        ({"normal": [0, 1], "step": 2}, [-4.0, -2.0, 0.0, 2.0, 4.0]),
    ],
)  # fmt: skip
def test_grids_worked_out_by_hand(plain: dict[str, Any], grid: list[Any]) -> None:
    assert list(domain(**plain).grid(5)) == grid


@pytest.mark.parametrize(
    ("plain", "log"),
    [
        ({"choice": [1, 10]}, False),
        ({"uniform": [1, 2]}, False),
        ({"integer": [1, 2]}, False),
        ({"normal": [1, 2]}, False),
        ({"log_uniform": [1, 2]}, True),
        ({"log_uniform": [1, 100], "step": 10}, True),
        ({"log_integer": [1, 2]}, True),
        ({"log_integer": [1, 20], "step": 2}, True),
    ],
)
def test_which_are_spread_by_their_logarithm(plain: dict[str, Any], log: bool) -> None:
    assert domain(**plain).log == log


@pytest.mark.parametrize("value", [True, "0.5", None, -0.1, 1.1])
def test_what_is_not_inside(value: Any) -> None:
    assert value not in domain(uniform=[0, 1])
    assert value not in domain(uniform=[0, 1], step=0.5)
