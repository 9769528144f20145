from __future__ import annotations

from typing import Any

import pytest

from fnnctl.metrics.stored import flat_metrics, reported_metrics


def test_metrics_of_classes_have_the_names_of_objectives() -> None:
    """Class names may contain dots; intervals and texts are no metrics."""
    per_class = {"1.5.x": {"recall": None, "support": 3}}
    assert flat_metrics({"loss": 0.5, "ci95": [0, 1], "per_class": per_class, "on": True}) == {
        "loss": 0.5,
        "per_class.1.5.x.recall": None,
        "per_class.1.5.x.support": 3,
    }


POOLED = {
    "accuracy": 0.8,
    "accuracy_ci95": [0.7, 0.9],
    "log_loss": 0.5,
    "support": 30,
    "baseline": {"f1": 0.3},
}


@pytest.mark.parametrize(("folds", "changes"), [
    (
        {
            "folds": 5,
            "accuracy": {"mean": 0.75, "std": 0.1, "ci95": [0.6, 0.85], "scores": [0.7, 0.8]},
            "log_loss": {"mean": 0.6, "std": 0.1, "ci95": None, "scores": [0.5, 0.7]},
        },
        {"accuracy": 0.75, "accuracy_ci95": [0.6, 0.85], "log_loss": 0.6},
    ),
    ({"folds": 5, "baseline": {"f1": 0.17}}, {"baseline": {"f1": 0.17}}),
    ({"folds": 5}, {}),
    ({"accuracy": {"mean": None, "ci95": None}}, {"accuracy": None, "accuracy_ci95": None}),
], ids=["means", "baseline", "older", "exists in no fold"])  # fmt: skip
def test_the_folds_means_stand_in_place_of_the_pooled_metrics(
    folds: dict[str, Any], changes: dict[str, Any]
) -> None:
    reported = reported_metrics({"train": None, "test": POOLED, "cross_validation": folds})
    assert reported == {"train": None, "test": {**POOLED, **changes}, "cross_validation": folds}


@pytest.mark.parametrize("metrics", [
    None,
    {},
    {"test": POOLED},
    {"test": None, "cross_validation": {}},
    {"test": 1, "cross_validation": [1]},
])  # fmt: skip
def test_all_others_are_as_they_are(metrics: dict[str, Any] | None) -> None:
    assert reported_metrics(metrics) == metrics


def test_the_folds_means_stand_in_each_target_too() -> None:
    """A target may have the name of a statistic."""
    entry = {"mean": 0.25, "std": 0.1, "ci95": [0.2, 0.3], "scores": [0.2, 0.3]}
    own = {"r2": 0.5, "r2_ci95": [0.4, 0.6], "support": 9, "baseline": {"r2": 0.0}}
    folds = {"folds": 2, "targets": {"mean": {"r2": entry}}, "baseline": {"targets": {"mean": {"r2": -0.5}}}}
    reported = reported_metrics({"test": {"targets": {"mean": own, "b": own}}, "cross_validation": folds})
    assert reported is not None
    means = {"r2": 0.25, "r2_ci95": [0.2, 0.3], "support": 9, "baseline": {"r2": -0.5}}
    assert reported["test"]["targets"] == {"mean": means, "b": own}
