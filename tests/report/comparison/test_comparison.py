from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.comparison import comparison
from fnnctl.report.comparison.comparison import compare_runs
from tests.report.comparison.written import write_folds, write_part, write_regression


def test_the_default_metric_and_the_rank(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, "a", [1, 0, 0, 1]), write_part(tmp_path, "b", [1, 1, 0, 1])]
    found = compare_runs(runs)
    assert found.metric == "accuracy"
    assert found.ranked == [1, 0]
    assert found.of(0, 1).verdict == "tie"
    assert compare_runs(runs, "log_loss").ranked == [1, 0]
    assert compare_runs([write_regression(tmp_path, name, [1.0, 2.0]) for name in "ab"]).metric == "r2"


def test_ties_keep_the_order_of_the_runs(tmp_path: Path) -> None:
    runs = [write_folds(tmp_path, name, [0.5, 0.5]) for name in "abc"]
    assert compare_runs(runs).ranked == [0, 1, 2]


def test_what_cannot_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, other = (write_part(tmp_path, name, [1, 0]) for name in "ab")
    with pytest.raises(UsageError, match="compare needs two runs or more"):
        compare_runs([run])
    with pytest.raises(UsageError, match="is named twice"):
        compare_runs([run, other, run])
    monkeypatch.setattr(comparison, "MOST_RUNS", 1)
    with pytest.raises(UsageError, match="2 runs cannot be compared at once: name at most 1"):
        compare_runs([run, other])
