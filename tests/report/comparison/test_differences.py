from __future__ import annotations

from fnnctl.metrics.comparison.difference import Difference
from fnnctl.report.comparison.differences import amount, ends, gain_ends, has_points, signed


def test_shares_have_points() -> None:
    shares = ["accuracy", "balanced_accuracy", "f1_macro", "per_class.a.b.recall"]
    others = ["per_class.recall.roc_auc", "roc_auc_macro", "r2", "rmse"]
    assert [*map(has_points, [*shares, *others])] == [True] * 4 + [False] * 4


def test_points_have_enough_digits() -> None:
    texts = [amount(value, "accuracy") for value in (0.0312, -0.0312, 0.00214, 0.0)]
    assert texts == ["3.1 points", "3.1 points", "0.21 points", "0.0 points"]


def test_signs_and_intervals() -> None:
    assert signed(0.0312, "accuracy") == "+3.1"
    assert signed(-0.5, "rmse") == "−0.5000"
    assert ends([-0.004, 0.012], "accuracy") == "−0.4 to +1.2"
    assert ends(None, "accuracy") == "–"
    lower = Difference(-0.03, [-0.05, -0.01], 0.01, 0.005, 0.995, 0.01)
    assert gain_ends(lower, "accuracy") == "1.0 to 5.0"
    assert gain_ends(lower.reversed(), "accuracy") == "1.0 to 5.0"
