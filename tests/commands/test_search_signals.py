"""Searches that a signal ends: they can be resumed, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.records.trials import Result
from fnnctl.runs import search as search_module
from fnnctl.search.loop import run_search
from tests.commands.searching import RATE, assert_same_search, records, resume, search, write_config
from tests.program import Program, read_json


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    space = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [6]]}}
    return write_config(tmp_path_factory.mktemp("signals") / "x.yaml", search={"space": space})


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


def test_a_search_can_be_resumed_after_a_signal(
    config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes when the first result of the second rung is recorded."""
    sent: list[signal.Signals] = []

    def interrupted(*arguments: Any, on_result: Callable[[Result], None], **options: Any) -> str:
        def watches(result: Result) -> None:
            on_result(result)
            if result.budget == 3 and not sent:
                sent.append(signal.SIGTERM)
                os.kill(os.getpid(), signal.SIGTERM)

        return run_search(*arguments, on_result=watches, **options)

    with monkeypatch.context() as patch:
        patch.setattr(search_module, "run_search", interrupted)
        folder = search(config, "--executor", "serial", code=143)
    told = capsys.readouterr().err
    assert told.splitlines()[-1] == f"fnnctl search --resume {folder}"
    manifest = read_json(folder / "manifest.json")
    assert manifest["status"] == "interrupted"
    assert records(folder)[-1]["reason"] == "interrupted"
    assert (folder / "leaderboard.csv").is_file()
    assert not (folder / "best").exists()
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    assert read_json(folder / "manifest.json")["status"] == "completed"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_processes_train(
    config: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """The processes train forever, until a signal arrives."""
    runs = tmp_path / "runs"
    command = [sys.executable, "-m", "fnnctl", "search", str(config), "--runs-dir", str(runs)]
    command += ["--method", "random", "--set", "search.budget={max_epochs: 1000000}"]
    command += ["--set", "training.early_stopping=null", "--executor", "processes", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(runs.glob("[!.]*")):
            time.sleep(0.02)
        time.sleep(0.5)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    (folder,) = runs.glob("[!.]*")
    assert err.decode().splitlines()[-1] == f"fnnctl search --resume {folder}"
    assert read_json(folder / "manifest.json")["status"] == "interrupted"


def test_search_resumes_only_searches(program: Program, iris: Path, no_figures: None) -> None:
    done = program("train", str(iris), "--quiet")
    again = program("search", "--resume", done.out.strip())
    assert again.code == 2
    assert "it is a run of kind 'train', which `fnnctl train --resume` continues" in again.err
    refused = program("search", str(iris), "--resume", done.out.strip())
    assert refused.code == 2
