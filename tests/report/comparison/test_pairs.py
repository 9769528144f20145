"""Runs are paired where they were measured on the same rows, and only there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from fnnctl.metrics.paired import holm
from fnnctl.report.comparison.compared_run import read_compared_run
from fnnctl.report.comparison.pairs import PairTest, compared_pairs, suitable_test, verdict
from fnnctl.store.folder import RunFolder
from tests.report.comparison.written import SHA256, write_folds, write_part, write_regression

A = [1] * 8 + [0] * 2 + [1] * 10
B = [1] * 2 + [0] * 8 + [1] * 10
SCORES = [0.8, 0.9, 0.7, 0.8, 0.6]
OTHERS = [0.7, 0.85, 0.7, 0.6, 0.5]


def compared(first: RunFolder, second: RunFolder, metric: str = "accuracy") -> PairTest:
    return suitable_test(read_compared_run(first, metric), read_compared_run(second, metric))


def test_the_same_test_rows_are_paired(tmp_path: Path) -> None:
    """Also in another order: two rows of the third file are exchanged with their labels and hits."""
    first = write_part(tmp_path, "a", A)
    found = compared(first, write_part(tmp_path, "b", B))
    assert (found.method, found.samples, found.count) == ("McNemar's exact test", "rows", 20)
    assert (found.why_unpaired, found.sample) == (None, "the same 20 rows")
    assert found.difference.p == pytest.approx(stats.binomtest(6, 6).pvalue)
    exchanged = write_part(tmp_path, "c", [*B[2:], *B[:2]], rows=[*range(2, 20), 0, 1])
    assert compared(first, exchanged).difference == found.difference


def test_other_rows_are_unpaired(tmp_path: Path) -> None:
    second = write_part(tmp_path, "b", B[:18], rows=range(100, 118), seed=8)
    found = compared(write_part(tmp_path, "a", A), second)
    assert found.method == "Fisher's exact test"
    assert found.why_unpaired == "the seeds differ, so the test parts have other rows"
    assert found.difference.p == pytest.approx(stats.fisher_exact([[18, 2], [10, 8]]).pvalue)
    assert (found.count, found.sample) == (18, "different rows (18 or more)")


OTHER_DATA = {"sha256": "f" * 64}


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        pytest.param(
            {},
            {"rows": [1, 0, *range(2, 20)]},
            "the test parts have other rows",
            id="other labels of the rows",
        ),
        pytest.param({}, {"data": OTHER_DATA}, "the data differ", id="other data"),
        pytest.param({"data": {**OTHER_DATA, "test_sha256": SHA256}}, {}, None, id="the same test file"),
    ],
)
def test_why_test_parts_are_unpaired(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], reason: str | None
) -> None:
    found = compared(write_part(tmp_path, "a", A, **first), write_part(tmp_path, "b", B, **second))
    assert found.why_unpaired == reason


def test_the_same_folds_are_paired(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", SCORES)
    found = compared(first, write_folds(tmp_path, "b", OTHERS))
    assert (found.method, found.count) == ("corrected resampled t-test", 5)
    t = stats.ttest_rel(SCORES, OTHERS).statistic / (1 + 5 * 0.25) ** 0.5
    assert found.difference.p == pytest.approx(2 * stats.t.sf(t, 4))
    assert found.sample == "the same 5 folds"
    unpaired = compared(first, write_folds(tmp_path, "c", OTHERS, shift=1, seed=9))
    assert unpaired.method == "Welch's t-test with corrected variances"
    assert unpaired.why_unpaired == "the seeds differ, so the folds have other rows"


def test_a_cross_validation_and_a_test_part(tmp_path: Path) -> None:
    folds, part = write_folds(tmp_path, "a", SCORES), write_part(tmp_path, "b", B)
    found, other = compared(folds, part), compared(part, folds).difference.reversed()
    assert found.why_unpaired
    assert found.why_unpaired.startswith("a test part scores one network")
    assert found.sample == "5 folds and one test part"
    assert found.difference.value == pytest.approx(0.76 - 0.6)
    assert (found.difference.p, found.difference.p_above) == pytest.approx((other.p, other.p_above))
    apart = compared(folds, write_part(tmp_path, "c", B, data={"sha256": "f" * 64}))
    assert apart.why_unpaired == f"the data differ, and {found.why_unpaired}"


@pytest.mark.parametrize(
    ("metric", "paired", "unpaired"),
    [
        ("f1_macro", "randomization test and paired bootstrap", "two independent bootstraps"),
        ("log_loss", "randomization test and paired bootstrap", "two independent bootstraps"),
        ("roc_auc_macro", "DeLong's test", "z-test with DeLong's variances"),
        ("per_class.yes.recall", "randomization test and paired bootstrap", "two independent bootstraps"),
    ],
)
def test_the_test_of_other_metrics(tmp_path: Path, metric: str, paired: str, unpaired: str) -> None:
    first, second = write_part(tmp_path, "a", A), write_part(tmp_path, "b", B)
    other = write_part(tmp_path, "c", B, rows=range(100, 120))
    assert compared(first, second, metric).method == paired
    assert compared(first, other, metric).method == unpaired
    assert compared(first, second, metric) == compared(first, second, metric)


def test_a_regression(tmp_path: Path) -> None:
    first = write_regression(tmp_path, "a", [0.5, -0.4] * 20)
    second = write_regression(tmp_path, "b", [1.5, -1.9, 1.2, -1.8] * 10)
    for metric, sign in (("r2", 1), ("rmse", -1), ("mae", -1)):
        found = compared(first, second, metric)
        assert found.method == "randomization test and paired bootstrap"
        assert found.difference.value * sign > 0
        assert found.difference.p < 0.01


GOOD = [1] * 40
FAIR = [1] * 32 + [0] * 8
POOR = [1] * 30 + [0] * 10


def test_all_pairs_have_holms_correction(tmp_path: Path) -> None:
    runs = [
        read_compared_run(write_part(tmp_path, name, hits), "accuracy")
        for name, hits in (("a", FAIR), ("b", GOOD), ("c", POOR))
    ]
    pairs = compared_pairs(runs, "accuracy")
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1), (0, 2), (1, 2)]
    assert [pair.verdict for pair in pairs] == ["worse", "tie", "better"]
    raw = [2 * 0.5**8, 0.5, 2 * 0.5**10]
    assert [pair.test.difference.p for pair in pairs] == pytest.approx(raw)
    assert [pair.p_holm for pair in pairs] == pytest.approx(holm(raw))


def test_the_verdict_knows_which_values_are_better() -> None:
    shares = [
        verdict(difference, p, "accuracy") for difference, p in ((0.1, 0.049), (-0.1, 0.049), (0.1, 0.05))
    ]
    assert shares == ["better", "worse", "tie"]
    assert [verdict(0.1, 0.01, "rmse"), verdict(-0.1, 0.01, "log_loss")] == ["worse", "better"]
