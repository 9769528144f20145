"""Lists the runs of a folder, and finds the run that a name stands for.

A run is a folder with a manifest, directly in the runs folder. Hidden folders are unfinished, and links could
lead anywhere: neither is a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fnnctl.errors import DataError, MachineError, UsageError, did_you_mean, quoted_list
from fnnctl.store.atomic import cannot_read
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest
from fnnctl.store.names import LATEST, MANIFEST, started_by_name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A line of the list of runs; `manifest` is None if the manifest is damaged, and `damage` says how."""

    run: RunFolder
    manifest: Manifest | None
    metrics: dict[str, Any] | None
    """Of a search, those of its refitted winner."""
    alive: bool
    damage: str | None = None

    @property
    def shown_status(self) -> str:
        """The status as users see it: the manifest's, `died` or `damaged`."""
        if self.manifest is None:
            return "damaged"
        return shown_status(self.manifest, alive=self.alive)

    def to_dict(self) -> dict[str, Any]:
        """The entry of `runs --json`; facts of a damaged manifest are null."""
        manifest = self.manifest
        return {
            "run": str(self.run.path),
            "kind": manifest and manifest.kind,
            "name": manifest and manifest.name,
            "status": manifest and manifest.status,
            "alive": self.alive,
            "started": manifest and manifest.started,
            "metrics": self.metrics,
            "damage": self.damage,
        }


def shown_status(manifest: Manifest, *, alive: bool) -> str:
    """The manifest's status, or `died` if that is `running` and the run's process is gone."""
    return "died" if manifest.status == "running" and not alive else manifest.status


def list_runs(runs_dir: Path) -> list[RunEntry]:
    """Every run of the folder, in the order of start, ties by name."""
    entries = map(_entry, _run_folders(runs_dir))
    return sorted(entries, key=lambda entry: _started(entry.run, entry.manifest))


def find_run(text: str, runs_dir: Path) -> RunFolder:
    """The run that `text` stands for: `latest`, a path, a folder's name, or a unique prefix of one.

    Raises `UsageError` if there is none, or more than one.
    """
    if text == LATEST:
        return _latest(runs_dir)
    if _is_run(Path(text)):
        return RunFolder(Path(text))
    runs = {run.path.name: run for run in _run_folders(runs_dir)}
    matching = [name for name in runs if text and name.startswith(text)]
    if text in runs or len(matching) == 1:
        return runs.get(text) or runs[matching[0]]
    if matching:
        raise UsageError(f"'{text}' means more than one run of {runs_dir}: {quoted_list(matching)}")
    if not runs:
        raise _no_runs(runs_dir)
    raise UsageError(
        f"there is no run '{text}' in {runs_dir}, and no folder of that name with a {MANIFEST}"
        f"{_suggestion(text, list(runs))}"
    )


def _latest(runs_dir: Path) -> RunFolder:
    """The run started last, ties by name: folder names tell all but the order within a second."""
    seconds = {run: started_by_name(run.path.name) for run in _run_folders(runs_dir)}
    if not seconds:
        raise _no_runs(runs_dir)
    last = max(filter(None, seconds.values()), default=None)
    candidates = [run for run, second in seconds.items() if second in (last, None)]
    return max(candidates, key=lambda run: (_started(run, _read(run.read_manifest)[0]), run.path.name))


def _started(run: RunFolder, manifest: Manifest | None) -> str:
    """When the run was started. A damaged one counts as the last of the second in its name."""
    if manifest:
        return manifest.started
    second = started_by_name(run.path.name)
    return f"{second}.999999Z" if second else ""


def _run_folders(runs_dir: Path) -> list[RunFolder]:
    """The runs in a folder, by name; none if there is no such folder."""
    try:
        paths = sorted(runs_dir.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise UsageError(f"'{runs_dir}' is not a folder of runs: it is a file") from error
    except OSError as error:
        raise cannot_read(runs_dir, error) from error
    return [
        RunFolder(path)
        for path in paths
        if not path.name.startswith(".") and not path.is_symlink() and _is_run(path)
    ]


def _is_run(path: Path) -> bool:
    """Whether it is a folder with a manifest; False if it may not be read or its name is impossible."""
    try:
        return (path / MANIFEST).is_file()
    except OSError:
        return False


def _entry(run: RunFolder) -> RunEntry:
    manifest, damage = _read(run.read_manifest)
    metrics = None
    if manifest is not None:
        metrics, damage = _read((run.winner() or run).read_metrics)
    alive = manifest is not None and manifest.status == "running" and run.is_alive()
    return RunEntry(run, manifest, metrics, alive, damage)


def _read(read: Callable[[], T]) -> tuple[T | None, str | None]:
    """What a file holds, or else why it cannot be read."""
    try:
        return read(), None
    except (DataError, MachineError) as error:
        return None, error.message


def _no_runs(runs_dir: Path) -> UsageError:
    return UsageError(f"there are no runs in {runs_dir} yet; `fnnctl train` makes one")


def _suggestion(text: str, folder_names: list[str]) -> str:
    """The newest run whose folder's name has the text somewhere in it, else the closest name."""
    containing = [name for name in folder_names if text in name]
    return f" (did you mean '{containing[-1]}'?)" if containing else did_you_mean(text, folder_names)
