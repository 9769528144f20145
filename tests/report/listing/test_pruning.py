from __future__ import annotations

from dataclasses import replace
from typing import Any

from fnnctl.report.listing.fields import ListedRun
from fnnctl.report.listing.selection import Pruning, prunable
from fnnctl.store.listing import RunEntry
from tests.report.listing.entries import DAMAGED, entry


def run(folder: str, day: int, **facts: Any) -> RunEntry:
    made = entry("iris", started=f"2026-11-{day:02}T00:00:00.000000Z", **facts)
    return replace(made, path=made.path.with_name(folder))


ENTRIES = [
    run("a", 1),
    run("b", 2, status="failed"),
    run("c", 3, kind="search"),
    run("d", 4),
    run("e", 5, status="interrupted"),
    run("f", 6, status="failed"),
    replace(run("g", 7, status="running"), alive=True),
    run("h", 8, status="running"),
    DAMAGED.entry,
]


def names(choice: Pruning, entries: list[RunEntry] = ENTRIES, *, has_conditions: bool = False) -> str:
    runs = [ListedRun(each) for each in entries]
    return "".join(each.path.name for each in prunable(runs, ENTRIES, choice, has_conditions=has_conditions))


def test_the_newest_runs_and_the_newest_completed_ones_stay() -> None:
    assert names(Pruning(keep=1)) == "abef"
    assert names(Pruning(keep=2)) == "bef"
    assert names(Pruning(keep=0)) == "abcdefh"
    assert names(Pruning(keep=99)) == ""


def test_by_status() -> None:
    assert names(Pruning(statuses=["failed", "died"])) == "bfh"
    assert names(Pruning(statuses=["damaged"])) == "bad"
    assert names(Pruning(statuses=["failed"], keep=1)) == "bf"


def test_by_age() -> None:
    assert names(Pruning(before="2026-11-03T00:00:00.5")) == "abc"
    assert names(Pruning(before="2026-11-03T00:00:00.5", statuses=["completed"])) == "ac"
    assert names(Pruning(before="2027"), [entry(started="")]) == ""


def test_what_is_alive_or_unknown_stays() -> None:
    """Whatever is asked; but a damaged run goes if it met a condition."""
    assert names(Pruning(), has_conditions=True) == "abcdefhbad"
    assert names(Pruning(before="2027"), has_conditions=True) == "abcdefh"
