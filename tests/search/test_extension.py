"""A search that is made longer is, where that has a meaning, the longer search from the start."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.messages import Message
from fnnctl.records.trials import Trial
from fnnctl.trials.fits import FailedTrialError
from fnnctl.trials.source import TrialSource
from tests.messages import Messages
from tests.program import read_json
from tests.runs.extending import RANDOM, SPACE, assert_same_outcome, changes, extend, objectives, timeline
from tests.runs.searching import leaderboard, of_kind, resume, search, write_config

WEIGHTS = {"class_weights": {"malignant": 9}}
LADDER = {"max_epochs": 4, "reduction_factor": 2}
COSTS = {"method": "random", "trials": None, "budget": {"max_epochs": 4, "cost": 150_000}, "space": SPACE}
HALVING = {"method": "halving", "trials": 4, "space": SPACE}
TWO = {"space": {"model.hidden": {"choice": [[4], [6]]}}, "trials": None}


def costing(cost: int, **settings: Any) -> dict[str, Any]:
    return {**COSTS, "budget": {"max_epochs": 1, "cost": cost}, **settings}


SEARCHES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "of 3 trials": (RANDOM, []),
    "of 3 trials, 2 allowed": (RANDOM, ["--max-trials", "2"]),
    "of 9 trials, 2 allowed": ({**RANDOM, "trials": 9}, ["--max-trials", "2"]),
    "of a cost": (COSTS, []),
    "halving": ({**HALVING, "budget": LADDER}, []),
    "halving of a total": ({**HALVING, "budget": {"total": 40, "reduction_factor": 2}}, []),
    "2 trials": (costing(10**9, trials=2), []),
    "2 trials, 2 allowed": (costing(10**9, trials=2), ["--max-trials", "2"]),
    "2 configurations": (costing(10**9, **TWO), []),
    "one cost": (costing(1), []),
}
"""Settings and options of the searches that tests copy and resume."""
Copy = Callable[[str], Path]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The folder of a complete search that is only read."""

    @cache
    def searched(name: str) -> Path:
        settings, options = SEARCHES[name]
        return search(write_config(tmp_path_factory.mktemp("search") / "x.yaml", search=settings), *options)

    return searched


@pytest.fixture
def copied(searched: Copy, tmp_path: Path) -> Copy:
    """A search of one's own."""
    return lambda name: shutil.copytree(searched(name), tmp_path / "search")


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_more_random_trials(tmp_path: Path) -> None:
    """A winner that stays is not trained again."""
    config = write_config(tmp_path / "x.yaml", search=RANDOM)
    folder = search(config)
    before = contents(folder)
    extend(folder, "trials=8")
    assert (folder / "journal.jsonl").read_bytes().startswith(before[folder / "journal.jsonl"])
    assert (folder / "best/model.npz").read_bytes() != before[folder / "best/model.npz"]
    assert changes(folder) == [{"trials": 8}]
    at_once = search(config, "--set", "search.trials=8")
    assert_same_outcome(folder, at_once)
    assert objectives(folder) == objectives(at_once)
    manifest = read_json(folder / "manifest.json")
    assert (len(manifest["resumed"]), manifest["warnings"]) == (1, [])
    winner = {path: path.stat().st_mtime_ns for path in (folder / "best").iterdir()}
    extend(folder, "trials=9")
    assert_same_outcome(folder, search(config, "--set", "search.trials=9"))
    assert {path: path.stat().st_mtime_ns for path in (folder / "best").iterdir()} == winner


def test_a_larger_cost(tmp_path: Path) -> None:
    """Without a number of trials the cost alone ends the search, and a larger one continues it."""
    config = write_config(tmp_path / "x.yaml", search=COSTS)
    folder = search(config)
    few = len(leaderboard(folder))
    extend(folder, "budget.cost=300000")
    assert [plan["budget"]["cost"] for plan in changes(folder)] == [300_000]
    assert_same_outcome(folder, search(config, "--set", "search.budget.cost=300000"))
    assert 2 < few < len(leaderboard(folder)) < 50
    journal = (folder / "journal.jsonl").read_bytes()
    extend(folder, "budget.cost=300000")
    assert (folder / "journal.jsonl").read_bytes() == journal, "there is nothing to do"


@pytest.mark.parametrize("name", ["2 trials", "2 trials, 2 allowed", "2 configurations", "one cost"])
def test_an_extension_that_has_nothing_to_train_says_why(copied: Copy, name: str, messages: Messages) -> None:
    folder = copied(name)
    cost = 2 * SEARCHES[name][0]["budget"]["cost"]
    extend(folder, f"budget.cost={cost}")
    (log,) = re.findall(r"nothing was left to train: .*", (folder / "log.txt").read_text())
    messages.check(log)


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


@pytest.mark.parametrize(
    ("keep", "on", "starts", "statuses"),
    [
        (True, "validation", {4}, {"completed", "stopped early"}),
        (False, "cross_validation", {0, 4}, {"completed"}),
    ],
)
def test_a_larger_budget_for_every_trial(
    tmp_path: Path, keep: bool, on: str, starts: set[int], statuses: set[str]
) -> None:
    """Some stop early on the way; with its checkpoint a trial goes on, without it is trained again."""
    config = write_config(
        tmp_path / "x.yaml",
        model={"dropout": 0.1, "normalization": "batch"},
        training={"early_stopping": {"monitor": "validation_loss", "patience": 2}, "mixup": 0.2},
        evaluation={"cross_validation": {"folds": 2, "repeats": 1}},
        search={
            **RANDOM,
            "keep_checkpoints": keep,
            "objective": {"metric": "log_loss", "on": on},
            "trials": 6,
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
    assert {event["from"] for event in timeline(folder)[noted:]} == starts
    assert {row["status"] for row in leaderboard(folder)} == statuses


@pytest.mark.parametrize(
    ("method", "begun", "word"),
    [
        ("halving", {"trials": 9, "budget": {**LADDER, "reduction_factor": 3}}, "trials=12"),
        ("halving", {"trials": 6, "budget": LADDER}, "budget.max_epochs=8"),
        ("halving", {"trials": 4, "budget": {"total": 16, "reduction_factor": 2}}, "budget.total=40"),
        ("hyperband", {"budget": LADDER}, "budget.max_epochs=8"),
        ("asha", {"trials": 9, "budget": LADDER}, "trials=14"),
        ("asha", {"trials": 9, "budget": LADDER}, "budget.max_epochs=8"),
    ],
)
def test_ladders_that_grow(tmp_path: Path, method: str, begun: dict[str, Any], word: str) -> None:
    """All that the longer search asks for is there, what was there is used, and its best is the best."""
    config = write_config(tmp_path / "x.yaml", search={"space": SPACE, "method": method, **begun})
    folder = search(config)
    before = of_kind(folder, "result")
    extend(folder, word)
    at_once = search(config, "--set", f"search.{word}")
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
    ("metric", "more_space", "sections", "is_read"),
    [
        ("loss", {}, {"training": WEIGHTS}, {False}),
        ("loss", {"training.class_weights": {"choice": [None, {"malignant": 2}]}}, {}, {False, True}),
        ("loss", {}, {"model": {"calibration": "temperature"}}, {True}),
        ("accuracy", {}, {"training": WEIGHTS}, {True}),
    ],
)
@pytest.mark.usefixtures("no_figures")
def test_a_curve_is_read_if_it_has_the_objective(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    metric: str,
    more_space: dict[str, Any],
    sections: dict[str, Any],
    is_read: set[bool],
) -> None:
    """Class weights make the loss of training another one than that of the corrected probabilities."""
    ladder = {"method": "halving", "trials": 8, "budget": LADDER, "objective": {"metric": metric}}
    config = write_config(
        tmp_path / "x.yaml",
        data={"source": "breast_cancer", "positive_class": "malignant"},
        search={**ladder, "space": {**SPACE, **more_space}},
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


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("of 3 trials", ["--set", "search.trials=3"]),
        ("of 3 trials", ["--max-trials", "2"]),
        ("of 3 trials", ["--max-trials", "9"]),
        ("of 3 trials, 2 allowed", ["--max-trials", "1"]),
        ("of a cost", ["--max-trials", "1"]),
    ],
    ids=[
        "the same",
        "fewer allowed",
        "more allowed than asked for",
        "fewer allowed than before",
        "of a cost",
    ],
)
def test_nothing_more_is_asked_for(
    copied: Copy, name: str, options: list[str], capsys: pytest.CaptureFixture[str], messages: Messages
) -> None:
    folder = copied(name)
    before = contents(folder)
    capsys.readouterr()
    assert run(["search", "--resume", str(folder), *options]) == 0
    messages.check(capsys.readouterr().err)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("of 3 trials", "training.epochs=20"),
        ("of 3 trials", "search.method=grid"),
        ("of 3 trials", "seed=1"),
        ("of 3 trials", "search.trials=2"),
        ("of 3 trials", "search.budget.max_epochs=3"),
        ("of 3 trials", "search.budget.max_epochs=1"),
        ("of 3 trials", "search.trials=many"),
        ("of 3 trials", "search.budget.epochs=9"),
        ("of 3 trials, 2 allowed", "search.trials=2"),
        ("of 9 trials, 2 allowed", "search.trials=4"),
        ("of a cost", "search.budget.cost=100000"),
        ("of a cost", "search.budget.cost=null"),
        ("of a cost", "search.trials=20"),
        ("halving", "search.budget.min_epochs=2"),
        ("halving", "search.budget.reduction_factor=4"),
        ("halving", "search.budget.total=40"),
        # 40 epochs for 4 trials in two rounds are 5 and 10 each; for 8 in three rounds 1, 3 and 6
        ("halving of a total", "search.budget.total=null"),
        ("halving of a total", "search.budget.total=32"),
        ("halving of a total", "search.trials=8"),
    ],
    ids=str,
)
def test_what_is_no_extension(
    copied: Copy, name: str, word: str, capsys: pytest.CaptureFixture[str], messages: Messages
) -> None:
    folder = copied(name)
    before = contents(folder)
    capsys.readouterr()
    assert resume(folder, "--set", word) == 2
    messages.check(capsys.readouterr().err)
    assert contents(folder) == before


def test_the_option_that_is_advised_gives_more_trials(copied: Copy) -> None:
    folder = copied("of 9 trials, 2 allowed")
    for count in (3, 4):
        assert resume(folder, "--max-trials", str(count)) == 0
        assert len(leaderboard(folder)) == count


def test_a_search_that_its_time_limit_ended_is_gone_on_with(searched: Copy, tmp_path: Path) -> None:
    config = write_config(tmp_path / "x.yaml", search=RANDOM)
    folder = search(config, "--time-limit", "0", "--executor", "serial", code=4)
    assert read_json(folder / "manifest.json")["search"]["end"] == "the time limit"
    assert resume(folder) == 0
    assert_same_outcome(folder, searched("of 3 trials"))


def test_the_figures_and_the_report_tell_the_longer_search(
    copied: Copy, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied("of 3 trials")
    assert run(["search", "--resume", str(folder), "--quiet", "--set", "search.budget.max_epochs=9"]) == 0
    capsys.readouterr()
    assert run(["report", str(folder), "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["runs"]
    rungs = [(rung["rung"], rung["epochs"], rung["trials"]) for rung in entry["rungs"]]
    assert rungs == [(0, 4, 3), (0, 9, 3)]
    assert (entry["epochs"], entry["epochs_trained"]) == (27, 27)
    assert (folder / "rungs.png").is_file()
