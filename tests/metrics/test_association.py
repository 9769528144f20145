from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from scipy.stats.contingency import association as scipy_association
from scipy.stats.contingency import crosstab

from fnnctl.arrays import FloatArray
from fnnctl.metrics.association import (
    AssociatedColumn,
    associations,
    correlation_ratio,
    cramers_v,
    pearson,
)

NAN = math.nan
CODES = st.integers(0, 4).map(float)
NUMBERS = st.one_of(st.integers(-4, 4).map(float), st.floats(-1e3, 1e3))


def pairs_of(
    first: st.SearchStrategy[float], second: st.SearchStrategy[float]
) -> st.SearchStrategy[FloatArray]:
    return st.lists(st.tuples(first, second), min_size=3, max_size=40).map(lambda rows: np.array(rows).T)


def test_cramers_v_by_hand() -> None:
    """Counts 8, 2 over 4, 6: χ² = 20 · (8 · 6 − 2 · 4)² / (10 · 10 · 12 · 8) = 10/3, V² = χ² / 20 = 1/6.

    With a third class of 20 rows that stands for one of two: V² = (2 − 1) / min(2 − 1, 3 − 1).
    """
    first, second = np.repeat([0.0, 0, 1, 1], [8, 2, 4, 6]), np.repeat([0.0, 1, 0, 1], [8, 2, 4, 6])
    assert cramers_v(first, second) == pytest.approx(math.sqrt(1 / 6))
    assert cramers_v(np.repeat([0.0, 3, 5], 20), np.repeat([0.0, 0, 7], 20)) == pytest.approx(1)


def test_the_correlation_ratio_by_hand() -> None:
    """Means 2 and 6 around 4: 4 · 4 of the sum of squares 9 + 1 + 1 + 9 = 20 lie between the classes."""
    assert correlation_ratio(np.array([1.0, 3, 5, 7]), np.array([0.0, 0, 4, 4])) == pytest.approx(
        math.sqrt(16 / 20)
    )


def test_the_correlation_by_hand() -> None:
    """Sums of squares 2 and 2, of products 1."""
    assert pearson(np.array([1.0, 2, 3]), np.array([1.0, 3, 2])) == pytest.approx(0.5)


@given(pairs_of(CODES, CODES))
def test_cramers_v_is_that_of_scipy(columns: FloatArray) -> None:
    first, second = columns
    value = cramers_v(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert value is None
    else:
        counts = crosstab(first, second).count
        assert value == pytest.approx(scipy_association(counts, method="cramer"), abs=1e-12)


@given(pairs_of(NUMBERS, NUMBERS))
def test_the_correlation_is_that_of_scipy(columns: FloatArray) -> None:
    first, second = columns
    value = pearson(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert value is None
    elif value is not None and min(np.ptp(first), np.ptp(second)) > 1e-3:
        assert value == pytest.approx(pearsonr(first, second).statistic, abs=1e-6)
        assert -1 <= value <= 1


@given(pairs_of(st.sampled_from([0.0, 1.0]), st.sampled_from([2.0, 3.0])))
def test_all_measures_agree_for_two_classes(columns: FloatArray) -> None:
    first, second = columns
    correlation = pearson(first, second)
    if correlation is None:
        assert cramers_v(first, second) is correlation_ratio(first, second) is None
    else:
        assert cramers_v(first, second) == pytest.approx(abs(correlation), abs=1e-7)
        assert correlation_ratio(first, second) == pytest.approx(abs(correlation), abs=1e-7)


def test_only_rows_with_both_values_count_and_the_strongest_pair_is_first() -> None:
    columns = [
        AssociatedColumn("a", np.array([1.0, 2, 3, 4, NAN]), has_classes=False),
        AssociatedColumn("b", np.array([NAN, 4, 6, 8, 90]), has_classes=False),
        AssociatedColumn("c", np.array([0.0, 0, 1, NAN, 1]), has_classes=True),
        AssociatedColumn("d", np.array([0.0, 1, 0, 1, 1]), has_classes=True),
        AssociatedColumn("e", np.array([NAN, NAN, 1, 1, 0]), has_classes=True),
    ]
    pairs = {(pair.first, pair.second): pair for pair in associations(columns)}
    assert pairs["a", "b"].value == pytest.approx(1)
    assert pairs["a", "b"].rows == 3
    assert (pairs["a", "c"].measure, pairs["a", "c"].rows) == ("correlation_ratio", 3)
    assert (pairs["c", "d"].measure, pairs["c", "d"].rows) == ("cramers_v", 4)
    assert (pairs["a", "e"].value, pairs["a", "e"].rows) == (None, 2)
    values = [pair.value for pair in pairs.values()]
    sizes = [-1.0 if value is None else abs(value) for value in values]
    assert sizes == sorted(sizes, reverse=True)


def test_large_numbers_do_not_overflow_and_nearly_equal_ones_do_not_vanish() -> None:
    assert pearson(np.array([1e150, -1e150, 0.0]), np.array([1.0, -1, 0])) == pytest.approx(1)
    assert pearson(1e6 + np.array([0.0, 1e-3, 2e-3]), np.array([1.0, 2, 3])) == pytest.approx(1)
    assert correlation_ratio(np.array([1e150, -1e150, 0.0]), np.array([0.0, 1, 1])) is not None
