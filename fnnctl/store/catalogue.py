"""Lists the runs in a folder, and finds a run by name.

A run is a folder with a manifest, directly in the runs folder. Hidden folders, which are unfinished, and
symbolic links, which could point anywhere, do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from fnnctl.errors import DataError, MachineError, UsageError, did_you_mean, quoted_list
from fnnctl.store.atomic import cannot_read
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest
from fnnctl.store.names import BEST, ENSEMBLE, LATEST, MANIFEST, slug, slug_by_name, started_by_name

T = TypeVar("T")

Usable = Callable[[RunFolder], bool]
"""Whether a command can use a run; used to choose a run if the user does not name exactly one."""


_INSIDE: Final[Mapping[str, tuple[Callable[[RunFolder], RunFolder | None], str]]] = {
    BEST: (RunFolder.winner, "has no refitted winner, as a search has when it is complete"),
    ENSEMBLE: (RunFolder.ensemble, "has no ensemble; set search.ensemble"),
}
"""How to find the runs inside a search, and what to say if there is none."""


@dataclass(frozen=True, slots=True)
class RunEntry:
    """An entry in the list of runs. `manifest` is None if it is damaged."""

    run: RunFolder
    manifest: Manifest | None
    metrics: dict[str, Any] | None
    """For a search, the metrics of its refitted winner."""
    alive: bool
    damage: str | None = None
    """Which file is damaged, and how; None if none is."""

    @property
    def shown_status(self) -> str:
        """The status shown to users: the manifest's, `died`, or `damaged` if a file is."""
        if self.manifest is None or self.damage:
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
    """The manifest's status, or `died` if it is `running` but the process is gone."""
    return "died" if manifest.status == "running" and not alive else manifest.status


def list_runs(runs_dir: Path) -> list[RunEntry]:
    """All runs in the folder by start time, ties by name."""
    entries = map(_entry, _run_folders(runs_dir))
    return sorted(entries, key=lambda entry: _started(entry.run, entry.manifest))


def find_run(text: str | None, runs_dir: Path, usable: Usable | None = None) -> RunFolder:
    """The run that `text` names, as in `_named`, or `latest`. None means `latest`.

    `RUN/best` and `RUN/ensemble` are the runs inside the search that RUN names.

    `latest` is the usable run that was started last, ties by name. If no run is usable, it is the last of all
    runs, so that the command can say what is wrong with it. Raises `UsageError` if there is no such run or
    `text` is ambiguous.
    """
    runs = {run.path.name: run for run in _run_folders(runs_dir)}
    run = None if text is None else _named(text, runs, usable)
    if run is None and text in (None, LATEST):
        run = _first_usable(_newest_first(runs.values()), usable)
    if run is None and text:
        run = _run_inside(text, runs_dir)
    if run is None:
        raise _no_such_run(text or "", list(runs), runs_dir)
    return run


def is_run(text: str, runs_dir: Path) -> bool:
    """Whether `find_run` finds a run by this name; False for the path of anything else."""
    try:
        if Path(text).exists():
            return _is_run(Path(text))
        find_run(text, runs_dir)
    except (OSError, UsageError):
        return False
    return True


def _named(text: str, runs: Mapping[str, RunFolder], usable: Usable | None) -> RunFolder | None:
    """The run with this path, else this folder name, experiment name, or unique prefix of a folder name."""
    if _is_run(Path(text)):
        return RunFolder(Path(text))
    if text in runs:
        return runs[text]
    if text and (run := _first_usable(_runs_of(text, runs.values()), usable)):
        return run
    matching = [name for name in runs if text and name.startswith(text)]
    return runs[matching[0]] if len(matching) == 1 else None


def _run_inside(text: str, runs_dir: Path) -> RunFolder | None:
    """The winner or the ensemble of a search, named `RUN/best` or `RUN/ensemble`; None for other names."""
    search, _, part = text.rstrip("/").rpartition("/")
    if not search or part not in _INSIDE:
        return None
    inside, missing = _INSIDE[part]
    outer = find_run(search, runs_dir, lambda run: inside(run) is not None)
    if (found := inside(outer)) is None:
        raise UsageError(f"{outer.path} {missing}")
    return found


def _first_usable(
    newest_first: Iterable[tuple[RunFolder, Manifest | None]], usable: Usable | None
) -> RunFolder | None:
    """The newest usable run, else the newest; None if there is none.

    A run with a damaged manifest counts as usable: the command then reports the damage instead of silently
    using an older run.
    """
    newest: RunFolder | None = None
    for run, manifest in newest_first:
        if usable is None or manifest is None or usable(run):
            return run
        newest = newest or run
    return newest


def _runs_of(experiment: str, runs: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Manifest | None]]:
    """The runs of an experiment, newest first; a damaged one is included if its folder name matches."""
    own_slug = slug(experiment)
    slugs = {run: slug_by_name(run.path.name) for run in runs}
    # Unless a folder was renamed, its slug rules out other experiments without reading the manifest.
    candidates = [run for run, found in slugs.items() if found in (own_slug, None)]
    for run, manifest in _newest_first(candidates):
        if manifest.name == experiment if manifest else slugs[run] == own_slug:
            yield run, manifest


def _newest_first(runs: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Manifest | None]]:
    """The runs with their manifests (None if damaged), newest first, ties by name.

    Folder names give the start to the second. So only two kinds of manifests are read: those of renamed
    folders, and those of the runs that the caller reaches.
    """
    by_second: dict[str, list[RunFolder]] = {}
    for run in runs:
        second = started_by_name(run.path.name) or _started(run, _read(run.read_manifest)[0])[:19]
        by_second.setdefault(second, []).append(run)
    for second in sorted(by_second, reverse=True):
        entries = [(run, _read(run.read_manifest)[0]) for run in by_second[second]]
        yield from sorted(entries, key=lambda entry: (_started(*entry), entry[0].path.name), reverse=True)


def _started(run: RunFolder, manifest: Manifest | None) -> str:
    """The start time of the run. A damaged one counts as the last in the second that its name gives."""
    if manifest:
        return manifest.started
    second = started_by_name(run.path.name)
    return f"{second}.999999Z" if second else ""


def _run_folders(runs_dir: Path) -> list[RunFolder]:
    """The runs in a folder, sorted by name; empty if there is no such folder."""
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
    """Whether it is a folder with a manifest; False if it cannot be read or its name is invalid."""
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
    """The content of a file, or the reason why it cannot be read."""
    try:
        return read(), None
    except (DataError, MachineError) as error:
        return None, error.message


def _no_such_run(text: str, folder_names: list[str], runs_dir: Path) -> UsageError:
    if not folder_names:
        return UsageError(f"there are no runs in {runs_dir} yet; `fnnctl train` makes one")
    if matching := [name for name in folder_names if text and name.startswith(text)]:
        return UsageError(f"'{text}' matches more than one run in {runs_dir}: {quoted_list(matching)}")
    return UsageError(
        f"there is no run '{text}' in {runs_dir}, and no folder of that name that contains {MANIFEST}"
        f"{_suggestion(text, folder_names)}"
    )


def _suggestion(text: str, folder_names: list[str]) -> str:
    """A hint at the newest run whose folder name contains the text, else at the most similar name."""
    containing = [name for name in folder_names if text in name]
    return f" (did you mean '{containing[-1]}'?)" if containing else did_you_mean(text, folder_names)
