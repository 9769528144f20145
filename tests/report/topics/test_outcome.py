from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.records.journal import COMPLETE
from fnnctl.report.blocks import Facts, Failure
from fnnctl.report.summary import summarize
from fnnctl.report.topics.data import details
from fnnctl.report.topics.outcome import failure, failure_text, incomplete
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from tests.report.conftest import data_facts
from tests.report.searches import halving, header, refit, start_search
from tests.report.topics.said import facts, said


def test_a_training_in_two_lines(finished_run: Callable[..., OpenRun]) -> None:
    found = facts(summarize(finished_run()))
    assert found["network"] == "6 → 100 → 2; 2 epochs, the best one 2; 1,234 parameters"
    assert found["data"] == "flowers: 1,150 rows, 5 columns, target species (2 classes)"


def test_an_ensemble_names_its_networks(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.record({"model": {"layers": [6, 2], "parameters": 28, "networks": 2, "same_shape": False}})
    assert facts(summarize(run))["network"] == "2 networks, the first one: 6 → 2; 28 parameters in all"
    run.record({"model": {"layers": [6, 2], "parameters": 112, "networks": 8, "plain_twins": True}})
    assert facts(summarize(run))["network"].startswith("4 networks and 4 plain twins: 6 → 2; 112 ")


def test_the_transform_of_a_target_stands_beside_it(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    data = {**data_facts(()), "task": "regression", "target": "price"}
    run.record({"data": data, "model": {"layers": [6, 1], "parameters": 7, "target_transform": "log"}})
    assert facts(summarize(run))["data"].endswith("target price (target_transform log)")


def test_a_search_names_its_best_trial_and_its_settings(tmp_path: Path) -> None:
    assert facts(summarize(start_search(tmp_path, halving()))) == {
        "search": "hyperband, 4 trials, 17 epochs trained",
        "best trial": "1, with accuracy 0.9600 on the validation part after 9 epochs",
        "its settings": "learning_rate 0.1, optimizer.name adam",
        "failures": "1 of 4 trials produced no result: the loss is nan",
    }


def test_the_threshold_of_a_search_comes_before_its_settings(tmp_path: Path) -> None:
    search = start_search(tmp_path, halving())
    search.record({"data": data_facts(("no", "yes"))})
    refit(search, {"train": None, "validation": None, "test": {"accuracy": 0.9, "threshold": 0.164}})
    known = facts(summarize(search))
    assert list(known) == ["search", "best trial", "threshold", "its settings", "data", "failures"]
    assert known["threshold"] == "'yes' from a probability of 0.1640 on"


def test_the_threshold_of_a_cross_validation_is_a_mean(start_run: Callable[..., OpenRun]) -> None:
    run = start_run(classes=("no", "yes"))
    entry = {"mean": 0.1015, "std": 0.01, "ci95": None, "scores": [0.1, 0.103]}
    test = {"accuracy": 0.9, "threshold": 0.1015}
    run.write_metrics({"test": test, "cross_validation": {"folds": 2, "repeats": 1, "threshold": entry}})
    assert facts(summarize(run))["threshold"] == ("'yes' from a probability of 0.1015 on (mean of the folds)")


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
    run.finish(status, {"total": 1.0, "training": None}, recorded)
    assert failure_text(summarize(run)) == words
    summary = summarize(run)
    failed, not_complete = ("Why it failed", failure), ("Why it is not complete", incomplete)
    (title, topic), (_, other) = (failed, not_complete) if status == "failed" else (not_complete, failed)
    assert [*topic(summary)] == ([Failure(title, (words,))] if words else [])
    assert [*other(summary)] == []


def test_a_run_in_progress_and_one_whose_process_is_gone(tmp_path: Path) -> None:
    search = start_search(tmp_path, halving()[:5])
    assert failure_text(summarize(search)) == "The run is in progress, at 0 epochs."
    search.record({"search": {"method": "hyperband", "epochs": 1581}})
    os.close(search.lock)
    killed = "The process of the run was killed after 0 of at most 1,581 epochs."
    assert failure_text(summarize(search)) == killed


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
    search = start_search(tmp_path, [*halving()[:-1], {"record": "end", "reason": "interrupted"}])
    search.finish(
        "interrupted", {"total": 1.0, "training": None}, {"search": {"method": "hyperband", **planned}}
    )
    summary = summarize(search)
    assert failure_text(summary) == f"The run was interrupted after {words}."
    known = facts(summary)
    assert known["search"] == f"hyperband, 4 trials, {words} trained"
    assert known["best trial"].endswith("on the validation part after 9 epochs")


@pytest.mark.parametrize(
    ("end", "planned", "words"),
    [
        (
            "the time limit",
            {"trials_planned": 320},
            "4 of 320 trials, 17 epochs trained; ended by the time limit",
        ),
        (
            "the time limit",
            {"trials_planned": 20, "epochs": 90, "epochs_bound": "about", "epochs_without_result": 5},
            "4 of about 20 trials, 17 of about 90 epochs trained, and 5 in trials under way; "
            "ended by the time limit",
        ),
        (COMPLETE, {"trials_planned": 4}, "4 trials, 17 epochs trained"),
        (COMPLETE, {"time_limit": 60.0}, "4 trials, 17 epochs trained; all 4 planned trials are done"),
        (
            COMPLETE,
            {"time_limit": 60.0, "only_configurations": 4},
            "4 trials, 17 epochs trained; all 4 configurations of the space are done",
        ),
    ],
)
def test_a_search_counts_what_was_planned_and_says_why_it_ended(
    tmp_path: Path, end: str, planned: dict[str, Any], words: str
) -> None:
    search = start_search(tmp_path, [*halving()[:-1], {"record": "end", "reason": end}])
    search.finish(
        "completed", {"total": 1.0, "training": None}, {"search": {"method": "hyperband", **planned}}
    )
    assert facts(summarize(search))["search"] == f"hyperband, {words}"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"trials": 5, "budget": {"max_epochs": 9, "cost": 100}}, "the cost of search.budget.cost is spent"),
        ({"trials": 4, "budget": {"max_epochs": 9, "cost": 100}}, "all 4 planned trials are done"),
    ],
)
def test_the_cost_may_end_a_search_before_its_time_limit(
    tmp_path: Path, limits: dict[str, Any], words: str
) -> None:
    search = start_search(tmp_path, [header(**limits), *halving()[1:]])
    search.finish(
        "completed", {"total": 1.0, "training": None}, {"search": {"method": "hyperband", "time_limit": 60.0}}
    )
    assert facts(summarize(search))["search"].endswith(f"; {words}")


def test_the_epochs_of_a_search_on_folds_are_those_of_each_fold(tmp_path: Path) -> None:
    objective = {"metric": "accuracy", "on": "cross_validation", "direction": "maximize"}
    search = start_search(tmp_path, [header(objective=objective), *halving()[1:]])
    assert facts(summarize(search))["search"] == "hyperband, 4 trials, 17 epochs per fold trained"


def test_columns_are_those_of_the_table(start_run: Callable[..., OpenRun]) -> None:
    """A date becomes several columns, which are no columns of the table."""
    run = start_run()
    run.record({"data": {**data_facts(()), "columns": 2}})
    summary = summarize(run)
    assert ": 1,150 rows, 2 columns, " in facts(summary)["data"]
    section = said(details, summary)["Data"]
    assert isinstance(section, Facts)
    assert dict(section.rows)["columns"].startswith("2, read as ")
