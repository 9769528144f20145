"""A search says whether it is better than what `fnnctl train` gives for its config, on the test part."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from fnnctl.cli import run
from fnnctl.records.journal import TIME_IS_OVER
from fnnctl.report.summary import summarize
from fnnctl.report.topics.default_trial import search_comparison
from fnnctl.runs import compare_with_default
from fnnctl.runs.ending_time import EndingTime
from fnnctl.runs.search_session import PAST_LIMIT, SearchSession
from fnnctl.runs.training import complete_training
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from tests.program import assert_same_files, read_json
from tests.runs.bagging import (
    NUMBERS,
    RATES,
    SLOW_DEFAULT,
    ended_search,
    trained,
    written,
)
from tests.runs.extending import extend
from tests.runs.searching import RATE, assert_same_search, of_kind, resume, search, write_config

ASKED = {"compare_with_default": True}
RANDOM: dict[str, Any] = {"method": "random", "trials": 2, **ASKED}
OWN_EPOCHS = {"search": {"space": {RATE: RATES, "training.epochs": {"choice": [9, 6]}}}}


def comparison(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = read_json(folder / "manifest.json")["search"]["compared_with_default"] or {}
    return facts


def log(folder: Path) -> str:
    return (folder / "log.txt").read_text(encoding="utf-8")


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default settings must not be trained."""
    never = Mock(side_effect=AssertionError("nothing is trained here"))
    monkeypatch.setattr(compare_with_default, "complete_training", never)


def assert_compared_with(folder: Path, alone: Path) -> None:
    """The search was compared with this run, by the scores of what stands for it."""
    facts, default = comparison(folder), read_json(alone / "metrics.json")["test"]
    result = read_json(folder / "metrics.json")["test"]
    assert facts["outcome"] == "compared"
    assert facts["metrics"]
    for metric in facts["metrics"]:
        name = metric["metric"]
        assert metric["default"] == pytest.approx(default[name], rel=1e-9)
        assert metric["search"] == pytest.approx(result[name], rel=1e-9)
        assert abs(metric["difference"]) == pytest.approx(
            abs(metric["search"] - metric["default"]), abs=1e-12
        )
    names = ("resolved.yaml", "model.npz", "predictions.csv", "metrics.json")
    assert_same_files(folder / "default", alone, *names)


def one_network(folder: Path, **settings: Any) -> Path:
    return write_config(folder / "x.yaml", search={**RANDOM, **settings})


def folds(folder: Path) -> Path:
    search = {**RANDOM, "objective": {"metric": "log_loss", "on": "cross_validation"}}
    evaluation = {"cross_validation": {"folds": 3, "repeats": 1}}
    return write_config(folder / "x.yaml", data="wine", search=search, evaluation=evaluation)


def thresholds(folder: Path) -> Path:
    model = {"threshold": "f1", "calibration": "temperature", "ensemble": 2}
    return write_config(folder / "x.yaml", data="breast_cancer", model=model, search=RANDOM)


def regression(folder: Path) -> Path:
    stopping = {"early_stopping": {"patience": 2}}
    return write_config(folder / "x.yaml", data="diabetes", training=stopping, search=RANDOM)


def without_a_space(folder: Path) -> Path:
    """Trials are single networks, and the config's recipe has an ensemble on bags."""
    path = folder / "x.yaml"
    path.write_text(
        "data: {source: iris}\nmodel: {hidden: [4], ensemble: 2}\ntraining: {epochs: 4}\n"
        "search: {trials: 2, objective: {on: validation}}\n"
    )
    return path


def slow_default_on_bags(folder: Path) -> Path:
    return written(folder, "many", SLOW_DEFAULT, {"search": ASKED})


CONFIGS = [one_network, folds, thresholds, regression, without_a_space]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_a_search_is_compared_with_train(
    tmp_path: Path, config: Callable[[Path], Path], request: pytest.FixtureRequest
) -> None:
    """A resume does not train the default again, unless its run is lost."""
    path = config(tmp_path)
    folder = search(path)
    train = trained(path)
    assert_compared_with(folder, train)
    assert (folder / "default.yaml").read_bytes() == (train / "resolved.yaml").read_bytes()
    assert "than `fnnctl train`" in log(folder)
    facts = comparison(folder)
    shutil.rmtree(folder / "default")
    assert resume(folder) == 0
    assert_compared_with(folder, train)
    shutil.rmtree(folder / "best")
    request.getfixturevalue("no_training")
    assert resume(folder) == 0
    assert comparison(folder) == facts


def test_nothing_of_the_search_depends_on_the_comparison(tmp_path: Path) -> None:
    """Journals do not have the setting, so that those of before it existed are continued."""
    compared = search(one_network(tmp_path / "compared"))
    without = search(one_network(tmp_path / "without", compare_with_default=False))
    assert_same_search(compared, without)
    assert of_kind(compared, "header") == of_kind(without, "header")
    assert comparison(without) == {}
    assert list(without.glob("default*")) == []
    assert "`fnnctl train`" not in log(without)


def test_a_search_without_a_test_part_is_not_compared(tmp_path: Path) -> None:
    data = {"source": "iris", "split": {"validation": 0.2, "test": 0}}
    folder = search(write_config(tmp_path / "x.yaml", data=data, search=RANDOM))
    assert comparison(folder) == {}
    assert not (folder / "default").exists()
    assert "the default settings: they were not tried" in log(folder)


def test_a_metric_that_does_not_follow_from_rows_is_left_out(tmp_path: Path) -> None:
    folder = search(one_network(tmp_path, objective={"metric": "roc_auc_micro"}))
    assert [metric["metric"] for metric in comparison(folder)["metrics"]] == ["accuracy"]


def test_the_default_settings_may_diverge(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The search has a result all the same, and they are not trained again."""
    training = {"optimizer": {"name": "sgd", "learning_rate": 1e6}, "epochs": 3}
    folder = search(write_config(tmp_path / "x.yaml", data="diabetes", training=training, search=RANDOM))
    assert comparison(folder)["outcome"] == "diverged"
    assert "than `fnnctl train`: its training diverges with the default settings" in log(folder)
    assert read_json(folder / "manifest.json")["status"] == "completed"
    request.getfixturevalue("no_training")
    extend(folder, "trials=3")
    assert comparison(folder)["outcome"] == "diverged"


@pytest.mark.parametrize("more", [{}, OWN_EPOCHS], ids=["the same epochs", "epochs of their own"])
def test_a_default_trial_that_was_dropped_is_trained_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: dict[str, Any]
) -> None:
    """Once: its run is kept for when the ensemble is made again.

    Until 0.6 the comparison was among the facts of the ensemble's selection.
    """
    folder = search(written(tmp_path, "many", SLOW_DEFAULT, more, {"search": ASKED}), "--executor", "serial")
    results = of_kind(folder, "result")
    assert [result["budget"] for result in results if result["trial"] == 0] == [3]
    assert max(result["budget"] for result in results) == 9
    assert_compared_with(folder, trained(tmp_path / "x.yaml"))
    facts = comparison(folder)
    assert "the search is better than `fnnctl train`: log loss" in log(folder)
    for lost in (["ensemble"], ["ensemble", "default"]):
        for name in lost:
            shutil.rmtree(folder / name)
        assert run(["search", "--resume", str(folder), "--no-figures"]) == 0
        is_trained = "training the default settings, to compare with them" in capsys.readouterr().err
        assert is_trained == ("default" in lost)
        assert comparison(folder) == facts

    present = search_comparison(summarize(RunFolder(folder)))
    manifest, ensemble = (read_json(path / "manifest.json") for path in (folder, folder / "ensemble"))
    former = manifest["search"].pop("compared_with_default")
    del former["outcome"]
    former["metrics"] = [{**metric, "ensemble": metric.pop("search")} for metric in former["metrics"]]
    ensemble["selection"] |= {"default": {**former, "at_end": True, "epochs": None}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "ensemble" / "manifest.json").write_text(json.dumps(ensemble))
    assert search_comparison(summarize(RunFolder(folder))) == present


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("by", ["signal", "time"])
def test_nothing_is_trained_when_a_search_on_bags_must_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The default trial has not ended."""
    if by == "time":
        monkeypatch.setattr(SearchSession, "must_end", lambda session, expected=0.0: True)
    folder = ended_search(slow_default_on_bags(tmp_path), 2, by=by)
    assert 0 in {result["trial"] for result in of_kind(folder, "result")}
    assert comparison(folder)["outcome"] == "no_time"
    assert "it is unknown whether the search is better than `fnnctl train`" in log(folder)
    assert (folder / "best" / "metrics.json").exists()
    assert not (folder / "default").exists()


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("by", ["signal", "time"])
def test_a_default_trial_on_bags_is_compared_when_the_search_must_end(tmp_path: Path, by: str) -> None:
    more = {"search": {**ASKED, "trials": 9, "start_from": "defaults", "ensemble": {"size": 3}}}
    weak = {"training": {"epochs": 6, "optimizer": {"name": "adamw", "learning_rate": 0.0001}}}
    config = written(tmp_path, "number", NUMBERS, more, weak)
    folder = ended_search(config, 2, by=by)
    assert 1 < len(of_kind(folder, "result")) < 9
    assert_compared_with(folder, trained(config))


@pytest.mark.parametrize("config", [folds, slow_default_on_bags], ids=lambda config: config.__name__)
def test_the_default_settings_are_trained_after_the_trials_end_by_time(
    tmp_path: Path, config: Callable[[Path], Path]
) -> None:
    path = config(tmp_path)
    folder = ended_search(path, 1, by="time", words=("--time-limit", "1000"))
    assert read_json(folder / "manifest.json")["search"]["end"] == str(TIME_IS_OVER)
    assert_compared_with(folder, trained(path))


@pytest.mark.parametrize(("seconds", "is_trained"), [(900, True), (1000 * (1 + PAST_LIMIT), False)])
def test_a_training_that_would_pass_the_limit_by_much_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, is_trained: bool
) -> None:
    monkeypatch.setattr(EndingTime, "default_seconds", lambda ending: seconds)
    folder = search(one_network(tmp_path), "--executor", "serial", "--time-limit", "1000")
    assert comparison(folder)["outcome"] == ("compared" if is_trained else "no_time")
    assert (folder / "default").exists() == is_trained


@pytest.mark.parametrize(
    ("config", "by", "outcome"),
    [
        (one_network, "time", "no_time"),
        (one_network, "signal", None),
        (slow_default_on_bags, "time", "no_time"),
        (slow_default_on_bags, "signal", "no_time"),
    ],
    ids=["validation, time", "validation, signal", "bags, time", "bags, signal"],
)
def test_a_search_that_must_end_ends_the_training_of_the_default(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: Callable[[Path], Path],
    by: str,
    outcome: str | None,
) -> None:
    """A resume of it, or of one that is complete but for the comparison, trains the default."""
    path = config(tmp_path)

    with monkeypatch.context() as patch:

        def ended(opened: OpenRun, *arguments: Any, **settings: Any) -> None:
            if by == "signal":
                signal.raise_signal(signal.SIGINT)
            else:
                patch.setattr(SearchSession, "must_end", lambda session: True)
            complete_training(opened, *arguments, **settings)

        patch.setattr(compare_with_default, "complete_training", ended)
        folder = search(path, "--executor", "serial", code=130 if by == "signal" else 0)
    assert comparison(folder).get("outcome") == outcome
    assert (folder / "best" / "metrics.json").exists()
    assert not (folder / "default").exists()
    assert resume(folder, "--executor", "serial") == 0
    assert_compared_with(folder, trained(path))


def test_a_default_trial_with_other_epochs_than_the_config_is_not_what_train_gives(tmp_path: Path) -> None:
    """The comparison is with the epochs of the config, however often the search is extended."""
    more = {"ensemble": {"size": 3}, "start_from": "defaults", "budget": {"max_epochs": 3}, **ASKED}
    schedule = {"training": {"lr_schedule": {"name": "cosine"}}, "search": more}
    config = written(tmp_path, "number", NUMBERS, schedule)
    folder = search(config, "--executor", "serial")
    train = trained(config)
    assert_compared_with(folder, train)
    extend(folder, "budget.max_epochs=6")
    assert_compared_with(folder, train)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("on_bags", [True, False], ids=["bags", "validation"])
def test_only_the_default_settings_are_not_compared_with_themselves(tmp_path: Path, on_bags: bool) -> None:
    """If the search ended before its plan, it says how long the plan takes."""
    if on_bags:
        asked = {"search": {**ASKED, "ensemble": {"size": 3}, "start_from": "defaults"}}
        config = written(tmp_path, "number", NUMBERS, asked)
    else:
        config = one_network(tmp_path, trials=3, start_from="defaults")
    folder = ended_search(config, 1, by="time", words=("--workers", "1"))
    assert len(of_kind(folder, "result")) == 1
    facts = comparison(folder)
    assert (facts["outcome"], facts["trial"]) == ("only_default", 0)
    assert facts["seconds_planned"] > 0
    unknown = "it is unknown whether the search is better than `fnnctl train`: "
    assert f"{unknown}only the default settings (trial 0) were completed" in log(folder)
    assert "; the whole plan takes about " in log(folder)
    assert log(folder).count("better than `fnnctl train`") == 1
    facts = comparison(search(config, "--max-trials", "1"))
    assert (facts["outcome"], facts["seconds_planned"]) == ("only_default", None)


@pytest.mark.usefixtures("no_training")
def test_an_ensemble_of_the_default_trial_alone_is_what_train_gives(tmp_path: Path) -> None:
    hardly = {
        "start_from": "defaults", "ensemble": {"size": 3}, "space": {RATE: {"choice": [0.1, 1e-7, 2e-7]}},
        **ASKED,
    }  # fmt: skip
    training = {"epochs": 9, "optimizer": {"name": "adamw", "learning_rate": 0.1}}
    sections = {"model": {"ensemble": {"members": 2}}, "training": training, "search": hardly}
    folder = search(written(tmp_path, "many", sections), "--executor", "serial")
    assert comparison(folder)["outcome"] == "same"
    same = "the search is the same as `fnnctl train`; it chose the default settings (trial 0) alone"
    assert same in log(folder)
