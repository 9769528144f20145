"""A run is exported where it is: in a folder or in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fnnctl
from fnnctl import Run
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.export.artifacts import artifacts
from fnnctl.store.folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

SHORT = {"data": "iris", "model": {"hidden": [4], "ensemble": 1}, "training": {"epochs": 3}}
SPACE = {"training.l2": {"log_uniform": [1e-5, 1e-2]}}
SEARCH = {"search": {"method": "random", "trials": 2, "space": SPACE}}
ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])


@pytest.fixture(scope="module")
def searched() -> Run:
    return fnnctl.run_search(SHORT, settings=SEARCH, workers=1)


@pytest.mark.extra
def test_the_network_of_a_run_in_memory(searched: Run, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    file = tmp_path / "model.onnx"
    written = searched.export(file)
    assert (written["run"], written["format"], written["output"]) == (None, "onnx", str(file))
    assert written["largest_difference"] < 1e-5
    session = onnxruntime.InferenceSession(file)
    columns = {column.name: ROWS[:, [index]] for index, column in enumerate(session.get_inputs())}
    probabilities = session.run(["probabilities"], columns)[0]
    np.testing.assert_allclose(probabilities, searched.predictor.predict_proba(ROWS), atol=1e-5)


def test_the_study_of_a_search_is_the_same_in_memory(searched: Run, tmp_path: Path) -> None:
    written = searched.export(tmp_path / "memory.log", "optuna")
    assert (written["trials"], written["run"]) == (2, None)
    saved = searched.save(tmp_path / "saved")
    assert saved.export(tmp_path / "saved.log", "optuna")["run"] == str(saved.path)
    assert "memory:" not in (tmp_path / "memory.log").read_text()


def test_event_files_of_a_run_in_memory(searched: Run, tmp_path: Path) -> None:
    written = searched.export(tmp_path / "logs", "tensorboard")
    assert written["files"] == 3
    assert not any(b"memory:" in file.read_bytes() for file in (tmp_path / "logs").rglob("events*"))


def test_files_of_a_run_in_memory_for_a_tracker(
    searched: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[RunFolder] = []
    monkeypatch.setattr("fnnctl.export.artifacts.draw_missing_figures", drawn.append)
    monkeypatch.setattr("fnnctl.report.html.report.html_report", lambda *arguments: "<html>")
    written = artifacts(searched.folder, tmp_path, Context())
    files = {f"{folder}/{path.name}".lstrip("/") for path, folder in written if path.is_file()}
    assert {"journal.jsonl", "best/metrics.json", "best/model/model.npz", "report.html"} <= files
    assert [folder.named is None for folder in drawn] == [False, False]  # another process draws them


def test_what_cannot_be_exported_is_refused(searched: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no export format has the ending"):
        searched.export(tmp_path / "model.pb")
    assert searched.best is not None
    with pytest.raises(UsageError, match="is for a search"):
        searched.best.export(tmp_path / "journal.log", "optuna")
