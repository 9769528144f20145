from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.ranking import class_rankings, rank_scores, roc_auc
from fnnctl.metrics.statistics import AucEstimate, estimate_auc, mean_auc, wilson_interval

Simulate = Callable[..., tuple[IntArray, FloatArray]]


def estimate(positives: list[float], negatives: list[float]) -> AucEstimate | None:
    is_positive = np.arange(len(positives) + len(negatives)) < len(positives)
    return estimate_auc(rank_scores(is_positive, np.array(positives + negatives)))


def test_wilson_of_eight_in_ten() -> None:
    # (0.8 + 3.8415/20 ± 1.96·√(0.016 + 3.8415/400)) / 1.38415
    assert wilson_interval(8, 10) == pytest.approx([0.4901625, 0.9433178], abs=1e-6)


@given(total=st.integers(1, 10_000), data=st.data())
def test_wilson_agrees_with_scipy(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    expected = binomtest(successes, total).proportion_ci(method="wilson")
    assert wilson_interval(successes, total) == pytest.approx(expected, abs=1e-12)


def test_wilson_without_rows_does_not_exist() -> None:
    assert wilson_interval(0, 0) is None


def test_delong_worked_by_hand() -> None:
    found = estimate([0.9, 0.6, 0.4], [0.5, 0.3])
    assert found is not None
    assert found.influence is not None
    # Placements 1, 1, 1/2 and 2/3, 1: variances 1/12 and 1/18, so 1/12/3 + 1/18/2 = 1/18.
    assert found.area == 5 / 6
    assert np.square(found.influence).sum() == pytest.approx(1 / 18)
    # log 5 ± 1.95996·√(1/18)/(5/36) = 1.60944 ± 3.32620
    assert found.interval() == pytest.approx([0.152290, 0.992867], abs=1e-5)


def test_delong_agrees_with_the_definition_by_pairs() -> None:
    rng = np.random.default_rng(3)
    above, below = rng.integers(2, 12, 40) / 10, rng.integers(0, 9, 25) / 10
    wins = (above[:, np.newaxis] > below) + 0.5 * (above[:, np.newaxis] == below)
    variance = wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 25
    found = estimate(above.tolist(), below.tolist())
    assert found is not None
    assert found.influence is not None
    assert found.area == pytest.approx(wins.mean(), abs=1e-14)
    assert np.square(found.influence).sum() == pytest.approx(variance, rel=1e-12)


def test_a_perfect_area_has_a_one_sided_bound() -> None:
    found = estimate([0.7, 0.8, 0.9, 1.0], [0.1, 0.2, 0.3])
    assert found is not None
    assert found.interval() == [pytest.approx(0.05 ** (1 / 3)), 1.0]


def test_an_area_of_zero_mirrors_a_perfect_one() -> None:
    found = estimate([0.1], [0.2, 0.3])
    assert found is not None
    assert found.interval() == [0.0, pytest.approx(0.95)]


@pytest.mark.parametrize(
    ("positives", "negatives"),
    [([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]), ([0.5], [0.4, 0.6, 0.7])],
    ids=["all scores equal", "one positive"],
)
def test_without_a_variance_there_is_no_interval(positives: list[float], negatives: list[float]) -> None:
    found = estimate(positives, negatives)
    assert found is not None
    assert found.interval() is None


def test_the_interval_covers_the_true_area_in_about_95_of_100_samples() -> None:
    rng = np.random.default_rng(4)
    truth, covered, samples = norm.cdf(1.5 / math.sqrt(2)), 0, 1_000
    for _ in range(samples):
        found = estimate(rng.normal(1.5, 1, 40).tolist(), rng.normal(0, 1, 60).tolist())
        interval = found.interval() if found else None
        assert interval is not None
        covered += interval[0] <= truth <= interval[1]
    assert 0.93 < covered / samples < 0.985


def test_the_mean_over_two_classes_is_either() -> None:
    scores = np.array([0.9, 0.75, 0.5, 0.25, 0.125])
    labels = np.array([0, 1, 0, 0, 1])
    estimates = [estimate_auc(r) for r in class_rankings(labels, np.column_stack([scores, 1 - scores]))]
    mean = mean_auc(estimates)
    assert mean is not None
    assert estimates[0] is not None
    assert mean.area == estimates[0].area
    assert mean.interval() == pytest.approx(estimates[0].interval(), abs=1e-12)


def test_the_variance_of_the_mean_is_that_of_leaving_out_one_row_after_the_other(simulate: Simulate) -> None:
    labels, probabilities = simulate(240, 3)

    def macro(rows: IntArray) -> float:
        areas = [roc_auc(ranking) for ranking in class_rankings(labels[rows], probabilities[rows])]
        return float(np.mean([area for area in areas if area is not None]))

    left_out = np.array([macro(np.delete(np.arange(240), row)) for row in range(240)])
    jackknife = 239 / 240 * np.square(left_out - left_out.mean()).sum()
    mean = mean_auc([estimate_auc(ranking) for ranking in class_rankings(labels, probabilities)])
    assert mean is not None
    assert mean.influence is not None
    assert np.square(mean.influence).sum() == pytest.approx(jackknife, rel=0.02)


def test_the_mean_leaves_out_classes_without_an_area() -> None:
    found = estimate([0.9, 0.6, 0.4], [0.5, 0.3])
    mean = mean_auc([None, found])
    assert mean is not None
    assert found is not None
    assert mean.area == found.area
    assert mean.interval() == found.interval()
    assert mean_auc([None, None]) is None


def test_the_mean_has_no_interval_where_a_class_has_no_variance() -> None:
    lone = estimate([0.5], [0.4, 0.6, 0.7, 0.8, 0.9])
    wide = estimate([0.9, 0.6, 0.4], [0.5, 0.3, 0.2])
    mean = mean_auc([lone, wide])
    assert mean is not None
    assert mean.interval() is None


def test_a_perfect_mean_is_bounded_by_the_scarcest_class() -> None:
    mean = mean_auc([estimate([0.8, 0.9], [0.1, 0.2, 0.3]), estimate([0.7], [0.1, 0.2, 0.3, 0.4])])
    assert mean is not None
    assert mean.interval() == [pytest.approx(0.05), 1.0]
