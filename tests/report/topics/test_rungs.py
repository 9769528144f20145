from __future__ import annotations

from collections.abc import Sequence

from fnnctl.report.topics.rungs import MAX_RUNGS, rung_entries, rungs_table
from tests.report.searches import halving, header, hyperband, read, result, trial

CURVES: Sequence[Sequence[float]] = [[(k * 7 % 27) / 27] * 9 for k in range(27)]


def test_brackets_by_hand() -> None:
    """27 trials: nine begin in each bracket, and a third of each rung goes on."""
    table = rungs_table(read(hyperband(CURVES)))
    assert table.title == "Brackets and rungs"
    assert table.header == ("bracket", "rung", "epochs", "trials", "diverged", "promoted", "best accuracy")
    assert [row[:6] for row in table.rows] == [
        ("2", "0", "1", "9", "0", "3"),
        ("2", "1", "3", "3", "0", "1"),
        ("2", "2", "9", "1", "0", "–"),
        ("1", "0", "3", "9", "0", "3"),
        ("1", "1", "9", "3", "0", "–"),
        ("0", "0", "9", "9", "0", "–"),
    ]


def test_a_single_ladder_has_no_bracket() -> None:
    table = rungs_table(read(halving()))
    assert (table.title, table.header[0]) == ("Rungs", "rung")


def test_what_is_promoted_is_counted_where_it_arrived() -> None:
    """Trial 1 is at the second rung while trial 2, which began later, is not there yet."""
    records = [header(), trial(0), trial(1), result(0, 1, 0.1), result(1, 1, 0.2)]
    records += [result(1, 3, 0.3, rung=1, epochs=2), trial(2), result(2, 1, 0.9)]
    assert [rung["promoted"] for rung in rung_entries(read(records))] == [1, None]


def test_no_table_without_a_second_rung() -> None:
    assert not rungs_table(read([header(), trial(0), result(0, 1, 0.1)])).rows
    assert not rungs_table(read([header(), trial(0)])).rows


def test_of_many_rungs_some_are_shown() -> None:
    records = [header(), trial(0)]
    records += [result(0, k, 0.1, rung=k - 1, epochs=1) for k in range(1, MAX_RUNGS + 3)]
    table = rungs_table(read(records))
    assert (len(table.rows), table.title) == (MAX_RUNGS, "Rungs; 2 more in journal.jsonl")
