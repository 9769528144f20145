"""Searches with a confirmation, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnnctl.records.confirmation import Confirmation
from fnnctl.records.history import SearchHistory
from fnnctl.store.journal import JournalRecord
from tests.report.searches import confirmed, header, read, result, trial

Scores = Mapping[int, Sequence[float | None]]

CLEAR: Scores = {0: [0.80, 0.81, 0.82, 0.83], 1: [0.90, 0.91, 0.925, 0.93], 2: [0.70, 0.72, 0.72, 0.735]}
CLOSE: Scores = {0: [0.90, 0.91, 0.82, 0.93], 1: [0.89, 0.92, 0.925, 0.91], 2: [0.70, 0.72, 0.72, 0.735]}


def history(
    scores: Scores,
    *,
    objectives: Sequence[float] = (0.9, 0.8, 0.95),
    networks: Sequence[JournalRecord] | None = None,
    **settings: Any,
) -> SearchHistory:
    top = len(objectives)
    return read(
        [
            header(confirm={"top": 3, "seeds": 4}, **settings),
            *(trial(number) for number in range(top)),
            *(result(number, 9, objective) for number, objective in enumerate(objectives)),
            {"record": "end", "reason": "complete"},
            *(confirmed(scores, budget=9) if networks is None else networks),
        ]
    )


def found_in(scores: Scores, **settings: Any) -> Confirmation:
    found = history(scores, **settings).confirmation
    assert found
    return found


def undefined(scores: Scores, *seeds: int) -> list[JournalRecord]:
    """The networks, in which trial 0 has no metric with these seeds."""
    return [
        {**each, "objective": None, "is_undefined": True}
        if each["trial"] == 0 and each["seed"] in seeds
        else each
        for each in confirmed(scores, budget=9)
    ]
