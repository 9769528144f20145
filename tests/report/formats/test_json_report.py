from __future__ import annotations

import json
from collections.abc import Callable

from fnnctl.report.formats.json_report import json_report
from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.documents import to_json
from fnnctl.store.run import OpenRun


def test_the_shape_that_scripts_read(summary: Summary) -> None:
    report = json_report([summary], gate_results(parse_gates(["accuracy=0.95"]), summary))
    assert json.loads(to_json(report)) == report
    assert list(report) == ["runs", "gates"]
    (entry,), (gate,) = report["runs"], report["gates"]
    assert (entry["run"], entry["kind"], entry["status"]) == (str(summary.path), "train", "completed")
    assert entry["metrics"] == summary.metrics
    assert entry["seconds"] == {"total": 83.2, "training": 0.4567}
    assert entry["training"]["best_epoch"] == 2
    assert entry["data"]["classes"] == ["setosa", "versicolor"]
    facts = {key: gate[key] for key in ("metric", "value", "threshold", "passed")}
    assert facts == {"metric": "accuracy", "value": 0.9, "threshold": 0.95, "passed": False}


def test_a_run_that_has_just_begun_has_no_metrics(start_run: Callable[..., OpenRun]) -> None:
    (entry,) = json_report([summarize(start_run())])["runs"]
    assert (entry["status"], entry["alive"], entry["metrics"]) == ("running", True, None)
