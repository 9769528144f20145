from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.rules.dimensions import domain_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.domains import BELOW_ONE, Choice, Domain
from fnnctl.space.layers import Layers
from fnnctl.space.number_domains import (
    Integer,
    LogInteger,
    LogUniform,
    Normal,
    Uniform,
    factors_between,
    nearest,
    steps_between,
)

POINTS = st.floats(0, 1, exclude_max=True)
ENDS = st.floats(-1e6, 1e6).map(lambda number: round(number, 4))


def domain(**plain: Any) -> Domain:
    found = domain_of(SearchConfig.model_validate({"space": {"x": plain}}).domains["x"])
    assert not isinstance(found, Layers)
    return found


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


@pytest.mark.parametrize("value", [True, "0.5", None, -0.1, 1.1])
def test_values_outside_the_domain(value: Any) -> None:
    assert value not in domain(uniform=[0, 1])
    assert value not in domain(uniform=[0, 1], step=0.5)


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (Choice(("a", None, 3)), ["a", None, 3]),
        (Uniform(0.0, 1.0), None),
        (Uniform(0.0, 0.5, step=0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (Uniform(0.1, 1.0, step=0.35), [0.1, 0.45, 0.8]),
        (LogUniform(1e-4, 1e-1), None),
        (LogUniform(1e-4, 1e-1, step=10.0), [0.0001, 0.001, 0.01, 0.1]),
        (Integer(2, 5), [2, 3, 4, 5]),
        (Integer(2, 9, step=3), [2, 5, 8]),
        (LogInteger(2, 5), [2, 3, 4, 5]),
        (LogInteger(16, 256, step=2.0), [16, 32, 64, 128, 256]),
        (LogInteger(1, 5, step=1.5), [1, 2, 3]),  # 1, 1.5, 2.25, 3.375, and 5.06 is too large
        (Normal(0.0, 1.0), None),
        (Normal(0.5, 0.1, within=(0.2, 0.75), step=0.1), [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
    ],
)
def test_the_values_of_a_domain(domain: Domain, values: list[Any] | None) -> None:
    found = domain.values
    assert (found if found is None else list(found)) == values


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (Choice(tuple(range(50))), list(range(50))),
        (Uniform(0.0, 2.0), [0.0, 2.0]),
        (LogUniform(0.5, 2.0), [0.5, 2.0]),
        (Uniform(0.0, 2.0, step=0.01), [0.0, 2.0]),
        (Integer(1, 10**15), [1, 10**15]),
        (Integer(1, 4), [1, 2, 3, 4]),
        (LogInteger(1, 10**15), [1, 10**15]),
        (Normal(0.001, 0.0005), [-0.001, 0.003]),
        (Normal(0.0, 1.0, within=(-0.5, 9.0)), [-0.5, 9.0]),
    ],
)
def test_few_values_are_all_tried_and_of_many_the_ends(domain: Domain, values: list[Any]) -> None:
    assert list(domain.values_to_try()) == values


def test_a_normal_distribution_ends_after_four_deviations() -> None:
    assert Normal(0.1, 0.1).ends == (-0.3, 0.5)


@pytest.mark.parametrize(
    ("domain", "value", "neighbours"),
    [
        (Choice(("a", "b", "c")), "b", ["a", "c"]),
        (Choice((1, True)), 1.0, [True]),
        (Uniform(0.0, 1.0), 0.5, [0.4, 0.6]),
        (Uniform(0.0, 1.0), 0.05, [0.0, 0.15]),
        (Uniform(0.0, 1.0), 1.0, [0.9]),
        (Uniform(0.0, 1.0, step=0.25), 0.5, [0.25, 0.75]),
        (LogUniform(1e-5, 1.0), 0.1, [0.031623, 0.31623]),
        (LogUniform(1e-4, 1.0, step=10), 0.0001, [0.001]),
        (Integer(1, 4), 2, [1, 3]),
        (Integer(1, 100), 50, [40, 60]),
        (Integer(1, 100, step=1), 50, [49, 51]),
        (LogInteger(1, 11), 1, [2]),
        (LogInteger(16, 256, step=2), 64, [32, 128]),
        (Normal(0.0, 1.0), 0.0, [-0.25333, 0.25333]),  # Φ⁻¹(0.6) = 0.25335, less what is cut off
        (Normal(0.0, 1.0, step=1), 4.0, [3.0]),
    ],
)
def test_neighbours_worked_out_by_hand(domain: Domain, value: Any, neighbours: list[Any]) -> None:
    assert domain.neighbours(value) == neighbours


@given(domain=domains(), u=POINTS)
def test_neighbours_are_other_values_and_lead_back(domain: Domain, u: float) -> None:
    value = domain.value(u)
    neighbours = domain.neighbours(value)
    assert all(each in domain and each != value for each in neighbours)
    if domain.values is None or len(domain.values) > 1:
        assert neighbours
    if domain.ordered:
        assert len(neighbours) <= 2
        assert neighbours == sorted(neighbours)
    if not domain.ordered or (domain.values is not None and len(domain.values) < 10):
        assert all(value in domain.neighbours(each) for each in neighbours)


@pytest.mark.parametrize(
    ("domain", "scale"),
    [
        (Choice(("a", 1)), "choice"),
        (Choice((1, 10)), "linear"),
        (LogUniform(1, 100), "log"),
        (LogInteger(1, 20, step=2), "log"),
        (Uniform(1, 2), "linear"),
        (Integer(1, 10**15), "linear"),
        (Normal(1, 2), "linear"),
    ],
)
def test_the_scale_of_an_axis(domain: Domain, scale: str) -> None:
    assert (domain.scale, domain.log) == (scale, scale == "log")


@pytest.mark.parametrize(
    ("domain", "value", "place"),
    [
        (Choice(("a", "b")), "b", ("choice", 1)),
        (Uniform(0.0, 1.0), 1, ("uniform", 1)),
        (Integer(1, 3), 2, ("integer",)),
        (Normal(0.0, 1.0), 0.0, ("normal",)),
    ],
)
def test_where_a_value_is_written(domain: Domain, value: Any, place: tuple[str | int, ...]) -> None:
    assert domain.path_of(value) == place


@pytest.mark.parametrize(("low", "high", "step", "steps"), [(0, 0.3, 0.1, 3), (1, 0, 0.1, 0), (0, 1, 2, 0)])
def test_steps_are_counted_in_decimals(low: float, high: float, step: float, steps: int) -> None:
    assert steps_between(low, high, step) == steps


@pytest.mark.parametrize(
    ("low", "high", "factor", "factors"), [(1e-3, 1.0, 10, 3), (1, 7.9, 2, 2), (2, 1, 2, 0)]
)
def test_factors_are_counted_up_to_rounding(low: float, high: float, factor: float, factors: int) -> None:
    assert factors_between(low, high, factor) == factors


@pytest.mark.parametrize(("number", "value"), [(-9.0, 1), (2.9, 2), (3.1, 4), (99.0, 4)])
def test_the_nearest_value(number: float, value: int) -> None:
    assert nearest([1, 2, 4], number) == value
    assert nearest(range(1, 5), number) == min(max(round(number), 1), 4)
    assert nearest(range(2, 21, 3), number) == {-9.0: 2, 2.9: 2, 3.1: 2, 99.0: 20}[number]
