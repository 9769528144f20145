from __future__ import annotations

from typing import Any

from fnnctl.records.timeline import Timeline, started_event, timeline
from fnnctl.report.topics.workers import MAX_WORKERS, workers_table
from fnnctl.report.words import workers_text


def of(*events: dict[str, Any]) -> Timeline:
    found = timeline(events)
    assert found is not None
    return found


def stack(stop: float, seconds: float, by: str) -> dict[str, Any]:
    return {"networks": 3, "to": 1, "seconds": seconds, "ended": 1_000 + stop, "trained_by": by}


def test_workers_by_hand() -> None:
    found = of(stack(10, 10, "a:1"), stack(4, 4, "a:2"), stack(5, 1, "a:2"))
    assert workers_text(found) == "2 workers, training 75% of 10 s"
    assert workers_table(found).rows == (
        ("worker 1", "1", "3", "10 s", "100%"),
        ("worker 2", "2", "6", "5 s", "50%"),
    )


def test_a_single_worker_needs_no_table() -> None:
    found = of(stack(1, 1, "a:1"), started_event("serial", 1), stack(90, 2, "a:9"))
    assert workers_text(found) == "1 worker, training 100% of 3 s, pauses left out"
    assert not workers_table(found).rows


def test_of_many_workers_some_are_shown() -> None:
    table = workers_table(of(*(stack(1, 1, f"a:{k}") for k in range(MAX_WORKERS + 2))))
    assert (len(table.rows), table.title) == (MAX_WORKERS, "Workers; 2 more in timeline.jsonl")
