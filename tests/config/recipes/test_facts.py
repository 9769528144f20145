from __future__ import annotations

import pytest

from tests.config.recipes.cases import facts_of


@pytest.mark.parametrize(
    ("metrics", "wanted"),
    [
        ("accuracy f1_macro matthews_correlation r2 per_class.a.b.recall", False),
        ("log_loss loss roc_auc_micro average_precision_macro maximum_calibration_error", True),
        ("per_class.a.b.roc_auc", True),
    ],
)
def test_scores_of_probabilities(metrics: str, wanted: bool) -> None:
    for metric in metrics.split():
        assert facts_of(metric=metric).wants_probabilities is wanted, metric
