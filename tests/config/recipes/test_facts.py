from __future__ import annotations

import pytest

from fnnctl.config.recipes.definitions import PROBABILITY_SCORES, RecipeFacts
from fnnctl.config.schema.metric_names import CLASS_METRICS, METRICS


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
        ("per_class.a.b.roc_auc", True),
        ("per_class.a.b.recall", False),
    ],
)
def test_scores_of_probabilities(metric: str, wanted: bool) -> None:
    assert facts(metric).wants_probabilities is wanted


def test_every_score_of_probabilities_is_a_metric() -> None:
    assert {*METRICS, *CLASS_METRICS} >= PROBABILITY_SCORES
