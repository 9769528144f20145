"""Lists the runs in a folder from their JSON files alone.

`fnnctl runs` must answer at once, so nothing here imports NumPy or pydantic: only the facts that a list shows
are checked. `store.manifest` and `records.history` check everything that a command uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.store import names
from fnnctl.store.atomic import cannot_read, damaged, read_bytes
from fnnctl.store.documents import read_mapping
from fnnctl.store.journal import count_records
from fnnctl.store.lock import is_held

STATUSES: Final = ("running", "completed", "failed", "interrupted")
"""The values of a manifest's `status`, as in `store.manifest.RunStatus`."""
DIED: Final = "died"
"""The status shown for a run that should be running, but whose process is gone."""
DAMAGED: Final = "damaged"
"""The status shown for a run with a damaged file."""


@dataclass(frozen=True, slots=True)
class ListedFacts:
    """The facts of a manifest that lists show; a fact that is missing, or of another type, is None."""

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


@dataclass(frozen=True, slots=True)
class RunEntry:
    """An entry in the list of runs. `facts` is None if the manifest is damaged."""

    path: Path
    facts: ListedFacts | None
    metrics: dict[str, Any] | None
    """The content of metrics.json; for a search, that of its refitted winner."""
    alive: bool
    """Whether the run's process is still running."""
    damage: str | None = None
    """Which file is damaged, and how; None if none is."""

    @property
    def scored(self) -> Path:
        """The folder whose metrics these are: of a search that has refitted its winner, the winner's."""
        return _scored(self.path, self.facts) if self.facts else self.path

    @property
    def shown_status(self) -> str:
        """The status shown to users: the manifest's, `died`, or `damaged` if a file is."""
        if self.facts is None or self.damage:
            return DAMAGED
        return status_of(self.facts.status, alive=self.alive)


def status_of(status: str, *, alive: bool) -> str:
    """A manifest's status, or `died` if it is `running` but the process is gone."""
    return DIED if status == "running" and not alive else status


def list_runs(runs_dir: Path) -> list[RunEntry]:
    """All runs in the folder by start time, ties by name."""
    entries = [_entry(path) for path in run_paths(runs_dir)]
    return sorted(
        entries, key=lambda entry: started(entry.path, entry.facts.started if entry.facts else None)
    )


def started(path: Path, by_manifest: str | None) -> str:
    """The start time of a run. A damaged one counts as the last in the second that its name gives."""
    if by_manifest:
        return by_manifest
    second = names.started_by_name(path.name)
    return f"{second}.999999Z" if second else ""


def run_paths(runs_dir: Path) -> list[Path]:
    """The folders of the runs in a folder, sorted by name; empty if there is no such folder."""
    try:
        paths = sorted(runs_dir.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise UsageError(f"'{runs_dir}' is not a folder of runs: it is a file") from error
    except OSError as error:
        raise cannot_read(runs_dir, error) from error
    return [path for path in paths if path.name[0] != "." and not path.is_symlink() and is_run_path(path)]


def is_run_path(path: Path) -> bool:
    """Whether it is a folder with a manifest; False if it cannot be read or its name is invalid."""
    try:
        return (path / names.MANIFEST).is_file()
    except OSError:
        return False


def _entry(path: Path) -> RunEntry:
    metrics, facts, alive = None, None, False
    try:
        facts = _facts(path / names.MANIFEST)
        alive = facts.status == "running" and is_held(path / names.LOCK)
        metrics = _mapping(_scored(path, facts) / names.METRICS)
        if facts.kind == "search":
            _check_journal(path / names.JOURNAL, facts)
    except (DataError, MachineError) as error:
        return RunEntry(path, facts, metrics, alive, error.message)
    return RunEntry(path, facts, metrics, alive)


def _scored(path: Path, facts: ListedFacts) -> Path:
    """The folder with the run's scores: that of a search's refitted winner, if there is one."""
    inside = (path / names.BEST, path / names.FORMER_BEST) if facts.kind == "search" else ()
    return next(filter(is_run_path, inside), path)


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
        found = f"was written by a newer fnnctl (layout {layout}; this one reads {names.LAYOUT_VERSION})"
        raise damaged(path, "is damaged: layout: must be a number" if layout is None else found)
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
    found, before = counts["trial"], facts.trials or 0
    if found < before:
        lost = f"has {found:,} trials, and {names.MANIFEST} says {before:,}"
    elif facts.status == "completed" and not counts["end"]:
        lost = "has no end, although the search is complete"
    else:
        return
    raise damaged(path, f"is damaged: it {lost}. Put an undamaged copy of the file back")


def _inside(manifest: Mapping[str, Any], part: str, key: str) -> object:
    found = manifest.get(part)
    return found.get(key) if isinstance(found, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
