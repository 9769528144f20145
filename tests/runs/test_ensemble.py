"""A search's ensemble: a complete run of its own, with the trials that may be in it.

That it is the same after any kill and for any workers is in tests/contracts.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from fnnctl.cli import run as run_program
from fnnctl.errors import DivergedError
from fnnctl.messages import Message
from fnnctl.modelling.saved_model import load_model
from fnnctl.records.journal import TIME_IS_OVER
from fnnctl.runs import search as search_module
from fnnctl.runs import trained_trials
from fnnctl.runs.search_session import SearchSession
from fnnctl.store.folder import RunFolder
from tests.program import Program, assert_same_files, read_json
from tests.runs.extending import extend
from tests.runs.folding import table
from tests.runs.searching import (
    ENSEMBLE_FILES,
    SCALED_SPACE,
    assert_same_search,
    of_kind,
    search,
    selection,
    write_config,
)

LADDER = {"max_epochs": 9, "reduction_factor": 3}
RANDOM = {"method": "random", "trials": 6, "space": SCALED_SPACE, "ensemble": {"size": 5}}


@pytest.fixture(scope="module")
def hyperband(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trials differ in scaling and shape, and some stop early."""
    return write_config(
        tmp_path_factory.mktemp("hyperband") / "x.yaml",
        training={"averaging": "ema", "early_stopping": {"monitor": "validation_loss", "patience": 1}},
        search={**RANDOM, "method": "hyperband", "budget": LADDER, "objective": {"metric": "log_loss"}},
    )


@pytest.fixture(scope="module")
def finished(hyperband: Path) -> Path:
    return search(hyperband, "--executor", "serial")


def test_it_is_there_even_if_the_refit_diverges(
    hyperband: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    error = DivergedError(epoch=2, learning_rate=0.1, steadier_rate=0.01, scaled=True, run="best")
    monkeypatch.setattr(search_module, "write_winner", Mock(side_effect=error))
    folder = search(hyperband, "--executor", "serial", code=4)
    assert selection(folder) == selection(finished)
    assert "Selected trials" in program("report", str(folder), "--verbose").out


@pytest.mark.parametrize("lost", [("ensemble",), ("best", "ensemble")])
def test_a_complete_search_makes_again_what_someone_deleted(
    tmp_path: Path,
    finished: Path,
    lost: tuple[str, ...],
    no_figures: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = shutil.copytree(finished, tmp_path / "search")
    for name in lost:
        shutil.rmtree(folder / name)
    for sentence in (f"{' and '.join(lost)} will be made again", "nothing to do"):
        assert run_program(["search", "--resume", str(folder), "--executor", "serial"]) == 0
        assert sentence in capsys.readouterr().err
    assert_same_search(folder, finished)


def test_its_trials_had_the_largest_budget_or_stopped_early(finished: Path) -> None:
    chosen = selection(finished)
    latest = {result["trial"]: result for result in of_kind(finished, "result")}
    largest = max(result["budget"] for result in latest.values() if result["status"] == "completed")
    able = [
        number
        for number, result in latest.items()
        if result["status"] == "stopped early"
        or (result["status"], result["budget"]) == ("completed", largest)
    ]
    members = [latest[trial["trial"]] for trial in chosen["trials"]]
    assert {member["trial"] for member in members} <= {*able}
    assert chosen["candidates"] == len(able)
    assert [member["objective"] for member in members] == [trial["objective"] for trial in chosen["trials"]]
    assert sum(trial["count"] for trial in chosen["trials"]) == chosen["kept"] <= chosen["rounds"] == 5


def test_the_trials_are_those_of_a_search_without_an_ensemble(hyperband: Path, finished: Path) -> None:
    plain = search(hyperband, "--executor", "serial", "--set", "search.ensemble=null")
    assert not (plain / "ensemble").exists()
    assert not (plain / "checkpoints" / "final").exists()
    results = [
        [(result["trial"], result["budget"], result["objective"]) for result in of_kind(folder, "result")]
        for folder in (plain, finished)
    ]
    assert results[0] == results[1]
    assert_same_files(plain, finished, "best/model.npz")


def probabilities(run: Path) -> np.ndarray:
    rows = table(run, "predictions.csv")
    return np.array([[float(row[name]) for name in row if name.startswith("p_")] for row in rows])


def test_it_predicts_the_mean_of_the_trials_trained_alone(
    tmp_path: Path, no_figures: None, program: Program
) -> None:
    """The configuration of each trial, trained by itself."""
    config = write_config(tmp_path / "x.yaml", search={**RANDOM, "objective": {"metric": "log_loss"}})
    folder = search(config, "--executor", "serial")
    members, of_members = selection(folder)["trials"], []
    assert len(members) > 1
    trials = {trial["number"]: trial["assignment"] for trial in of_kind(folder, "trial")}
    for member in members:
        words = [f"{path}={json.dumps(value)}" for path, value in trials[member["trial"]].items()]
        options = [option for word in ("training.threads=1", *words) for option in ("--set", word)]
        done = program("train", str(folder / "resolved.yaml"), *options, "--json")
        of_members.append(probabilities(Path(done.json["run"])))
    expected = np.average(of_members, axis=0, weights=[member["count"] for member in members])
    np.testing.assert_allclose(probabilities(folder / "ensemble"), expected, rtol=1e-5, atol=1e-9)


def test_commands_use_it_by_its_path_and_report_it_beside_the_winner(
    finished: Path, program: Program
) -> None:
    ensemble = finished / "ensemble"
    assert_same_files(ensemble, finished, "resolved.yaml")  # no training repeats it, but the search does
    assert "equal those in metrics.json, to the last digit" in program("evaluate", str(ensemble)).err
    rows = Path("iris.csv")
    rows.write_text("sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5,3,1.5,0.2\n")
    done = program("predict", str(ensemble), str(rows))
    assert (done.err, done.out.splitlines()[1].startswith("0,setosa,")) == ("", True)
    assert program("predict", str(finished), str(rows)).err.endswith("best\n")
    loaded, facts = (
        load_model(RunFolder(ensemble), lambda text: None),
        read_json(ensemble / "manifest.json")["model"],
    )
    assert facts["networks"] == len(loaded.layouts)
    assert facts["same_shape"] == (len({layout.shape for layout in loaded.layouts}) == 1)
    entry = program("report", str(finished), "--json").json["runs"][0]
    metrics = read_json(ensemble / "metrics.json")
    assert entry["ensemble"] == {**selection(finished), "run": str(ensemble), "metrics": metrics}
    assert entry["metrics"] == entry["best"]["metrics"] == read_json(finished / "metrics.json")


@pytest.mark.parametrize("word", ["trials=12", "budget.max_epochs=18"])
def test_an_extended_search_has_the_ensemble_of_the_larger_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """With more trials, those that were selected are not trained again: their weights are on disk."""
    training = {"early_stopping": {"monitor": "validation_loss", "patience": 4}}
    config = write_config(
        tmp_path / "x.yaml", training=training, search={**RANDOM, "budget": {"max_epochs": 9}}
    )
    folder = search(config, "--executor", "serial")
    before, train_again = selection(folder), Mock()
    monkeypatch.setattr(trained_trials, "train_again", train_again)
    extend(folder, word)
    train_again.assert_not_called()
    at_once = search(config, "--executor", "serial", "--set", f"search.{word}")
    assert selection(folder) == selection(at_once) != before
    assert_same_files(folder, at_once, *ENSEMBLE_FILES)


def test_a_time_limit_before_the_largest_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trials with the largest completed budget compete, as for the winner; they are trained again."""
    settings = {**RANDOM, "method": "halving", "trials": 9, "budget": LADDER}
    config = write_config(tmp_path / "x.yaml", search=settings)
    stop = SearchSession.stop

    def stops(session: Any) -> Message | None:
        budgets = [result.budget for result in session.standings.latest.values()]
        return TIME_IS_OVER if budgets.count(3) == 3 else stop(session)

    monkeypatch.setattr(SearchSession, "stop", stops)
    folder = search(config, "--executor", "serial")
    assert {result["budget"] for result in of_kind(folder, "result")} == {1, 3}
    assert selection(folder)["candidates"] == 3
    best = read_json(folder / "manifest.json")["search"]["best"]["trial"]
    assert best in [trial["trial"] for trial in selection(folder)["trials"]]
