from __future__ import annotations

from typing import Any

import pytest

from fnnctl.metrics.stored import flat_metrics, reported_metrics


def test_metrics_of_classes_have_the_names_of_objectives() -> None:
    """Class names may contain dots; intervals and texts are no metrics."""
    metrics = {
        "loss": 0.5,
        "ci95": [0, 1],
        "per_class": {"1.5.x": {"recall": None, "support": 3}},
        "on": True,
    }
    assert flat_metrics(metrics) == {
        "loss": 0.5,
        "per_class.1.5.x.recall": None,
        "per_class.1.5.x.support": 3,
    }


POOLED = {
    "accuracy": 0.8,
    "accuracy_ci95": [0.7, 0.9],
    "log_loss": 0.5,
    "support": 30,
    "per_class": {"a": {}},
}


def test_the_folds_means_stand_in_place_of_the_pooled_metrics() -> None:
    folds = {
        "folds": 5,
        "repeats": 2,
        "accuracy": {"mean": 0.75, "std": 0.1, "ci95": [0.6, 0.85], "scores": [0.7, 0.8]},
        "log_loss": {"mean": 0.6, "std": 0.1, "ci95": None, "scores": [0.5, 0.7]},
    }
    assert reported_metrics({"train": None, "test": POOLED, "cross_validation": folds}) == {
        "train": None,
        "test": {
            "accuracy": 0.75,
            "accuracy_ci95": [0.6, 0.85],
            "log_loss": 0.6,
            "support": 30,
            "per_class": {"a": {}},
        },
        "cross_validation": folds,
    }


def test_the_baseline_is_the_mean_over_the_folds_as_the_scores_are() -> None:
    pooled = {**POOLED, "baseline": {"f1_macro": 0.32}}
    folds = {"folds": 5, "baseline": {"f1_macro": 0.17}}
    reported = reported_metrics({"test": pooled, "cross_validation": folds})
    assert reported is not None
    assert reported["test"] == {**POOLED, "baseline": {"f1_macro": 0.17}}
    older = reported_metrics({"test": pooled, "cross_validation": {"folds": 5}})
    assert older is not None
    assert older["test"]["baseline"] == {"f1_macro": 0.32}


def test_a_mean_that_does_not_exist_is_no_pooled_metric() -> None:
    """For example the mean of an AUC that exists in no fold."""
    reported = reported_metrics(
        {"test": POOLED, "cross_validation": {"accuracy": {"mean": None, "ci95": None}}}
    )
    assert reported is not None
    assert (reported["test"]["accuracy"], reported["test"]["accuracy_ci95"]) == (None, None)


@pytest.mark.parametrize(
    "metrics",
    [
        None,
        {},
        {"test": POOLED},
        {"test": None, "cross_validation": {}},
        {"test": 1, "cross_validation": [1]},
    ],
)
def test_all_others_are_as_they_are(metrics: dict[str, Any] | None) -> None:
    assert reported_metrics(metrics) == metrics
