from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.records.journal import COMPLETE
from fnnctl.report.blocks import Failure
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.data import details
from fnnctl.report.topics.outcome import failure, failure_text, incomplete
from fnnctl.store import names
from fnnctl.store.journal import JournalRecord
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.report.conftest import data_facts
from tests.report.searches import halving, header, refit, start_search
from tests.report.topics.said import facts, said

Measure = Callable[..., Summary]
TIMES = {"total": 1.0, "training": None}


def lines(known: dict[str, str]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in known.items())


def test_a_training_in_two_lines(summary: Summary, messages: Messages) -> None:
    messages.check(lines(facts(summary)))


@pytest.mark.parametrize(
    "model",
    [
        pytest.param({"parameters": 28, "networks": 2, "same_shape": False}, id="two shapes"),
        pytest.param({"parameters": 112, "networks": 8, "plain_twins": True}, id="plain twins"),
    ],
)
def test_an_ensemble_names_its_networks(measured: Measure, messages: Messages, model: dict[str, Any]) -> None:
    messages.check(facts(measured(facts={"model": {"layers": [6, 2], **model}}))["network"])


def test_the_transform_of_a_target_stands_beside_it(measured: Measure) -> None:
    model = {"layers": [6, 1], "parameters": 7, "target_transform": "log"}
    data = {"task": "regression", "target": "price"}
    summary = measured(classes=(), data=data, facts={"model": model})
    assert facts(summary)["data"].endswith("target price (target_transform log)")


def test_a_search_names_its_best_trial_and_its_settings(tmp_path: Path, messages: Messages) -> None:
    messages.check(lines(facts(summarize(start_search(tmp_path, halving())))))


def test_the_threshold_of_a_search_comes_before_its_settings(tmp_path: Path) -> None:
    search = start_search(tmp_path, halving())
    search.record({"data": data_facts(("no", "yes"))})
    refit(search, {"train": None, "validation": None, "test": {"accuracy": 0.9, "threshold": 0.164}})
    known = facts(summarize(search))
    assert list(known) == ["search", "best trial", "threshold", "its settings", "data", "failures"]
    assert known["threshold"] == "'yes' from a probability of 0.1640 on"


def test_the_threshold_of_a_cross_validation_is_a_mean(measured: Measure) -> None:
    entry = {"mean": 0.1015, "std": 0.01, "ci95": None, "scores": [0.1, 0.103]}
    folds = {"folds": 2, "repeats": 1, "threshold": entry}
    summary = measured({"accuracy": 0.9, "threshold": 0.1015}, classes=("no", "yes"), cross_validation=folds)
    assert facts(summary)["threshold"] == "'yes' from a probability of 0.1015 on (mean of the folds)"


@pytest.mark.parametrize(
    ("status", "recorded", "words"),
    [
        ("completed", {}, None),
        ("failed", {"error": "training diverged"}, "training diverged"),
        ("failed", {}, "The run failed; its log says more."),
        ("interrupted", {}, "The run was interrupted after 1 epoch."),
    ],
)
def test_why_a_run_did_not_complete(
    start_run: Callable[..., OpenRun], status: Any, recorded: dict[str, Any], words: str | None
) -> None:
    run = start_run()
    run.write_table(names.HISTORY, ("epoch", "train_loss"), [(1, 0.5)])
    run.finish(status, TIMES, recorded)
    summary = summarize(run)
    assert failure_text(summary) == words
    title = "Why it failed" if status == "failed" else "Why it is not complete"
    assert [*failure(summary), *incomplete(summary)] == ([Failure(title, (words,))] if words else [])


def test_a_run_in_progress_and_one_whose_process_is_gone(tmp_path: Path) -> None:
    search = start_search(tmp_path, halving()[:5])
    assert failure_text(summarize(search)) == "The run is in progress, at 0 epochs."
    search.record({"search": {"method": "hyperband", "epochs": 1581}})
    os.close(search.lock)
    killed = "The process of the run was killed after 0 of at most 1,581 epochs."
    assert failure_text(summarize(search)) == killed


def ended(folder: Path, records: list[JournalRecord], status: Any = "completed", **known: Any) -> Summary:
    """A search with these records, and what its manifest knows."""
    search = start_search(folder, records)
    search.finish(status, TIMES, {"search": {"method": "hyperband", **known}})
    return summarize(search)


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ({"epochs": 1581}, "17 of at most 1,581 epochs"),
        ({"epochs": 204, "epochs_bound": "at least"}, "17 of at least 204 epochs"),
        ({"epochs": 12, "epochs_bound": "at least"}, "17 epochs"),
        ({}, "17 epochs"),
    ],
)
def test_an_interrupted_search_says_how_far_it_came(
    tmp_path: Path, planned: dict[str, Any], words: str
) -> None:
    records = [*halving()[:-1], {"record": "end", "reason": "interrupted"}]
    summary = ended(tmp_path, records, "interrupted", **planned)
    assert failure_text(summary) == f"The run was interrupted after {words}."
    assert facts(summary)["search"] == f"hyperband, 4 trials, {words} trained"


LIMIT, COST = "the time limit", {"max_epochs": 9, "cost": 100}


@pytest.mark.parametrize(
    ("settings", "end", "known"),
    [
        pytest.param({}, LIMIT, {"trials_planned": 320}, id="the time limit"),
        pytest.param(
            {},
            LIMIT,
            {"trials_planned": 20, "epochs": 90, "epochs_bound": "about", "epochs_without_result": 5},
            id="the time limit, epochs about",
        ),
        pytest.param({}, COMPLETE, {"trials_planned": 4}, id="complete"),
        pytest.param({}, COMPLETE, {"time_limit": 60.0}, id="complete before its limit"),
        pytest.param({}, COMPLETE, {"time_limit": 60.0, "only_configurations": 4}, id="a small space"),
        pytest.param({"trials": 5, "budget": COST}, COMPLETE, {"time_limit": 60.0}, id="the cost"),
        pytest.param({"trials": 4, "budget": COST}, COMPLETE, {"time_limit": 60.0}, id="less than the cost"),
        pytest.param(
            {"objective": {"metric": "accuracy", "on": "cross_validation"}}, COMPLETE, {}, id="folds"
        ),
    ],
)
def test_a_search_counts_what_was_planned_and_says_why_it_ended(
    tmp_path: Path, messages: Messages, settings: dict[str, Any], end: str, known: dict[str, Any]
) -> None:
    records = [header(**settings), *halving()[1:-1], {"record": "end", "reason": end}]
    messages.check(facts(ended(tmp_path, records, **known))["search"])


def test_columns_are_those_of_the_table(measured: Measure) -> None:
    """A date becomes several columns, which are no columns of the table."""
    summary = measured(data={"columns": 2})
    assert ": 1,150 rows, 2 columns, " in facts(summary)["data"]
    assert dict(said(details, summary)["Data"].rows)["columns"].startswith("2, read as ")
