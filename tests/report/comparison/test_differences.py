from __future__ import annotations

import pytest

from fnnctl.metrics.comparison.difference import Difference
from fnnctl.report.comparison.differences import amount, ends, gain_ends, has_points, signed


@pytest.mark.parametrize(
    ("metric", "points"),
    [
        ("accuracy", True),
        ("balanced_accuracy", True),
        ("f1_macro", True),
        ("per_class.a.b.recall", True),
        ("per_class.recall.roc_auc", False),
        ("roc_auc_macro", False),
        ("r2", False),
        ("rmse", False),
    ],
)
def test_shares_have_points(metric: str, points: bool) -> None:
    assert has_points(metric) is points


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0312, "3.1 points"), (-0.0312, "3.1 points"), (0.00214, "0.21 points"), (0.0, "0.0 points")],
)
def test_points_have_enough_digits(value: float, said: str) -> None:
    assert amount(value, "accuracy") == said


def test_signs_and_intervals() -> None:
    assert signed(0.0312, "accuracy") == "+3.1"
    assert signed(-0.5, "rmse") == "−0.5000"
    assert ends([-0.004, 0.012], "accuracy") == "−0.4 to +1.2"
    assert ends(None, "accuracy") == "–"
    lower = Difference(-0.03, [-0.05, -0.01], 0.01, 0.005, 0.995, 0.01)
    assert gain_ends(lower, "accuracy") == "1.0 to 5.0"
    assert gain_ends(lower.reversed(), "accuracy") == "1.0 to 5.0"
