"""A search that is made longer is, where that has a meaning, the longer search from the start."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.messages import Message
from fnnctl.records.trials import Trial
from fnnctl.trials.fits import FailedTrialError
from fnnctl.trials.source import TrialSource
from tests.program import read_json
from tests.runs.extending import RANDOM, SPACE, assert_same_outcome, changes, extend, objectives, timeline
from tests.runs.searching import leaderboard, of_kind, resume, search, write_config

WEIGHTS = {"class_weights": {"malignant": 9}}


@pytest.mark.parametrize("sequence", ["pseudo_random", "low_discrepancy"])
def test_more_random_trials(tmp_path: Path, sequence: str) -> None:
    config = write_config(tmp_path / "x.yaml", search={**RANDOM, "sequence": sequence})
    folder = search(config)
    before = (folder / "journal.jsonl").read_bytes()
    extend(folder, "trials=8")
    assert (folder / "journal.jsonl").read_bytes().startswith(before)
    assert changes(folder) == [{"trials": 8}]
    at_once = search(config, "--set", "search.trials=8")
    assert_same_outcome(folder, at_once)
    assert objectives(folder) == objectives(at_once)
    assert len(read_json(folder / "manifest.json")["resumed"]) == 1
    extend(folder, "trials=9")
    assert_same_outcome(folder, search(config, "--set", "search.trials=9"))


COSTS = {"method": "random", "trials": None, "budget": {"max_epochs": 4, "cost": 150_000}, "space": SPACE}


def test_a_larger_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a number of trials the cost alone ends the search, and a larger one continues it."""
    config = write_config(tmp_path / "x.yaml", search=COSTS)
    folder = search(config)
    few = len(leaderboard(folder))
    extend(folder, "budget.cost=300000")
    assert [plan["budget"]["cost"] for plan in changes(folder)] == [300_000]
    at_once = search(config, "--set", "search.budget.cost=300000")
    assert_same_outcome(folder, at_once)
    assert 2 < few < len(leaderboard(folder)) < 50
    capsys.readouterr()
    for words, advice in (
        ("budget.cost=200000", "is 200,000, but the search began with 300,000; write at least that much"),
        ("budget.cost=null", "a resume can neither add nor remove a cost; start a new search"),
        ("trials=20", "is 20, but the search began with no limit on them"),
    ):
        extend(folder, words, code=2)
        assert advice in capsys.readouterr().err
    journal = (folder / "journal.jsonl").read_bytes()
    assert run(["search", "--resume", str(folder), "--max-trials", "1"]) == 0
    assert "for more, write for example --set search.budget.cost=600000\n" in capsys.readouterr().err
    extend(folder, "budget.cost=300000")
    assert (folder / "journal.jsonl").read_bytes() == journal, "there is nothing to do"


@pytest.mark.parametrize(
    ("settings", "cost", "options", "why"),
    [
        ({"trials": 2}, 10**9, [], "the search may have 2 trials; for more, add for example "
         "--set search.trials=4"),
        ({"trials": 2}, 10**9, ["--max-trials", "2"], "the search may have 2 trials; for more, add for "
         "example --set search.trials=4 --max-trials 4"),
        ({"space": {"model.hidden": {"choice": [[4], [6]]}}}, 10**9, [], "all 2 configurations of "
         "search.space were tried"),
        ({}, 1, [], "the trials already cost more than 2; write a larger search.budget.cost"),
    ],
)  # fmt: skip
def test_an_extension_that_has_nothing_to_train_says_why(
    tmp_path: Path,
    settings: dict[str, Any],
    cost: int,
    options: list[str],
    why: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {**COSTS, "budget": {"max_epochs": 1, "cost": cost}, **settings}
    folder = search(write_config(tmp_path / "x.yaml", search=settings), *options)
    capsys.readouterr()
    words = ["--set", f"search.budget.cost={2 * cost}", "--no-figures"]
    assert run(["search", "--resume", str(folder), *words]) == 0
    assert f"nothing was left to train: {why}\n" in capsys.readouterr().err
    assert run(["search", "--resume", str(folder), *words]) == 0
    assert "nothing to do" in capsys.readouterr().err, "nothing more was asked for"


def test_an_extension_of_a_search_that_ended_with_invalid_trials_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def invalid(source: TrialSource, trial: Trial) -> FailedTrialError:
        return FailedTrialError(Message("invalid_configuration", "it is invalid"))

    monkeypatch.setattr(TrialSource, "_stack_keys_of", invalid)
    monkeypatch.setattr("fnnctl.search.loop.MAX_UNCOUNTED_TRIALS", 3)
    folder = search(write_config(tmp_path / "x.yaml", search=COSTS), code=4)
    extend(folder, "budget.cost=300000", code=4)
    assert "nothing was left to train: its last trials are invalid" in (folder / "log.txt").read_text()


def test_more_of_a_grid(tmp_path: Path) -> None:
    """First those that --max-trials lets begin, then more of them, then all."""
    config = write_config(
        tmp_path / "x.yaml", search={**RANDOM, "method": "grid", "trials": 5, "grid_resolution": 4}
    )
    folder = search(config, "--max-trials", "2")
    assert resume(folder, "--max-trials", "4") == 0
    assert changes(folder) == [{"max_trials": 4}]
    assert_same_outcome(folder, search(config, "--max-trials", "4"))
    extend(folder, "trials=null")
    assert len(leaderboard(folder)) == 4, "its --max-trials still holds"
    assert resume(folder, "--max-trials", "100", "--set", "search.trials=null") == 0
    assert_same_outcome(folder, search(config, "--set", "search.trials=null"))
    assert len(leaderboard(folder)) == 8


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("on", ["validation", "cross_validation"])
def test_a_larger_budget_for_every_trial(tmp_path: Path, keep: bool, on: str) -> None:
    """Some stop early on the way; with its checkpoint a trial goes on, without it is trained again."""
    config = write_config(
        tmp_path / "x.yaml",
        model={"dropout": 0.1, "normalization": "batch"},
        training={"early_stopping": {"monitor": "validation_loss", "patience": 2}, "mixup": 0.2},
        evaluation={"cross_validation": {"folds": 2, "repeats": 1}},
        search={
            **RANDOM,
            "trials": 6,
            "keep_checkpoints": keep,
            "objective": {"metric": "log_loss", "on": on},
        },
    )
    folder = search(config)
    before = of_kind(folder, "result")
    noted = len(timeline(folder))
    extend(folder, "budget.max_epochs=12")
    assert [plan["budget"]["max_epochs"] for plan in changes(folder)] == [12]
    assert of_kind(folder, "result")[: len(before)] == before
    at_once = search(config, "--set", "search.budget.max_epochs=12")
    assert_same_outcome(folder, at_once)
    if keep:
        assert {event["from"] for event in timeline(folder)[noted:]} == {4}
    if on == "validation":
        assert {row["status"] for row in leaderboard(folder)} == {"completed", "stopped early"}


@pytest.mark.parametrize(
    ("method", "begun", "words"),
    [
        ("halving", {"trials": 9, "budget": {"max_epochs": 4, "reduction_factor": 3}}, ["trials=12"]),
        (
            "halving",
            {"trials": 6, "budget": {"max_epochs": 4, "reduction_factor": 2}},
            ["budget.max_epochs=8"],
        ),
        ("halving", {"trials": 4, "budget": {"total": 16, "reduction_factor": 2}}, ["budget.total=40"]),
        ("hyperband", {"budget": {"max_epochs": 4, "reduction_factor": 2}}, ["budget.max_epochs=8"]),
        ("asha", {"trials": 9, "budget": {"max_epochs": 4, "reduction_factor": 2}}, ["trials=14"]),
        ("asha", {"trials": 9, "budget": {"max_epochs": 4, "reduction_factor": 2}}, ["budget.max_epochs=8"]),
    ],
)
def test_ladders_that_grow(tmp_path: Path, method: str, begun: dict[str, Any], words: Sequence[str]) -> None:
    """All that the longer search asks for is there, what was there is used, and its best is the best."""
    config = write_config(tmp_path / "x.yaml", search={"space": SPACE, "method": method, **begun})
    folder = search(config)
    before = of_kind(folder, "result")
    extend(folder, *words)
    at_once = search(config, *(argument for word in words for argument in ("--set", f"search.{word}")))
    assert of_kind(folder, "result")[: len(before)] == before
    assert objectives(at_once).items() <= objectives(folder).items()
    trials = {trial["number"]: trial for trial in of_kind(folder, "trial")}
    assert list(trials.values()) == of_kind(at_once, "trial")
    assert (folder / "resolved.yaml").read_bytes() == (at_once / "resolved.yaml").read_bytes()
    best = read_json(folder / "manifest.json")["search"]["best"]
    rows = [row for row in leaderboard(folder) if int(row["trial"]) == best["trial"]]
    largest = max(budget for _, budget in objectives(folder))
    assert best["epochs"] == largest == max(budget for _, budget in objectives(at_once))
    assert float(rows[0]["objective"]) == best["objective"] == objectives(folder)[best["trial"], largest]
    assert len((folder / "best" / "history.csv").read_text().splitlines()) == 1 + largest


@pytest.mark.parametrize(
    ("metric", "changes", "is_read"),
    [
        ("loss", {"training": WEIGHTS}, {False}),
        ("loss", {"space": {"training.class_weights": {"choice": [None, {"malignant": 2}]}}}, {False, True}),
        ("loss", {"model": {"calibration": "temperature"}}, {True}),
        ("accuracy", {"training": WEIGHTS}, {True}),
    ],
)
@pytest.mark.usefixtures("no_figures")
def test_a_curve_is_read_if_it_has_the_objective(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    metric: str,
    changes: dict[str, Any],
    is_read: set[bool],
) -> None:
    """Class weights make the loss of training another one than that of the corrected probabilities."""
    ladder = {"method": "halving", "trials": 8, "budget": {"max_epochs": 4, "reduction_factor": 2}}
    space = {**SPACE, **changes.get("space", {})}
    sections = {name: value for name, value in changes.items() if name != "space"}
    config = write_config(
        tmp_path / "x.yaml",
        data={"source": "breast_cancer", "positive_class": "malignant"},
        search={**ladder, "objective": {"metric": metric}, "space": space},
        seed=0,  # so that trials with and without weights reach the last rung
        **sections,
    )
    folder = search(config)
    extend(folder, "budget.max_epochs=6")
    at_once = search(config, "--set", "search.budget.max_epochs=6")
    assert objectives(at_once).items() <= objectives(folder).items()
    best, expected = (read_json(path / "manifest.json")["search"]["best"] for path in (folder, at_once))
    assert best == expected
    assert run(["report", str(folder), "--verbose"]) == 0
    assert bool(re.search(r" \d+ epochs? again", capsys.readouterr().out)) is (False in is_read)
    after = [result for result in of_kind(folder, "result") if result["budget"] == 3]
    assert {not result["epochs"] for result in after if (result["trial"], 4) in objectives(folder)} == is_read


def test_a_horizon_is_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was recorded is reproduced; after that the rate is what the cosine ended with, which is 0."""
    schedules = {"training.lr_schedule": {"choice": ["cosine", {"name": "constant"}]}}
    config = write_config(tmp_path / "x.yaml", search={**RANDOM, "method": "grid", "space": schedules})
    folder = search(config)
    extend(folder, "budget.max_epochs=6")
    capsys.readouterr()
    extended = ["search", "--resume", str(folder), "--no-figures", "--set", "search.budget.max_epochs=8"]
    assert run(extended) == 0
    printed = capsys.readouterr().err
    warnings = read_json(folder / "manifest.json")["warnings"]
    kept = [text for text in warnings if text.startswith("cosine keeps the horizon of 4 epochs with which")]
    assert len(kept) == 2
    assert f"warning: {kept[1]}\n" in printed
    assert "from there to epoch 8 the final value holds" in kept[1]
    (cosine,) = (
        trial["number"]
        for trial in of_kind(folder, "trial")
        if trial["assignment"]["training.lr_schedule"] == "cosine"
    )
    curves = {
        result["budget"]: result["facts"]["curve"]["validation_loss"]
        for result in of_kind(folder, "result")
        if result["trial"] == cosine
    }
    assert curves[6] == [curves[4][-1]] * 2
    assert curves[8] == curves[6]


def test_without_a_horizon_nothing_is_warned_of(tmp_path: Path) -> None:
    folder = search(write_config(tmp_path / "x.yaml", search=RANDOM))
    extend(folder, "budget.max_epochs=6")
    assert read_json(folder / "manifest.json")["warnings"] == []


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("extension") / "x.yaml", search=RANDOM)


@pytest.fixture(scope="module")
def complete(config: Path) -> Path:
    return search(config)


@pytest.fixture(scope="module")
def at_once(config: Path) -> Path:
    """With a winner of its own: the search of three trials has another."""
    return search(config, "--set", "search.trials=8")


@pytest.fixture
def folder(complete: Path, at_once: Path, tmp_path: Path) -> Path:
    """A complete search of three trials, to be extended to eight."""
    assert (complete / "best/model.npz").read_bytes() != (at_once / "best/model.npz").read_bytes()
    return shutil.copytree(complete, tmp_path / "search")


def test_a_winner_that_stays_is_not_trained_again(
    folder: Path, at_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extend(folder, "trials=8")
    winner = {path: path.stat().st_mtime_ns for path in (folder / "best").iterdir()}
    extend(folder, "trials=9")
    best = [read_json(path / "manifest.json")["search"]["best"] for path in (folder, at_once)]
    assert best[0] == best[1]
    assert {path: path.stat().st_mtime_ns for path in (folder / "best").iterdir()} == winner


@pytest.mark.parametrize(
    ("arguments", "has"),
    [
        (["--set", "search.trials=3"], "3 trials of up to 4 epochs: nothing to do"),
        (
            ["--max-trials", "2"],
            "3 trials, more than --max-trials 2: nothing to do; "
            "for more, write for example --set search.trials=6",
        ),
        (
            ["--max-trials", "9"],
            "3 trials of up to 4 epochs with --max-trials 9 (for more, add --set search.trials=9): "
            "nothing to do",
        ),
    ],
)
def test_nothing_more_is_asked_for(
    folder: Path, arguments: list[str], has: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert run(["search", "--resume", str(folder), *arguments]) == 0
    assert f"is complete and already has {has}\n" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_option_that_is_advised_gives_more_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = search(write_config(tmp_path / "x.yaml", search={**RANDOM, "trials": 3}), "--max-trials", "2")
    for words, advice in (
        (["--max-trials", "1"], "2 trials, more than --max-trials 1: nothing to do; for more, write for "
         "example --max-trials 3\n"),
        (["--set", "search.trials=2"], "began with 3, of which --max-trials allows 2; write a larger "
         "--max-trials instead"),
    ):  # fmt: skip
        assert run(["search", "--resume", str(folder), *words]) == (2 if "--set" in words else 0)
        assert advice in capsys.readouterr().err
    assert resume(folder, "--max-trials", "3") == 0
    assert len(leaderboard(folder)) == 3
    assert run(["search", "--resume", str(folder), "--max-trials", "2"]) == 0
    advice = "for more, write for example --max-trials 6 --set search.trials=6\n"
    assert advice in capsys.readouterr().err


def test_fewer_trials_than_planned_but_more_than_allowed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the two limits, the smaller one is what must be raised."""
    folder = search(config, "--set", "search.trials=9", "--max-trials", "2")
    assert run(["search", "--resume", str(folder), "--set", "search.trials=4"]) == 2
    limits = "search.trials: is 4, but the search began with 9, of which --max-trials allows 2"
    assert f"{limits}; write --max-trials 4 instead" in capsys.readouterr().err
    assert resume(folder, "--max-trials", "4") == 0
    assert len(leaderboard(folder)) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["training.epochs=20"], "--set training.epochs=20 would change the search"),
        (["search.method=grid"], "would change the search"),
        (["seed=1"], "would change the search"),
        (["search.trials=2"], "search.trials: is 2, but the search began with 3; write at least that many"),
        (["search.budget.max_epochs=3"], "gives trials 3 epochs, but the search began with 4"),
        (["search.budget.max_epochs=1"], "gives trials 1 epoch, but the search began with 4"),
        (["search.trials=many"], "search.trials"),
        (["search.budget.epochs=9"], "search.budget.epochs: unknown setting"),
    ],
)  # fmt: skip
def test_what_is_no_extension(
    folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    arguments = [argument for word in words for argument in ("--set", word)]
    assert resume(folder, *arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert resume(folder) == 0


@pytest.mark.parametrize(
    ("budget", "refusals"),
    [
        (
            {"max_epochs": 4},
            {
                "budget.min_epochs=2": "a resume can change only max_epochs, total and cost",
                "budget.reduction_factor=4": "a resume can change only max_epochs, total and cost",
                "budget.total=40": "a resume can neither add nor remove a total",
            },
        ),
        (
            {"total": 40},
            {
                "budget.total=null": "a resume can neither add nor remove a total",
                "budget.total=32": "total: gives trials 12 epochs, but the search began with",
                "trials=8": "total: gives trials 10 epochs, but the search began with",
            },
        ),
    ],
)
def test_another_ladder_is_no_extension(
    tmp_path: Path, budget: Any, refusals: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """40 epochs for 4 trials in two rounds are 5 and 10 each; for 8 in three rounds 1, 3 and 6."""
    of_four = {"method": "halving", "trials": 4, "budget": {**budget, "reduction_factor": 2}, "space": SPACE}
    folder = search(write_config(tmp_path / "x.yaml", search=of_four))
    for word, message in refusals.items():
        capsys.readouterr()
        extend(folder, word, code=2)
        assert message in capsys.readouterr().err


def test_a_search_that_its_time_limit_ended_is_gone_on_with(
    config: Path, complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = search(config, "--time-limit", "0", "--executor", "serial", code=4)
    assert read_json(folder / "manifest.json")["search"]["end"] == "the time limit"
    assert resume(folder) == 0
    assert_same_outcome(folder, complete)


def test_the_figures_and_the_report_tell_the_longer_search(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["search", "--resume", str(folder), "--quiet", "--set", "search.budget.max_epochs=9"]) == 0
    capsys.readouterr()
    assert run(["report", str(folder), "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["runs"]
    assert [(rung["rung"], rung["epochs"], rung["trials"]) for rung in entry["rungs"]] == [
        (0, 4, 3),
        (0, 9, 3),
    ]
    assert (entry["epochs"], entry["epochs_trained"]) == (27, 27)
    assert (folder / "rungs.png").is_file()
