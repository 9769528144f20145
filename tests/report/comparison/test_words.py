from __future__ import annotations

import pytest

from fnnctl.metrics.comparison.difference import Difference
from fnnctl.report.comparison.words import amount, ends, gain_ends, has_points, listed, p_text, signed


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


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.0004, "p < 0.001"),
        (0.0212, "p = 0.021"),
        (0.0499, "p = 0.0499"),
        (0.0501, "p = 0.050"),
        (1, "p = 1.000"),
    ],
)
def test_p_never_looks_on_the_other_side_of_the_level(p: float, said: str) -> None:
    assert p_text(p) == said


def test_lists() -> None:
    assert [listed(words) for words in ("A", "AB", "ABC")] == ["A", "A and B", "A, B and C"]
