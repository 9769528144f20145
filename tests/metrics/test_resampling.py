from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fnnctl.metrics.resampling import corrected_interval, student_quantile, summarize_scores


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 9, 10, 24, 49, 99, 250, 4999])
@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.9995])
def test_student_against_scipy(freedom: int, probability: float) -> None:
    expected = stats.t.ppf(probability, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-11)


def test_worked_by_hand() -> None:
    """Five folds: mean 0.88, S² = 0.013/4, t₀.₉₇₅ with 4 degrees 2.7764, variance (1/5 + 1/4)·S²."""
    interval = corrected_interval([0.8, 0.9, 0.85, 0.95, 0.9], test_share=1 / 4)
    assert interval is not None
    half = 2.7764451052 * math.sqrt(0.45 * 0.013 / 4)
    np.testing.assert_allclose(interval, [0.88 - half, 0.88 + half], rtol=1e-9)


@pytest.mark.parametrize("scores", [[], [0.9], [1.0] * 25])
def test_scores_that_say_nothing_of_their_spread(scores: list[float]) -> None:
    assert corrected_interval(scores, test_share=0.25) is None


def test_a_score_that_does_not_exist_counts_nowhere() -> None:
    summary = summarize_scores({"accuracy": [0.5, None, 0.7], "roc_auc_macro": [None] * 3}, test_share=0.5)
    accuracy = summary["accuracy"]
    assert accuracy["mean"] == pytest.approx(0.6)
    assert accuracy["std"] == pytest.approx(math.sqrt(0.02))
    assert accuracy["scores"] == [0.5, None, 0.7]
    assert summary["roc_auc_macro"] == {"mean": None, "std": None, "ci95": None, "scores": [None] * 3}


def test_an_interval_stays_where_the_metric_can_be() -> None:
    wide = [0.0, 1.0, 1.0, 1.0]
    summary = summarize_scores(
        dict.fromkeys(("accuracy", "cohens_kappa", "loss", "log_loss"), wide), test_share=1 / 3
    )
    assert summary["accuracy"]["ci95"] == [0.0, 1.0]
    assert -1.0 <= summary["cohens_kappa"]["ci95"][0] < 0.0
    assert summary["loss"]["ci95"][0] == 0.0
    assert summary["log_loss"]["ci95"][1] > 1.0
