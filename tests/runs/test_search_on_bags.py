"""A search on bags: each trial is the ensemble that `fnnctl train` trains, and the best becomes its run.

That it is the same for any workers and after any kill is in tests/contracts/test_search_kinds.py.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

from fnnctl import load_run
from fnnctl.messages import Message
from fnnctl.metrics.stored import flat_metrics
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.saved_model import load_model
from fnnctl.records.standings import leaderboard_table
from fnnctl.runs import ensemble as ensemble_module
from fnnctl.runs import search as search_module
from fnnctl.store.folder import RunFolder
from fnnctl.store.listing import list_runs
from fnnctl.store.manifest import SelectionFacts
from tests.messages import Messages
from tests.program import Program, assert_same_files, read_json
from tests.runs.bagging import MANY_CLASSES, NUMBERS, ended_search, trained, written
from tests.runs.extending import extend, timeline
from tests.runs.searching import RATE, decisions, of_kind, printed_words, resume, search

FILES = ("model.npz", "model.json", "history.csv", "metrics.json", "predictions.csv", "resolved.yaml")
RESULTS = ("best/model.npz", "ensemble/model.npz", "leaderboard.csv", "metrics.json")
TWO_CLASSES = {
    "data": {"split": {"group": "place"}, "weights": "weight"},
    "model": {"threshold": "f1", "ensemble": {"members": 4}},
    "search": {
        "objective": {"metric": "f1_macro"},
        "space": {
            "model.dropout": {"uniform": [0.0, 0.5]},
            "training.class_weights": {"choice": ["balanced", None]},
        },
    },
}
TWIN_NUMBERS = {
    "data": {"target_transform": "quantile"},
    "model": {"ensemble": {"members": 3, "plain_twins": True}},
    "search": {"space": {RATE: {"log_uniform": [0.01, 0.3]}}},
}
COMPARED = {
    "search": {"ensemble": {"size": 5}, "trials": 6, "start_from": "defaults", "compare_with_default": True}
}
TARGETS = {"two": TWO_CLASSES, "many": MANY_CLASSES, "number": TWIN_NUMBERS}
"""The sections of the config. Of two classes, all members have class weights, and not all candidates."""
EPOCHS = {"training": {"epochs": 3}}
"""The ensemble then has other trials than the default one."""


def assert_is_training(best: Path) -> None:
    """The run has the bits of `fnnctl train` of its config."""
    assert_same_files(best, trained(best / "resolved.yaml"), *FILES)


def selection_of(folder: Path) -> tuple[RunFolder, SelectionFacts]:
    ensemble = RunFolder(folder).ensemble()
    assert ensemble is not None
    selection = ensemble.read_manifest().selection
    assert selection is not None
    return ensemble, selection


@pytest.fixture(scope="module", params=TARGETS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search on bags over each kind of target."""
    sections = (TARGETS[request.param], EPOCHS, COMPARED)
    config = written(tmp_path_factory.mktemp("bags"), request.param, *sections)
    return search(config, "--executor", "serial")


class TestTargets:
    def test_a_trial_is_what_train_trains(self, folder: Path) -> None:
        metric = of_kind(folder, "header")[0]["settings"]["objective"]["metric"]
        results = {result["trial"]: result["objective"] for result in of_kind(folder, "result")}
        assert len(set(results.values())) == len(results)
        best = read_json(folder / "manifest.json")["search"]["best"]["trial"]
        assert read_json(folder / "best" / "metrics.json")["validation"][metric] == results[best]
        assert_is_training(folder / "best")
        another = next(trial for trial in reversed(results) if trial != best)
        alone = trained(folder / "resolved.yaml", *printed_words(folder)[another])
        assert read_json(alone / "metrics.json")["validation"][metric] == results[another]

    def test_the_ensemble_is_selected_and_scored_out_of_bag(self, folder: Path) -> None:
        """The saved model has the scores that the kept out-of-bag scores of its trials gave."""
        ensemble, selection = selection_of(folder)
        metrics = ensemble.read_metrics()
        assert metrics is not None
        assert selection.candidates == 6
        model = load_model(ensemble, note=lambda text: None)
        held = held_out_rows(model, instead="")
        data, rows = held.loaded.data, held.split.validation
        bags = [bag.validation for bag in held.bags]
        scores = model.predictor.out_of_bag_scores(
            rows, bags, lambda member, bag: member.column_scores([(data.dataset, bag)])
        )
        part = flat_metrics(data.score(rows, scores, model.predictor.decoder).metrics())
        assert part[selection.metric] == pytest.approx(selection.objective, rel=1e-5)
        assert part["loss"] == pytest.approx(metrics["validation"]["loss"], rel=1e-4)

    def test_the_ensemble_is_compared_with_the_default_trial_which_is_not_trained_again(
        self, folder: Path
    ) -> None:
        compared = read_json(folder / "manifest.json")["search"]["compared_with_default"]
        assert (compared["outcome"], compared["trial"]) == ("compared", 0)
        train = trained(folder / "resolved.yaml")
        in_ensemble = read_json(folder / "ensemble" / "metrics.json")["test"]
        in_train = read_json(train / "metrics.json")["test"]
        assert compared["rows"] == in_train["support"]
        assert compared["metrics"]
        for metric in compared["metrics"]:
            assert metric["default"] == pytest.approx(in_train[metric["metric"]], rel=1e-9)
            assert metric["search"] == pytest.approx(in_ensemble[metric["metric"]], rel=1e-9)
            assert metric["difference"] == pytest.approx(metric["search"] - metric["default"], abs=1e-12)
        assert_same_files(folder / "default", train, "model.npz", "metrics.json", "predictions.csv")
        log = (folder / "log.txt").read_text("utf-8")
        assert "training the default settings" not in log
        assert "than `fnnctl train`" in log


def test_only_warnings_about_the_last_ensemble_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings_of = [[Message("unlike_rows", f"ensemble {number} is unlike the others")] for number in (1, 2)]
    monkeypatch.setattr(ensemble_module, "unlike_rows_warnings", Mock(side_effect=warnings_of))
    config = written(tmp_path, "number", NUMBERS, {"search": {"ensemble": {"size": 2}, "trials": 2}})
    folder = search(config, "--executor", "serial")
    assert "the ensemble: ensemble 1 is unlike the others" in RunFolder(folder).read_manifest().warnings
    extend(folder, "trials=3")
    warnings = [text for text in RunFolder(folder).read_manifest().warnings if "unlike" in text]
    assert warnings == ["the ensemble: ensemble 2 is unlike the others"]


def test_the_honest_score_is_recorded_beside_that_of_the_selection(tmp_path: Path) -> None:
    """Of the objective and of the usual metric; optimism is how much better the rows look that selected."""
    config = written(tmp_path, "many", MANY_CLASSES, {"search": {"ensemble": {"size": 5}}})
    ensemble, selection = selection_of(search(config, "--executor", "serial"))
    loss, accuracy = (score.model_dump() for score in selection.nested)
    assert (loss["metric"], accuracy["metric"]) == ("log_loss", "accuracy")
    validation = read_json(ensemble.path / "metrics.json")["validation"]
    assert loss["selected"] == selection.objective == pytest.approx(validation["log_loss"], rel=1e-9)
    assert accuracy["selected"] == validation["accuracy"]
    assert loss["nested"] != loss["selected"]
    assert loss["optimism"] == pytest.approx(loss["nested"] - loss["selected"])
    assert accuracy["optimism"] == pytest.approx(accuracy["selected"] - accuracy["nested"])


def test_only_an_ensemble_whose_trials_all_have_twins_has_twins(tmp_path: Path) -> None:
    """The facts about its networks are those of all of its trials, and not of the first."""
    twins = {"choice": [True, False]}
    space = {"model.ensemble.plain_twins": twins, RATE: {"log_uniform": [0.01, 0.1]}}
    first = [{"model.ensemble.plain_twins": value, RATE: 0.05} for value in (True, False)]
    section: dict[str, Any] = {
        "search": {"space": space, "start_from": first, "trials": 2, "ensemble": {"size": 4}},
        "training": {"early_stopping": {"monitor": "validation_loss"}},  # both are selected
    }
    folder = search(written(tmp_path, "many", MANY_CLASSES, section), "--executor", "serial")
    manifest = read_json(folder / "ensemble" / "manifest.json")
    assert [trial["trial"] for trial in manifest["selection"]["trials"]] == [0, 1]
    assert manifest["model"]["networks"] == 3 * 2 + 3
    assert not manifest["model"].get("plain_twins", False)


def test_the_honest_score_corrects_a_transformed_target_once(tmp_path: Path) -> None:
    """With a single trial, ensembles of the other bags differ by what their residuals are fitted to.

    That makes a difference of 0.025; a second correction would make one of 0.046.
    """
    transformed = {"data": {"target_transform": "quantile"}, "search": {"ensemble": {"size": 2}, "trials": 1}}
    folder = search(written(tmp_path, "number", NUMBERS, transformed), "--executor", "serial")
    (score,) = selection_of(folder)[1].nested
    assert score.nested == pytest.approx(score.selected, abs=0.035)


def test_a_first_trial_that_diverges_does_not_end_a_search_at_its_limit(tmp_path: Path) -> None:
    """Networks of another shape do not train with it."""
    first = [{RATE: 1e6, "model.hidden": [7]}, {RATE: 0.01, "model.hidden": [5]}]
    space = {RATE: {"log_uniform": [0.01, 0.3]}, "model.hidden": {"choice": [[7], [5]]}}
    section = {"search": {"space": space, "start_from": first, "trials": 2}}
    steep = {"training": {"optimizer": {"name": "sgd", "learning_rate": 0.01}}}
    config = written(tmp_path, "number", NUMBERS, section, steep)
    folder = search(config, "--executor", "serial", "--time-limit", "0.001")
    statuses = [result["status"] for result in of_kind(folder, "result")]
    assert sorted(statuses) == ["completed", "diverged"]
    assert (folder / "best" / "metrics.json").exists()


RUNGS = {
    "model": {"ensemble": {"members": 2, "plain_twins": True}},
    "training": {"epochs": 9},
    "search": {
        "method": "asha",
        "trials": 9,
        "concurrency": 4,
        "budget": {"min_epochs": 1, "reduction_factor": 3},
        "ensemble": {"size": 4},
        "space": {RATE: {"log_uniform": [0.003, 0.3]}, "training.epochs": {"integer": [2, 9]}},
    },
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("rungs"), "many", RUNGS)


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


def test_rungs_continue_all_members_up_to_a_trials_own_epochs(undisturbed: Path, tmp_path: Path) -> None:
    """A larger budget keeps no horizon of such trials."""
    epochs = {
        trial["number"]: trial["assignment"]["training.epochs"] for trial in of_kind(undisturbed, "trial")
    }
    trained_for = dict.fromkeys(epochs, 0)
    for result in of_kind(undisturbed, "result"):
        trained_for[result["trial"]] += result["epochs"]
        if trained_for[result["trial"]] == epochs[result["trial"]] < 9:
            assert result["status"] == "stopped early"
    assert all(count <= epochs[trial] for trial, count in trained_for.items())
    assert {result["budget"] for result in of_kind(undisturbed, "result")} == {1, 3, 9}
    assert_is_training(undisturbed / "best")
    folder = shutil.copytree(undisturbed, tmp_path / "run")
    extend(folder, "budget.max_epochs=27")
    assert not any("horizon" in warning for warning in read_json(folder / "manifest.json")["warnings"])


WAITING = {
    "model": {"ensemble": {"members": 2}},
    "training": {"epochs": 9},
    "search": {
        "trials": 5,
        "ensemble": {"size": 3},
        # The first trials take the longest, in virtual time, and so wait for the others.
        "start_from": [{"training.epochs": 9, "model.hidden": [units]} for units in (28, 29)],
        "space": {
            "training.epochs": {"choice": [9, 5, 3]},
            "model.hidden": {"choice": [[units] for units in range(4, 30)]},
        },
    },
}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("waiting"), "two", WAITING)


@pytest.fixture(scope="module")
def undisturbed_waiting(waiting: Path) -> Path:
    return search(waiting, "--executor", "serial")


@pytest.mark.parametrize("by", ["signal", "time"])
def test_what_was_trained_is_used_when_the_search_must_end(
    waiting: Path, undisturbed_waiting: Path, by: str
) -> None:
    folder = ended_search(waiting, 2, by=by)
    networks = {trial for event in timeline(folder) for trial in event["trials"]}
    early = {result["trial"] for result in of_kind(folder, "early result")}
    assert early, "their turn has not come"
    assert {result["trial"] for result in of_kind(folder, "result")} | early == networks
    assert 2 <= len(networks) < 5
    assert selection_of(folder)[1].candidates == len(networks)
    assert_is_training(folder / "best")
    assert read_json(folder / "manifest.json")["status"] == ("interrupted" if by == "signal" else "completed")
    assert resume(folder, "--executor", "serial") == 0
    assert decisions(folder) == decisions(undisturbed_waiting)
    assert_same_files(folder, undisturbed_waiting, *RESULTS)


def test_before_any_trial_has_ended_their_states_are_used(config: Path, undisturbed: Path) -> None:
    folder = ended_search(config, 1, by="signal")
    results = [*of_kind(folder, "result"), *of_kind(folder, "early result")]
    assert {result["budget"] for result in results} == {1}
    assert "again" not in (folder / "log.txt").read_text()
    assert selection_of(folder)[1].candidates >= 2
    assert_is_training(folder / "best")
    assert resume(folder, "--executor", "serial") == 0
    assert_same_files(folder, undisturbed, *RESULTS)


def test_a_signal_after_the_last_trial_waits_for_the_results(
    config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It arrives while the leaderboard is made, between the trials and what is written of them."""

    def with_signal(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return leaderboard_table(*arguments)

    monkeypatch.setattr(search_module, "leaderboard_table", with_signal)
    folder = search(config, "--executor", "serial", code=130)
    assert read_json(folder / "manifest.json")["status"] == "interrupted"
    assert_same_files(folder, undisturbed, "best/model.npz", "ensemble/model.npz")


def test_a_second_signal_ends_it_at_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the signal ends it")

    monkeypatch.setattr(search_module, "build_ensemble", again)
    folder = ended_search(config, 1, by="signal")
    assert not (folder / "best").exists()
    assert read_json(folder / "manifest.json")["status"] == "interrupted"


def test_its_ensemble_stands_for_the_search_everywhere(tmp_path: Path, program: Program) -> None:
    """Other searches stand for their winner, and so does one on bags whose ensemble is gone."""
    several = {"search": {"trials": 5, "ensemble": {"size": 5}}}
    folder = search(written(tmp_path, "number", NUMBERS, several), "--executor", "serial")
    ensemble, best = folder / "ensemble", folder / "best"
    predictions = [program("predict", str(run), "t.csv").out for run in (folder, ensemble, best)]
    assert predictions[0] == predictions[1] != predictions[2]
    scores, of_best = (read_json(run / "metrics.json") for run in (ensemble, best))
    assert read_json(folder / "metrics.json") == scores == load_run(folder).metrics
    assert scores["test"] != of_best["test"]
    assert program("evaluate", str(folder), "--json").json["metrics"]["test"] == scores["test"]
    gate = ("--json", "--fail-under", f"rmse={scores['test']['rmse']}")
    (reported,) = program("report", str(folder), *gate).json["runs"]
    assert (reported["metrics"], reported["best"]["metrics"]) == (scores, of_best)
    assert reported["best"]["test_objective"] == of_best["test"]["r2"]
    compared = program("compare", str(folder), str(ensemble), "--json", "--metric", "rmse").json
    assert compared["comparisons"][0]["difference"] == 0.0
    (entry,) = [entry for entry in list_runs(folder.parent) if entry.path == folder]
    assert entry.scored == ensemble
    shutil.rmtree(ensemble)
    assert RunFolder(folder).result_run() == RunFolder(best)


@pytest.mark.parametrize("split", [{"by": "a"}, {"group": "kind"}], ids=["by", "group"])
def test_impossible_bags_are_refused_with_the_reason(
    tmp_path: Path, program: Program, messages: Messages, split: dict[str, str]
) -> None:
    config = written(tmp_path, "two", {"data": {"split": split}, "search": NUMBERS["search"]})
    settings = yaml.safe_load(config.read_text())
    del settings["model"]["ensemble"]
    config.write_text(yaml.safe_dump(settings))
    done = program("search", "x.yaml")
    assert done.code == 2
    messages.check(done.err)


def test_a_time_limit_that_is_too_short_for_a_trial_still_gives_one(tmp_path: Path) -> None:
    config = written(tmp_path, "many", MANY_CLASSES, {"search": {"ensemble": {"size": 3}, "trials": 3}})
    folder = search(config, "--executor", "serial", "--time-limit", "0.001")
    assert 1 <= len(of_kind(folder, "result")) < 3  # equal networks train together
    assert read_json(folder / "manifest.json")["search"]["end"] == "the time limit"
    assert RunFolder(folder).ensemble() is not None
    assert_is_training(folder / "best")
