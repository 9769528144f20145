from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.metrics.conformal import MOST_SCORES, GroupedTails, score_tail

SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)
LEVELS = st.floats(0.5, 0.999)


@pytest.mark.parametrize(
    ("level", "limit"), [(0.5, 10.0), (0.55, 11.0), (0.9, 18.0), (0.95, 19.0), (0.951, math.inf)]
)
def test_the_limit_is_the_score_whose_rank_is_n_plus_1_times_the_level(level: float, limit: float) -> None:
    """Of 19 rows: ⌈20 · level⌉."""
    tail = score_tail(np.arange(19.0, 0.0, -1.0))
    assert tail.at(level) == limit
    assert tail.highest_level == pytest.approx(0.95)


@given(SCORES, LEVELS)
def test_a_new_row_is_within_the_limit_as_often_as_asked(scores: FloatArray, level: float) -> None:
    """Each row in turn is the new one: the limit of the others misses it rarely enough."""
    rows = len(scores)
    limits = np.array([score_tail(np.delete(scores, row)).at(level) for row in range(rows)])
    assert np.count_nonzero(scores > limits) <= (1.0 - level) * rows + 1e-6


def test_each_group_weighs_as_one_row() -> None:
    """Two groups, of one row and of three: a third of the rows each, and a third for the new group."""
    scores, groups = np.array([1.0, 2.0, 3.0, 4.0]), np.array([7, 7, 7, 3])
    tail = score_tail(scores, groups)
    assert tail.at(0.6) == 4.0
    assert tail.at(2 / 3) == 4.0
    assert tail.at(0.67) == math.inf
    single = score_tail(scores, np.arange(4))
    np.testing.assert_allclose(single.masses, score_tail(scores).masses)


def test_limits_only_grow_if_scores_are_left_out() -> None:
    scores = np.random.default_rng(0).normal(size=20 * MOST_SCORES)
    tail, ranked = score_tail(scores), np.sort(scores)
    assert len(tail.scores) == MOST_SCORES
    for level in (0.5, 0.8, 0.9, 0.95, 0.999):
        rank = math.ceil((len(scores) + 1) * level)
        assert ranked[rank - 1] <= tail.at(level) <= ranked[min(rank + 10, len(ranked) - 1)]


def test_small_parts_share_the_limit_of_their_rows() -> None:
    scores, parts = np.arange(1.0, 61.0), np.repeat([0, 1, 2], [40, 15, 5])
    tails = GroupedTails.of(scores, parts, 3, least=20)
    np.testing.assert_array_equal(tails.at(0.5), [21.0, 51.0, 51.0])
    assert tails.pooled(0.5) == [1, 2]


def test_the_smallest_of_the_other_parts_joins_parts_that_are_too_small_together() -> None:
    scores, parts = np.arange(1.0, 61.0), np.repeat([0, 1, 2], [25, 30, 5])
    tails = GroupedTails.of(scores, parts, 4, least=20)
    np.testing.assert_array_equal(tails.at(0.5), [16.0, 41.0, 16.0, 16.0])
    assert tails.pooled(0.5) == [0, 2, 3]


def test_all_parts_take_the_limit_of_all_rows_if_one_has_too_few_for_the_level() -> None:
    tails = GroupedTails.of(np.arange(1.0, 61.0), np.repeat([0, 1], [40, 20]), 2, least=20)
    np.testing.assert_array_equal(tails.at(0.95), [39.0, 60.0])
    np.testing.assert_array_equal(tails.at(0.96), [59.0, 59.0])
    assert tails.pooled(0.96) == [0, 1]
    assert tails.highest_level == pytest.approx(60 / 61)


@pytest.mark.parametrize("level", [0.6, 0.8, 0.9, 0.95])
def test_small_parts_with_large_scores_do_not_lower_the_mean_coverage(level: float) -> None:
    """Each row in turn is the new one. The limit of all rows misses half of the smallest part."""
    rng = np.random.default_rng(0)
    parts = np.repeat([0, 1, 2], [200, 100, 30])
    scores = rng.random(330) * np.array([1.0, 1.0, 2.0])[parts]
    tails = (
        GroupedTails.of(np.delete(scores, row), np.delete(parts, row), 3, least=50) for row in range(330)
    )
    limits = np.array([each.at(level)[part] for each, part in zip(tails, parts, strict=True)])
    assert np.count_nonzero(scores > limits) <= (1.0 - level) * 330 + 1e-6
