from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from fnnctl.metrics.ranking import average_precision, class_rankings, micro_ranking, rank_scores, roc_auc

IS_POSITIVE = np.array([True, False, True, False, True])
SCORES = np.array([0.9, 0.3, 0.5, 0.5, 0.1])


def test_counts_at_each_distinct_score() -> None:
    ranking = rank_scores(IS_POSITIVE, SCORES)
    assert_array_equal(ranking.thresholds, [0.9, 0.5, 0.3, 0.1])
    assert_array_equal(ranking.true_positives, [1, 2, 2, 3])
    assert_array_equal(ranking.false_positives, [0, 1, 2, 2])
    assert (ranking.positives, ranking.negatives) == (3, 2)


def test_the_area_counts_pairs_in_order_and_ties_half() -> None:
    # 0.9 beats both, 0.5 beats one and ties with one, 0.1 beats none: 3.5 of 6 pairs.
    assert roc_auc(rank_scores(IS_POSITIVE, SCORES)) == 3.5 / 6


def test_average_precision_sums_over_the_steps_of_recall() -> None:
    # Recall rises by a third at precisions 1/1, 2/3 and 3/5.
    assert average_precision(rank_scores(IS_POSITIVE, SCORES)) == (1 + 2 / 3 + 3 / 5) / 3


def test_what_does_not_exist_is_none() -> None:
    everything = rank_scores(np.ones(3, dtype=np.bool_), np.array([0.1, 0.2, 0.3]))
    nothing = rank_scores(np.zeros(3, dtype=np.bool_), np.array([0.1, 0.2, 0.3]))
    assert roc_auc(everything) is None
    assert average_precision(everything) == 1.0
    assert roc_auc(nothing) is None
    assert average_precision(nothing) is None


def test_no_rows_have_no_area() -> None:
    empty = rank_scores(np.array([], dtype=np.bool_), np.array([]))
    assert (empty.positives, empty.negatives) == (0, 0)
    assert roc_auc(empty) is None


def test_pairs_of_rows_and_classes_are_pooled() -> None:
    labels = np.array([0, 1])
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4]])
    pooled = micro_ranking(labels, probabilities)
    assert_array_equal(pooled.thresholds, [0.8, 0.6, 0.4, 0.2])
    assert_array_equal(pooled.true_positives, [1, 1, 2, 2])
    first, second = class_rankings(labels, probabilities)
    assert roc_auc(first) == roc_auc(second) == 1.0
    assert roc_auc(pooled) == 3 / 4
