"""A search from the command line: its files, what it prints, its exit codes, and every method."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from fnnctl.console.progress import TerminalListener
from fnnctl.context import ShowAmount
from fnnctl.records.journal import COMPLETE
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result
from tests.messages import Messages
from tests.program import Program, only_run, read_json
from tests.runs.bagging import asked_to_stop_after, ended_search
from tests.runs.searching import (
    HALVING,
    RATE,
    SPACE,
    decisions,
    leaderboard,
    of_kind,
    prepared,
    records,
    resume,
    search,
    write_config,
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("search") / "x.yaml")


@pytest.fixture(scope="module")
def finished(config: Path) -> Path:
    return search(config, "--workers", "1")


def test_a_searchs_folder(finished: Path, config: Path) -> None:
    assert (finished / "config.yaml").read_bytes() == config.read_bytes()
    for name in (
        "resolved.yaml", "manifest.json", "journal.jsonl", "timeline.jsonl", "leaderboard.csv", "log.txt",
        "metrics.json", "best/model.npz", "best/manifest.json", "best/history.csv", "best/predictions.csv",
    ):  # fmt: skip
        assert (finished / name).is_file(), name
    assert [path.name for path in finished.glob(".*")] == [".lock"]
    assert list((finished / "checkpoints").iterdir()) == []  # no trial can be promoted any more
    manifest = read_json(finished / "manifest.json")
    assert (manifest["kind"], manifest["status"]) == ("search", "completed")
    assert read_json(finished / "best" / "manifest.json")["kind"] == "train"
    assert 0 < manifest["seconds"]["training"] < manifest["seconds"]["total"]


def test_halving_climbs_its_ladder(finished: Path) -> None:
    """9 trials get 1 epoch, the best 3 get 3, the best one gets 9: checked by hand from the journal alone."""
    results = of_kind(finished, "result")
    assert any(result["budget"] == 1 for result in results)
    at = {
        budget: {result["trial"]: result["objective"] for result in results if result["budget"] == budget}
        for budget in (1, 3, 9)
    }
    assert [len(at[budget]) for budget in (1, 3, 9)] == [9, 3, 1]

    def best(of: dict[int, float], count: int) -> set[int]:
        return set(sorted(of, key=lambda trial: (-of[trial], trial))[:count])

    assert set(at[3]) == best(at[1], 3)
    assert set(at[9]) == best(at[3], 1)
    assert [result["epochs"] for result in results] == [1] * 9 + [2] * 3 + [6]
    board = leaderboard(finished)
    assert list(board[0]) == ["rank", "trial", "status", "objective", "epochs", "bracket", "rung", *SPACE]
    assert [int(row["rank"]) for row in board] == list(range(1, 10))
    order = [(-float(row["objective"]), int(row["trial"])) for row in board]
    assert order == sorted(order)
    manifest = read_json(finished / "manifest.json")["search"]
    (winner,) = at[9]
    assert manifest["best"]["trial"] == winner
    assert (manifest["trials"], manifest["epochs"], manifest["epochs_trained"]) == (9, 21, 21)
    assert manifest["end"] == "complete"


def test_json(program: Program, config: Path) -> None:
    done = program("search", str(config), "--no-figures", "--json", "--method", "random", "--max-trials", "2")
    assert done.code == 0
    document = done.json
    assert set(document) >= {"run", "status", "method", "trials", "epochs", "epochs_trained", "best"}
    assert (document["status"], document["method"], document["trials"]) == ("completed", "random", 2)
    assert (document["epochs"], document["epochs_trained"]) == (18, 18)
    best = document["best"]
    assert best["trial"] in {0, 1}
    assert set(best["configuration"]) == set(SPACE)
    assert best["metrics"] == read_json(Path(document["run"]) / "metrics.json")
    assert best["metrics"]["validation"] is None
    assert best["metrics"]["test"]["support"] == 30
    assert best["objective"] == float(leaderboard(Path(document["run"]))[0]["objective"])
    (reported,) = program("report", document["run"], "--no-figures", "--json").json["runs"]
    assert document == {key: reported[key] for key in document}


@pytest.mark.parametrize(
    "words",
    [
        ["--executor", "serail"],
        ["--set", "search.objective.metric=per_class.rose.recall"],
        ["--set", "data.split.validation=0"],
        ["--set", "search.objective.on=cross_validation", "--set", "evaluation.cross_validation.folds=130"],
        ["--set", "search.curve_stopping=median", "--set", "search.objective.on=cross_validation"],
    ],
    ids=["executor", "class", "no validation part", "folds", "no curves"],
)
def test_wrong_input_is_reported_before_there_is_a_folder(
    program: Program, config: Path, tmp_path: Path, messages: Messages, words: list[str]
) -> None:
    done = program("search", str(config), *words)
    assert done.code == 2
    messages.check(done.err.replace(str(config), "x.yaml"))
    assert not (tmp_path / "runs").exists()


def test_the_header_and_the_end(finished: Path) -> None:
    first, *_, last = records(finished)
    assert first["record"] == "header"
    assert first["data"] == read_json(finished / "manifest.json")["data"]["sha256"]
    objective = {"metric": "accuracy", "on": "validation", "direction": "maximize"}
    assert first["settings"]["objective"] == objective
    assert last == {**last, "record": "end", "reason": "complete"}


def test_times_are_in_the_timeline_alone(finished: Path) -> None:
    started, *events = [json.loads(line) for line in (finished / "timeline.jsonl").read_text().splitlines()]
    assert (started["executor"], started["workers"]) == ("serial", 1)
    assert sum((event["to"] - event["from"]) * event["networks"] for event in events) == 21
    assert all("seconds" in event and "time" in event for event in events)
    assert "seconds" not in (finished / "journal.jsonl").read_text()


def test_a_time_limit_before_the_first_result_is_no_fault_of_the_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = search(write_config(tmp_path / "x.yaml"), "--time-limit", "1e-9", "--executor", "serial", code=4)
    err = capsys.readouterr().err
    assert "the search ended before any trial had a result: " in err
    assert f"Continue it with `fnnctl search --resume {folder}`" in err
    assert resume(folder) == 0


def test_a_time_limit_ends_the_search_and_the_best_is_refitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still until the first results, and then advances by an hour."""
    add, clock = Standings.add, Mock(return_value=0.0)

    def adds(standings: Standings, result: Result) -> None:
        add(standings, result)
        clock.return_value = 3600.0

    monkeypatch.setattr(Standings, "add", adds)
    for module in ("commands.search", "runs.search_session"):
        monkeypatch.setattr(f"fnnctl.{module}.time", SimpleNamespace(monotonic=clock))
    folder = search(write_config(tmp_path / "x.yaml"), "--time-limit", "60", "--executor", "serial")
    manifest = read_json(folder / "manifest.json")
    assert (manifest["status"], manifest["search"]["end"]) == ("completed", "the time limit")
    assert records(folder)[-1]["reason"] == "the time limit"
    assert 1 <= len(of_kind(folder, "result")) < 9
    assert read_json(folder / "best" / "manifest.json")["status"] == "completed"


def test_when_no_trial_finishes(program: Program, tmp_path: Path) -> None:
    """The learning rate makes all trials diverge; their records are kept."""
    settings = {"method": "grid", "space": {RATE: {"choice": [1e3, 1e6]}}}
    config = write_config(tmp_path / "x.yaml", training={"optimizer": {"name": "sgd"}}, search=settings)
    done = program("search", str(config), "--json")
    assert done.code == 4
    sentence = "the loss became non-finite. Narrow search.space, starting with the range of the learning"
    assert sentence in done.json["error"]["message"]
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_json(folder / "manifest.json")["status"] == "failed"
    assert [row["status"] for row in leaderboard(folder)] == ["diverged", "diverged"]
    assert not (folder / "best").exists()
    for result in of_kind(folder, "result"):
        assert (result["reason_kind"], result["objective"]) == ("non_finite_loss", None)


def test_equal_configurations_are_one_trial(tmp_path: Path) -> None:
    """Two ways to write the same configuration, times two."""
    space = {
        "model.activation": {"choice": ["tanh", {"name": "tanh"}]},
        "training.l2": {"choice": [0.001, 0.01]},
    }
    settings = {"method": "grid", "space": space, "budget": {}, "trials": None}
    folder = search(write_config(tmp_path / "x.yaml", training={"epochs": 2}, search=settings))
    assert len(of_kind(folder, "trial")) == 2
    assert read_json(folder / "manifest.json")["search"]["saved"] == 2


def test_the_largest_budget_of_a_total_is_the_last_rungs(tmp_path: Path) -> None:
    """9 trials of 54 epochs in all: ⌊54/(9·2)⌋ = 3 result, then ⌊54/(3·2)⌋ = 9 more; schedules end at 12."""
    config = write_config(
        tmp_path / "x.yaml",
        training={"epochs": 100, "lr_schedule": {"name": "cosine"}},
        search={**HALVING, "budget": {"total": 54, "reduction_factor": 3}},
    )
    assert {result["budget"] for result in of_kind(search(config), "result")} == {3, 12}
    assert prepared(config).setup.configs.epochs == 12


@pytest.mark.parametrize(("on", "fits"), [("validation", 1), ("cross_validation", 2)])
def test_the_progress_counts_the_epochs_of_the_report_and_of_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: str, fits: int
) -> None:
    """Some trials have results that wait for their turn when the time is over: they count, too."""
    amounts: list[tuple[int, str, float]] = []

    @contextmanager
    def amount(listener: object, total: int, *, noun: str, **options: object) -> Iterator[ShowAmount]:
        yield lambda done, status=str: amounts.append((total, noun, done))

    monkeypatch.setattr(TerminalListener, "amount", amount)
    settings = {"method": "random", "trials": 9, "objective": {"on": on}}
    folds = {"cross_validation": {"folds": 2, "repeats": 1}}
    config = write_config(tmp_path / "x.yaml", search=settings, evaluation=folds)
    folder = ended_search(config, 4, by="time")
    facts = read_json(folder / "manifest.json")["search"]
    total, noun, followed = amounts[-1]
    assert (total, noun) == (facts["epochs"] * fits, "epoch" if fits == 1 else "fold-epoch")
    assert of_kind(folder, "early result")
    assert facts["epochs_trained"] + facts["epochs_without_result"] == int(followed) // fits
    assert facts["trials_planned"] == 9
    assert resume(folder, "--executor", "serial") == 0
    assert int(amounts[-1][2]) == total


NEAR: dict[str, Any] = {"method": "random", "trials": 3, "space": {RATE: {"log_uniform": [0.019, 0.021]}}}


def test_a_winner_that_cannot_be_told_from_them_is_a_warning(program: Program, tmp_path: Path) -> None:
    """After so few epochs larger learning rates are right in two more of 22 rows."""
    training = {"epochs": 3, "optimizer": {"learning_rate": 0.012}}
    settings = {**NEAR, "start_from": "defaults"}
    config = write_config(tmp_path / "s.yaml", search=settings, training=training)
    done = program("search", str(config), "--workers", "1", "--runs-dir", "runs")
    assert done.code == 0
    run = only_run(tmp_path)
    own = read_json(run / "manifest.json")["search"]["default_trial"]
    assert program("report", str(run), "--json").json["runs"][0]["default_trial"] == own
    assert own["trial"] == 0 != own["winner"]
    assert own["p"] > 0.05
    sentence = f"trial {own['winner']} is not better than the default settings (trial 0) by more than chance"
    assert done.err.count(f"warning: {sentence}") == 1
    assert " ".join(program("report", str(run), "--verbose").out.split()).count(sentence) == 1
    assert f"warning: trial {own['winner']} is not better than" in program("report", str(run)).out


def test_settings_that_were_no_trial_are_said_to_be_none(program: Program, tmp_path: Path) -> None:
    config = write_config(tmp_path / "s.yaml", search=NEAR, training={"epochs": 3})
    done = program("search", str(config), "--workers", "1", "--runs-dir", "runs")
    assert done.code == 0
    assert "better than the default settings: they were not tried" in done.err
    assert "warning: it is unknown" not in done.err
    assert "write search.start_from: defaults" in " ".join(program("report", "--verbose").out.split())


def test_they_are_recognized_in_another_spelling(tmp_path: Path) -> None:
    """`resolved.yaml` has `[{units: 8}]` where `start_from` has `[8]`, which the choice does not have."""
    space = {"model.hidden": {"choice": [[4], [6]]}, **NEAR["space"]}
    settings = {**NEAR, "space": space, "start_from": "defaults"}
    first = search(write_config(tmp_path / "s.yaml", model={"hidden": [8]}, search=settings))
    again = search(Path(shutil.copy(first / "resolved.yaml", tmp_path / "again.yaml")))
    compared = [read_json(run / "manifest.json")["search"]["default_trial"] for run in (first, again)]
    assert compared[0]["trial"] == 0
    assert compared[1] == compared[0]


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
