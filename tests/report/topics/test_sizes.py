"""What the report says of a learning curve over data size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.report.blocks import Table
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.sizes import sizes_json, sizes_table
from fnnctl.report.words import share_text
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from tests.report.topics.said import tables


def entry(share: float, rows: int, mean: float | None, difference: Any = None) -> dict[str, Any]:
    facts = {"share": share, "rows": rows, "diverged": 0, "train": {"accuracy": 1.0}}
    if mean is None:
        return facts
    scores = {"mean": mean, "std": 0.02, "ci95": [mean - 0.02, mean + 0.02], "difference": difference}
    return {**facts, "accuracy": scores}


def difference(mean: float, p: float, *, spread: bool = True) -> dict[str, Any]:
    return {"mean": mean, "ci95": [mean - 0.01, mean + 0.01] if spread else None, "p": p}


@pytest.fixture
def with_sizes(start_run: Callable[..., OpenRun]) -> Callable[..., Summary]:
    def made(*entries: dict[str, Any]) -> Summary:
        run = start_run("x", ("a", "b"))
        sizes = {"sizes": list(entries)} if entries else {}
        run.write_metrics({"train": None, "validation": None, "test": {"accuracy": 0.95}, **sizes})
        return summarize(RunFolder(run.path))

    return made


def test_each_size_has_a_row_and_the_last_step_a_sentence(with_sizes: Callable[..., Summary]) -> None:
    summary = with_sizes(entry(0.125, 15, 0.91), entry(1.0, 1200, 0.95, difference(0.04, 0.001)))
    (table,) = tables(summary, sizes_table)
    assert table.header == ("rows", "share", "accuracy", "95 % interval", "change", "95 % interval")
    assert table.rows == (
        ("15", "12.5 %", "0.9100", "0.8900–0.9300", "–", "–"),
        ("1,200", "100 %", "0.9500", "0.9300–0.9700", "0.0400", "0.0300–0.0500"),
    )
    assert table.notes == (
        "From 12.5 % to 100 % of the rows (15 to 1,200), accuracy rose from 0.9100 to 0.9500 (paired "
        "difference 0.0400, 95 % interval 0.0300–0.0500, p = 0.001): more rows of this kind are likely "
        "to help.",
    )
    assert isinstance(table.short, Table)
    assert table.short.rows[1] == ("1,200", "100 %", "0.9500", "0.9300–0.9700")
    assert table.short.notes == table.notes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (difference(0.005, 0.4), "rose from 0.9500 to 0.9500 (paired difference 0.0050, 95 % interval"),
        (difference(0.005, 0.4), "which may be chance: the folds do not show that more rows help"),
        (difference(-0.04, 0.01), ", p = 0.010): more rows did not help"),
        (difference(0.0, 1.0, spread=False), "stayed at 0.9500 (paired difference 0.0000, p = 1.000)"),
    ],
)
def test_a_sentence_claims_no_more_than_the_folds_show(
    with_sizes: Callable[..., Summary], change: dict[str, Any], said: str
) -> None:
    (table,) = tables(with_sizes(entry(0.5, 50, 0.95), entry(1.0, 100, 0.95, change)), sizes_table)
    (sentence,) = table.notes
    assert said in sentence


def test_a_size_without_scores_is_left_out(with_sizes: Callable[..., Summary]) -> None:
    (table,) = tables(with_sizes(entry(0.5, 50, None), entry(1.0, 100, 0.95)), sizes_table)
    assert [row[1] for row in table.rows] == ["100 %"]
    assert table.notes == ()


def test_other_runs_have_no_sizes(with_sizes: Callable[..., Summary]) -> None:
    summary = with_sizes()
    assert (tables(summary, sizes_table), summary.sizes, sizes_json(summary)) == ([], (), {})


def test_shares_are_percentages() -> None:
    assert [share_text(share) for share in (1.0, 0.3, 0.07, 1 / 3, 0.001)] == [
        "100 %", "30 %", "7 %", "33.33 %", "0.1 %",
    ]  # fmt: skip
