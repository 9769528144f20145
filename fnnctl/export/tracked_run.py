"""A run as trackers of experiments have it: parameters, metrics by step, tags, and runs below it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeGuard

from fnnctl.config.reading.yaml_reader import decode, read_yaml
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.records.history import SearchHistory, read_search
from fnnctl.records.trial_records import TrialRecord, trial_records
from fnnctl.records.trials import CURVE, Result
from fnnctl.store.catalogue import displayed_status
from fnnctl.store.folder import RunFolder
from fnnctl.store.labels import try_labels
from fnnctl.store.manifest import Manifest
from fnnctl.store.promotions import promotions_of

Outcome: TypeAlias = Literal["running", "finished", "failed", "killed"]
Points: TypeAlias = list[tuple[int, float]]
"""The values of a metric, each with its step."""

_OUTCOMES: Final[Mapping[str, Outcome]] = {
    "running": "running",
    "completed": "finished",
    "failed": "failed",
    "interrupted": "killed",
    "died": "killed",
}
OBJECTIVE: Final = "objective"
NOTES: Final = "notes"
_UNWRITTEN: Final = re.compile(r"[^\w.\- ]")
"""What the name of a metric or parameter cannot contain."""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What a tracker shows of a run."""

    name: str
    outcome: Outcome
    start: datetime | None = None
    end: datetime | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Points] = field(default_factory=dict)
    """By name; a `/` separates the part of the data from the metric."""
    tags: Mapping[str, str] = field(default_factory=dict)
    children: Sequence[TrackedRun] = ()
    """The trials of a search."""


def tracked_run(run: RunFolder) -> TrackedRun:
    """The run; a search has its winner's history, the metrics of what stands for it, and a child per trial.

    Raises `DataError` if a file is damaged.
    """
    manifest, settings = run.read_manifest(), _settings(run)
    search = read_search(run)
    trained, measured = (run, run) if search is None else (run.winner(), run.result_run())
    tracked = TrackedRun(
        run.path.name,
        _OUTCOMES[displayed_status(manifest, alive=run.is_alive())],
        _time(manifest.started),
        _time(manifest.finished),
        parameters={_name(path): _text(value) for path, value in _flat(settings) if value is not None},
        metrics=(_by_epoch(trained) if trained else {}) | (_by_part(measured) if measured else {}),
        tags=_tags(run, manifest) | _notes(settings),
    )
    return tracked if search is None else _with_trials(tracked, run, search)


def _settings(run: RunFolder) -> Mapping[str, Any]:
    """The complete config; empty if the run has none, as the winner of a search that was killed."""
    resolved = run.read_resolved()
    if resolved is None:
        return {}
    settings: Mapping[str, Any] = read_yaml(decode(resolved)).value
    return settings


def _notes(settings: Mapping[str, Any]) -> dict[str, str]:
    """What the user has noted, as Markdown; empty if it is nothing."""
    notes = settings.get(NOTES) or {}
    paragraphs = [text if name == "text" else f"**{name}:** {text}" for name, text in notes.items() if text]
    return {NOTES: "\n\n".join(paragraphs)} if paragraphs else {}


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The values by path, without the notes. What a search chooses from stays whole."""
    for key, value in values.items():
        inner = f"{path}.{key}" if path else str(key)
        if inner == NOTES:
            continue
        if isinstance(value, Mapping) and value and path != "search.space":
            yield from _flat(value, inner)
        else:
            yield inner, value


def _by_epoch(run: RunFolder) -> dict[str, Points]:
    """The columns of the history."""
    columns = run.read_history() or {}
    epochs = columns.pop("epoch", [])
    return {
        name: [
            (int(epoch), value)
            for epoch, value in zip(epochs, values, strict=True)
            if epoch and _is_finite(value)
        ]
        for name, values in columns.items()
    }


def _by_part(run: RunFolder) -> dict[str, Points]:
    """The metrics of each part, `test/accuracy`, with the ends of their intervals."""
    metrics = run.read_metrics() or {}
    numbers = (
        (f"{part}/{_name(name)}", value)
        for part, values in metrics.items()
        if isinstance(values, Mapping)
        for name, value in _numbers(values)
    )
    last = max((int(epoch or 0) for epoch in (run.read_history() or {}).get("epoch", ())), default=0)
    return {name: [(last, value)] for name, value in numbers if _is_finite(value)}


def _numbers(metrics: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in metrics.items():
        if isinstance(value, list) and name.endswith("_ci95") and len(value) == 2:
            yield from zip((f"{name}_low", f"{name}_high"), value, strict=True)
        else:
            yield name, value


def _tags(run: RunFolder, manifest: Manifest) -> dict[str, str]:
    git, data = manifest.git, manifest.data
    (labels, _), (promotions, _) = try_labels(run.path), promotions_of(run.path)
    facts = {
        "run": run.named,
        "kind": manifest.kind,
        "status": displayed_status(manifest, alive=run.is_alive()),
        "experiment": manifest.name,
        "command": manifest.command,
        "fnnctl": manifest.fnnctl,
        "python": manifest.python,
        "numpy": manifest.packages.get("numpy"),
        "processor": manifest.processor.model,
        "git.commit": None if git is None else git.commit,
        "git.dirty": None if git is None else git.dirty,
        "data": None if data is None else data.name,
        "data.sha256": None if data is None else data.sha256,
        "error": manifest.error,
        "promoted": ", ".join(promotion.name for promotion in promotions) or None,
        "tags": ", ".join(labels.tags) or None,
        "note": labels.note,
    }
    return {name: _text(value) for name, value in facts.items() if value is not None}


def _with_trials(tracked: TrackedRun, run: RunFolder, search: SearchHistory) -> TrackedRun:
    """The search with its winner's number and objective, and its trials."""
    winner = search.winner
    trials = [_trial(search, record) for record in trial_records(run, search)]
    if winner is None or winner.objective is None:
        return replace(tracked, children=trials)
    metrics = {**tracked.metrics, f"search/{search.metric}": [(winner.budget, winner.objective)]}
    return replace(
        tracked, metrics=metrics, tags={**tracked.tags, "best trial": str(winner.trial)}, children=trials
    )


def _trial(search: SearchHistory, record: TrialRecord) -> TrackedRun:
    outcome: Outcome = "killed"
    if record.latest is not None:
        outcome = "failed" if record.latest.objective is None else "finished"
    metrics: dict[str, Points] = {}
    for result in record.results:
        for name, epoch, value in _values(search, result):
            metrics.setdefault(name, []).append((epoch, value))
    number, assignment = record.trial.number, record.trial.assignment
    parameters = {_name(path): _text(value) for path, value in assignment.items()}
    tags = {name: _text(value) for name, value in {"trial": number, **record.facts}.items()}
    return TrackedRun(f"trial {number}", outcome, record.start, record.end, parameters, metrics, tags)


def _values(search: SearchHistory, result: Result) -> Iterator[tuple[str, int, float]]:
    """The learning curves of a result's job and its objective: name, epoch and value."""
    start = search.starts[result.key]
    for name, curve in ((result.facts or {}).get(CURVE) or {}).items():
        for epoch, value in enumerate(curve, start=start + 1):
            if _is_finite(value):
                yield _name(name), epoch, value
    if result.objective is not None:
        yield OBJECTIVE, start + result.epochs, result.objective


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _name(text: str) -> str:
    return _UNWRITTEN.sub("_", text)


def _text(value: Any) -> str:
    """A value as it would be written in a config; a text without quotes."""
    return value if isinstance(value, str) else flow_yaml(value)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
