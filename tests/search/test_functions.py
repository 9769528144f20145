from __future__ import annotations

import doctest
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fnnctl.search
import fnnctl.search.functions
from fnnctl.errors import DataError
from fnnctl.records.journal import TIME_IS_OVER
from fnnctl.records.trials import Job, Status
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import search_function
from fnnctl.store.journal import read_journal
from tests.search.toys import Climber, numbered

BUDGET = SearchBudget(max_epochs=9, reduction_factor=3)


def bowl(job: Job) -> float:
    return (float(job.trial.assignment["x"]) - 11.2) ** 2 + 1 / job.stop


@pytest.mark.parametrize("module", [fnnctl.search, fnnctl.search.functions])
def test_the_documentation_is_right(module: ModuleType) -> None:
    failures, tried = doctest.testmod(module)
    assert tried > 0
    assert failures == 0


def test_a_search_without_a_journal() -> None:
    found = search_function(bowl, numbered(17), budget=BUDGET, direction="minimize")
    assert found.end == "complete"
    assert found.best is not None
    assert found.best.assignment == {"x": 11}  # in the bracket of 3 and 9 epochs
    assert len(found.trials) == 17
    assert len(found.results) == 9 + 3 + 1 + 5 + 1 + 3


def test_the_last_calls_journal_is_gone_on_with(tmp_path: Path) -> None:
    path, calls = tmp_path / "journal.jsonl", 0

    def breaks(job: Job) -> float:
        nonlocal calls
        calls += 1
        if calls == 10:
            raise KeyboardInterrupt
        return bowl(job)

    options: dict[str, Any] = {"budget": BUDGET, "direction": "minimize", "at_once": 2}
    with pytest.raises(KeyboardInterrupt):
        search_function(breaks, numbered(99), journal=path, **options)
    history = search_function(breaks, numbered(99), journal=path, **options)
    assert calls == 10 + (17 + 4 + 1) - 8  # the batch that was broken is done again
    search_function(bowl, numbered(99), journal=tmp_path / "undisturbed.jsonl", **options)
    assert path.read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    before = calls
    assert search_function(breaks, numbered(99), journal=path, **options).results == history.results
    assert calls == before


def test_a_journal_may_be_extended_but_not_turned_round(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    search_function(bowl, numbered(99), budget=BUDGET, direction="minimize", journal=path)
    longer = SearchBudget(max_epochs=27, reduction_factor=3)
    found = search_function(bowl, numbered(99), budget=longer, direction="minimize", journal=path)
    assert max(result.budget for result in found.results) == 27
    resumes = [record for record in read_journal(path) or [] if record["record"] == "resume"]
    assert [list(record["changes"]) for record in resumes] == [["budget"]]
    with pytest.raises(DataError, match="a different configuration"):
        search_function(bowl, numbered(99), budget=BUDGET, direction="maximize", journal=path)


def test_an_exception_can_be_a_failed_trial_or_the_end() -> None:
    def picky(job: Job) -> float:
        if job.trial.number == 1:
            raise OverflowError("too large")
        return math.nan

    options: dict[str, Any] = {"budget": SearchBudget(max_epochs=3, trials=3), "scheduler": "full_budget"}
    history = search_function(picky, numbered(9), direction="minimize", catch=(OverflowError,), **options)
    assert [result.status for result in history.results] == [Status.DIVERGED, Status.FAILED, Status.DIVERGED]
    assert history.results[1].reason == "OverflowError: too large"
    assert history.best is None
    with pytest.raises(OverflowError):
        search_function(picky, numbered(9), direction="minimize", **options)


def test_a_search_can_be_stopped() -> None:
    asked = iter([None] * 5 + [TIME_IS_OVER])
    found = search_function(
        bowl, Climber(99), budget=SearchBudget(max_epochs=3), direction="minimize", scheduler="full_budget",
        stop=lambda: next(asked),
    )  # fmt: skip
    assert (found.end, len(found.results)) == ("the time limit", 5)
