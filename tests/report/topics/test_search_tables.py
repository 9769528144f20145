"""Tables and facts of searches: their rungs, their workers, and the rewards of a controller."""

from __future__ import annotations

from typing import Any

from fnnctl.records.timeline import Timeline, started_event, timeline
from fnnctl.report.topics.architecture import reward_definitions
from fnnctl.report.topics.rungs import MAX_RUNGS, rung_entries, rungs_table
from fnnctl.report.topics.search import MAX_WORKERS, workers_table
from fnnctl.report.words import workers_text
from tests.messages import Messages
from tests.report.searches import header, hyperband, read, result, trial
from tests.report.test_best_model import journal
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


def test_the_rewards_of_the_first_and_the_last_fifth() -> None:
    """Only controllers have rewards, and four are too few for a fifth."""
    objectives = [0.1, 0.3, *[0.5] * 6, 0.6, 0.9]
    assert [*reward_definitions(read(journal(*objectives)))] == [
        ("first fifth", "mean accuracy 0.2000 of 2 trials"),
        ("last fifth", "mean accuracy 0.7500 of 2 trials"),
    ]
    minimized = reward_definitions(read(journal(*objectives, metric="log_loss", direction="minimize")))
    assert next(minimized) == ("first fifth", "mean log loss 0.2000 of 2 trials")
    assert [*reward_definitions(read(journal(*objectives, sampler="random")))] == []
    assert [*reward_definitions(read(journal(*objectives[:4])))] == []


def of(*events: dict[str, Any]) -> Timeline:
    found = timeline(events)
    assert found is not None
    return found


def stack(stop: float, seconds: float, by: str) -> dict[str, Any]:
    return {"networks": 3, "to": 1, "seconds": seconds, "ended": 1_000 + stop, "trained_by": by}


def test_workers_by_hand(messages: Messages) -> None:
    found = of(stack(10, 10, "a:1"), stack(4, 4, "a:2"), stack(5, 1, "a:2"))
    assert workers_text(found) == "2 workers, training 75% of 10 s"
    messages.check(shown([workers_table(found)]))


def test_a_single_worker_needs_no_table() -> None:
    found = of(stack(1, 1, "a:1"), started_event("serial", 1), stack(90, 2, "a:9"))
    assert workers_text(found) == "1 worker, training 100% of 3 s, pauses left out"
    assert not workers_table(found).rows


def test_of_many_workers_some_are_shown() -> None:
    table = workers_table(of(*(stack(1, 1, f"a:{k}") for k in range(MAX_WORKERS + 2))))
    assert (len(table.rows), table.title) == (MAX_WORKERS, "Workers; 2 more in timeline.jsonl")
