"""Searches whose decisions depend on the order of results: what is stopped, and what an extension decides.

That they are the same for any workers and after any kill is in tests/contracts/test_search_kinds.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fnnctl.records.history import read_search
from fnnctl.search.schedulers.curve_stopping import REASONS, Curves
from fnnctl.store.folder import RunFolder
from tests.contracts.test_search_kinds import LADDER, SEARCHES, SPACE
from tests.program import Program, assert_same_files, read_json
from tests.runs.extending import extend, objectives, timeline
from tests.runs.killing import dying_after
from tests.runs.searching import assert_same_search, leaderboard, of_kind, resume, search, write_config

SHORT = {"max_epochs": 3, "reduction_factor": 3}


@pytest.mark.parametrize("kind", ["median", "extrapolate", "stop_when", "hyperband"])
def test_what_is_stopped_is_recorded_ranks_below_the_others_and_never_wins(tmp_path: Path, kind: str) -> None:
    settings = {"budget": {"max_epochs": 12}, "space": SPACE, **SEARCHES[kind]}
    folder = search(write_config(tmp_path / "x.yaml", search=settings), "--executor", "serial")
    stops = of_kind(folder, "stop")
    trials = {stop["trial"]: stop for stop in stops if "trial" in stop}
    if kind == "stop_when":
        assert [stop["reason"][:25] for stop in stops] == ["no improvement in 5 trial"]
        assert len(of_kind(folder, "trial")) < 30
    else:
        assert trials, "the space has learning rates that lead nowhere"
    rows = leaderboard(folder)
    stopped = [row["status"] == "stopped by curve" for row in rows if row["objective"]]
    assert stopped == sorted(stopped), "those that were not stopped come first"
    assert {int(row["trial"]) for row in rows if row["status"] == "stopped by curve"} == set(trials)
    for number, stop in trials.items():
        budgets = [record["budget"] for record in of_kind(folder, "result") if record["trial"] == number]
        assert max(budgets) == stop["budget"]
        assert stop["saved"] > 0
    assert read_json(folder / "manifest.json")["search"]["best"]["trial"] not in trials


@pytest.mark.parametrize(("method", "words"), [
    ("hyperband", ["budget.max_epochs=9"]),
    ("asha", ["budget.max_epochs=9", "trials=14"]),
])  # fmt: skip
def test_an_extension_trains_nothing_twice(tmp_path: Path, method: str, words: list[str]) -> None:
    """Rungs of other epochs than before are read from the recorded curves; jobs go on from checkpoints."""
    settings = {"method": method, "budget": SHORT, "space": SPACE, "keep_checkpoints": True}
    trials = {"trials": 9} if method == "asha" else {}
    config = write_config(tmp_path / "x.yaml", search={**settings, **trials})
    folder = search(config, "--executor", "serial")
    extend(folder, *words)
    trained: dict[int, list[int]] = {}
    for event in timeline(folder):
        for number in event["trials"]:
            trained.setdefault(number, []).extend(range(event["from"], event["to"]))
    assert all(len(epochs) == len(set(epochs)) for epochs in trained.values())
    assert method == "asha" or any(result["epochs"] == 0 for result in of_kind(folder, "result"))
    options = [part for word in words for part in ("--set", f"search.{word}")]
    at_once = search(config, "--executor", "serial", *options)
    extended = objectives(folder)
    shared = {key: value for key, value in objectives(at_once).items() if method != "asha" or key in extended}
    assert shared.items() <= extended.items()
    assert_same_files(folder, at_once, "best/model.npz")


def test_the_report_says_what_an_extension_repeated_on_folds(tmp_path: Path, program: Program) -> None:
    """Cross-validated objectives have no curves: a rung below a trial's epochs is trained again."""
    settings = {"method": "hyperband", "budget": {"max_epochs": 4, "reduction_factor": 2}, "space": SPACE}
    config = write_config(
        tmp_path / "x.yaml",
        evaluation={"cross_validation": {"folds": 2, "repeats": 1}},
        search={**settings, "objective": {"on": "cross_validation"}, "keep_checkpoints": True},
    )
    folder = search(config, "--executor", "serial")
    extend(folder, "budget.max_epochs=6")
    trained = [
        (number, epoch)
        for event in timeline(folder)
        for number in event["trials"]
        for epoch in range(event["from"], event["to"])
    ]
    repeated = 2 * (len(trained) - len(set(trained)))
    assert program("report", str(folder), "--json").json["runs"][0]["epochs_repeated"] == repeated > 0
    assert f"{repeated:,} fold-epochs again" in program("report", str(folder), "--verbose").out


HYPERBAND = {**SEARCHES["hyperband"], "ensemble": None}
EXTENDED: dict[str, tuple[Mapping[str, Any], str]] = {
    "random by curves": ({**SEARCHES["median"], "budget": {"max_epochs": 8}}, "budget.max_epochs=12"),
    "hyperband by curves": (HYPERBAND, "budget.max_epochs=18"),
    "without a curve": (
        {**HYPERBAND, "objective": {"metric": "f1_macro"}, "budget": SHORT}, "budget.max_epochs=9"
    ),
    "stop_when": ({**SEARCHES["stop_when"], "trials": 9, "budget": {"max_epochs": 9}}, "trials=30"),
    "stop_when with more epochs": (
        {**SEARCHES["stop_when"], "budget": {"max_epochs": 9}}, "budget.max_epochs=18"
    ),
    "evolution": (
        {"method": "evolution", "trials": 10, "batch": 4, "concurrency": 8, "budget": {"max_epochs": 6}},
        "trials=18",
    ),
}  # fmt: skip
LEARNED = {
    "bohb": ({"method": "bohb", "budget": LADDER, "batch": 4, "concurrency": 6}, "budget.max_epochs=27"),
    "nas": ({**SEARCHES["nas"], "budget": {"max_epochs": 6}}, "trials=24"),
}


@pytest.mark.parametrize("name", EXTENDED)
def test_an_extended_search_decides_what_the_larger_search_decides(tmp_path: Path, name: str) -> None:
    """The decisions of the smaller search, which were made with less knowledge, do not count any more."""
    settings, word = EXTENDED[name]
    config = write_config(tmp_path / "x.yaml", search={"space": SPACE, **settings})
    folder = search(config, "--executor", "serial")
    extend(folder, word)
    at_once = search(config, "--executor", "serial", "--set", f"search.{word}")
    extended, larger = (read_search(RunFolder(run)) for run in (folder, at_once))
    assert extended
    assert larger
    assert name != "evolution" or extended.trials == larger.trials
    assert list(extended.stops) == list(larger.stops)
    assert extended.stopped_because == larger.stopped_because
    assert extended.best == larger.best
    if "curve_stopping" in settings:
        assert larger.stops
        rungs = [
            [(rung.bracket, rung.rung, rung.epochs) for rung in history.rungs]
            for history in (extended, larger)
        ]
        assert rungs[0] == rungs[1]


@pytest.mark.parametrize("name", LEARNED)
def test_an_extended_search_learns_and_keeps_the_trials_that_have_begun(tmp_path: Path, name: str) -> None:
    """Another budget gives other results to learn from, but the recorded trials stay; so after a kill."""
    settings, word = LEARNED[name]
    folder = search(write_config(tmp_path / "x.yaml", search={"space": SPACE, **settings}))
    before = of_kind(folder, "trial")
    killed = copytree(folder, tmp_path / "killed" / folder.name)
    extend(folder, word)
    trials = {trial["number"]: trial for trial in of_kind(folder, "trial")}
    assert [trials[trial["number"]]["assignment"] for trial in before] == [
        trial["assignment"] for trial in before
    ]
    assert len(trials) > len(before)
    with dying_after(7):
        extend(killed, word, code=3)
    assert resume(killed, "--executor", "processes", "--workers", "2") == 0
    assert_same_search(killed, folder)


@pytest.mark.parametrize("is_searched", [False, True])
def test_trials_are_judged_by_their_objectives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_searched: bool
) -> None:
    """With class weights the curve of the loss is not that of the objective."""
    losses: list[float] = []

    def judge(curves: Curves) -> None:
        losses.extend(curves.losses)

    monkeypatch.setitem(REASONS, "median", judge)
    weights = {"versicolor": 5}
    weighted = {"training.class_weights": {"choice": [weights, None]}} if is_searched else {}
    settings = {"method": "random", "trials": 4, "budget": {"max_epochs": 18}, "curve_stopping": "median"}
    config = write_config(
        tmp_path / "x.yaml",
        training={} if is_searched else {"class_weights": weights},
        search={**settings, "objective": {"metric": "loss"}, "space": {**SPACE, **weighted}},
    )
    objectives_of_trials = {result["objective"] for result in of_kind(search(config), "result")}
    assert losses
    assert set(losses) <= objectives_of_trials
