"""A search whose first trials take much of its time limit trains fewer together, as its journal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.records.journal import COMPLETE
from tests.messages import Messages
from tests.program import Program
from tests.runs.bagging import asked_to_stop_after
from tests.runs.searching import RATE, decisions, of_kind, records, resume, search, write_config

BAYES = {
    "method": "bayes",
    "trials": 14,
    "batch": 8,
    "concurrency": 16,
    "budget": {"max_epochs": 3},
    "space": {RATE: {"log_uniform": [0.001, 1.0]}, "model.hidden": {"depth": [1, 2], "width": [2, 16]}},
}


@pytest.fixture
def slow_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "fnnctl.trials.forecast.seconds_by_assignment", lambda fits, costs: lambda values: 1e4
    )


def test_the_journal_has_the_number_and_a_resume_follows_it(tmp_path: Path, slow_trials: None) -> None:
    config = write_config(tmp_path / "x.yaml", search=BAYES)
    with asked_to_stop_after(6, by="time"):
        folder = search(config, "--time-limit", "3e5", "--workers", "4", "--executor", "serial")
    settings = records(folder)[0]["settings"]
    assert (settings["concurrency"], settings["batch"]) == (8, 4)  # 8 × 3 × 1e4 s / 3.4 is below 7.5e4 s
    assert len(of_kind(folder, "trial")) < 14
    assert resume(folder, "--workers", "1", "--executor", "serial") == 0
    assert records(folder)[-1]["reason"] == COMPLETE
    fewer = write_config(tmp_path / "fewer" / "x.yaml", search={**BAYES, "concurrency": 8, "batch": 4})
    assert decisions(folder) == decisions(search(fewer, "--executor", "serial"))
    assert resume(folder, "--set", "search.trials=20", "--executor", "serial") == 0
    assert len(of_kind(folder, "trial")) == 20


def test_a_note_says_it(program: Program, tmp_path: Path, slow_trials: None, messages: Messages) -> None:
    write_config(tmp_path / "x.yaml", search=BAYES)
    with asked_to_stop_after(1, by="time"):
        done = program("search", "x.yaml", "--time-limit", "9000", "--workers", "1", "--no-figures")
    messages.check(next(line for line in done.err.splitlines() if "the first" in line))
