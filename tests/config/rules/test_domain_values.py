from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.domain_values import (
    factors_between,
    identity,
    index_of,
    normal_ends,
    steps_between,
    values_of,
    values_to_try,
)
from fnnctl.config.schema.domains import (
    ChoiceDomain,
    IntegerDomain,
    LogIntegerDomain,
    LogUniformDomain,
    NormalDomain,
    ScalarDomain,
    UniformDomain,
)


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (ChoiceDomain(choice=("a", None, 3)), ["a", None, 3]),
        (UniformDomain(uniform=(0.0, 1.0)), None),
        (UniformDomain(uniform=(0.0, 0.5), step=0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (UniformDomain(uniform=(0.1, 1.0), step=0.35), [0.1, 0.45, 0.8]),
        (LogUniformDomain(log_uniform=(1e-4, 1e-1)), None),
        (LogUniformDomain(log_uniform=(1e-4, 1e-1), step=10.0), [0.0001, 0.001, 0.01, 0.1]),
        (
            LogUniformDomain(log_uniform=(1e-3, 0.1), step=3.1622776601683795),
            [0.001, 0.00316227766017, 0.01, 0.0316227766017, 0.1],
        ),
        (IntegerDomain(integer=(2, 5)), [2, 3, 4, 5]),
        (IntegerDomain(integer=(2, 9), step=3), [2, 5, 8]),
        (LogIntegerDomain(log_integer=(2, 5)), [2, 3, 4, 5]),
        (LogIntegerDomain(log_integer=(16, 256), step=2.0), [16, 32, 64, 128, 256]),
        (
            LogIntegerDomain(log_integer=(1, 5), step=1.5),
            [1, 2, 3],
        ),  # 1, 1.5, 2.25, 3.375, and 5.06 is too large
        (NormalDomain(normal=(0.0, 1.0)), None),
        (NormalDomain(normal=(0.5, 0.1), within=(0.2, 0.75), step=0.1), [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
    ],
)
def test_the_values_of_a_domain(domain: ScalarDomain, values: list[Any] | None) -> None:
    found = values_of(domain)
    assert (found if found is None else list(found)) == values


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (ChoiceDomain(choice=tuple(range(50))), list(range(50))),
        (UniformDomain(uniform=(0.0, 2.0)), [0.0, 2.0]),
        (LogUniformDomain(log_uniform=(0.5, 2.0)), [0.5, 2.0]),
        (UniformDomain(uniform=(0.0, 2.0), step=0.01), [0.0, 2.0]),
        (IntegerDomain(integer=(1, 10**15)), [1, 10**15]),
        (IntegerDomain(integer=(1, 4)), [1, 2, 3, 4]),
        (LogIntegerDomain(log_integer=(1, 10**15)), [1, 10**15]),
        (NormalDomain(normal=(0.001, 0.0005)), [-0.001, 0.003]),
        (NormalDomain(normal=(0.0, 1.0), within=(-0.5, 9.0)), [-0.5, 9.0]),
    ],
)
def test_few_values_are_all_tried_and_of_many_the_ends(domain: ScalarDomain, values: list[Any]) -> None:
    assert list(values_to_try(domain)) == values


def test_a_normal_distribution_ends_after_four_deviations() -> None:
    assert normal_ends(NormalDomain(normal=(0.1, 0.1))) == (-0.3, 0.5)


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
