"""Runs in MLflow: read back with its client from a database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fnnctl.context import Context
from fnnctl.export.artifacts import artifacts
from fnnctl.export.tracked_run import TrackedRun, tracked_run
from fnnctl.store.folder import RunFolder
from tests.program import Program

URI = "sqlite:///tracked.db"


def test_artifacts(trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.export.artifacts.find_spec", lambda name: None)
    monkeypatch.setattr("fnnctl.report.html.report.html_report", lambda *arguments: "<html>")
    (trained.path / "learning_curve.png").write_bytes(b"")
    files = {(path.name, folder) for path, folder in artifacts(trained, tmp_path, Context())}
    assert files >= {
        ("metrics.json", ""), ("report.html", ""), ("learning_curve.png", "figures"), ("model.npz", "model"),
        ("model.json", "model"),
    }  # fmt: skip
    assert (tmp_path / "report.html").read_text() == "<html>"


def test_a_library_that_is_not_installed(
    program: Program, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.export.mlflow.find_spec", lambda name: None)
    done = program("export", str(trained.path), "--format", "mlflow")
    assert done.code == 2
    assert "--format mlflow needs mlflow: " in done.err


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    return mlflow.MlflowClient(tracking_uri=URI)


def assert_logged(client: Any, logged: Any, tracked: TrackedRun) -> None:
    assert logged.data.params == tracked.parameters
    assert logged.data.metrics == {name: points[-1][1] for name, points in tracked.metrics.items() if points}
    for name in ("train_loss", "objective"):
        history = client.get_metric_history(logged.info.run_id, name)
        assert [(metric.step, metric.value) for metric in history] == tracked.metrics.get(name, [])
    assert {f"fnnctl.{name.replace(' ', '_')}" for name in tracked.tags} <= logged.data.tags.keys()


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore")  # MLflow's and those of its libraries
def test_a_search_with_its_trials(client: Any, program: Program, searched: RunFolder) -> None:
    done = program("export", str(searched.path), "--format", "mlflow", "--output", URI, "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["output"], done.json["largest_difference"]) == (URI, None)
    tracked = tracked_run(searched)
    experiment = client.get_experiment_by_name("x").experiment_id
    by_name = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert by_name.keys() == {tracked.name, *(trial.name for trial in tracked.children)}
    parent = by_name[tracked.name]
    assert parent.info.run_id == done.json["run_id"]
    assert parent.data.tags["mlflow.note.content"] == "a small search"
    assert_logged(client, parent, tracked)
    for trial in tracked.children:
        assert by_name[trial.name].data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert_logged(client, by_name[trial.name], trial)
    assert by_name["trial 0"].info.status == "FAILED"

    def files(*folder: str) -> set[str]:
        return {file.path for file in client.list_artifacts(parent.info.run_id, *folder)}

    assert files() >= {"best", "report.html"}
    assert files("best/model") >= {"best/model/model.npz"}
    assert files("model") == {"model/model.onnx"}


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore")  # MLflow's and those of its libraries
def test_a_run_that_cannot_be_logged_completely_is_deleted(
    client: Any, program: Program, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "ours")
    mlflow = pytest.importorskip("mlflow")

    def refuse(self: object, *arguments: object) -> None:
        raise mlflow.exceptions.MlflowException("no space\nleft")

    export = ("export", str(trained.path), "--format", "mlflow")
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.log_artifact", refuse)
        done = program(*export, "--output", URI)
    assert (done.code, done.err) == (2, f"--format mlflow: {URI}: no space left\n")
    experiment = client.get_experiment_by_name("ours").experiment_id
    assert client.search_runs([experiment]) == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", URI)
    assert program(*export).code == 0
    assert len(client.search_runs([experiment])) == 1
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
