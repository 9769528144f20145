"""A search with `model.ensemble`: trials have one network each, and its winner has all members."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.program import Program, read_json
from tests.runs.searching import (
    RATE,
    of_kind,
    printed_words,
    resume,
    search,
    trained_alone,
    write_config,
)

SEARCH: dict[str, Any] = {"method": "random", "trials": 3, "space": {RATE: {"log_uniform": [0.003, 0.3]}}}


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ensembles")
    return write_config(folder / "x.yaml", model={"ensemble": 3}, search=SEARCH)


@pytest.fixture(scope="module")
def folder(ensemble: Path) -> Path:
    return search(ensemble)


def test_its_trials_are_those_of_a_search_without_it(folder: Path, tmp_path: Path) -> None:
    plain = search(write_config(tmp_path / "x.yaml", search=SEARCH))
    for kind in ("trial", "result"):
        assert of_kind(folder, kind) == of_kind(plain, kind)


def test_the_winner_is_an_ensemble(folder: Path) -> None:
    best = load_model(RunFolder(folder / "best"), lambda text: None)
    assert len(best.layouts) == 3
    assert read_json(folder / "best" / "manifest.json")["model"]["networks"] == 3
    assert read_json(folder / "manifest.json")["model"]["networks"] == 1


def test_the_printed_words_train_a_trial_to_its_bits(folder: Path) -> None:
    results = {each["trial"]: each["objective"] for each in of_kind(folder, "result")}
    for number, words in printed_words(folder).items():
        assert "model.ensemble=1" in words
        trained = trained_alone(folder / "resolved.yaml", words)
        assert trained.history["validation_accuracy"][-1] == results[number]


@pytest.mark.parametrize(("before", "after"), [("size: 5", "size: 6"), ("seeds: 4", "seeds: 3")])
def test_a_resume_with_another_ensemble_or_confirmation_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    """Also if someone edits the complete config in the run folder."""
    settings = {**SEARCH, "ensemble": {"size": 5}, "confirm": {"top": 2, "seeds": 4}}
    stopped = search(write_config(tmp_path / "x.yaml", search=settings), "--time-limit", "0", code=4)
    resolved = stopped / "resolved.yaml"
    assert before in resolved.read_text()
    resolved.write_text(resolved.read_text().replace(before, after))
    assert resume(stopped) == 2
    assert "began with a different configuration" in capsys.readouterr().err


def test_a_report_shows_the_command_of_a_trial(folder: Path, program: Program) -> None:
    report = program("report", str(folder), "--verbose").out
    assert re.search(r"refitted as +an ensemble of 3 networks", report)
    shown = report.partition("Train it alone\n")[2]
    assert "model.ensemble=1" in shlex.split(shown.partition("\n\n")[0].replace("\\\n", " "))
