"""The runs of a folder: which there are, and which one a name means.

A run lies directly in the runs folder and has a manifest. Hidden folders are half made, and links could lead
anywhere: neither is a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnnctl.errors import DataError, MachineError, UsageError, did_you_mean, quoted_list
from fnnctl.store.atomic import cannot_read
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest
from fnnctl.store.names import LATEST, MANIFEST, started_by_name


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A line of the list of runs; `manifest` is None where the run is damaged, and `damage` says how."""

    run: RunFolder
    manifest: Manifest | None
    metrics: dict[str, Any] | None
    """Of a search, those of its refitted winner."""
    alive: bool
    damage: str | None = None

    @property
    def shown_status(self) -> str:
        """The status in a word for people, who are also told of runs that died and of damaged ones."""
        if self.manifest is None:
            return "damaged"
        return shown_status(self.manifest, alive=self.alive)

    @property
    def started(self) -> str:
        """When the run was started. A damaged one counts as the last of the second in its name."""
        if self.manifest:
            return self.manifest.started
        second = started_by_name(self.run.path.name)
        return f"{second}.999999Z" if second else ""

    def to_dict(self) -> dict[str, Any]:
        """The entry of `runs --json`; where the manifest is damaged, what it would say is null."""
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
    """The manifest's status, or `died` where it says `running` and no process is left that could be."""
    return "died" if manifest.status == "running" and not alive else manifest.status


def list_runs(runs_dir: Path) -> list[RunEntry]:
    """Every run of the folder, the one started last at the end."""
    return sorted((_entry(run) for run in _run_folders(runs_dir)), key=lambda entry: entry.started)


def find_run(text: str, runs_dir: Path) -> RunFolder:
    """The run that `text` means: `latest`, a path, a folder's name, or a unique prefix of one.

    Raises `UsageError` where there is none, or more than one.
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
    entries = list_runs(runs_dir)
    if not entries:
        raise _no_runs(runs_dir)
    return entries[-1].run


def _run_folders(runs_dir: Path) -> list[RunFolder]:
    """The runs in a folder, by name; none where there is no such folder."""
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
    """Whether it is a folder with a manifest; one that may not be looked into, or cannot exist, is none."""
    try:
        return (path / MANIFEST).is_file()
    except OSError:
        return False


def _entry(run: RunFolder) -> RunEntry:
    manifest, metrics, damage = None, None, None
    try:
        manifest = run.read_manifest()
        metrics = (run.winner() or run).read_metrics()
    except (DataError, MachineError) as error:
        damage = error.message
    alive = manifest is not None and manifest.status == "running" and run.is_alive()
    return RunEntry(run, manifest, metrics, alive, damage)


def _no_runs(runs_dir: Path) -> UsageError:
    return UsageError(f"there are no runs in {runs_dir} yet; `fnnctl train` makes one")


def _suggestion(text: str, folder_names: list[str]) -> str:
    """The newest run whose folder's name has the text somewhere in it, else the closest name."""
    containing = [name for name in folder_names if text in name]
    return f" (did you mean '{containing[-1]}'?)" if containing else did_you_mean(text, folder_names)
