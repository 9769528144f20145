"""The benchmark of whole commands measures what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.benchmarks import latency


def test_each_command_is_run_as_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = {name: latency.COMMANDS[name] for name in ("train configs/iris.yaml", "runs")}
    commands["train configs/iris.yaml"] = [*commands["train configs/iris.yaml"], "--no-figures"]
    monkeypatch.setattr(latency, "COMMANDS", commands)
    found = latency.measure(2, tmp_path)
    assert {name: len(times) for name, times in found.items()} == {
        latency.BARE: 2,
        **dict.fromkeys(commands, 2),
    }
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_a_command_that_fails_is_not_timed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        latency.seconds(["-c", "raise SystemExit(2)"], tmp_path)
