from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from fnnctl.errors import UsageError
from fnnctl.report.gates.not_worse import check_not_worse, find_other_run
from tests.report.comparison.written import write_folds, write_part, write_regression

GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 92 + [0] * 8


def test_a_significant_loss_is_missed(tmp_path: Path) -> None:
    """Five rows were lost and none won: p = 1/32 one-sided, 1/16 two-sided."""
    run, other = write_part(tmp_path, "new", FAIR), write_part(tmp_path, "old", GOOD)
    found = check_not_worse(run, other)
    assert not found.passed
    assert found.to_dict() == {
        "run": str(run.path),
        "metric": "accuracy",
        "value": 0.92,
        "threshold": None,
        "passed": False,
        "not_worse_than": str(other.path),
        "other_value": 0.97,
        "difference": pytest.approx(-0.05),
        "ci95": found.details["ci95"],
        "p_worse": pytest.approx(stats.binomtest(0, 5, alternative="less").pvalue),
        "found_in_80_percent": pytest.approx(0.0663, abs=1e-4),
        "paired": True,
        "why_unpaired": None,
        "test": "McNemar's exact test",
        "samples": "rows",
        "count": 100,
    }
    assert found.name == f"accuracy, not worse than {other.path.name}"
    assert (found.value_text, found.wanted) == ("0.9200", "not worse than 0.9700")
    assert found.note == (
        f"not worse than {other.path.name}; a loss of 6.6 points is detected 80 % of the time"
    )
    assert found.message == (
        f"accuracy is 0.9200, worse than 0.9700 of {other.path} (5.0 points apart; one-sided p = 0.031; a "
        "loss of 6.6 points is detected 80 % of the time)"
    )


def test_a_loss_that_may_be_chance_and_a_gain_pass(tmp_path: Path) -> None:
    old = write_part(tmp_path, "old", GOOD)
    slightly = check_not_worse(write_part(tmp_path, "new", [1] * 93 + [0] * 7), old)
    assert slightly.passed
    assert slightly.details["p_worse"] == pytest.approx(1 / 16)
    assert "not significantly worse than 0.9700" in slightly.message
    better = check_not_worse(old, write_part(tmp_path, "worse", FAIR))
    assert better.passed
    assert better.details["p_worse"] == 1.0


def test_a_loss_is_worse_if_it_is_higher(tmp_path: Path) -> None:
    low = write_regression(tmp_path, "a", [0.5, -0.4] * 20)
    high = write_regression(tmp_path, "b", [1.5, -1.9, 1.2, -1.8] * 10)
    assert check_not_worse(low, high, "rmse").passed
    assert not check_not_worse(high, low, "rmse").passed
    assert not check_not_worse(high, low).passed


def test_folds_and_what_is_not_paired(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", [0.8, 0.9, 0.7, 0.8, 0.6])
    assert not check_not_worse(write_folds(tmp_path, "b", [0.5, 0.55, 0.4, 0.5, 0.2]), first).passed
    other = check_not_worse(write_folds(tmp_path, "c", [0.8, 0.8, 0.7, 0.8, 0.6], shift=1, seed=8), first)
    assert other.passed
    assert other.message.endswith("not paired, because the seeds differ, so the folds have other rows)")


def test_no_test_finds_a_difference_without_a_spread(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", [0.8, 0.9, 0.7, 0.8, 0.6])
    found = check_not_worse(write_folds(tmp_path, "b", [0.8, 0.9, 0.7, 0.8, 0.6]), first)
    assert found.passed
    assert found.wanted == "not worse than 0.7600"
    assert found.note == f"not worse than {first.path.name}"


def test_few_rows_find_no_loss(tmp_path: Path) -> None:
    found = check_not_worse(write_part(tmp_path, "a", [0, 0, 0]), write_part(tmp_path, "b", [1, 1, 1]))
    assert found.passed
    assert found.note.endswith("; even the largest loss is detected less than 80 % of the time")
    assert found.details["found_in_80_percent"] is None


def test_the_run_itself_is_refused(tmp_path: Path) -> None:
    run = write_part(tmp_path, "a", GOOD)
    with pytest.raises(UsageError, match=r"--not-worse-than: .* is the run itself; name an earlier one"):
        check_not_worse(run, run)
    with pytest.raises(UsageError, match="--metric: 'average_precision' cannot be compared"):
        check_not_worse(run, write_part(tmp_path, "b", GOOD), "average_precision")
    with pytest.raises(UsageError, match="one is a classification, the other a regression"):
        check_not_worse(run, write_regression(tmp_path, "c", [1.0, 2.0]))


def test_a_name_stands_for_another_run_of_the_experiment(tmp_path: Path) -> None:
    older, newer = (write_part(tmp_path, "a", GOOD) for _ in range(2))
    for text in ("a", "latest"):
        assert find_other_run(text, newer, tmp_path).path == older.path
        assert find_other_run(text, older, tmp_path).path == newer.path
    assert find_other_run(newer.path.name, newer, tmp_path).path == newer.path
