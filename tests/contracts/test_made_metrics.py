"""A metric that is registered is found everywhere: its record is all there is to write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fnnctl.metrics import registry
from fnnctl.metrics.metric import Metric, OfRows
from fnnctl.metrics.rows import ClassRows, ErrorRows
from tests.program import Program, read_json

ERROR_RATE: Metric[ClassRows] = Metric(
    name="error_rate",
    label="error rate",
    task="classification",
    formula=OfRows(lambda rows: rows.labels != rows.predictions),
    lower_is_better=True,
    unit="points",
    interval="wilson",
    monitored=True,
    importance="listed",
    reported="first",
)
RELATIVE_ERROR: Metric[ErrorRows] = Metric(
    name="relative_error",
    label="relative error",
    task="regression",
    formula=OfRows(lambda rows: rows.errors / (1 + abs(rows.targets))),
    lower_is_better=True,
    highest=float("inf"),
    interval="bootstrap",
    monitored=True,
    importance="listed",
    reported="first",
)
TRAINING = "training: {epochs: 4, batch_size: 32, early_stopping: {monitor: validation_%s, patience: 2}}"

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture(params=[(ERROR_RATE, "iris"), (RELATIVE_ERROR, "diabetes")], ids=["classes", "numbers"])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Metric[Any]:
    """A made metric, and a config that monitors it and searches for it."""
    metric: Metric[Any]
    metric, source = request.param
    monkeypatch.setattr(registry, "METRICS", (*registry.METRICS, metric))
    (tmp_path / "made.yaml").write_text(
        f"recipe: classic\ndata: {{source: {source}}}\nmodel: {{hidden: [4]}}\n{TRAINING % metric.name}\n"
        f"search:\n  method: random\n  trials: 3\n  objective: {{metric: {metric.name}}}\n"
        "  space: {training.optimizer.learning_rate: {log_uniform: [0.001, 0.1]}}\n"
    )
    return metric


def test_a_registered_metric_is_found_everywhere(made: Metric[Any], program: Program, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        done = program("train", "made.yaml", "--seed", seed, "--name", f"run{seed}")
        assert done.code == 0, done.err
    run = next(path for path in (tmp_path / "runs").iterdir() if "run1" in path.name)
    test = read_json(run / "metrics.json")["test"]
    low, high = test[f"{made.name}_ci95"]
    assert made.lowest <= low <= test[made.name] <= high
    assert test["baseline"][made.name] > 0
    history = (run / "history.csv").read_text().splitlines()
    assert f"validation_{made.name}" in history[0].split(",")

    for form in ("terminal", "markdown", "html"):
        assert made.label in program("report", "run1", "--format", form).out
    gate = f"{made.name}={test[made.name]}"
    report = program("report", "run1", "--json", "--fail-under", gate)
    assert report.code == 0
    assert report.json["gates"][0]["passed"]
    assert report.json["runs"][0]["metrics"]["test"][made.name] == test[made.name]
    assert program("report", "run1", "--fail-under", f"{made.name}={0.5 * test[made.name]}").code == 1

    compared = program("compare", "run1", "run2", "--metric", made.name, "--json").json
    assert compared["metric"] == made.name
    assert compared["comparisons"][0]["a"].endswith(run.name)
    listed = program("runs", "--where", f"{made.name}>=0", "--sort", made.name, "--json").json["runs"]
    assert len(listed) == 2
    columns = program("report", "run1", "--importance", "--json").json["runs"][0]["feature_importance"]
    assert all("mean" in column[made.name] for column in columns)


def test_a_registered_metric_is_the_objective_of_a_search(
    made: Metric[Any], program: Program, tmp_path: Path
) -> None:
    done = program("search", "made.yaml", "--executor", "serial", "--json")
    assert done.code == 0, done.err
    (run,) = (tmp_path / "runs").iterdir()
    records = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    objectives = [record["objective"] for record in records if record.get("objective") is not None]
    assert done.json["best"]["objective"] == min(objectives)
    assert made.label in program("report", str(run)).out


def test_a_registered_metric_is_refused_for_the_other_task(made: Metric[Any], program: Program) -> None:
    other = "diabetes" if made.task == "classification" else "iris"
    done = program("check", "made.yaml", "--set", f"data.source={other}")
    assert done.code == 2
    assert f"validation_{made.name} is not recorded in a " in done.out
