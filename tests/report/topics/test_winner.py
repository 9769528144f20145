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
from fnnctl.store.manifest import DefaultTrialFacts
from tests.messages import Messages
from tests.report.conftest import part_metrics
from tests.report.searches import confirmed, halving, header, refit, result, start_search, trial
from tests.report.topics.said import said, sentences, shown

BY_OBJECTIVE = {
    "winner": 1, "trial": 0, "budget": 9, "objectives": [0.96, 0.95], "p": 0.2, "compared": 1, "ties": 0,
}  # fmt: skip
ACCURACY = {
    "metric": "accuracy", "search": 0.9, "default": 0.88, "difference": 0.02, "ci95": None, "p": 0.6,
    "verdict": "tie",
}  # fmt: skip
COMPARED = {"outcome": "compared", "trial": 0, "rows": 120, "metrics": [ACCURACY]}
CONFIRMED = [
    header(confirm={"top": 2, "seeds": 3}),
    *halving()[1:],
    *confirmed({1: [0.9, 0.8, 0.85], 0: [0.5, 0.6, 0.4]}, budget=9),
]


def refitted(folder: Path, records: list[JournalRecord], **facts: Any) -> Summary:
    run = start_search(folder, records)
    test = {**part_metrics(("a", "b"), 0.9), "baseline": {"accuracy": 0.5}}
    refit(run, {"train": None, "validation": None, "test": test})
    run.record({"search": {"method": "hyperband", **facts}})
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return summarize(run)


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(halving(), id="by its objective"),
        pytest.param(CONFIRMED, id="by the mean of a confirmation"),
        pytest.param(
            [header(objective={"metric": "log_loss", "on": "validation"}), *halving()[1:]], id="by log loss"
        ),
    ],
)
def test_how_the_winner_was_chosen_and_scored(
    tmp_path: Path, messages: Messages, records: list[JournalRecord]
) -> None:
    """On all parts, beside `fnnctl train`."""
    summary = refitted(tmp_path, records, default_trial=BY_OBJECTIVE, compared_with_default=COMPARED)
    messages.check(shown([*choice(summary), *winner(summary)]))


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
    """If it was completed."""
    title, records = "Extend the search", [header(**settings), *halving()[1:]]
    summary = refitted(tmp_path, records)
    command = said(commands, summary).get(title)
    expected = (f"fnnctl search --resume {shlex.quote(str(summary.path))}", words)
    assert (command and command.rows) == (expected if words else None)
    interrupted = summarize(start_search(tmp_path / "cut", records[:-1]))
    assert title not in said(commands, interrupted)


def test_the_sentences_of_a_short_report_begin_with_the_choice(tmp_path: Path) -> None:
    chosen, by_seeds = (
        refitted(tmp_path / name, records) for name, records in (("a", halving()), ("b", CONFIRMED))
    )
    assert sentences(chosen)[0] == "Trial 1 was chosen from 4 on the validation part, not on the test part."
    assert said(default_trial.verdict, chosen) == {}
    (verdict,) = said(confirmation.verdict, by_seeds)[ABOUT].rows
    assert verdict.startswith("Trial 1 ")


def beside_default(summary: Summary) -> Notes | Warnings:
    (block,) = [*default_trial.verdict(summary), *default_trial.warning(summary)]
    assert isinstance(block, Notes | Warnings)
    return block


@pytest.mark.parametrize(("p", "kind"), [(0.2, Warnings), (0.001, Notes)])
def test_a_winner_beside_the_default_settings(tmp_path: Path, p: float, kind: type) -> None:
    block = beside_default(refitted(tmp_path, halving(), default_trial={**BY_OBJECTIVE, "p": p}))
    assert isinstance(block, kind)
    verdict = "trial 1 is not better than" if kind is Warnings else "Trial 1 is better than"
    assert str(block.rows[0]).startswith(f"{verdict} the default settings (trial 0)")


@pytest.mark.parametrize(("verdict", "kind"), [("tie", Notes), ("better", Notes), ("worse", Warnings)])
def test_a_comparison_on_the_test_part_is_said_instead(tmp_path: Path, verdict: str, kind: type) -> None:
    """A search that is worse than `fnnctl train` is worth a warning."""
    compared = {**COMPARED, "metrics": [{**ACCURACY, "verdict": verdict}]}
    summary = refitted(tmp_path, halving(), default_trial=BY_OBJECTIVE, compared_with_default=compared)
    block = beside_default(summary)
    assert isinstance(block, kind)
    assert "accuracy 0.9000 against 0.8800 on the 120 test rows" in str(block.rows[0])
    entry = json_report([summary])["runs"][0]
    assert entry["compared_with_default"] == {**compared, "seconds_planned": None}
    assert entry["default_trial"]["p"] == BY_OBJECTIVE["p"]


@pytest.mark.parametrize(("ties", "words"), [(None, None), (0, None), (2, "2 other trials cannot be told")])
def test_trials_that_tie_with_the_winner_are_counted(ties: int | None, words: str | None) -> None:
    facts = DefaultTrialFacts(winner=1, ties=ties)
    assert (default_trial.ties_text(facts) or "").startswith(words or "")
    assert (default_trial.ties_text(facts) is None) is (words is None)
