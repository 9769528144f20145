from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.errors import UsageError
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.leaderboard import TABLE_WIDTH
from fnnctl.report.topics.registry import run_document
from fnnctl.store.documents import to_json
from fnnctl.store.journal import JournalRecord
from tests.messages import Messages
from tests.report.conftest import part_metrics
from tests.report.searches import NAME, RATE, halving, header, refit, result, start_search, trial
from tests.report.topics.said import complete, searched, shown

STOP = {"record": "stop", "reason": "no improvement in 2 trials after trial 1"}


def ended(reason: str) -> JournalRecord:
    return {"record": "end", "reason": reason}


def board_of(paths: list[str], *assignments: dict[str, Any]) -> Any:
    """The leaderboard, as on a terminal, of trials whose objectives rise."""
    records = [header(paths=paths, scales={})]
    for number, values in enumerate(assignments):
        records += [trial(number, values), result(number, 3, number / 100)]
    sections = complete(searched(records))
    (board,) = (sections[name] for name in sections if name.startswith(("Leaderboard", "Best of")))
    return board.narrow or board


@pytest.fixture
def refitted(tmp_path: Path) -> Summary:
    run = start_search(tmp_path, halving())
    test = part_metrics(("a", "b"), 0.9)
    refit(run, {"train": part_metrics(("a", "b"), 0.95), "validation": None, "test": test})
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return summarize(run)


def test_the_sections_of_a_complete_search(refitted: Summary, messages: Messages) -> None:
    sections = complete(refitted)
    messages.check("\n".join(sections))
    messages.check(shown(sections[title] for title in ("Search", "Best trial", "Rungs", "Leaderboard")))
    assert ("best", "the run folder of the refitted winner") in sections["Files"].rows


def test_the_json_of_a_complete_search(refitted: Summary) -> None:
    report = json_report([refitted])
    assert json.loads(to_json(report)) == report
    (entry,) = report["runs"]
    assert (entry["kind"], entry["status"], entry["method"]) == ("search", "completed", "hyperband")
    assert (entry["trials"], entry["trials_by_status"]) == (4, {"completed": 3, "diverged": 1})
    assert (entry["epochs"], entry["epochs_trained"], entry["end"]) == (20, 17, "complete")
    best = entry["best"]
    assert (best["trial"], best["objective"], best["configuration"]) == (1, 0.96, {RATE: 0.1, NAME: "adam"})
    assert best["set"] == [f"{RATE}=0.1", f"{NAME}=adam", "training.epochs=9", "training.threads=1"]
    assert best["metrics"] == entry["metrics"]
    assert best["metrics"]["test"]["accuracy"] == 0.9
    assert [row["trial"] for row in entry["leaderboard"]] == [1, 0, 2, 3]
    assert entry["leaderboard"][0]["epochs"] == 9
    rung = {"bracket": 0, "rung": 2, "epochs": 9, "trials": 2, "diverged": 1, "promoted": None, "best": 0.96}
    assert entry["rungs"][2] == rung
    assert (entry["importance"], entry["hyperparameter_importance"]) == (None, None)


def test_an_ensemble_is_refitted_and_scored_out_of_bag(tmp_path: Path) -> None:
    """The search itself has one network per trial, and a validation part."""
    run = start_search(tmp_path, [header(members=8), *halving()[1:]])
    ensemble = "an ensemble of 8 networks"
    assert ("to be refitted as", ensemble) in complete(summarize(run))["Best trial"].rows
    of_part = part_metrics(("a", "b"), 0.9)
    model = {"layers": [4, 2], "parameters": 80, "networks": 8, "bags": True}
    refit(run, {"train": of_part, "validation": of_part, "test": of_part}, model=model)
    sections = complete(summarize(run))
    assert ("refitted as", ensemble) in sections["Best trial"].rows
    assert sections["Metrics of the refitted winner"].header[1:4] == ("train", "out-of-bag", "test")


@pytest.mark.parametrize(
    ("records", "known"),
    [
        pytest.param(halving(), {"epochs": 123, "saved": 4}, id="planned"),
        pytest.param(
            [*halving()[:6], ended("interrupted")],
            {"epochs": 204, "epochs_bound": "at least"},
            id="unfinished",
        ),
        pytest.param([header(), trial(0), result(0, 1, 0.5)], {"saved": 1}, id="one of each"),
        pytest.param(halving(), {"only_configurations": 4}, id="a small space"),
        pytest.param([*halving()[:-1], STOP, ended("complete")], {}, id="its own rule"),
        pytest.param([*halving()[:-1], STOP, ended("interrupted")], {}, id="its own rule, then interrupted"),
        pytest.param([header(method="bayes", chosen_sampler="tpe")], {}, id="the sampler that auto chose"),
        pytest.param(
            [header(objective={"metric": "log_loss", "on": "cross_validation", "direction": "minimize"})],
            {},
            id="folds",
        ),
        pytest.param(
            [header(), trial(0), trial(1), result(0, 1, None), result(1, 1, None, status="failed")],
            {},
            id="all diverged",
        ),
    ],
)
def test_what_is_said_of_a_search(
    tmp_path: Path, messages: Messages, records: list[JournalRecord], known: dict[str, Any]
) -> None:
    run = start_search(tmp_path, records)
    run.record({"search": {"method": "hyperband", **known}})
    sections = complete(summarize(run))
    messages.check(shown(sections[title] for title in ("Search", "Best trial") if title in sections))


def test_json_has_what_the_manifest_knows(tmp_path: Path) -> None:
    run = start_search(tmp_path, [header(chosen_sampler="tpe"), *halving()[1:]])
    run.record({"search": {"method": "hyperband", "epochs": 123}})
    (entry,) = json_report([summarize(run)])["runs"]
    assert (entry["epochs"], entry["sampler"]) == (123, "tpe")


def test_better_values_after_fewer_epochs_are_explained(messages: Messages) -> None:
    """Trial 2 is better than the best trial after one epoch; trial 3, which was even better, diverged."""
    title = "Better values after fewer epochs"
    records = [record for record in halving() if record.get("trial") != 2]
    sections = complete(searched([*records[:-1], result(2, 1, 0.97), records[-1]]))
    messages.check(shown([sections[title]]))
    assert title not in complete(searched(halving()))


def test_trials_with_epochs_of_their_own(messages: Messages) -> None:
    """One that trains all of them has not stopped early; its setting has another name than the result."""
    epochs = "training.epochs"
    records = [header(metric="loss", direction="minimize", paths=[epochs])]
    for number, (own, trained) in enumerate([(3, 3), (9, 4), (9, 9)]):
        status = "completed" if trained == 9 else "stopped early"
        entry = result(number, 9, 0.5 + number, epochs=trained, status=status)
        records += [trial(number, {epochs: own}), entry]
    sections = complete(searched([*records, ended("complete")]))
    messages.check(shown([sections["Search"], sections["Leaderboard"]]))


def test_gates_judge_the_refitted_winner(refitted: Summary, tmp_path: Path) -> None:
    """Without one, that is an error."""
    results = gate_results(parse_gates(["accuracy=0.9", "accuracy=0.91", "train.accuracy=0.95"]), refitted)
    assert [gate.passed for gate in results] == [True, False, True]
    run = start_search(tmp_path / "running", halving()[:6])
    for status in ("running", "died"):
        with pytest.raises(UsageError, match=rf"has no metrics \({status}\)"):
            gate_results(parse_gates(["accuracy=0.9"]), summarize(run))
        if status == "running":
            os.close(run.lock)


@pytest.mark.parametrize("status", ["running", "died", "interrupted", "failed"])
def test_a_search_that_ended_anywhere_is_reported(tmp_path: Path, status: Any) -> None:
    for kept in range(1, 15):
        run = start_search(tmp_path, halving()[:kept])
        if status == "died":
            os.close(run.lock)
        elif status != "running":
            run.finish(status, {"total": 1.0, "training": None})
        summary = summarize(run)
        reported = run_document(summary).run
        assert reported is not None
        assert reported.status == status
        (entry,) = json_report([summary])["runs"]
        assert (entry["best"] is None) == (kept <= 5)


def test_the_leaderboard_has_no_more_settings_than_fit() -> None:
    paths = [f"section.setting_{letter}" for letter in "abcdefgh"]
    board = board_of(paths, dict.fromkeys(paths, 0.123456))
    assert board.title == "Leaderboard; 4 more settings in leaderboard.csv"
    assert board.header == ("trial", "accuracy", "epochs", *(f"setting_{letter}" for letter in "abcd"))
    widths = [max(map(len, column)) for column in zip(board.header, *board.rows, strict=True)]
    assert sum(width + 3 for width in widths) <= TABLE_WIDTH


@pytest.mark.parametrize(
    ("layers", "text"),
    [(1, "64 relu batch residual"), (3, "64 relu, 64 relu, 64 relu"), (6, "64, 64, 64, 64, 64, 64")],
)
def test_layers_that_do_not_fit_into_the_leaderboard_are_shortened(layers: int, text: str) -> None:
    layer = {"units": 64, "activation": "relu", "normalization": "batch", "residual": True}
    board = board_of(["model.hidden"], {"model.hidden": [layer] * layers})
    end = "; all settings of the layers are in leaderboard.csv" if layers > 1 else ""
    assert (board.title, board.header[-1], board.rows[0][-1]) == (f"Leaderboard{end}", "hidden", text)


def test_the_settings_that_matter_most_come_first() -> None:
    """`last` determines the objective; one of the other settings fits beside it."""
    random = np.random.default_rng(0).random(24).tolist()
    board = board_of(["a", "b", "last"], *({"a": x, "b": x, "last": n / 7} for n, x in enumerate(random)))
    assert board.title == "Best of 24 trials; 1 more setting in leaderboard.csv"
    assert board.header == ("trial", "accuracy", "epochs", "last", "a")


def test_of_many_trials_the_best_are_shown() -> None:
    """The importance of a setting is that of all."""
    records = [header(paths=["x"]), *(trial(n, {"x": n / 7}) for n in range(300))]
    sections = complete(searched([*records, *(result(n, 3, n / 1000) for n in range(300))]))
    assert [row[0] for row in sections["Best of 300 trials"].rows] == [str(n) for n in range(299, 289, -1)]
    (row,) = sections["Importance of the settings after 3 epochs"].rows
    assert (row[0], row[3]) == ("x", "300")


def test_a_value_is_quoted_for_a_shell() -> None:
    records = [header(paths=["a", "b"]), trial(0, {"a": "it's `x`", "b": 11}), result(0, 3, 0.5)]
    assert complete(searched(records))["Train it alone"].rows == (
        "fnnctl train runs/x/resolved.yaml", """--set 'a=it'"'"'s `x`'""", "--set b=11",
        "--set training.epochs=9", "--set training.threads=1",
    )  # fmt: skip


@pytest.mark.parametrize("kept", [5, None])
def test_weights_other_than_those_of_the_objective_are_told(
    tmp_path: Path, messages: Messages, kept: int | None
) -> None:
    """If they are of the best trial."""
    title, run = "The weights that it keeps alone", start_search(tmp_path, halving())
    restored = {"trial": 1, "objective_of": 9, "kept": kept}
    run.record({"search": {"method": "hyperband", "restored_weights": restored}})
    messages.check(shown([complete(summarize(run))[title]]))
    run.record({"search": {"method": "hyperband", "restored_weights": {**restored, "trial": 0}}})
    assert title not in complete(summarize(run))
