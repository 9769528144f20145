"""Thresholds against a search through all of them, against scikit-learn, and by hand."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.metrics.decisions import (
    EVEN,
    MAX_SHOWN,
    RECALLS,
    Costs,
    Rule,
    best_f1,
    candidates,
    choose_threshold,
    counts_at,
    decide_across,
    mean_trade_offs,
    table_thresholds,
    trade_offs,
)

ADJACENT = math.nextafter(0.25, 1.0)
SCORES = st.sampled_from([0.0, 1e-300, 0.1, 0.25, ADJACENT, 0.5, 0.6, 0.9, 1.0]) | st.floats(0.0, 1.0)
ROWS = st.lists(st.tuples(st.booleans(), SCORES), min_size=2, max_size=30).filter(
    lambda rows: len({positive for positive, _ in rows}) == 2
)
RULES = st.sampled_from(["f1", "youden"]) | st.builds(Costs, st.floats(0.1, 10), st.floats(0.1, 10))


def columns(rows: list[tuple[bool, float]]) -> tuple[BoolArray, FloatArray]:
    positive, scores = zip(*rows, strict=True)
    return np.array(positive), np.array(scores)


def quality(is_positive: BoolArray, predicted: BoolArray, rule: Rule) -> float:
    """What a rule maximizes, from scikit-learn's counts."""
    (tn, fp), (fn, tp) = confusion_matrix(is_positive, predicted, labels=[False, True])
    if isinstance(rule, Costs):
        return float(-(fp * rule.false_positive + fn * rule.false_negative))
    if rule == "youden":
        return float(tp / (tp + fn) - fp / (fp + tn))
    return float(f1_score(is_positive, predicted, zero_division=0))


def every_decision(scores: FloatArray) -> list[BoolArray]:
    """All decisions that a threshold from 0 to 1 can make: at each score, and at 1."""
    return [scores >= threshold for threshold in {*scores.tolist(), 1.0}]


@given(ROWS, RULES)
def test_no_threshold_is_better(rows: list[tuple[bool, float]], rule: Rule) -> None:
    is_positive, scores = columns(rows)
    found = choose_threshold(is_positive, scores, rule)
    assert found is not None
    assert 0 <= found <= 1
    best = max(quality(is_positive, each, rule) for each in every_decision(scores))
    assert quality(is_positive, scores >= found, rule) == pytest.approx(best, abs=1e-12)


@given(ROWS)
def test_candidates_make_each_decision_once(rows: list[tuple[bool, float]]) -> None:
    _, scores = columns(rows)
    thresholds = candidates(scores)
    assert (np.diff(thresholds) > 0).all()
    made = {(scores >= threshold).tobytes() for threshold in thresholds}
    assert len(made) == len(thresholds)
    assert made == {each.tobytes() for each in every_decision(scores)}


def test_costs_by_hand() -> None:
    """Scores 0.1, 0.3, 0.6, 0.8 of negative, positive, negative, positive rows; a missed one costs 10.

    Above 0.8 both positives are missed: 20. Between 0.6 and 0.8 one is: 10. Between 0.3 and 0.6: 10 + 1.
    Between 0.1 and 0.3 the second negative is wrong: 1. Below 0.1 both are: 2.
    """
    is_positive, scores = np.array([False, True, False, True]), np.array([0.1, 0.3, 0.6, 0.8])
    thresholds = candidates(scores)
    assert thresholds.tolist() == pytest.approx([0.05, 0.2, 0.45, 0.7, 0.9])
    costs = Costs(1.0, 10.0)
    per_row = costs.per_row(counts_at(is_positive, scores, thresholds))
    assert per_row.tolist() == [2 / 4, 1 / 4, 11 / 4, 10 / 4, 20 / 4]
    assert choose_threshold(is_positive, scores, costs) == pytest.approx(0.2)
    # F1 is 2·2/(2·2 + 1) at 0.2. Missing costs less than an alarm: nothing is predicted.
    assert choose_threshold(is_positive, scores, "f1") == pytest.approx(0.2)
    assert choose_threshold(is_positive, scores, Costs(10.0, 1.0)) == pytest.approx(0.7)


def test_of_equally_good_thresholds_the_nearest_to_the_middle_is_chosen() -> None:
    """Youden's J is 1/2 between the first two scores and between the last two, and 0 elsewhere."""
    is_positive = np.array([False, True, False, True])
    assert choose_threshold(is_positive, np.array([0.1, 0.3, 0.6, 0.8]), "youden") == pytest.approx(0.7)
    assert choose_threshold(is_positive, np.array([0.2, 0.4, 0.7, 0.99]), "youden") == pytest.approx(0.3)
    # 0.25 and 0.75 are equally near.
    assert choose_threshold(is_positive, np.array([0.125, 0.375, 0.625, 0.875]), "youden") == 0.25


@pytest.mark.parametrize("rows", [
    [], [(True, 0.2), (True, 0.4)], [(False, 0.2)], [(True, 0.5), (False, math.nan)],
])  # fmt: skip
def test_rows_that_determine_no_threshold(rows: list[tuple[bool, float]]) -> None:
    is_positive, scores = np.array([row[0] for row in rows], bool), np.array([row[1] for row in rows])
    assert choose_threshold(is_positive, scores, "f1") is None


def test_rows_are_decided_by_the_other_folds() -> None:
    """Positive rows score above 0.5 except the first one, whose fold chooses like all others."""
    is_positive = np.repeat([False, True], 20)
    scores = np.concatenate([np.linspace(0.1, 0.3, 20), np.linspace(0.6, 0.9, 20)])
    scores[20] = 0.05
    predicted = decide_across(is_positive, scores, "f1")
    assert predicted is not None
    assert (predicted == (scores > 0.5)).all()


def test_a_row_does_not_choose_its_own_threshold() -> None:
    """A random order has a threshold with a larger F1 than any has for other rows."""
    rng, own, others = np.random.default_rng(2), 0.0, 0.0
    for _ in range(40):
        is_positive, scores = np.arange(400) % 20 == 0, rng.random(400)
        predicted = decide_across(is_positive, scores, "f1")
        threshold = choose_threshold(is_positive, scores, "f1")
        assert predicted is not None
        assert threshold is not None
        own += float(f1_score(is_positive, scores >= threshold))
        others += float(f1_score(is_positive, predicted))
    assert others < 0.8 * own


@pytest.mark.parametrize("positives", [0, 1, 10])
def test_rows_of_which_the_other_folds_know_one_class_are_not_decided(positives: int) -> None:
    is_positive = np.arange(10) < positives
    assert decide_across(is_positive, np.linspace(0.1, 0.9, 10), "f1") is None


def test_an_unknown_rule_chooses_nothing() -> None:
    with pytest.raises(ValueError, match="gain is not a rule"):
        choose_threshold(np.array([True, False]), np.array([0.9, 0.2]), cast("Rule", "gain"))


def test_rates_are_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    is_positive, scores = rng.random(60) < 0.3, rng.random(60).round(2)
    thresholds = table_thresholds([(is_positive, scores)], [0.123])
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
    shown = table_thresholds([(np.array([False, True, True]), scores)], [])
    assert shown.tolist() == sorted([*candidates(scores).tolist(), 0.5])


@pytest.mark.parametrize("rows", range(MAX_SHOWN - 4, MAX_SHOWN + 4))
def test_the_marked_thresholds_leave_less_room_for_others(rows: int) -> None:
    shown = table_thresholds([(np.arange(rows) % 2 == 0, np.linspace(0.01, 0.9, rows))], [0.25, 0.75])
    assert {0.25, 0.5, 0.75} <= set(shown.tolist())
    assert len(shown) <= MAX_SHOWN


def test_of_many_thresholds_those_of_rare_positive_rows_are_shown() -> None:
    """20 positive rows among 50,000, whose scores are nearly all close to 0."""
    rng = np.random.default_rng(0)
    scores = rng.random(50_000) ** 12
    is_positive = np.zeros(50_000, bool)
    is_positive[np.argsort(scores)[-40::2]] = True
    shown = table_thresholds([(is_positive, scores)], [0.2])
    assert 100 < len(shown) <= MAX_SHOWN
    assert {0.2, 0.5, candidates(scores)[0], candidates(scores)[-1]} <= set(shown.tolist())
    assert (np.diff(shown) > 0).all()
    recalls = trade_offs(is_positive, scores, shown).recall
    assert len(np.unique(recalls)) == 21


@pytest.mark.parametrize("repeats", [1, 3])
def test_the_best_of_all_thresholds_is_found_and_kept(repeats: int) -> None:
    """A table has 1 % of the thresholds; it has the best ones by F1, by cost and by recall all the same.

    One row in 20 is positive, and its score is a little higher. With 1000 positive rows there are thresholds
    whose recall is exactly that of `RECALLS`.
    """
    rng = np.random.default_rng(0)
    is_positive = rng.permutation(20_000) < 1000
    scores = 1 / (1 + np.exp(5.0 - rng.normal(1.5 * is_positive)))
    noise = rng.normal(0, 0.002, (repeats, 20_000))
    rows = [(is_positive, np.clip(scores + shift, 0.0, 1.0)) for shift in noise]
    costs = Costs(1.0, 30.0)
    every = np.union1d(np.concatenate([scores for _, scores in rows]), EVEN)
    true = mean_trade_offs([trade_offs(*part, every, costs) for part in rows])
    table = table_thresholds(rows, [0.4], costs)
    shown = mean_trade_offs([trade_offs(*part, table, costs) for part in rows])
    assert len(table) <= MAX_SHOWN < len(every) / 50
    best = best_f1(rows)
    assert best is not None
    assert best.f1 == pytest.approx(true.f1.max())
    at = table.tolist().index(best.threshold)
    assert (best.f1, best.precision, best.recall) == (shown.f1[at], shown.precision[at], shown.recall[at])
    assert true.cost is not None
    assert shown.cost is not None
    assert shown.cost.min() == pytest.approx(true.cost.min())
    for least in RECALLS:
        highest, shown_highest = (rates.precision[rates.recall >= least][-1] for rates in (true, shown))
        assert shown_highest == pytest.approx(highest)


def test_the_default_is_the_best_threshold_if_none_is_better() -> None:
    """Between 0.3 and 0.6 all thresholds separate the classes."""
    is_positive = np.repeat([False, True], 5)
    best = best_f1([(is_positive, np.repeat([0.3, 0.6], 5))])
    assert best is not None
    assert (best.threshold, best.f1, best.precision, best.recall) == (0.5, 1.0, 1.0, 1.0)


def test_few_rows_of_a_class_have_no_best_threshold() -> None:
    is_positive, scores = np.array([True] * 4 + [False] * 40), np.linspace(1.0, 0.0, 44)
    assert best_f1([(is_positive, scores)]) is None
    assert best_f1([(is_positive, scores)] * 3) is None
    assert best_f1([(~is_positive, scores)]) is None
    is_positive[4] = True
    assert best_f1([(is_positive, scores)]) is not None


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
