from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.ranking import (
    AucEstimate,
    Ranking,
    add_influences,
    estimate_auc,
    mean_auc,
    rank_part,
    rank_scores,
    wilson_interval,
)

Simulate = Callable[..., tuple[IntArray, FloatArray]]


def ranking_of(positives: list[float], negatives: list[float]) -> Ranking:
    is_positive = np.arange(len(positives) + len(negatives)) < len(positives)
    return rank_scores(is_positive, np.array(positives + negatives))[0]


def estimate(positives: list[float], negatives: list[float]) -> AucEstimate:
    found = estimate_auc(ranking_of(positives, negatives))
    assert found is not None
    return found


def mean_of(labels: IntArray, probabilities: FloatArray) -> AucEstimate:
    mean = rank_part(labels, probabilities).mean_area
    assert mean is not None
    return mean


def test_wilson_of_eight_in_ten() -> None:
    # (0.8 + 3.8415/20 ± 1.96·√(0.016 + 3.8415/400)) / 1.38415
    assert wilson_interval(8, 10) == pytest.approx([0.4901625, 0.9433178], abs=1e-6)
    assert wilson_interval(0, 0) is None


@given(total=st.integers(1, 10_000), data=st.data())
def test_wilson_agrees_with_scipy(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    expected = binomtest(successes, total).proportion_ci(method="wilson")
    assert wilson_interval(successes, total) == pytest.approx(expected, abs=1e-12)


def test_delong_worked_by_hand() -> None:
    found = estimate([0.9, 0.6, 0.4], [0.5, 0.3])
    # Placements 1, 1, 1/2 and 2/3, 1: variances 1/12 and 1/18, so 1/12/3 + 1/18/2 = 1/18.
    assert found.area == 5 / 6
    assert found.variance == pytest.approx(1 / 18)
    # Effective sample size 5/36·18 = 2.5: (5/6 + 3.8415/5 ± √(3.8415/2.5·(5/36 + 3.8415/10))) / 2.53658
    assert found.interval() == pytest.approx([0.277985, 0.984830], abs=1e-5)


def test_delong_agrees_with_the_definition_by_pairs() -> None:
    rng = np.random.default_rng(3)
    above, below = rng.integers(2, 12, 40) / 10, rng.integers(0, 9, 25) / 10
    wins = (above[:, np.newaxis] > below) + 0.5 * (above[:, np.newaxis] == below)
    variance = wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 25
    found = estimate(above.tolist(), below.tolist())
    assert found.area == pytest.approx(wins.mean(), abs=1e-14)
    assert found.variance == pytest.approx(variance, rel=1e-12)


def test_influences_are_placements_around_the_area() -> None:
    scores = np.array([0.5, 0.9, 0.6, 0.3, 0.4])
    is_positive = np.array([False, True, True, False, True])
    total = np.ones(5)
    add_influences(total, *rank_scores(is_positive, scores), is_positive)
    # Negatives 0.5 and 0.3 have placements 2/3 and 1, positives 1, 1 and 1/2; the area is 5/6.
    positive, negative = 1 / 6 / math.sqrt(6), 1 / 6 / math.sqrt(2)
    assert total - 1 == pytest.approx([-negative, positive, positive, negative, -2 * positive])


def test_a_perfect_area_has_a_lower_bound_and_one_of_zero_mirrors_it() -> None:
    # Four positives and three negatives: effective sample size 4·12/9 = 16/3; 16/3 / (16/3 + 3.8415)
    found = estimate([0.7, 0.8, 0.9, 1.0], [0.1, 0.2, 0.3])
    assert found.interval() == pytest.approx([0.581303, 1.0], abs=1e-6)
    # One positive and two negatives: effective sample size 4·2/5 = 8/5; 3.8415 / (8/5 + 3.8415)
    assert estimate([0.1], [0.2, 0.3]).interval() == [0.0, pytest.approx(0.705961, abs=1e-6)]


@given(data=st.data())
def test_no_interval_begins_higher_than_that_of_a_perfect_area(data: st.DataObject) -> None:
    m, n = data.draw(st.integers(2, 12)), data.draw(st.integers(2, 12))
    positives = data.draw(st.lists(st.sampled_from([2.0, 3.0, 4.0, 5.0, 6.0]), min_size=m, max_size=m))
    negatives = data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=n, max_size=n))
    perfect = estimate([2.0] * m, [1.0] * n).interval()
    interval = estimate(positives, negatives).interval()
    assert perfect is not None
    assert interval is None or interval[0] <= perfect[0] + 1e-12


@pytest.mark.parametrize(
    ("positives", "negatives"),
    [([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]), ([0.5], [0.4, 0.6, 0.7])],
    ids=["all scores equal", "one positive"],
)
def test_without_a_variance_there_is_no_interval(positives: list[float], negatives: list[float]) -> None:
    assert estimate(positives, negatives).interval() is None


def test_the_mean_over_two_classes_is_either() -> None:
    scores = np.array([0.9, 0.75, 0.5, 0.25, 0.125])
    labels = np.array([0, 1, 0, 0, 1])
    ranked = rank_part(labels, np.column_stack([scores, 1 - scores]))
    mean, first = ranked.mean_area, ranked.areas[0]
    assert mean is not None
    assert first is not None
    assert mean.area == first.area
    assert mean.most_trials == pytest.approx(first.most_trials)
    assert mean.interval() == pytest.approx(first.interval(), abs=1e-12)


def test_the_variance_of_the_mean_is_that_of_leaving_out_one_row_after_the_other(simulate: Simulate) -> None:
    labels, probabilities = simulate(240, 3)
    left_out = np.array(
        [mean_of(np.delete(labels, row), np.delete(probabilities, row, axis=0)).area for row in range(240)]
    )
    jackknife = 239 / 240 * np.square(left_out - left_out.mean()).sum()
    assert mean_of(labels, probabilities).variance == pytest.approx(jackknife, rel=0.02)


def test_the_mean_leaves_out_classes_without_an_area() -> None:
    scores = np.array([0.9, 0.6, 0.5, 0.4, 0.3])
    labels = np.array([0, 0, 1, 0, 1])
    mean = mean_of(labels, np.column_stack([scores, 1 - scores]))
    assert mean_of(labels, np.column_stack([scores, 1 - scores, scores])) == mean
    assert mean_auc([None, None], np.zeros(5)) is None


def test_the_mean_has_no_interval_where_a_class_has_no_variance() -> None:
    labels = np.array([0, 1, 1, 1, 2, 2])
    mean = mean_of(labels, np.random.default_rng(5).dirichlet([1, 1, 1], 6))
    assert 0 < mean.area < 1
    assert mean.interval() is None


def test_a_perfect_mean_is_worth_what_its_free_classes_are() -> None:
    mean = mean_of(np.array([0, 0, 1, 1, 1, 2]), np.eye(3)[[0, 0, 1, 1, 1, 2]])
    # The classes are worth 4, 9/2 and 5/2 trials: 2·3/(1/4 + 2/9 + 2/5) = 6.87898, and 6.879/(6.879 + 3.8415)
    assert mean.most_trials == pytest.approx(6.87898, abs=1e-5)
    assert mean.interval() == pytest.approx([0.641670, 1.0], abs=1e-5)
