"""What is kept of trials, and which are trained again."""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest.mock import Mock

import pytest

from fnnctl.cli import run
from fnnctl.runs import trained_trials
from fnnctl.trials.weights import train_again
from tests.program import read_json
from tests.runs.bagging import NUMBERS, SLOW_DEFAULT, written
from tests.runs.searching import of_kind, resume, search


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A search whose cost is over before any trial has ended."""
    cost = {"search": {"budget": {"cost": 30_000}, "trials": None}}
    folder = search(written(tmp_path, "many", SLOW_DEFAULT, cost), "--executor", "serial")
    assert max(result["budget"] for result in of_kind(folder, "result")) < 9
    return folder


def test_what_was_deleted_is_made_again_although_no_trial_has_ended(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contenders are trained again, the winner among them once."""
    files = [f"{name}/{file}" for name in ("best", "ensemble") for file in ("model.npz", "metrics.json")]
    before = {file: (short / file).read_bytes() for file in files}
    candidates = read_json(short / "ensemble" / "manifest.json")["selection"]["candidates"]
    assert candidates > 1
    for name in ("best", "ensemble"):
        shutil.rmtree(short / name)

    trained = Mock(side_effect=train_again)
    monkeypatch.setattr(trained_trials, "train_again", trained)
    assert resume(short, "--executor", "serial", "--time-limit", "1e-9") == 0
    log = (short / "log.txt").read_text()
    assert "no ensemble is made: the weights of the trials are lost" in log
    assert (short / "best").exists()
    assert not (short / "ensemble").exists()
    shutil.rmtree(short / "best")
    trained.reset_mock()
    assert resume(short, "--executor", "serial") == 0
    assert trained.call_count == candidates
    assert {file: (short / file).read_bytes() for file in files} == before
    assert not list((short / "checkpoints" / "final").glob("*"))
    warnings = read_json(short / "manifest.json")["warnings"]
    assert not [warning for warning in warnings if "no ensemble" in warning], "it would not be missed later"


def test_no_lost_trial_is_trained_again_when_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But the best one, which becomes a run."""
    folder = search(written(tmp_path, "number", NUMBERS, {"search": {"ensemble": {"size": 3}}}))
    for name in ("best", "ensemble", "checkpoints"):
        shutil.rmtree(folder / name)
    trained = Mock(side_effect=train_again)
    monkeypatch.setattr(trained_trials, "train_again", trained)
    assert resume(folder, "--executor", "serial", "--time-limit", "1e-9") == 0
    trials = [call.args[1].number for call in trained.call_args_list]
    assert trials == [read_json(folder / "manifest.json")["search"]["best"]["trial"]]
    assert (folder / "best" / "metrics.json").exists()
    assert not (folder / "ensemble").exists()


def test_one_line_says_that_trials_are_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line does not suggest that something is wrong."""
    folder = search(written(tmp_path, "number", NUMBERS, {"search": {"ensemble": {"size": 3}}}))

    def lines(*lost: str) -> list[str]:
        for name in lost:
            shutil.rmtree(folder / name)
        assert run(["search", "--resume", str(folder), "--executor", "serial", "--no-figures"]) == 0
        return [line for line in capsys.readouterr().err.splitlines() if line.startswith("training ")]

    assert lines("ensemble", "checkpoints") == ["training 3 trials again, of which no weights are kept"]
    assert lines("ensemble") == []


def test_only_the_best_trials_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.trials.weights.MAX_KEPT", 2)
    folder = search(written(tmp_path, "number", NUMBERS, {"search": {"ensemble": {"size": 3}}}))
    assert len(list((folder / "checkpoints" / "final").iterdir())) == 2
    assert read_json(folder / "ensemble" / "manifest.json")["selection"]["candidates"] == 2
