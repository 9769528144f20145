from __future__ import annotations

from fnnctl.metrics.flat import flat_metrics


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
