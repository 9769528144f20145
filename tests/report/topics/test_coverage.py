from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fnnctl.report.summary import summarize
from fnnctl.report.topics.coverage import regions
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.tasks.stored_coverage import Coverage
from tests.report.topics.said import said


@pytest.mark.parametrize(
    ("rows", "share", "high", "is_doubted"),
    [(1, 0.0, 0.79, False), (10, 0.3, 0.6, True), (10, 0.7, 0.9, False)],
)
def test_coverage_is_doubted_if_enough_rows_are_missed(
    start_run: Callable[..., OpenRun], *, rows: int, share: float, high: float, is_doubted: bool
) -> None:
    line = Coverage(0.8, "", rows, share, 0.0, high, 1.0)
    summary = replace(summarize(RunFolder(start_run().path)), coverage=[line])
    (table,) = said(regions, summary).values()
    assert any("less often than asked" in note for note in table.notes) is is_doubted
