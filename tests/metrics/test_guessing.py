"""Predictions beside guesses, with numbers worked by hand and SciPy's tests as oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fnnctl.metrics.guessing import (
    ClassRecall,
    MeanProbability,
    best_f1_effect,
    class_recalls,
    compare_log_losses,
    compare_with_majority,
    mean_probabilities,
)

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
SHARES = np.tile([0.6, 0.4], (10, 1))


def test_only_rows_that_one_of_the_two_gets_right_count() -> None:
    """Three of the four rows of 1 are won and one of 0 is lost: p = (4 + 1) / 2⁴; at best 1 / 2⁴."""
    predicted = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 0])
    compared = compare_with_majority(LABELS, predicted, SHARES)
    assert (compared.majority, compared.other_rows, compared.is_constant) == (0, 4, False)
    assert (compared.accuracy, compared.guessed) == (0.8, 0.6)
    assert (compared.p, compared.best_p) == (5 / 16, 1 / 16)
    assert compared.p == stats.binomtest(3, 4, alternative="greater").pvalue


def test_a_constant_answer_has_no_wins() -> None:
    compared = compare_with_majority(LABELS, np.zeros(10, np.intp), SHARES)
    assert compared.is_constant
    assert (compared.accuracy, compared.p) == (0.6, 1.0)


def test_each_row_has_the_majority_class_of_its_own_training_rows() -> None:
    shares = np.array([[0.7, 0.3]] * 6 + [[0.2, 0.8]] * 4)
    compared = compare_with_majority(LABELS, LABELS, shares)
    assert (compared.majority, compared.guessed, compared.other_rows) == (0, 1.0, 0)
    assert compared.is_constant


def test_log_losses_are_compared_in_pairs() -> None:
    """−log 0.8 = 0.2231 and −log 0.5 = 0.6931; the shares have −log 0.6 = 0.5108 and −log 0.4 = 0.9163."""
    probabilities = np.where(LABELS[:, None] == 0, [0.8, 0.2], [0.5, 0.5])
    compared = compare_log_losses(LABELS, probabilities, SHARES)
    assert compared.mean == pytest.approx(0.6 * 0.2231 + 0.4 * 0.6931, abs=1e-4)
    assert compared.guessed == pytest.approx(0.6 * 0.5108 + 0.4 * 0.9163, abs=1e-4)
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([2, 2], 10)
    compared = compare_log_losses(LABELS, probabilities, SHARES)
    losses, guessed = (-np.log(values[np.arange(10), LABELS]) for values in (probabilities, SHARES))
    for p, alternative in ((compared.p_worse, "greater"), (compared.p_better, "less")):
        test = stats.ttest_rel(losses, guessed, alternative=alternative)
        is_on_this_side = (losses.mean() > guessed.mean()) == (alternative == "greater")
        assert p == (pytest.approx(test.pvalue) if is_on_this_side else 1.0)


def test_recalls_and_their_intervals() -> None:
    """Of 0 of 5 the upper end is z² / (n + z²) = 3.8415 / 8.8415."""
    recalls = class_recalls(np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 2, 2, 2]), 4)
    assert recalls == [ClassRecall(2, 3), ClassRecall(0, 1), ClassRecall(2, 2), ClassRecall(0, 0)]
    assert [recall.value for recall in recalls[:3]] == [2 / 3, 0.0, 1.0]
    assert math.isnan(recalls[3].value)
    assert ClassRecall(0, 5).upper_end == pytest.approx(3.8415 / 8.8415, abs=1e-5)
    assert recalls[3].upper_end == 1.0
    interval = stats.binomtest(3, 17).proportion_ci(method="wilson")
    assert ClassRecall(3, 17).upper_end == pytest.approx(interval.high)


def test_a_threshold_is_tried_on_rows_that_did_not_choose_it() -> None:
    """The rows of the class have the 20 largest of 100 scores: only those beside a threshold may be wrong."""
    is_positive = np.arange(100) >= 80
    effect = best_f1_effect(is_positive, np.arange(100) / 200)
    assert effect is not None
    assert effect.rows == 20
    assert effect.hits >= 19
    assert effect.false_positives <= 2
    table = [[effect.hits, 20 - effect.hits], [effect.false_positives, 80 - effect.false_positives]]
    assert effect.p == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)


def test_a_threshold_on_noise_finds_no_more_than_chance() -> None:
    rng = np.random.default_rng(1)
    effect = best_f1_effect(np.arange(200) % 5 == 0, rng.random(200))
    assert effect is not None
    assert effect.p > 0.05
    assert best_f1_effect(np.arange(200) < 3, rng.random(200)) is None, "three rows are too few"


def test_a_mean_probability_beside_its_frequency() -> None:
    """√(0.15 · 0.85 / 1000) = 0.01129; with (100 + 2) / 1004 it is 0.00955.

    Of a surprise in a single row, (1 + 2) / (30 + 4) = 0.0882, it is √(0.0882 · 0.9118 / 30) = 0.0518.
    """
    value = MeanProbability(0.15, 100, 1000)
    assert value.share == 0.1
    assert value.gap == pytest.approx(0.05)
    assert value.standard_error == pytest.approx(0.01129, abs=1e-5)
    assert value.odds_ratio == pytest.approx(0.15 * 0.9 / (0.1 * 0.85))
    assert MeanProbability(0.1, 150, 1000).odds_ratio == pytest.approx(value.odds_ratio)
    surprise = MeanProbability(0.0, 1, 30)
    assert surprise.standard_error == pytest.approx(0.0518, abs=1e-4)
    assert surprise.odds_ratio == math.inf


def test_mean_probabilities_of_all_classes() -> None:
    probabilities = np.array([[0.5, 0.25, 0.25], [0.25, 0.75, 0.0]])
    assert mean_probabilities(np.array([1, 1]), probabilities) == [
        MeanProbability(0.375, 0, 2),
        MeanProbability(0.5, 2, 2),
        MeanProbability(0.125, 0, 2),
    ]
