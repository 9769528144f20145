from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.metrics.ranking import (
    Ranking,
    average_precision,
    class_rankings,
    fisher_interval,
    micro_ranking,
    rank_scores,
    roc_auc,
)

IS_POSITIVE = np.array([True, False, True, False, True])
SCORES = np.array([0.9, 0.3, 0.5, 0.5, 0.1])


def ranking_of(is_positive: BoolArray, scores: FloatArray) -> Ranking:
    ranking, _ = rank_scores(is_positive, scores)
    return ranking


def test_counts_at_each_distinct_score() -> None:
    ranking, reached = rank_scores(IS_POSITIVE, SCORES)
    assert_array_equal(ranking.thresholds, [0.9, 0.5, 0.3, 0.1])
    assert_array_equal(ranking.true_positives, [1, 2, 2, 3])
    assert_array_equal(ranking.false_positives, [0, 1, 2, 2])
    assert (ranking.positives, ranking.negatives) == (3, 2)
    assert_array_equal(reached, [0, 2, 1, 1, 3])


def test_areas_by_hand() -> None:
    """0.9 beats both, 0.5 beats one and ties with one, 0.1 beats none: 3.5 of 6 pairs.

    Recall rises by a third at precisions 1/1, 2/3 and 3/5.
    """
    ranking = ranking_of(IS_POSITIVE, SCORES)
    assert (roc_auc(ranking), average_precision(ranking)) == (3.5 / 6, (1 + 2 / 3 + 3 / 5) / 3)


@pytest.mark.parametrize(("is_positive", "precision"), [([True] * 3, 1.0), ([False] * 3, None), ([], None)])
def test_one_class_has_no_area(is_positive: list[bool], precision: float | None) -> None:
    ranking = ranking_of(np.array(is_positive, np.bool_), np.arange(len(is_positive)) / 10)
    assert (ranking.positives, ranking.negatives) == (sum(is_positive), len(is_positive) - sum(is_positive))
    assert (roc_auc(ranking), average_precision(ranking)) == (None, precision)


def test_pairs_of_rows_and_classes_are_pooled() -> None:
    labels = np.array([0, 1])
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4]])
    pooled = micro_ranking(labels, probabilities)
    assert_array_equal(pooled.thresholds, [0.8, 0.6, 0.4, 0.2])
    assert_array_equal(pooled.true_positives, [1, 1, 2, 2])
    (first, _), (second, _) = class_rankings(labels, probabilities)
    assert roc_auc(first) == roc_auc(second) == 1.0
    assert roc_auc(pooled) == 3 / 4


def test_scores_that_no_curve_bends_at_are_left_out() -> None:
    # Falling: three negatives, a positive, two negatives, two that are equal, one, one.
    scores = np.array([9, 8, 7, 6, 5, 4, 3, 3, 2, 1]) / 10
    ranking, reached = rank_scores(np.arange(10) == 3, scores)
    assert_array_equal(ranking.thresholds, [0.9, 0.7, 0.6, 0.4, 0.3, 0.1])
    assert_array_equal(ranking.true_positives, [0, 0, 1, 1, 1, 1])
    assert_array_equal(ranking.false_positives, [1, 3, 3, 5, 7, 9])
    assert_array_equal(ranking.new_negatives, [1, 2, 0, 2, 2, 2])
    assert_array_equal(reached, [0, 1, 1, 2, 3, 3, 4, 4, 5, 5])


def test_runs_of_equal_scores_of_one_length_are_left_out_too() -> None:
    scores = np.repeat([9, 8, 7, 6, 5, 4], [2, 2, 2, 3, 3, 1]) / 10
    ranking = ranking_of(np.zeros(13, dtype=np.bool_), scores)
    assert_array_equal(ranking.thresholds, [0.9, 0.7, 0.5, 0.4])
    assert_array_equal(ranking.false_positives, [2, 6, 12, 13])


def test_a_coefficient_of_1_or_without_a_variance_has_no_interval() -> None:
    assert fisher_interval(1.0, np.full(4, 0.1)) is None
    assert fisher_interval(0.5, np.zeros(4)) is None
    assert fisher_interval(0.5, np.full(4, 0.1)) is not None
