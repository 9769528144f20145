"""What a search has recorded of each trial, for programs that have trials of their own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fnnctl.records.history import SearchHistory
from fnnctl.records.timeline import trial_times
from fnnctl.records.trials import Result, Trial
from fnnctl.store.folder import RunFolder


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A trial with its results."""

    trial: Trial
    results: Sequence[Result]
    """By their budgets."""
    latest: Result | None
    """None if the trial has no result yet."""
    start: datetime | None
    end: datetime | None
    facts: Mapping[str, Any]
    """The bracket; with a result also its status and rung, the epochs, and the reason of a failure."""


def trial_records(run: RunFolder, search: SearchHistory) -> list[TrialRecord]:
    """The records of a run's search, by the numbers of the trials."""
    results: dict[int, list[Result]] = {number: [] for number in sorted(search.trials)}
    for result in sorted(search.results, key=lambda result: result.budget):
        results[result.trial].append(result)
    times = {
        number: [datetime.fromtimestamp(seconds, UTC) for seconds in ends]
        for number, ends in trial_times(run.read_timeline()).items()
    }
    records = []
    for number, of_trial in results.items():
        trial, latest = search.trials[number], search.standings.latest.get(number)
        start, end = times.get(number, (None, None))
        facts = _facts(search, trial, latest)
        records.append(TrialRecord(trial, of_trial, latest, start, end, facts))
    return records


def _facts(search: SearchHistory, trial: Trial, latest: Result | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"bracket": trial.bracket}
    if latest is not None:
        epochs = search.standings.epochs[trial.number]
        facts |= {"status": latest.status.value, "rung": latest.rung, "epochs": epochs}
        facts |= {} if latest.reason is None else {"reason": latest.reason}
    return facts
