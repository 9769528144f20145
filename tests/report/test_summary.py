from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.errors import DataError
from fnnctl.report.summary import summarize
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from tests.figures import figures_by_records


def test_a_finished_run(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    summary = summarize(run)
    assert summary.path == run.path
    assert (summary.displayed_status, summary.alive) == ("completed", False)
    assert summary.epochs == 2
    assert summary.confusion is not None
    assert summary.confusion[0] == ("setosa", "versicolor")
    assert summary.confusion[1].tolist() == [[0, 1], [2, 3]]
    assert summary.metrics == run.read_metrics()
    assert (summary.part_metrics("test") or {})["accuracy"] == 0.9
    assert summary.part_metrics("validation") is None
    assert {*summary.files} == {path.name for path in run.path.iterdir() if not path.name.startswith(".")}
    assert {*summary.files} >= {names.METRICS, names.HISTORY, *figures_by_records(run.path)}


def test_a_run_that_has_just_begun(start_run: Callable[..., OpenRun]) -> None:
    summary = summarize(start_run())
    assert (summary.displayed_status, summary.alive) == ("running", True)
    assert (summary.metrics, summary.confusion, summary.epochs) == (None, None, None)
    assert summary.part_metrics("test") is None
    assert summary.files == ("config.yaml", "resolved.yaml", "manifest.json")


def test_a_run_whose_process_is_gone(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    os.close(run.lock)
    summary = summarize(run)
    assert (summary.displayed_status, summary.manifest.status, summary.alive) == ("died", "running", False)


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_that_ended_early(start_run: Callable[..., OpenRun], status: Any) -> None:
    run = start_run()
    run.write_table(names.HISTORY, ("epoch", "train_loss"), [(1, 0.5)])
    run.finish(status, {"total": 1.0, "training": None})
    summary = summarize(run)
    assert (summary.displayed_status, summary.epochs) == (status, 1)


def test_a_damaged_file_is_reported(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    (run.path / "metrics.json").write_text("{")
    with pytest.raises(DataError, match=r"metrics\.json: is damaged"):
        summarize(run)
