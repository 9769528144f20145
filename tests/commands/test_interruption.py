"""Signals: what was done is kept, and nothing on the way swallows them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import only_run, read_json


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_what_was_done(iris: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "fnnctl", "train", str(iris), "--verbose"]
    changes = ["--set", "training.epochs=1000000", "--set", "training.early_stopping=null"]
    process = subprocess.Popen(
        [*command, *changes], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"epoch 20/"):
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    run = only_run(tmp_path)
    assert b"interrupted after" in err.splitlines()[-1]
    assert str(run.name).encode() in err.splitlines()[-1]
    manifest = read_json(run / "manifest.json")
    assert manifest["status"] == "interrupted"
    assert manifest["training"]["epochs"] >= 20
    assert (run / "model.npz").is_file()
    assert len((run / "history.csv").read_text().splitlines()) == manifest["training"]["epochs"] + 1
