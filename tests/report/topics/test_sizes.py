"""What the report says of a learning curve over data size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.report.summary import Summary
from fnnctl.report.topics.sizes import sizes_json, sizes_table
from fnnctl.report.words import share_text
from tests.messages import Messages
from tests.report.topics.said import shown, tables


def entry(share: float, rows: int, mean: float | None, difference: Any = None) -> dict[str, Any]:
    facts = {"share": share, "rows": rows, "diverged": 0, "train": {"accuracy": 1.0}}
    if mean is None:
        return facts
    scores = {"mean": mean, "std": 0.02, "ci95": [mean - 0.02, mean + 0.02], "difference": difference}
    return {**facts, "accuracy": scores}


def difference(mean: float, p: float, *, spread: bool = True) -> dict[str, Any]:
    return {"mean": mean, "ci95": [mean - 0.01, mean + 0.01] if spread else None, "p": p}


@pytest.fixture
def with_sizes(measured: Callable[..., Summary]) -> Callable[..., Summary]:
    return lambda *entries: measured({"accuracy": 0.95}, **({"sizes": [*entries]} if entries else {}))


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([entry(0.125, 15, 0.91), entry(1.0, 1200, 0.95, difference(0.04, 0.001))], id="two"),
        pytest.param([entry(0.5, 50, None), entry(1.0, 100, 0.95)], id="one without scores is left out"),
    ],
)
def test_each_size_has_a_row_and_the_last_step_a_sentence(
    with_sizes: Callable[..., Summary], messages: Messages, entries: list[dict[str, Any]]
) -> None:
    messages.check(shown(sizes_table(with_sizes(*entries))))


@pytest.mark.parametrize(
    ("change", "p", "spread"),
    [
        pytest.param(0.005, 0.4, True, id="chance"),
        pytest.param(-0.04, 0.01, True, id="worse"),
        pytest.param(0.0, 1.0, False, id="equal"),
    ],
)
def test_a_sentence_claims_no_more_than_the_folds_show(
    with_sizes: Callable[..., Summary], messages: Messages, change: float, p: float, spread: bool
) -> None:
    last = entry(1.0, 100, 0.95 + change, difference(change, p, spread=spread))
    (table,) = tables(with_sizes(entry(0.5, 50, 0.95), last), sizes_table)
    messages.check("\n".join(table.notes))


def test_other_runs_have_no_sizes(with_sizes: Callable[..., Summary]) -> None:
    summary = with_sizes()
    assert (tables(summary, sizes_table), summary.sizes, sizes_json(summary)) == ([], (), {})


def test_shares_are_percentages() -> None:
    assert [*map(share_text, (1.0, 0.3, 0.07, 1 / 3, 0.001))] == ["100 %", "30 %", "7 %", "33.33 %", "0.1 %"]
