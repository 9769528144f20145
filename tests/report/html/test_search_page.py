"""Pages of searches. Their figures are drawn, since they are a page's larger part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.report.html.report import html_report
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.journal import JournalRecord
from fnnctl.store.manifest import RunStatus
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.report.conftest import part_metrics
from tests.report.html.checked import Page, checked
from tests.report.searches import (
    NAME,
    RATE,
    confirmed,
    halving,
    header,
    hyperband,
    refit,
    result,
    start_search,
    trial,
)


def completed(run: OpenRun) -> Summary:
    test = part_metrics(("a", "b"), 0.9)
    refit(run, {"train": part_metrics(("a", "b"), 0.95), "validation": None, "test": test})
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return summarize(run)


def page_of(summary: Summary) -> Page:
    return checked(html_report([run_document(summary)]))


def test_a_complete_search_with_rungs(tmp_path: Path, messages: Messages) -> None:
    records = [header(confirm={"top": 2, "seeds": 3}), *halving()[1:]]
    run = start_search(tmp_path, [*records, *confirmed({1: [0.9, 0.8, 0.8], 0: [0.5] * 3}, budget=9)])
    run.note_times(
        {"networks": 2, "to": 3, "seconds": 1.5, "ended": 1e9 + k, "trained_by": f"a:{k}"} for k in range(2)
    )
    page = page_of(completed(run))
    messages.check("\n".join(page.text("h2")))
    messages.check("\n".join(page.text("figcaption")))
    described = page.text("desc")
    assert "2 workers, training 60% of 2.5 s." in described
    assert "bracket 0: 4 trials after 1 epoch, 2 trials after 3 epochs, 2 trials after 9 epochs" in described


@pytest.mark.parametrize("status", ["running", "interrupted", "failed"])
@pytest.mark.parametrize(
    ("records", "has_winner"),
    [
        ([header()], False),
        ([header(), trial(0)], False),
        ([header(), trial(0), result(0, 1, None, reason="the loss is nan")], False),
        (halving()[:8], True),
    ],
)
def test_a_search_that_ended_anywhere_has_a_page(
    tmp_path: Path, status: RunStatus, records: Sequence[JournalRecord], has_winner: bool
) -> None:
    run = start_search(tmp_path, records)
    if status != "running":
        run.finish(status, {"total": 1.0, "training": None})
    headings = page_of(summarize(run)).text("h2")
    assert "The search" in headings
    assert ("The winner" in headings) is has_winner


def test_five_hundred_trials_fit_on_a_page(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    curves: Sequence[Sequence[float]] = np.sort(random.random((500, 9)), axis=1).tolist()
    records = hyperband(curves)
    for record in records:
        if record["record"] == "trial":
            values = {RATE: 10 ** random.uniform(-5, 0), NAME: ["adam", "sgd"][random.integers(2)]}
            record["assignment"].update(values)
    run = start_search(tmp_path, records)
    run.note_times(
        {"networks": 1, "to": 3 ** (k % 3), "seconds": 0.9, "ended": 1e9 + k // 2, "trained_by": f"a:{k % 2}"}
        for k in range(1_000)
    )
    page = page_of(completed(run))  # checks the size
    assert "Left out" not in " ".join(page.text("p"))
    assert "60 of 500 rows of leaderboard.csv" not in page.text("small")  # there is no such file here
    assert any("60 of 1,000 rows of timeline.jsonl" in text for text in page.text("small"))
