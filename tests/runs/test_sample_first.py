"""A search that tries configurations on a sample of the rows first, and the best of them on all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.program import Program
from tests.runs.searching import (
    RATE,
    decisions,
    leaderboard,
    of_kind,
    printed_words,
    resume,
    search,
    trained_alone,
    write_config,
)

ROWS = "training.max_rows"
RATES = (0.001, 0.01, 0.1, 0.003, 0.03, 0.0003)
SAMPLE_FIRST: dict[str, Any] = {
    "method": {"scheduler": "full_budget", "sampler": "sample_first"},
    "trials": None,
    "budget": {},
    "space": {ROWS: {"choice": [None, 30]}, RATE: {"log_uniform": [1e-4, 1.0]}},
    "start_from": [{ROWS: 30, RATE: rate} for rate in RATES],
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    return write_config(folder / "x.yaml", training={"max_rows": None}, search=SAMPLE_FIRST)


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


def test_the_best_of_the_sample_are_trained_on_all_rows(undisturbed: Path) -> None:
    trials = [trial["assignment"] for trial in of_kind(undisturbed, "trial")]
    assert trials[:6] == SAMPLE_FIRST["start_from"]
    on_sample = [row for row in leaderboard(undisturbed) if row[ROWS] == "30"]
    assert trials[6:] == [{ROWS: None, RATE: float(row[RATE])} for row in on_sample[:2]]


def test_a_trial_on_a_sample_is_what_train_trains(undisturbed: Path) -> None:
    """The validation part has all of its rows, so the objectives can be compared."""
    for number, words in printed_words(undisturbed).items():
        trained = trained_alone(undisturbed / "resolved.yaml", words)
        (result,) = (result for result in of_kind(undisturbed, "result") if result["trial"] == number)
        assert result["objective"] == trained.history["validation_accuracy"][-1]


@pytest.mark.parametrize("trials", ["4", "7"])
def test_a_search_that_is_extended(config: Path, undisturbed: Path, trials: str) -> None:
    folder = search(config, "--executor", "serial", "--max-trials", trials)
    assert len(of_kind(folder, "trial")) == int(trials)
    assert resume(folder, "--executor", "serial", "--max-trials", "8") == 0
    assert decisions(folder) == decisions(undisturbed)


def test_the_plan_counts_what_is_repeated(program: Program, config: Path) -> None:
    plan = program("plan", str(config), "--json").json
    assert (plan["trials"], plan["epochs_with_reuse"], plan["only_configurations"]) == (8, 72, None)
    limited = program("plan", str(config), "--json", "--max-trials", "7").json
    assert (limited["trials"], limited["for_more_trials"]) == (7, None)
