"""The rates at each threshold against scikit-learn, and which thresholds a table shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from fnnctl.metrics.decisions.thresholds import Costs, candidates
from fnnctl.metrics.decisions.trade_offs import MOST_SHOWN, mean_trade_offs, shown_thresholds, trade_offs


def test_rates_are_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    is_positive, scores = rng.random(60) < 0.3, rng.random(60).round(2)
    thresholds = shown_thresholds(is_positive, scores, [0.123])
    rates = trade_offs(is_positive, scores, thresholds, Costs(2.0, 5.0))
    assert rates.cost is not None
    assert {0.123, 0.5} <= set(thresholds.tolist())
    for k, threshold in enumerate(thresholds):
        predicted = scores >= threshold
        precision = precision_score(is_positive, predicted, zero_division=np.nan)
        assert rates.precision[k] == pytest.approx(precision, nan_ok=True)
        assert rates.recall[k] == pytest.approx(recall_score(is_positive, predicted))
        assert rates.f1[k] == pytest.approx(f1_score(is_positive, predicted, zero_division=0))
        assert rates.false_positive_rate[k] == pytest.approx(predicted[~is_positive].mean())
        assert rates.predicted_positive[k] == pytest.approx(predicted.mean())
        wrong = predicted != is_positive
        assert rates.cost[k] == pytest.approx(np.mean(wrong * np.where(is_positive, 5.0, 2.0)))


def test_few_thresholds_are_all_shown() -> None:
    scores = np.array([0.1, 0.3, 0.9])
    shown = shown_thresholds(np.array([False, True, True]), scores, [])
    assert shown.tolist() == sorted([*candidates(scores).tolist(), 0.5])


def test_of_many_thresholds_those_of_rare_positive_rows_are_shown() -> None:
    """20 positive rows among 50,000, whose scores are nearly all close to 0."""
    rng = np.random.default_rng(0)
    scores = rng.random(50_000) ** 12
    is_positive = np.zeros(50_000, bool)
    is_positive[np.argsort(scores)[-40::2]] = True
    shown = shown_thresholds(is_positive, scores, [0.2])
    assert 100 < len(shown) <= MOST_SHOWN
    assert {0.2, 0.5, candidates(scores)[0], candidates(scores)[-1]} <= set(shown.tolist())
    assert (np.diff(shown) > 0).all()
    recalls = trade_offs(is_positive, scores, shown).recall
    assert len(np.unique(recalls)) == 21


def test_a_part_with_one_class_has_fewer_rates() -> None:
    rates = trade_offs(np.array([False, False]), np.array([0.2, 0.7]), np.array([0.5, 0.9]))
    assert np.isnan(rates.recall).all()
    assert rates.precision[0] == 0
    assert math.isnan(rates.precision[1])
    assert rates.false_positive_rate.tolist() == [0.5, 0.0]
    assert rates.cost is None


def test_repeats_are_averaged() -> None:
    is_positive, thresholds = np.array([False, True]), np.array([0.3, 0.8])
    first = trade_offs(is_positive, np.array([0.1, 0.9]), thresholds, Costs(1.0, 4.0))
    other = trade_offs(is_positive, np.array([0.5, 0.4]), thresholds, Costs(1.0, 4.0))
    mean = mean_trade_offs([first, other])
    assert mean.recall.tolist() == [1.0, 0.5]
    assert mean.precision.tolist() == [0.75, 1.0]  # above 0.8 the second repeat predicts no row
    assert mean.false_positive_rate.tolist() == [0.5, 0.0]
    assert mean.cost is not None
    assert mean.cost.tolist() == [0.25, 1.0]
    assert mean_trade_offs([first]) is first
