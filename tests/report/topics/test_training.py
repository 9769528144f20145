from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.report.summary import summarize
from fnnctl.report.topics import data, training
from fnnctl.store.run import OpenRun
from tests.report.conftest import data_facts
from tests.report.topics.said import said


@pytest.mark.parametrize(
    ("same_shape", "rows"),
    [
        (True, [("network", "6 → 100 → 2"), ("networks", "3 of this shape, averaged")]),
        (False, [("first network", "6 → 100 → 2"), ("networks", "3, averaged")]),
    ],
)
def test_an_ensemble_names_its_networks(
    start_run: Callable[..., OpenRun], same_shape: bool, rows: list[tuple[str, str]]
) -> None:
    run = start_run()
    facts = {"layers": [6, 100, 2], "parameters": 3702, "networks": 3, "same_shape": same_shape}
    run.record({"model": facts})
    assert [*said(training.details, summarize(run))["Training"].rows[:2]] == rows


def test_an_evaluation_names_its_run_and_has_no_parts(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    facts = {**data_facts(("a", "b")), "rows": 1234, "parts": {"train": 0, "validation": 0, "test": 1234}}
    run.record({"kind": "evaluation", "evaluated": {"run": "/runs/first", "sha256": "ab12"}, "data": facts})
    found = said(training.details, summarize(run))
    assert "Training" not in found
    assert found["Network"].rows[:3] == (
        ("evaluated run", "/runs/first"), ("SHA-256", "ab12"), ("network", "6 → 100 → 2"),
    )  # fmt: skip
    data_section = said(data.details, summarize(run))["Data"]
    assert ("rows", "1,234") in data_section.rows
