"""Finds a run by name.

A run is a folder with a manifest, directly in the runs folder. Hidden folders, which are unfinished, and
symbolic links, which could point anywhere, do not count.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.store.folder import RunFolder
from fnnctl.store.listing import is_run_path, no_runs_message, run_paths, started, status_of
from fnnctl.store.manifest import Manifest
from fnnctl.store.names import BEST, DEFAULT, ENSEMBLE, LATEST, MANIFEST, slug, slug_by_name, started_by_name
from fnnctl.store.promotions import Promotion, promoted_run, try_promotions
from fnnctl.text import did_you_mean, word_list

Usable: TypeAlias = Callable[[RunFolder], bool]
"""Whether a command can use a run; used to choose a run if the user does not name exactly one."""

_INSIDE: Final[Mapping[str, tuple[Callable[[RunFolder], RunFolder | None], str]]] = {
    BEST: (RunFolder.winner, "has no refitted winner, as a search has when it is complete"),
    ENSEMBLE: (RunFolder.ensemble, "has no ensemble; set search.ensemble"),
    DEFAULT: (RunFolder.default, "has not trained the default settings"),
}
"""How to find the runs inside a search, and what to say if there is none."""


def displayed_status(manifest: Manifest, *, alive: bool) -> str:
    """The manifest's status, or `died` if it is `running` but the process is gone."""
    return status_of(manifest.status, alive=alive)


def find_run(text: str | None, runs_dir: Path, usable: Usable | None = None) -> RunFolder:
    """The run that `text` names, as in `_named`, or `latest`. None means `latest`.

    `RUN/best`, `RUN/ensemble` and `RUN/default` are the runs inside the search that RUN names.

    `latest` is the usable run that was started last, ties by name. If no run is usable, it is the last of all
    runs, so that the command can say what is wrong with it. Raises `UsageError` if there is no such run or
    `text` is ambiguous, and `DataError` if it may be a promoted name, and the file of these is damaged.
    """
    runs = {path.name: RunFolder(path) for path in run_paths(runs_dir)}
    run = None if text is None else _named(text, runs, runs_dir, usable)
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
            return is_run_path(Path(text))
        find_run(text, runs_dir)
    except (OSError, UsageError):
        return False
    return True


def _named(
    text: str, runs: Mapping[str, RunFolder], runs_dir: Path, usable: Usable | None
) -> RunFolder | None:
    """The run with this path, else this folder name, promoted name, experiment name, slug of one, or unique
    prefix of a folder name.
    """
    if is_run_path(Path(text)):
        return RunFolder(Path(text))
    if text in runs:
        return runs[text]
    if text != LATEST and (promotion := promoted_run(text, runs_dir)):
        return _promoted(promotion, runs, runs_dir)
    if text and (run := _first_usable(_runs_of(text, runs.values()), usable)):
        return run
    if run := _first_usable(_runs_of_slug(text, runs.values()), usable):
        return run
    matching = [name for name in runs if text and name.startswith(text)]
    return runs[matching[0]] if len(matching) == 1 else None


def _promoted(promotion: Promotion, runs: Mapping[str, RunFolder], runs_dir: Path) -> RunFolder:
    """The run that has the name; raises `UsageError` if it is gone."""
    run, part = runs.get(promotion.folder), promotion.part
    if run is not None and part:
        run = _INSIDE[part][0](run)
    if run is None:
        raise UsageError(
            f"'{promotion.name}' is the run {runs_dir / (promotion.run or '')}, promoted {promotion.date}, "
            f"which is gone: promote another one with `fnnctl runs promote RUN --as {promotion.name}`"
        )
    return run


def _run_inside(text: str, runs_dir: Path) -> RunFolder | None:
    """A run inside a search, such as its winner, which is named `RUN/best`; None for other names."""
    search, _, part = text.rstrip("/").rpartition("/")
    if not search or part not in _INSIDE:
        return None
    inside, missing = _INSIDE[part]
    outer = find_run(search, runs_dir, lambda run: inside(run) is not None)
    if (run := inside(outer)) is None:
        raise UsageError(f"{outer.path} {missing}")
    return run


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
    experiment_slug = slug(experiment)
    slugs = {run: slug_by_name(run.path.name) for run in runs}
    # Unless a folder was renamed, its slug rules out other experiments without reading the manifest.
    candidates = [run for run, folder_slug in slugs.items() if folder_slug in (experiment_slug, None)]
    for run, manifest in _newest_first(candidates):
        if manifest.name == experiment if manifest else slugs[run] == experiment_slug:
            yield run, manifest


def _runs_of_slug(text: str, runs: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Manifest | None]]:
    """The runs whose folders have this slug, newest first: it is what a shell completes."""
    return _newest_first(run for run in runs if slug_by_name(run.path.name) == text)


def _newest_first(runs: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Manifest | None]]:
    """The runs with their manifests (None if damaged), newest first, ties by name.

    Folder names give the start to the second. So only two kinds of manifests are read: those of renamed
    folders, and those of the runs that the caller reaches.
    """
    by_second: dict[str, list[RunFolder]] = {}
    for run in runs:
        second = started_by_name(run.path.name) or _started(run, _read(run))[:19]
        by_second.setdefault(second, []).append(run)
    for second in sorted(by_second, reverse=True):
        entries = [(run, _read(run)) for run in by_second[second]]
        yield from sorted(entries, key=lambda entry: (_started(*entry), entry[0].path.name), reverse=True)


def _started(run: RunFolder, manifest: Manifest | None) -> str:
    return started(run.path, manifest.started if manifest else None)


def _read(run: RunFolder) -> Manifest | None:
    """The run's manifest; None if it cannot be read."""
    try:
        return run.read_manifest()
    except (DataError, MachineError):
        return None


def _no_such_run(text: str, folder_names: list[str], runs_dir: Path) -> UsageError:
    if not folder_names:
        return UsageError(no_runs_message(runs_dir))
    if matching := [name for name in folder_names if text and name.startswith(text)]:
        return UsageError(f"'{text}' matches more than one run in {runs_dir}: {word_list(matching)}")
    return UsageError(
        f"there is no run '{text}' in {runs_dir}, and no folder of that name that contains {MANIFEST}"
        f"{_suggestion(text, folder_names, [*try_promotions(runs_dir)[0].present])}"
    )


def _suggestion(text: str, folder_names: list[str], promoted: list[str]) -> str:
    """A hint at the newest run whose folder name contains the text, else at the most similar name of a folder
    or an experiment or of those `promoted`, else at the command that lists them.

    Of folders that all begin with dates, the names of the experiments decide which are similar.
    """
    if containing := [name for name in folder_names if text and text in name]:
        return f" (did you mean '{containing[-1]}'?)"
    slugs = [experiment for name in folder_names if (experiment := slug_by_name(name))]
    if (file := Path(text)).suffix in {".yaml", ".yml"} and slug(file.stem) in slugs:
        return f": it is an experiment's name (did you mean '{slug(file.stem)}', for its newest run?)"
    advice = "; `fnnctl runs` lists them"
    slug_name = slug_by_name(text)
    if slug_name is None:
        return did_you_mean(text, [*promoted, *folder_names, *slugs]) or advice
    closest = difflib.get_close_matches(slug_name, slugs, n=1)
    return did_you_mean(text, (name for name in folder_names if slug_by_name(name) in closest)) or advice
