from __future__ import annotations

from fnnctl.report.topics.rungs import MAX_RUNGS, rung_entries, rungs_table
from tests.messages import Messages
from tests.report.searches import header, hyperband, read, result, trial
from tests.report.topics.said import shown


def test_brackets_by_hand(messages: Messages) -> None:
    """27 trials: nine begin in each bracket, and a third of each rung goes on."""
    messages.check(shown([rungs_table(read(hyperband([[(k * 7 % 27) / 27] * 9 for k in range(27)])))]))


def test_what_is_promoted_is_counted_where_it_arrived() -> None:
    """Trial 1 is at the second rung while trial 2, which began later, is not there yet."""
    records = [header(), trial(0), trial(1), result(0, 1, 0.1), result(1, 1, 0.2)]
    records += [result(1, 3, 0.3, rung=1, epochs=2), trial(2), result(2, 1, 0.9)]
    assert [rung["promoted"] for rung in rung_entries(read(records))] == [1, None]


def test_no_table_without_a_second_rung() -> None:
    assert not rungs_table(read([header(), trial(0), result(0, 1, 0.1)])).rows
    assert not rungs_table(read([header(), trial(0)])).rows


def test_of_many_rungs_some_are_shown() -> None:
    results = [result(0, k, 0.1, rung=k - 1, epochs=1) for k in range(1, MAX_RUNGS + 3)]
    table = rungs_table(read([header(), trial(0), *results]))
    assert (len(table.rows), table.title) == (MAX_RUNGS, "Rungs; 2 more in journal.jsonl")
