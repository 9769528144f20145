"""Lists the runs in a folder from their JSON files alone.

`fnnctl runs` must answer at once, so nothing here imports NumPy or pydantic: only the facts that a list shows
are checked. `store.manifest` and `records.history` check everything that a command uses. The facts of many
runs are cached; nothing else of a run stays in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Self

from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.metrics.registry import headline
from fnnctl.store import names
from fnnctl.store.atomic import cannot_read, damaged, read_bytes
from fnnctl.store.documents import read_mapping
from fnnctl.store.journal import count_records
from fnnctl.store.labels import NO_LABELS, Labels, try_labels
from fnnctl.store.listing_cache import RunCache, stamp
from fnnctl.store.lock import is_held
from fnnctl.text import time_left_text

STATUSES: Final = ("running", "completed", "failed", "interrupted")
"""The values of a manifest's `status`, as in `store.manifest.RunStatus`."""
DIED: Final = "died"
"""The status shown for a run that should be running, but whose process is gone."""
DAMAGED: Final = "damaged"
"""The status shown for a run with a damaged file."""


_WATCHED_IN_ALL: Final = (names.MANIFEST, names.METRICS, names.LABELS)
_WATCHED: Final = (
    *_WATCHED_IN_ALL,
    names.JOURNAL,
    *(
        f"{folder}/{file}"
        for folder in (names.BEST, names.FORMER_BEST, names.ENSEMBLE, names.FORMER_ENSEMBLE)
        for file in (names.MANIFEST, names.METRICS)
    ),
)
"""The files that an entry is read from; runs that are no searches have only those that all runs have."""
_NONE: Final = type(None)
_TYPES: Final[tuple[type | tuple[type, ...], ...]] = (
    *(str, str, str, str, (str, _NONE), (float, _NONE), (int, _NONE), (str, _NONE), (str, _NONE)),
    *((int, _NONE), (float, _NONE)),
    *(str, (str, _NONE)),
)
"""The types of `ListedFacts` in the cache, then of the tags, with blanks between them, and of the note."""


@dataclass(frozen=True, slots=True)
class ListedFacts:
    """The facts of a run that lists show; a fact that is missing, or of another type, is None."""

    status: str
    kind: str
    name: str
    started: str
    finished: str | None
    seconds: float | None
    """The wall time of the whole command."""
    seed: int | None
    data: str | None
    """The name of the data."""
    task: str | None
    """`classification` or `regression`."""
    trials: int | None
    """The number of a search's trials."""
    metric: float | None = None
    """The first metric of the task on the test part; in a cross-validation, the mean over the folds."""


_CACHED: Final = " ".join((*(field.name for field in fields(ListedFacts)), "tags", "note"))


@dataclass(frozen=True, slots=True)
class RunEntry:
    """An entry in the list of runs. `facts` is None if the manifest is damaged."""

    path: Path
    facts: ListedFacts | None
    alive: bool
    """Whether the run's process is still running."""
    damage: str | None = None
    """Which file is damaged, and how; None if none is."""
    labels: Labels = NO_LABELS
    labels_damage: str | None = None
    """What is wrong with the file of the labels, which are not known then; None if nothing is."""
    promoted: tuple[str, ...] = ()
    """The names that stand for it, or for the winner or the ensemble of a search."""

    @property
    def scored(self) -> Path:
        """The folder whose metrics these are: of a search, that of what stands for it, if it has that."""
        return _scored(self.path, self.facts) if self.facts else self.path

    def read_metrics(self) -> dict[str, Any] | None:
        """The content of metrics.json in `scored`; None if it is damaged."""
        with suppress(DataError, MachineError):
            return _mapping(self.scored / names.METRICS)
        return None

    @property
    def displayed_status(self) -> str:
        """The status shown to users: the manifest's, `died`, or `damaged` if a file is."""
        if self.facts is None or self.damage:
            return DAMAGED
        return status_of(self.facts.status, alive=self.alive)


def status_of(status: str, *, alive: bool) -> str:
    """A manifest's status, or `died` if it is `running` but the process is gone."""
    return DIED if status == "running" and not alive else status


def list_runs(runs_dir: Path, promoted: Mapping[str, tuple[str, ...]] = {}) -> list[RunEntry]:
    """All runs in the folder by start time, ties by name; `promoted` are the promoted names by folder."""
    paths, cache = run_paths(runs_dir), RunCache(runs_dir / names.LISTED_FACTS, _CACHED)
    entries = [_entry(path, cache) for path in paths]
    for index, entry in enumerate(entries if promoted else ()):
        if entry.path.name in promoted:
            entries[index] = replace(entry, promoted=promoted[entry.path.name])
    cache.store([path.name for path in paths])
    # Another command may have removed some of them meanwhile.
    kept = [entry for entry in entries if entry.facts or is_run_path(entry.path)]
    return sorted(kept, key=lambda entry: started(entry.path, entry.facts.started if entry.facts else None))


def started(path: Path, by_manifest: str | None) -> str:
    """The start time of a run. A damaged one counts as the last in the second that its name gives."""
    if by_manifest:
        return by_manifest
    second = names.started_by_name(path.name)
    return f"{second}.999999Z" if second else ""


def no_runs_message(runs_dir: Path) -> str:
    """What to say about a folder without runs."""
    return f"there is no run in the folder '{runs_dir}' yet; `fnnctl train` makes one"


def run_paths(runs_dir: Path) -> list[Path]:
    """The folders of the runs in a folder, sorted by name; empty if there is no such folder."""
    try:
        with os.scandir(runs_dir) as entries:
            folders = sorted(
                entry.name for entry in entries if entry.name[0] != "." and not entry.is_symlink()
            )
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise UsageError(f"'{runs_dir}' is not a folder of runs: it is a file") from error
    except OSError as error:
        raise cannot_read(runs_dir, error) from error
    return [runs_dir / name for name in folders if _has_file(f"{runs_dir}/{name}", names.MANIFEST)]


def is_run_path(path: Path) -> bool:
    """Whether it is a folder with a manifest; False if it cannot be read or its name is invalid."""
    return _has_file(str(path), names.MANIFEST)


def _has_file(folder: str, name: str) -> bool:
    return os.path.isfile(f"{folder}/{name}")  # noqa: PTH113 (a Path takes longer, for many runs)


def _entry(path: Path, cache: RunCache) -> RunEntry:
    folder, name = str(path), path.name
    # What was no search is none now: it is not asked again whether it has a journal.
    count = cache.stamped_files(name)
    if not count:
        count = len(_WATCHED if _has_file(folder, names.JOURNAL) else _WATCHED_IN_ALL)
    mark = stamp(folder, _WATCHED[:count])
    if (cached := _cached(cache.get(name, mark))) is not None:
        return RunEntry(path, cached[0], _is_alive(path, cached[0]), labels=cached[1])
    labels, labels_damage = try_labels(path)
    facts: ListedFacts | None = None
    alive = False
    try:
        facts = _facts(path / names.MANIFEST)
        alive = _is_alive(path, facts)
        metrics = _mapping(_scored(path, facts) / names.METRICS)
        facts = replace(facts, metric=first_metric(metrics or {}, facts.task))
        if facts.kind == "search":
            _check_journal(path / names.JOURNAL, facts)
    except (DataError, MachineError) as error:
        return RunEntry(path, facts, alive, error.message, labels, labels_damage)
    if labels_damage is None:
        cache.put(name, mark, [*astuple(facts), " ".join(labels.tags), labels.note])
    return RunEntry(path, facts, alive, None, labels, labels_damage)


def _is_alive(path: Path, facts: ListedFacts) -> bool:
    return facts.status == "running" and is_held(path / names.LOCK)


def _cached(values: object) -> tuple[ListedFacts, Labels] | None:
    """The facts and the labels from a cache; None if they are not known."""
    if not isinstance(values, list) or len(values) != len(_TYPES) or not all(map(isinstance, values, _TYPES)):
        return None
    *facts, tags, note = values
    labels = Labels(tuple(tags.split()), note) if tags or note else NO_LABELS
    return ListedFacts(*facts), labels


def first_metric(metrics: Mapping[str, Any], task: str | None) -> float | None:
    """The value of `ListedFacts.metric`."""
    name = headline(task).name
    summary = _inside(metrics, "cross_validation", name)
    return _number(summary.get("mean") if isinstance(summary, dict) else _inside(metrics, "test", name))


def _scored(path: Path, facts: ListedFacts) -> Path:
    """The folder with the run's scores: of a search, that of its `RunFolder.result_run`."""
    if facts.kind != "search":
        return path
    winners = (path / names.BEST, path / names.FORMER_BEST)
    ensembles = (path / names.ENSEMBLE, path / names.FORMER_ENSEMBLE)
    ensemble = next(filter(is_run_path, ensembles), None)
    if ensemble is not None and _inside(_mapping(ensemble / names.MANIFEST) or {}, "model", "bags") is True:
        return ensemble
    return next(filter(is_run_path, winners), path)


def _mapping(path: Path) -> dict[str, Any] | None:
    content = read_bytes(path)
    return None if content is None else read_mapping(content, path)


def _facts(path: Path) -> ListedFacts:
    """The facts in a manifest; raises `DataError` if it is damaged or written by a newer fnnctl."""
    manifest = _mapping(path)
    if manifest is None:
        raise damaged(path, "is missing: this is not a run folder")
    for key in ("kind", "name", "started"):
        if not isinstance(manifest.get(key), str):
            raise damaged(path, f"is damaged: {key}: must be a text")
    if manifest.get("status") not in STATUSES:
        raise damaged(path, f"is damaged: status: must be one of {', '.join(STATUSES)}")
    layout = _whole(manifest.get("layout", names.LAYOUT_VERSION))
    if layout is None or layout > names.LAYOUT_VERSION:
        message = f"was written by a newer fnnctl (layout {layout}; this one reads {names.LAYOUT_VERSION})"
        raise damaged(path, "is damaged: layout: must be a number" if layout is None else message)
    return ListedFacts(
        status=manifest["status"],
        kind=manifest["kind"],
        name=manifest["name"],
        started=manifest["started"],
        finished=_text(manifest.get("finished")),
        seconds=_number(_inside(manifest, "seconds", "total")),
        seed=_whole(manifest.get("seed")),
        data=_text(_inside(manifest, "data", "name")),
        task=_text(_inside(manifest, "data", "task")),
        trials=_whole(_inside(manifest, "search", "trials")),
    )


def _check_journal(path: Path, facts: ListedFacts) -> None:
    """Raise `DataError` if the journal of a search is missing, changed, or lost its end.

    The records themselves are not read; `records.history.read_search` checks them too.
    """
    counts = count_records(path)
    if counts is None:
        raise damaged(path, "is missing: a search cannot be read without it; restore a copy of the file")
    count, before = counts["trial"], facts.trials or 0
    if count < before:
        lost = f"has {count:,} trials, and {names.MANIFEST} says {before:,}"
    elif facts.status == "completed" and not counts["end"]:
        lost = "has no end, although the search is complete"
    else:
        return
    raise damaged(path, f"is damaged: it {lost}. Put an undamaged copy of the file back")


def _inside(manifest: Mapping[str, Any], part: str, key: str) -> object:
    mapping = manifest.get(part)
    return mapping.get(key) if isinstance(mapping, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Position:
    """How many epochs have been trained, out of how many."""

    epoch: int
    epochs: int
    seconds_left: float | None
    """None if it is not known yet."""

    @classmethod
    def read(cls, run: Path) -> Self | None:
        """The position in a run's folder; None if the run has not said it, or if the file is damaged."""
        path = run / names.PROGRESS
        with suppress(DataError, MachineError):
            if (content := read_bytes(path)) is not None:
                facts = read_mapping(content, path)
                epoch, epochs, seconds = (facts.get(key) for key in ("epoch", "epochs", "seconds_left"))
                if isinstance(epoch, int) and isinstance(epochs, int) and isinstance(seconds, float | None):
                    return cls(epoch, epochs, seconds)
        return None

    def __str__(self) -> str:
        remaining = "" if self.seconds_left is None else f", {time_left_text(self.seconds_left)}"
        return f"epoch {self.epoch:,} of {self.epochs:,}{remaining}"
