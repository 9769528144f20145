"""A search's ensemble: the same after any kill and for any workers, and a complete run of its own."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.cli import run as run_program
from fnnctl.errors import DivergedError
from fnnctl.messages import Message
from fnnctl.modelling.saved_model import load_model
from fnnctl.records.journal import TIME_IS_OVER
from fnnctl.runs import ensemble as ensemble_module
from fnnctl.runs import search as search_module
from fnnctl.runs import trained_trials
from fnnctl.runs.search_session import SearchSession
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.trials.schemes.validation import ValidationPart
from tests.program import Program, read_json
from tests.runs.extending import extend
from tests.runs.killing import dying_after
from tests.runs.searching import (
    assert_same_search,
    of_kind,
    resume,
    search,
    write_config,
)
from tests.runs.selecting import SPACE, selection

LADDER = {"max_epochs": 9, "reduction_factor": 3}
IMPATIENT = {"monitor": "validation_loss", "patience": 1}
SEARCHES: dict[str, Mapping[str, Any]] = {
    "hyperband": {"method": "hyperband", "budget": LADDER, "objective": {"metric": "log_loss"}},
    "asha": {"method": "asha", "trials": 12, "budget": LADDER, "concurrency": 4},
}
ENSEMBLE = (
    "ensemble/config.yaml",
    "ensemble/model.npz",
    "ensemble/model.json",
    "ensemble/metrics.json",
    "ensemble/predictions.csv",
)


def config_of(kind: str, folder: Path) -> Path:
    """Trials differ in scaling and shape, and some stop early."""
    return write_config(
        folder / "x.yaml",
        training={"averaging": "ema", "early_stopping": IMPATIENT},
        search={**SEARCHES[kind], "space": SPACE, "ensemble": {"size": 5}},
    )


@pytest.fixture(scope="module", params=SEARCHES)
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config of each kind."""
    return config_of(request.param, tmp_path_factory.mktemp("ensemble"))


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


@pytest.fixture(scope="module")
def hyperband(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of one kind."""
    return config_of("hyperband", tmp_path_factory.mktemp("hyperband"))


@pytest.fixture(scope="module")
def finished(hyperband: Path) -> Path:
    return search(hyperband, "--executor", "serial")


def assert_same_ensemble(folder: Path, other: Path) -> None:
    assert_same_search(folder, other)
    assert selection(folder) == selection(other)
    for name in ENSEMBLE:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def test_it_is_the_same_with_worker_processes(config: Path, undisturbed: Path) -> None:
    folder = search(config, "--executor", "processes", "--workers", "2")
    assert (folder / "journal.jsonl").read_bytes() == (undisturbed / "journal.jsonl").read_bytes()
    assert_same_ensemble(folder, undisturbed)


@pytest.mark.parametrize("lost", [False, True])
def test_a_killed_search_goes_on_to_the_same_ensemble(config: Path, undisturbed: Path, lost: bool) -> None:
    """With and without what was kept until then."""
    results = len(of_kind(undisturbed, "result"))
    with dying_after(0 if not lost else results // 2):
        folder = search(config, "--executor", "serial", code=3)
    if lost:
        shutil.rmtree(folder / "checkpoints")
    with dying_after(results // 2 - 1):
        assert resume(folder, "--executor", "serial") == 3
    assert not (folder / "ensemble").exists()
    assert resume(folder, "--executor", "processes", "--workers", "2") == 0
    assert_same_ensemble(folder, undisturbed)


def test_kills_after_the_search_itself(
    hyperband: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One search is killed in each function that follows, and once more when the ensemble is there."""

    def dies(*arguments: object, **settings: object) -> None:
        raise OSError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(search_module, "write_winner", dies)
        folder = search(hyperband, "--executor", "serial", code=3)
    for module, name in (
        (search_module, "build_ensemble"),
        (ValidationPart, "select"),
        (ensemble_module, "create_run"),
        (ensemble_module, "write_scores"),
        (OpenRun, "replace_ensemble"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, dies)
            assert resume(folder, "--executor", "serial") == 3
        assert read_json(folder / "manifest.json")["status"] == "failed"
    replace_ensemble = OpenRun.replace_ensemble

    def dies_afterwards(run: OpenRun) -> None:
        replace_ensemble(run)
        dies()

    with monkeypatch.context() as patch:
        patch.setattr(OpenRun, "replace_ensemble", dies_afterwards)
        assert resume(folder, "--executor", "serial") == 3
    before = (folder / "ensemble" / "model.npz").read_bytes()
    assert resume(folder, "--executor", "serial") == 0
    assert (folder / "ensemble" / "model.npz").read_bytes() == before
    assert_same_ensemble(folder, finished)
    assert [path.name for path in folder.glob(".*")] == [".lock"]


def test_it_is_there_even_if_the_refit_diverges(
    hyperband: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    def diverges(*arguments: object, **settings: object) -> None:
        raise DivergedError(epoch=2, learning_rate=0.1, steadier_rate=0.01, scaled=True, run="best")

    monkeypatch.setattr(search_module, "write_winner", diverges)
    folder = search(hyperband, "--executor", "serial", code=4)
    assert selection(folder) == selection(finished)
    assert "Selected trials" in program("report", str(folder), "--verbose").out


def test_a_complete_search_stays_as_it_is(finished: Path) -> None:
    before = (finished / "ensemble" / "manifest.json").read_bytes()
    assert resume(finished) == 0
    assert (finished / "ensemble" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("lost", [("best",), ("ensemble",), ("best", "ensemble")])
def test_a_complete_search_makes_again_what_someone_deleted(
    tmp_path: Path,
    finished: Path,
    lost: tuple[str, ...],
    no_figures: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "search"
    shutil.copytree(finished, folder)
    for name in lost:
        shutil.rmtree(folder / name)
    assert run_program(["search", "--resume", str(folder), "--executor", "serial"]) == 0
    assert f"{' and '.join(lost)} will be made again" in capsys.readouterr().err
    assert_same_ensemble(folder, finished)
    assert run_program(["search", "--resume", str(folder)]) == 0
    assert "nothing to do" in capsys.readouterr().err


def test_its_trials_had_the_largest_budget_or_stopped_early(undisturbed: Path) -> None:
    chosen = selection(undisturbed)
    latest = {result["trial"]: result for result in of_kind(undisturbed, "result")}
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

    def results(folder: Path) -> list[tuple[Any, ...]]:
        return [
            (result["trial"], result["budget"], result["objective"]) for result in of_kind(folder, "result")
        ]

    assert results(plain) == results(finished)
    assert (plain / "best/model.npz").read_bytes() == (finished / "best/model.npz").read_bytes()


def test_it_predicts_the_mean_of_the_trials_trained_alone(
    tmp_path: Path, no_figures: None, program: Program
) -> None:
    """The configuration of each trial, trained by itself."""
    settings = {"method": "random", "trials": 6, "space": SPACE, "ensemble": {"size": 5}}
    config = write_config(tmp_path / "x.yaml", search={**settings, "objective": {"metric": "log_loss"}})
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


def probabilities(run: Path) -> np.ndarray:
    with (run / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[name]) for name in row if name.startswith("p_")] for row in rows])


def test_commands_use_it_by_its_path(finished: Path, program: Program) -> None:
    ensemble = finished / "ensemble"
    assert "equal those in metrics.json, to the last digit" in program("evaluate", str(ensemble)).err
    metrics = read_json(ensemble / "metrics.json")
    assert metrics["test"]["accuracy_ci95"][0] <= metrics["test"]["accuracy"]
    assert metrics["train"]["support"] + metrics["validation"]["support"] + metrics["test"]["support"] == 150
    rows = Path("iris.csv")
    rows.write_text("sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5,3,1.5,0.2\n")
    done = program("predict", str(ensemble), str(rows))
    assert done.err == ""
    assert done.out.splitlines()[1].startswith("0,setosa,")
    assert program("predict", str(finished), str(rows)).err.endswith("best\n")
    assert "Selected trials" in program("report", str(ensemble), "--verbose").out
    loaded = load_model(RunFolder(ensemble), lambda text: None)
    facts = read_json(ensemble / "manifest.json")["model"]
    assert facts["networks"] == len(loaded.layouts)
    assert facts["same_shape"] == (len({layout.shape for layout in loaded.layouts}) == 1)


def test_its_resolve_is_that_of_the_search(finished: Path) -> None:
    """No training repeats an ensemble of trials; the search does."""
    resolved = (finished / "ensemble" / "resolved.yaml").read_bytes()
    assert resolved == (finished / "resolved.yaml").read_bytes()
    assert b"\nsearch:\n" in resolved


def test_it_is_reported_beside_the_winner(finished: Path, program: Program) -> None:
    text = program("report", str(finished), "--verbose").out
    assert "Ensemble of trials" in text
    assert "refitted winner" in text
    entry = program("report", str(finished), "--format", "json").json["runs"][0]
    metrics = read_json(finished / "ensemble" / "metrics.json")
    assert entry["ensemble"] == {
        **selection(finished), "run": str(finished / "ensemble"), "metrics": metrics,
    }  # fmt: skip
    assert entry["metrics"] == entry["best"]["metrics"] == read_json(finished / "metrics.json")


@pytest.mark.parametrize("word", ["trials=14", "budget.max_epochs=18"])
def test_an_extended_search_has_the_ensemble_of_the_larger_one(tmp_path: Path, word: str) -> None:
    settings = {"method": "random", "trials": 6, "space": SPACE, "ensemble": {"size": 4}}
    training = {"early_stopping": {"monitor": "validation_loss", "patience": 4}}
    config = write_config(
        tmp_path / "x.yaml", training=training, search={**settings, "budget": {"max_epochs": 9}}
    )
    folder = search(config, "--executor", "serial")
    before = selection(folder)
    extend(folder, word)
    at_once = search(config, "--executor", "serial", "--set", f"search.{word}")
    assert selection(folder) == selection(at_once) != before
    for name in ENSEMBLE:
        assert (folder / name).read_bytes() == (at_once / name).read_bytes(), name


def test_an_extension_trains_no_selected_trial_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"method": "random", "trials": 4, "space": SPACE, "ensemble": {"size": 4}}
    folder = search(write_config(tmp_path / "x.yaml", search=settings), "--executor", "serial")

    def again(*arguments: object, **settings: object) -> None:
        raise AssertionError("the weights are on disk")

    monkeypatch.setattr(trained_trials, "train_again", again)
    extend(folder, "trials=7")
    assert selection(folder)["candidates"] == 7


def test_only_the_best_trials_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.trials.weights.MAX_KEPT", 3)
    settings = {"method": "random", "trials": 9, "space": SPACE, "ensemble": {"size": 4}}
    folder = search(write_config(tmp_path / "x.yaml", search=settings), "--executor", "serial")
    assert len(list((folder / "checkpoints" / "final").iterdir())) == 3
    assert selection(folder)["candidates"] == 3


def test_weights_that_come_out_differently_stop_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"method": "random", "trials": 3, "space": SPACE, "ensemble": {"size": 2}}
    config = write_config(tmp_path / "x.yaml", search=settings)

    def dies(*arguments: object, **settings: object) -> None:
        raise OSError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(search_module, "build_ensemble", dies)
        folder = search(config, "--executor", "serial", code=3)
    shutil.rmtree(folder / "checkpoints")
    with monkeypatch.context() as patch:
        patch.setattr("fnnctl.trials.results.weights_digest", lambda weights: "another")
        assert resume(folder) == 3
    assert "does not reproduce results exactly" in capsys.readouterr().err
    assert resume(folder) == 0
    assert selection(folder)["candidates"] == 3


def test_a_time_limit_before_the_largest_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trials with the largest completed budget compete, as for the winner; they are trained again."""
    settings = {"method": "halving", "trials": 9, "budget": LADDER, "space": SPACE, "ensemble": {"size": 3}}
    config = write_config(tmp_path / "x.yaml", search=settings)
    stop = SearchSession.stop

    def stops(session: Any) -> Message | None:
        budgets = [result.budget for result in session.standings.latest.values()]
        return TIME_IS_OVER if budgets.count(3) == 3 else stop(session)

    with monkeypatch.context() as patch:
        patch.setattr(SearchSession, "stop", stops)
        folder = search(config, "--executor", "serial")
    assert {result["budget"] for result in of_kind(folder, "result")} == {1, 3}
    assert selection(folder)["candidates"] == 3
    best = read_json(folder / "manifest.json")["search"]["best"]["trial"]
    assert best in [trial["trial"] for trial in selection(folder)["trials"]]
