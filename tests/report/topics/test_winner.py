from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.blocks import Notes, Warnings
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics import confirmation, default_trial
from fnnctl.report.topics.topic import ABOUT
from fnnctl.report.topics.winner import choice, commands, winner
from fnnctl.store.journal import JournalRecord
from fnnctl.store.run import OpenRun
from tests.report.conftest import part_metrics
from tests.report.searches import confirmed, halving, header, refit, result, start_search, trial
from tests.report.topics.said import said, sentences, tables

EXTEND = "Extend the search"
BY_OBJECTIVE = {
    "winner": 1, "trial": 0, "budget": 9, "objectives": [0.96, 0.95], "p": 0.2, "compared": 1, "ties": 0,
}  # fmt: skip
ACCURACY = {
    "metric": "accuracy", "search": 0.9, "default": 0.88, "difference": 0.02, "ci95": None, "p": 0.6,
    "verdict": "tie",
}  # fmt: skip
COMPARED = {"outcome": "compared", "trial": 0, "rows": 120, "metrics": [ACCURACY]}


def of(folder: Path, records: list[JournalRecord], **facts: Any) -> Summary:
    run = start_search(folder, records)
    test = {**part_metrics(("a", "b"), 0.9), "baseline": {"accuracy": 0.5}}
    refit(run, {"train": None, "validation": None, "test": test})
    run.record({"search": {"method": "hyperband", **facts}})
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return summarize(run)


def test_scores_wherever_they_were_measured(tmp_path: Path) -> None:
    facts = {"default_trial": BY_OBJECTIVE, "compared_with_default": COMPARED}
    (table,) = tables(of(tmp_path, halving(), **facts), winner)
    assert table.title == "accuracy of the winner"
    assert [(row[0], row[1], row[3]) for row in table.rows] == [
        ("in the search, validation part", "0.9600", "yes, the best of 4"),
        ("refitted, test part", "0.9000", "no"),
        ("`fnnctl train`, test part", "0.8800", "no"),
        ("baseline, test part", "0.5000", "no"),
    ]


def test_the_mean_of_a_confirmation_stands_between(tmp_path: Path) -> None:
    records = [header(confirm={"top": 2, "seeds": 3}), *halving()[1:]]
    networks = confirmed({1: [0.9, 0.8, 0.85], 0: [0.5, 0.6, 0.4]}, budget=9)
    (table,) = tables(of(tmp_path, [*records, *networks]), winner)
    first, second, *_ = table.rows
    assert first[3] == "to be confirmed"
    assert (second[0], second[1], second[3]) == ("mean over 3 other seeds", "0.8500", "yes, the best of 2")
    low, high = (float(end) for end in second[2].split("–"))
    assert (low + high) / 2 == pytest.approx(0.85, abs=1e-4)


def test_without_a_winner_there_are_no_scores(tmp_path: Path) -> None:
    summary = summarize(start_search(tmp_path, [header(), trial(0), result(0, 1, None)]))
    assert (said(winner, summary), said(commands, summary)) == ({}, {})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "random", "trials": 40}, "--set search.trials=80"),
        ({"method": "nas", "trials": 40, "max_trials": 9}, None),
        ({"method": "grid", "trials": 40}, None),
        ({"method": "hyperband"}, "--set search.budget.max_epochs=27"),
        (
            {"method": "bohb", "budget": {"max_epochs": 10, "reduction_factor": 2.5}},
            "--set search.budget.max_epochs=25",
        ),
    ],
)
def test_the_command_that_extends_a_search(
    tmp_path: Path, settings: dict[str, Any], words: str | None
) -> None:
    records = [header(**settings), *halving()[1:]]
    summary = of(tmp_path, records)
    command = said(commands, summary).get(EXTEND)
    expected = (f"fnnctl search --resume {shlex.quote(str(summary.path))}", words)
    assert (command and command.rows) == (expected if words else None)
    interrupted = summarize(start_search(tmp_path / "cut", records[:-1]))
    assert EXTEND not in said(commands, interrupted)


SCORES = {"train": None, "validation": None, "test": {"accuracy": 0.9}}
CHOSEN = "Trial 1 was chosen from 4 on the validation part, not on the test part."


def searched(folder: Path, records: list[JournalRecord], own: dict[str, Any] | None = None) -> OpenRun:
    run = start_search(folder, records)
    run.record({"search": {"method": "hyperband", "default_trial": own}})
    refit(run, SCORES)
    return run


def test_the_best_trial_was_chosen_by_its_objective(tmp_path: Path) -> None:
    summary = summarize(searched(tmp_path, halving()))
    assert sentences(summary)[0] == CHOSEN
    assert said(default_trial.verdict, summary) == {}


def test_a_confirmed_winner_was_chosen_by_its_seeds(tmp_path: Path) -> None:
    records = [
        header(confirm={"top": 2, "seeds": 3}),
        *(trial(number) for number in range(2)),
        *(result(number, 9, objective) for number, objective in enumerate((0.9, 0.8))),
        {"record": "end", "reason": "complete"},
        *confirmed({0: [0.7, 0.71, 0.72], 1: [0.90, 0.91, 0.92]}, budget=9),
    ]
    summary = summarize(searched(tmp_path, records))
    chosen = "Trial 1 was chosen by its mean over 3 seeds, not on the test part."
    assert said(choice, summary) == {ABOUT: Notes(ABOUT, (chosen,))}
    (verdict,) = said(confirmation.verdict, summary)[ABOUT].rows
    assert verdict.startswith("Trial 1 ")


@pytest.mark.parametrize(("p", "is_doubtful"), [(0.2, True), (0.001, False)])
def test_a_winner_beside_the_default_settings(tmp_path: Path, p: float, is_doubtful: bool) -> None:
    summary = summarize(searched(tmp_path, halving(), {**BY_OBJECTIVE, "p": p}))
    (section,) = (
        *said(default_trial.verdict, summary).values(),
        *said(default_trial.warning, summary).values(),
    )
    assert isinstance(section, Warnings if is_doubtful else Notes)
    verdict = "trial 1 is not better than" if is_doubtful else "Trial 1 is better than"
    assert str(section.rows[0]).startswith(f"{verdict} the default settings (trial 0)")


@pytest.mark.parametrize(("verdict", "is_warning"), [("tie", False), ("better", False), ("worse", True)])
def test_a_comparison_on_the_test_part_is_said_instead(
    tmp_path: Path, verdict: str, is_warning: bool
) -> None:
    """A search that is worse than `fnnctl train` is worth a warning."""
    compared = {**COMPARED, "metrics": [{**ACCURACY, "verdict": verdict}]}
    run = start_search(tmp_path, halving())
    run.record(
        {"search": {"method": "grid", "default_trial": BY_OBJECTIVE, "compared_with_default": compared}}
    )
    summary = summarize(run)
    (section,) = (
        *said(default_trial.verdict, summary).values(),
        *said(default_trial.warning, summary).values(),
    )
    assert isinstance(section, Warnings if is_warning else Notes)
    (sentence,) = section.rows
    assert "accuracy 0.9000 against 0.8800 on the 120 test rows" in str(sentence)
    entry = json_report([summary])["runs"][0]
    assert entry["compared_with_default"] == {**compared, "seconds_planned": None}
    assert entry["default_trial"]["p"] == BY_OBJECTIVE["p"]


def test_the_objective_has_its_label(tmp_path: Path) -> None:
    records = [header(objective={"metric": "log_loss", "on": "validation"}), *halving()[1:]]
    (table,) = tables(of(tmp_path, records), winner)
    assert (table.title, table.header[1]) == ("log loss of the winner", "log loss")
