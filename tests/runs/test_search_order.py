"""Searches whose decisions depend on the order of results: the same for any workers, and after any kill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.records.history import read_search
from fnnctl.search.schedulers.curve_stopping import REASONS, Curves
from fnnctl.store.folder import RunFolder
from tests.program import read_json
from tests.runs.extending import extend, objectives, timeline
from tests.runs.killing import dying_after
from tests.runs.searching import (
    RATE,
    assert_same_search,
    leaderboard,
    of_kind,
    resume,
    search,
    write_config,
)

SPACE = {
    RATE: {"log_uniform": [0.001, 1.0]},
    "model.hidden": {"depth": [1, 2], "width": [2, 16], "log": True},
}
LADDER = {"max_epochs": 9, "reduction_factor": 3}
SEARCHES: dict[str, Mapping[str, Any]] = {
    "median": {"method": "random", "trials": 12, "curve_stopping": "median", "concurrency": 4},
    "extrapolate": {"method": "random", "trials": 12, "curve_stopping": "extrapolate", "concurrency": 2},
    "stop_when": {"method": "random", "trials": 30, "stop_when": {"no_improvement": 5}, "concurrency": 3},
    "hyperband by curves": {"method": "hyperband", "budget": LADDER, "curve_stopping": "median"},
    "asha by curves": {"method": "asha", "trials": 20, "budget": LADDER, "curve_stopping": "median"},
    "bayes": {"method": "bayes", "trials": 22, "batch": 4, "concurrency": 8},
    "nas": {"method": "nas", "trials": 24, "batch": 4, "concurrency": 8},
    "asha × evolution": {
        "method": {"scheduler": "asha", "sampler": "evolution"},
        "trials": 24,
        "budget": LADDER,
        "batch": 3,
    },
    "asha × tpe": {
        "method": {"scheduler": "asha", "sampler": "tpe"},
        "trials": 24,
        "budget": LADDER,
        "batch": 3,
    },
    "halving × tpe by curves": {
        "method": {"scheduler": "halving", "sampler": "tpe"},
        "trials": 18,
        "budget": LADDER,
        "curve_stopping": "median",
        "batch": 5,
    },
}


@pytest.fixture(scope="module", params=SEARCHES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def config(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = {"budget": {"max_epochs": 12}, **SEARCHES[kind], "space": SPACE}
    return write_config(tmp_path_factory.mktemp("order") / "x.yaml", search=settings)


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


def journal(folder: Path) -> bytes:
    return (folder / "journal.jsonl").read_bytes()


@pytest.mark.parametrize("kind", ["asha × tpe", "median", "hyperband by curves", "bayes"], indirect=True)
def test_the_journal_is_the_same_for_any_number_of_workers(
    kind: str, config: Path, undisturbed: Path
) -> None:
    """Searches of all kinds are resumed with two workers after a kill."""
    for workers in ("1", "2", "4") if kind == "asha × tpe" else ("3",):
        folder = search(config, "--executor", "processes", "--workers", workers)
        assert journal(folder) == journal(undisturbed)
        assert_same_search(folder, undisturbed)


def test_a_search_that_is_killed_again_and_again_goes_on_as_if_nothing_had_happened(
    config: Path, undisturbed: Path
) -> None:
    results = len(of_kind(undisturbed, "result"))
    with dying_after(0):
        folder = search(config, "--executor", "serial", code=3)
    for _ in range(2):
        with dying_after(int(0.3 * results)):
            assert resume(folder, "--executor", "serial") == 3
    assert len(of_kind(folder, "result")) == 2 * int(0.3 * results)
    assert resume(folder, "--executor", "processes", "--workers", "2") == 0
    assert_same_search(folder, undisturbed)
    assert of_kind(folder, "stop") == of_kind(undisturbed, "stop")


def test_what_is_stopped_is_recorded_and_ranks_below_the_others(kind: str, undisturbed: Path) -> None:
    stops = of_kind(undisturbed, "stop")
    trials = {stop["trial"]: stop for stop in stops if "trial" in stop}
    if kind in {"median", "extrapolate"}:
        assert trials, "the space has learning rates that lead nowhere"
    if kind == "stop_when":
        assert [stop["reason"][:25] for stop in stops] == ["no improvement in 5 trial"]
        assert len(of_kind(undisturbed, "trial")) < 30
    rows = leaderboard(undisturbed)
    stopped = [row["status"] == "stopped by curve" for row in rows if row["objective"]]
    assert stopped == sorted(stopped), "those that were not stopped come first"
    assert {int(row["trial"]) for row in rows if row["status"] == "stopped by curve"} == set(trials)
    for number, stop in trials.items():
        budgets = [record["budget"] for record in of_kind(undisturbed, "result") if record["trial"] == number]
        assert max(budgets) == stop["budget"]
        assert stop["saved"] > 0


def test_a_stopped_trial_never_wins(undisturbed: Path) -> None:
    winner = read_json(undisturbed / "manifest.json")["search"]["best"]["trial"]
    assert winner not in {stop.get("trial") for stop in of_kind(undisturbed, "stop")}


@pytest.mark.parametrize("method", ["halving", "hyperband", "asha"])
def test_an_extension_trains_nothing_twice(tmp_path: Path, method: str) -> None:
    """Rungs of other epochs than before are read from the recorded curves; jobs go on from checkpoints."""
    plan = {"trials": 9} if method != "hyperband" else {}
    settings = {"method": method, "budget": LADDER, "space": SPACE, "keep_checkpoints": True, **plan}
    config = write_config(tmp_path / "x.yaml", search=settings)
    folder = search(config, "--executor", "serial")
    extend(folder, "budget.max_epochs=27", *(["trials=20"] if plan else []))
    trained: dict[int, set[int]] = {}
    for event in timeline(folder):
        for number in event["trials"]:
            epochs = set(range(event["from"], event["to"]))
            assert not trained.setdefault(number, set()) & epochs
            trained[number] |= epochs
    from_curves = [result for result in of_kind(folder, "result") if result["epochs"] == 0]
    assert from_curves or method != "hyperband"
    words = ("search.budget.max_epochs=27", *(["search.trials=20"] if plan else []))
    at_once = search(config, "--executor", "serial", *(part for word in words for part in ("--set", word)))
    extended = objectives(folder)
    for key, objective in objectives(at_once).items():
        if method != "asha" or key in extended:
            assert extended[key] == objective
    assert (folder / "best" / "model.npz").read_bytes() == (at_once / "best" / "model.npz").read_bytes()


EXTENDED: dict[str, tuple[Mapping[str, Any], str]] = {
    "random by curves": ({**SEARCHES["median"], "budget": {"max_epochs": 8}}, "budget.max_epochs=12"),
    "hyperband by curves": (SEARCHES["hyperband by curves"], "budget.max_epochs=18"),
    "asha by curves": (SEARCHES["asha by curves"], "budget.max_epochs=27"),
    "without a curve": (
        {**SEARCHES["hyperband by curves"], "objective": {"metric": "f1_macro"}},
        "budget.max_epochs=27",
    ),
    "stop_when": ({**SEARCHES["stop_when"], "trials": 12, "budget": {"max_epochs": 9}}, "trials=30"),
    "stop_when with more epochs": (
        {**SEARCHES["stop_when"], "budget": {"max_epochs": 9}},
        "budget.max_epochs=18",
    ),
    "evolution": (
        {
            "method": "evolution",
            "trials": 18,
            "batch": 4,
            "concurrency": 8,
            "budget": {"max_epochs": 9},
        },
        "trials=26",
    ),
}
LEARNED = {
    "bohb": ({"method": "bohb", "budget": LADDER, "batch": 4, "concurrency": 6}, "budget.max_epochs=27"),
    "asha × tpe": (SEARCHES["asha × tpe"], "trials=32"),
    "nas": (SEARCHES["nas"], "trials=32"),
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
    if name == "evolution":
        assert extended.trials == larger.trials
    assert list(extended.stops) == list(larger.stops)
    assert extended.stopped_because == larger.stopped_because
    assert extended.best == larger.best
    if "curve_stopping" in settings:
        assert larger.stops or name == "without a curve"
        rungs = [
            [(rung.bracket, rung.rung, rung.epochs) for rung in history.rungs]
            for history in (extended, larger)
        ]
        assert rungs[0] == rungs[1]


@pytest.mark.parametrize("name", LEARNED)
def test_an_extended_search_learns_and_keeps_the_trials_that_have_begun(tmp_path: Path, name: str) -> None:
    """Another budget gives other results to learn from, but the recorded trials stay; so after a kill."""
    settings, word = LEARNED[name]
    config = write_config(
        tmp_path / "x.yaml", search={"budget": {"max_epochs": 9}, "space": SPACE, **settings}
    )
    folder = search(config, "--executor", "serial")
    before = [trial["assignment"] for trial in of_kind(folder, "trial")]
    killed = tmp_path / "killed" / folder.name
    copytree(folder, killed)
    extend(folder, word)
    trials = {trial["number"]: trial["assignment"] for trial in of_kind(folder, "trial")}
    assert [trials[number] for number in range(len(before))] == before
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


def test_cross_validated_objectives_have_no_curves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"curve_stopping": "median", "objective": {"on": "cross_validation"}, "space": SPACE}
    config = write_config(tmp_path / "x.yaml", search=settings)
    with pytest.raises(ValueError, match="not enough values"):  # no run folder
        search(config, code=2)
    assert (
        "search.curve_stopping: a cross-validated objective has no learning curve" in capsys.readouterr().err
    )


def test_the_report_says_what_an_extension_repeated_on_folds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cross-validated objectives have no curves: a rung below a trial's epochs is trained again."""
    config = write_config(
        tmp_path / "x.yaml",
        evaluation={"cross_validation": {"folds": 2, "repeats": 1}},
        search={
            "method": "hyperband", "budget": {"max_epochs": 4, "reduction_factor": 2}, "space": SPACE,
            "objective": {"on": "cross_validation"}, "keep_checkpoints": True,
        },
    )  # fmt: skip
    folder = search(config, "--executor", "serial")

    def epochs_repeated() -> int:
        capsys.readouterr()
        assert run(["report", str(folder), "--json"]) == 0
        epochs: int = json.loads(capsys.readouterr().out)["runs"][0]["epochs_repeated"]
        return epochs

    assert epochs_repeated() == 0
    extend(folder, "budget.max_epochs=6")
    repeated = epochs_repeated()
    trained: dict[int, list[int]] = {}
    for event in timeline(folder):
        for number in event["trials"]:
            trained.setdefault(number, []).extend(range(event["from"], event["to"]))
    assert repeated == 2 * sum(len(epochs) - len(set(epochs)) for epochs in trained.values()) > 0
    assert run(["report", str(folder), "--verbose"]) == 0
    assert f"{repeated:,} fold-epochs again" in capsys.readouterr().out
