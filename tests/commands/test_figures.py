"""The drawing process and `--no-figures`, as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.figures import CLASSIFICATION_FIGURES, figures_by_records
from tests.program import Program, only_run
from tests.waiting import DEADLINE

pytestmark = pytest.mark.figures


def figures_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.png")}


def test_a_report_draws_what_a_command_did_not(program: Program, iris: Path, tmp_path: Path) -> None:
    """It is the same that the command draws, here in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "fnnctl",
        "train",
        str(iris),
        "--json",
        "--runs-dir",
        str(tmp_path / "a"),
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    drawn = figures_in(Path(json.loads(done.stdout)["run"]))
    assert {*drawn} >= CLASSIFICATION_FIGURES
    assert program("train", str(iris), "--no-figures").code == 0
    run = only_run(tmp_path)
    assert figures_in(run) == {}
    for arguments, expected in ((["--no-figures"], {}), ([], drawn)):
        assert program("report", *arguments).code == 0
        assert figures_in(run) == expected


def test_a_search_and_its_winner_without_figures(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "x.yaml"
    config.write_text(
        "data: {source: iris}\nmodel: {hidden: [4]}\ntraining: {epochs: 2}\nrecipe: classic\n"
        "search: {method: random, trials: 3, space: {training.l2: {log_uniform: [1e-5, 1e-2]}}}\n"
    )
    for arguments in ([str(config), "--max-trials", "1"], ["--resume", "latest", "--max-trials", "2"]):
        assert program("search", "--no-figures", *arguments).code == 0
        run = only_run(tmp_path)
        assert (run / "best" / "model.npz").is_file()
        assert figures_in(run) == {}
    assert program("report", "--importance").code == 0
    assert (run / "search_history.png").is_file()
    assert {*figures_in(run / "best")} == {*figures_by_records(run / "best")} > CLASSIFICATION_FIGURES
    assert (run / "best" / "feature_importance.png").is_file()


def test_folds_and_evaluations_without_figures(program: Program, iris: Path, trained: Path) -> None:
    assert program("evaluate", str(iris), "--no-figures", "--folds", "2", "--repeats", "1").code == 0
    data = str(trained / "penguins.csv")
    assert program("evaluate", str(only_run(trained)), "--data", data, "--no-figures").code == 0
    assert len(list(Path("runs").iterdir())) == 2
    assert figures_in(Path("runs")) == {}


def test_ctrl_c_reaches_the_drawing_process_too(iris: Path, tmp_path: Path) -> None:
    """It goes on: the command decides what a signal means, and has it draw what was done."""
    changes = ["--set", "training.epochs=1000000", "--set", "training.early_stopping=null", "--verbose"]
    command = [sys.executable, "-m", "fnnctl", "train", str(iris), *changes]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(b"epoch 20/"):
                break
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert list(figures_in(tmp_path)) == ["learning_curve.png"]
