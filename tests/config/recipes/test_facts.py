from __future__ import annotations

import pytest

from fnnctl.config.schema.recipe_values import RecipeFacts


def facts(metric: str = "accuracy") -> RecipeFacts:
    return RecipeFacts(
        task="classification", rows=90, numeric=3, indicators=0, categories=0, outputs=2, metric=metric
    )


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ("accuracy", False),
        ("f1_macro", False),
        ("log_loss", True),
        ("loss", True),
        ("roc_auc_micro", True),
        ("average_precision_macro", True),
        ("maximum_calibration_error", True),
        ("matthews_correlation", False),
        ("r2", False),
        ("per_class.a.b.roc_auc", True),
        ("per_class.a.b.recall", False),
    ],
)
def test_scores_of_probabilities(metric: str, wanted: bool) -> None:
    assert facts(metric).wants_probabilities is wanted
