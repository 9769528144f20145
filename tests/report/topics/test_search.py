from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from fnnctl.errors import UsageError
from fnnctl.report.blocks import Files, Table
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.leaderboard import TABLE_WIDTH
from fnnctl.report.topics.registry import json_entries, run_document
from fnnctl.store.documents import to_json
from fnnctl.store.journal import JournalRecord
from tests.report.conftest import part_metrics
from tests.report.searches import NAME, RATE, halving, header, refit, result, start_search, trial
from tests.report.topics import said
from tests.report.topics.said import searched


def sections_of(summary: Summary) -> dict[str, Any]:
    """The sections of a terminal, by their titles."""
    sections = said.complete(summary).values()
    narrow = (section.narrow or section if isinstance(section, Table) else section for section in sections)
    return {section.title: section for section in narrow}


def titled(records: list[JournalRecord]) -> dict[str, Any]:
    return sections_of(searched(records))


@pytest.fixture
def complete(tmp_path: Path) -> Summary:
    run = start_search(tmp_path, halving())
    test = part_metrics(("a", "b"), 0.9)
    refit(run, {"train": part_metrics(("a", "b"), 0.95), "validation": None, "test": test})
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return summarize(run)


def test_the_sampler_that_auto_chose(tmp_path: Path) -> None:
    first, *rest = halving()
    first = {**first, "settings": {**first["settings"], "method": "bayes", "chosen_sampler": "tpe"}}
    summary = summarize(start_search(tmp_path, [first, *rest]))
    found = sections_of(summary)
    assert found["Search"].rows[0] == ("method", "bayes (tpe)")
    assert json_entries(summary)["sampler"] == "tpe"


def test_an_ensemble_is_refitted_and_scored_out_of_bag(tmp_path: Path) -> None:
    """The search itself has one network per trial, and a validation part."""
    first, *rest = halving()
    run = start_search(tmp_path, [{**first, "settings": {**first["settings"], "members": 8}}, *rest])
    before = sections_of(summarize(run))
    assert ("to be refitted as", "an ensemble of 8 networks") in before["Best trial"].rows
    of_part = part_metrics(("a", "b"), 0.9)
    model = {"layers": [4, 2], "parameters": 80, "networks": 8, "bags": True}
    refit(run, {"train": of_part, "validation": of_part, "test": of_part}, model=model)
    after = sections_of(summarize(run))
    assert ("refitted as", "an ensemble of 8 networks") in after["Best trial"].rows
    metrics = after["Metrics of the refitted winner"]
    assert isinstance(metrics, Table)
    assert metrics.header[1:4] == ("train", "out-of-bag", "test")


def test_every_section_of_a_complete_search(complete: Summary) -> None:
    found = sections_of(complete)
    assert list(found) == [
        "Summary", "How good it is", "About the scores", "accuracy of the winner", "Best trial",
        "The lowest F1", "What is confused most often", "Search", "Rungs", "Rung audit: do early ranks hold?",
        "The i-epoch baseline at equal epochs", "What stopping early risked", "Leaderboard", "Train it alone",
        "Extend the search", "Metrics of the refitted winner", "Classes on the test part",
        "Confusion matrix on the test part", "Training", "Predict new rows", "Repeat the search",
        "Compare with another run", "Provenance", "Model card",
        "The config's notes fill in what is not stated", "Files",
    ]  # fmt: skip
    assert found["Search"].rows == (
        ("method", "hyperband"),
        ("objective", "accuracy on the validation part, maximized"),
        ("trials", "4: 3 completed, 1 diverged"),
        ("failures", "1 of 4 trials produced no result: the loss is nan"),
        ("epochs", "20 granted, 17 trained"),
        ("ended", "complete"),
    )
    assert found["Best trial"].rows == (
        ("trial", "1, after 9 epochs"),
        ("accuracy", "0.9600"),
        ("best of", "4 trials, so its validation score is optimistic"),
        ("on the test part", "0.9000 after the refit, not optimistic"),
        (RATE, "0.1"),
        (NAME, "adam"),
    )
    assert found["Leaderboard"] == Table(
        "Leaderboard",
        ("trial", "accuracy", "epochs", "learning_rate", "optimizer.name"),
        (
            ("1", "0.9600", "9", "0.1", "adam"),
            ("0", "0.5000", "1", "1.0", "sgd"),
            ("2", "0.4000", "1", "0.01", "sgd"),
            ("3", "diverged", "6", "0.001", "adam"),
        ),
        texts=(0, 4),
    )
    assert found["Rungs"].rows == (
        ("0", "1", "4", "0", "2", "0.9000"),
        ("1", "3", "2", "0", "2", "0.9900"),
        ("2", "9", "2", "1", "–", "0.9600"),
    )
    files = found["Files"]
    assert isinstance(files, Files)
    assert ("best", "the run folder of the refitted winner") in files.rows


def test_the_json_of_a_complete_search(complete: Summary) -> None:
    report = json_report([complete])
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
    assert entry["rungs"][2] == {
        "bracket": 0, "rung": 2, "epochs": 9, "trials": 2, "diverged": 1, "promoted": None,
        "best": 0.96,
    }  # fmt: skip
    assert (entry["importance"], entry["hyperparameter_importance"]) == (None, None)


def test_what_the_manifest_knows_besides(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    run.record({"search": {"method": "hyperband", "epochs": 123, "saved": 4}})
    summary = summarize(run)
    facts = sections_of(summary)["Search"].rows
    assert ("epochs", "123 planned, 20 granted, 17 trained") in facts
    assert ("skipped", "4 configurations equal to an earlier one") in facts
    assert json_report([summary])["runs"][0]["epochs"] == 123


def test_better_values_after_fewer_epochs_are_explained(tmp_path: Path) -> None:
    """Trial 2 is better than the best trial after one epoch; trial 3, which was even better, diverged."""
    records = [each for each in halving() if each.get("trial") != 2]
    summary = summarize(start_search(tmp_path, [*records[:-1], result(2, 1, 0.97), records[-1]]))
    title = "Better values after fewer epochs"
    assert sections_of(summary)[title].rows == (
        "1 trial has a better accuracy than trial 1, but with fewer epochs (trial 2: 0.9700 after 1 epoch). "
        "The best trial is chosen among those with the most epochs.",
    )
    assert title not in titled(halving())


def test_trials_of_an_unfinished_search_are_not_called_completed(tmp_path: Path) -> None:
    run = start_search(tmp_path, [*halving()[:6], {"record": "end", "reason": "interrupted"}])
    run.record({"search": {"method": "asha", "epochs": 204, "epochs_bound": "at least"}})
    summary = summarize(run)
    facts = sections_of(summary)["Search"].rows
    assert ("trials", "4: 1 with a result so far, 3 waiting") in facts
    assert ("epochs", "at least 204 planned, 1 granted, 1 trained") in facts


def test_trials_with_epochs_of_their_own() -> None:
    """One that trains all of them has not stopped early; its setting has another name than the result."""
    epochs = "training.epochs"
    records = [header(metric="loss", direction="minimize", paths=[epochs])]
    for number, (own, trained) in enumerate([(3, 3), (9, 4), (9, 9)]):
        status = "completed" if trained == 9 else "stopped early"
        entry = result(number, 9, 0.5 + number, epochs=trained, status=status)
        records += [trial(number, {epochs: own}), entry]
    found = titled([*records, {"record": "end", "reason": "complete"}])
    assert ("trials", "3: 1 stopped early, 2 completed") in found["Search"].rows
    assert ("epochs", "21 granted, 16 trained") in found["Search"].rows
    assert found["Leaderboard"].header[2:] == ("epochs", epochs)
    assert found["Leaderboard"].rows[1] == ("1", "1.5000", "4", "9")


def test_one_of_each(tmp_path: Path) -> None:
    run = start_search(tmp_path, [header(), trial(0), result(0, 1, 0.5)])
    run.record({"search": {"method": "hyperband", "saved": 1}})
    found = sections_of(summarize(run))
    assert ("skipped", "1 configuration equal to an earlier one") in found["Search"].rows
    assert ("trial", "0, after 1 epoch") in found["Best trial"].rows


def test_gates_judge_the_refitted_winner(complete: Summary) -> None:
    results = gate_results(parse_gates(["accuracy=0.9", "accuracy=0.91", "train.accuracy=0.95"]), complete)
    assert [each.passed for each in results] == [True, False, True]


def test_a_gate_of_a_search_without_a_winner_is_an_error(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving()[:6])
    with pytest.raises(UsageError, match=r"has no metrics \(running\)"):
        gate_results(parse_gates(["accuracy=0.9"]), summarize(run))
    os.close(run.lock)
    with pytest.raises(UsageError, match=r"has no metrics \(died\)"):
        gate_results(parse_gates(["accuracy=0.9"]), summarize(run))


@pytest.mark.parametrize("kept", range(14))
@pytest.mark.parametrize("status", ["running", "died", "interrupted", "failed"])
def test_a_search_that_ended_anywhere_is_reported(
    tmp_path: Path, kept: int, status: Literal["running", "died", "interrupted", "failed"]
) -> None:
    run = start_search(tmp_path, halving()[: kept + 1])
    if status == "died":
        os.close(run.lock)
    elif status != "running":
        run.finish(status, {"total": 1.0, "training": None})
    summary = summarize(run)
    run_of = run_document(summary).run
    assert run_of
    assert run_of.status == status
    (entry,) = json_report([summary])["runs"]
    assert (entry["best"] is None) == (kept < 5)


def test_a_torn_journal_is_reported_up_to_there(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    journal = run.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    search = summarize(run).search
    assert search
    assert (search.end, len(search.results)) == (None, 8)


def test_all_diverged(tmp_path: Path) -> None:
    records = [header(), trial(0), trial(1), result(0, 1, None), result(1, 1, None, status="failed")]
    found = titled(records)
    assert not {"accuracy of the winner", "Best trial", "Train it alone"} & {*found}
    assert ("trials", "2: 1 diverged, 1 failed") in found["Search"].rows
    assert [row[1] for row in found["Leaderboard"].rows] == ["diverged", "failed"]


def test_the_leaderboard_has_no_more_settings_than_fit() -> None:
    paths = [f"section.setting_{letter}" for letter in "abcdefgh"]
    values = dict.fromkeys(paths, 0.123456)
    found = titled([header(paths=paths), trial(0, values), result(0, 3, 0.5)])
    board = found["Leaderboard; 4 more settings in leaderboard.csv"]
    assert isinstance(board, Table)
    assert board.header == ("trial", "accuracy", "epochs", *(f"setting_{letter}" for letter in "abcd"))
    widths = [max(map(len, column)) for column in zip(board.header, *board.rows, strict=True)]
    assert sum(width + 3 for width in widths) <= TABLE_WIDTH


@pytest.mark.parametrize(
    ("layers", "shown"),
    [(1, "64 relu batch residual"), (3, "64 relu, 64 relu, 64 relu"), (6, "64, 64, 64, 64, 64, 64")],
)
def test_layers_that_do_not_fit_into_the_leaderboard_are_shortened(layers: int, shown: str) -> None:
    layer = {"units": 64, "activation": "relu", "normalization": "batch", "residual": True}
    found = titled(
        [header(paths=["model.hidden"]), trial(0, {"model.hidden": [layer] * layers}), result(0, 3, 0.5)]
    )
    told = "; all settings of the layers are in leaderboard.csv" if layers > 1 else ""
    board = found[f"Leaderboard{told}"]
    assert isinstance(board, Table)
    assert (board.header[-1], board.rows[0][-1]) == ("hidden", shown)


def test_the_settings_that_matter_most_come_first() -> None:
    """`last` determines the objective; one of the other settings fits beside it."""
    paths = ["a", "b", "last"]
    rng = np.random.default_rng(0)
    trials = [{**dict.fromkeys(paths, rng.random()), "last": n / 7} for n in range(24)]
    records = [header(paths=paths, scales={}), *(trial(n, values) for n, values in enumerate(trials))]
    found = titled(records + [result(n, 3, n / 100) for n in range(24)])
    (title,) = (title for title in found if title.startswith("Best of 24 trials"))
    board = found[title]
    assert isinstance(board, Table)
    assert title == "Best of 24 trials; 1 more setting in leaderboard.csv"
    assert board.header == ("trial", "accuracy", "epochs", "last", "a")


def test_of_many_trials_the_best_are_shown() -> None:
    numbers = range(300)
    records = [header(paths=["x"]), *(trial(n, {"x": n / 7}) for n in numbers)]
    records += [result(n, 3, n / 1000) for n in numbers]
    found = titled(records)
    assert [row[0] for row in found["Best of 300 trials"].rows] == [str(n) for n in range(299, 289, -1)]
    importance = found["Importance of the settings after 3 epochs"]
    assert isinstance(importance, Table)
    assert importance.rows[0][0] == "x"
    assert importance.rows[0][3] == "300"


def test_a_cross_validated_objective_is_reported() -> None:
    records = [header(objective={"metric": "log_loss", "on": "cross_validation", "direction": "minimize"})]
    assert ("objective", "log loss over the folds, minimized") in titled(records)["Search"].rows


def test_a_value_is_quoted_for_a_shell() -> None:
    records = [header(paths=["a", "b"]), trial(0, {"a": "it's `x`", "b": 11}), result(0, 3, 0.5)]
    assert titled(records)["Train it alone"].rows == (
        "fnnctl train runs/x/resolved.yaml", """--set 'a=it'"'"'s `x`'""", "--set b=11",
        "--set training.epochs=9", "--set training.threads=1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "words"),
    [(5, "epoch 5 was the best by what"), (None, "another epoch may have been the best by what")],
)
def test_weights_other_than_those_of_the_objective_are_told(
    tmp_path: Path, kept: int | None, words: str
) -> None:
    run = start_search(tmp_path, halving())
    facts = {"method": "hyperband", "restored_weights": {"trial": 1, "objective_of": 9, "kept": kept}}
    run.record({"search": facts})
    found = sections_of(summarize(run))
    (sentence,) = found["The weights that it keeps alone"].rows
    assert str(sentence).startswith(
        f"The objective was measured after epoch 9, but {words} early stopping monitors. The command restores"
    )
    run.record({"search": {**facts, "restored_weights": {"trial": 0, "objective_of": 9, "kept": kept}}})
    assert "The weights that it keeps alone" not in sections_of(summarize(run))


def test_a_space_with_fewer_configurations_than_trials_is_told(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    facts = {"method": "hyperband", "only_configurations": 4}
    for recorded, rows in (
        (facts, [("space", "only 4 configurations, so there are no more trials")]),
        ({}, []),
    ):
        run.record({"search": {"method": "hyperband", "only_configurations": None, **recorded}})
        found = sections_of(summarize(run))
        assert [row for row in found["Search"].rows if row[0] == "space"] == rows


def test_a_search_that_its_own_rule_ended_says_only_why() -> None:
    """`complete` would sound as if its plan were done; an interruption afterwards is still said."""
    stop = {"record": "stop", "reason": "no improvement in 2 trials after trial 1"}
    for reason, told in (("complete", stop["reason"]), ("interrupted", "interrupted")):
        found = titled([*halving()[:-1], stop, {"record": "end", "reason": reason}])
        assert ("ended", told) in found["Search"].rows
