"""A search on bags says what it gains over the default settings at their end, whatever it did with them."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.runs import trained_trials
from fnnctl.stacks.trial_results import MeasuredFit
from fnnctl.stacks.trial_weights import train_alone
from tests.program import read_json
from tests.runs.bagging import NUMBERS, RATES, SLOW_DEFAULT, asked_to_stop_after, trained, written
from tests.runs.extending import extend
from tests.runs.searching import RATE, of_kind, resume, search

OWN_EPOCHS = {"search": {"space": {RATE: RATES, "training.epochs": {"choice": [9, 6]}}}}


def comparison(folder: Path) -> dict[str, Any] | None:
    facts: dict[str, Any] | None = read_json(folder / "ensemble" / "manifest.json")["selection"]["default"]
    return facts


def never(*arguments: object, **settings: object) -> None:
    raise AssertionError("no trial is trained here")


def assert_default_is(folder: Path, alone: Path) -> None:
    """The search was compared with this run."""
    facts, metrics = comparison(folder), read_json(alone / "metrics.json")["test"]
    assert facts
    assert facts["metrics"]
    for metric in facts["metrics"]:
        assert metric["default"] == pytest.approx(metrics[metric["metric"]], rel=1e-9)


@pytest.mark.parametrize("more", [{}, OWN_EPOCHS], ids=["the same epochs", "epochs of their own"])
def test_default_settings_that_were_dropped_are_trained_to_their_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, Any],
) -> None:
    """Once: the weights are kept for when the ensemble is made again."""
    folder = search(written(tmp_path, "many", SLOW_DEFAULT, more), "--executor", "serial")
    results = of_kind(folder, "result")
    assert [result["budget"] for result in results if result["trial"] == 0] == [3]
    assert max(result["budget"] for result in results) == 9
    assert_default_is(folder, trained(folder / "resolved.yaml"))
    facts = comparison(folder)
    assert facts is not None
    assert facts["epochs"] is None
    assert "the search is better than `fnnctl train`: log loss" in (folder / "log.txt").read_text()
    for is_lost in (False, True):
        shutil.rmtree(folder / "ensemble")
        if is_lost:
            shutil.rmtree(folder / "checkpoints" / "default")
        with monkeypatch.context() as patch:
            if not is_lost:
                patch.setattr(trained_trials, "train_alone", never)
            assert run(["search", "--resume", str(folder), "--no-figures"]) == 0
        note = "training the default settings to their end, to compare with them"
        assert (note in capsys.readouterr().err) == is_lost
        assert comparison(folder) == facts


@pytest.mark.parametrize("by", ["signal", "time"])
def test_they_are_not_trained_when_the_search_must_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(trained_trials, "train_alone", never)
    config = written(tmp_path, "many", SLOW_DEFAULT)
    with asked_to_stop_after(2, by=by):
        folder = search(config, "--executor", "serial", code=130 if by == "signal" else 0)
    assert 0 in {result["trial"] for result in of_kind(folder, "result")}
    assert comparison(folder) == {"trial": 0, "at_end": False, "epochs": None, "rows": 18, "metrics": []}
    assert (
        "it is unknown whether the search is better than `fnnctl train`" in (folder / "log.txt").read_text()
    )
    assert (folder / "best" / "metrics.json").exists()


def test_a_signal_ends_their_training_and_not_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **settings: Any) -> MeasuredFit:
        signal.raise_signal(signal.SIGINT)
        return train_alone(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(trained_trials, "train_alone", interrupted)
        folder = search(written(tmp_path, "many", SLOW_DEFAULT), "--executor", "serial", code=130)
    assert (comparison(folder) or {})["at_end"] is False
    assert (folder / "best" / "metrics.json").exists()
    assert resume(folder, "--executor", "serial") == 0
    assert_default_is(folder, trained(folder / "resolved.yaml"))


def test_fewer_epochs_than_the_config_has_are_not_those_of_train(tmp_path: Path) -> None:
    """Nor is the learning rate of an extended search, which falls as it would have without the extension."""
    more = {"search": {"ensemble": {"size": 3}, "start_from": "defaults", "budget": {"max_epochs": 3}}}
    schedule = {"training": {"lr_schedule": {"name": "cosine"}}}
    folder = search(written(tmp_path, "number", NUMBERS, more, schedule), "--executor", "serial")
    facts = comparison(folder)
    assert facts is not None
    assert facts["epochs"] == 3
    assert_default_is(folder, trained(folder / "resolved.yaml", "training.epochs=3"))
    log = (folder / "log.txt").read_text()
    assert " the default settings after 3 epochs" in log
    assert "than `fnnctl train`" not in log
    extend(folder, "budget.max_epochs=6")
    facts = comparison(folder)
    assert facts is not None
    assert facts["epochs"] == 6
    assert_default_is(folder, trained(folder / "resolved.yaml", "training.horizon=3"))
