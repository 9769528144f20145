from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.metrics.paired import holm
from fnnctl.report.comparison.pairs import compared_pairs, verdict
from fnnctl.report.comparison.sides import read_side
from tests.report.comparison.written import write_part

GOOD = [1] * 40
FAIR = [1] * 32 + [0] * 8
POOR = [1] * 30 + [0] * 10


def test_all_pairs_have_holms_correction(tmp_path: Path) -> None:
    sides = [
        read_side(write_part(tmp_path, name, hits), "accuracy")
        for name, hits in (("a", FAIR), ("b", GOOD), ("c", POOR))
    ]
    pairs = compared_pairs(sides, "accuracy")
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1), (0, 2), (1, 2)]
    assert [pair.verdict for pair in pairs] == ["worse", "tie", "better"]
    raw = [2 * 0.5**8, 0.5, 2 * 0.5**10]
    assert [pair.test.difference.p for pair in pairs] == pytest.approx(raw)
    assert [pair.p_holm for pair in pairs] == pytest.approx(holm(raw))


@pytest.mark.parametrize(
    ("difference", "p", "metric", "said"),
    [
        (0.1, 0.049, "accuracy", "better"),
        (-0.1, 0.049, "accuracy", "worse"),
        (0.1, 0.05, "accuracy", "tie"),
        (0.1, 0.01, "rmse", "worse"),
        (-0.1, 0.01, "log_loss", "better"),
    ],
)
def test_the_verdict_knows_which_values_are_better(
    difference: float, p: float, metric: str, said: str
) -> None:
    assert verdict(difference, p, metric) == said
