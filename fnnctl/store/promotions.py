"""Names that stand for runs, such as `champion`: a file in the folder of all runs, with its history.

A list of runs reads it, so nothing here imports NumPy or pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from fnnctl.errors import DataError, FnnctlError, UsageError
from fnnctl.store import names
from fnnctl.store.atomic import damaged, read_bytes, write_text
from fnnctl.store.documents import read_mapping, to_json
from fnnctl.store.listing import is_run_path, list_runs, run_paths
from fnnctl.store.lock import writing
from fnnctl.store.times import now_text
from fnnctl.store.volumes import is_in_memory
from fnnctl.text import did_you_mean, quoted

LAYOUT_VERSION: Final = 1
"""Of the file; increased if an older fnnctl would misread it."""
MAX_NAME: Final = 48
"""The most characters of a name."""
_EXAMPLE: Final = "such as champion"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_INSIDE: Final = {
    names.BEST: names.BEST, names.FORMER_BEST: names.BEST, names.ENSEMBLE: names.ENSEMBLE,
    names.FORMER_ENSEMBLE: names.ENSEMBLE, names.DEFAULT: names.DEFAULT,
}  # fmt: skip
"""The folders of the runs inside a search, with what names them."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """That a name was given to a run, and when."""

    name: str
    run: str | None
    """The name of the run's folder, or `FOLDER/best` inside a search; None if the name was withdrawn."""
    time: str
    """UTC, ISO 8601."""

    @property
    def folder(self) -> str:
        """The name of the folder in the folder of all runs; empty if the name was withdrawn."""
        return (self.run or "").partition("/")[0]

    @property
    def part(self) -> str:
        """`best`, `ensemble` or `default` for a run inside a search; else empty."""
        return (self.run or "").partition("/")[2]

    @property
    def date(self) -> str:
        """The time as it is shown."""
        return f"{self.time[:19]}Z"


@dataclass(frozen=True, slots=True)
class Promotions:
    """What was promoted in a folder of runs, in the order in which it was."""

    history: tuple[Promotion, ...] = ()

    @property
    def present(self) -> dict[str, Promotion]:
        """The names that stand for a run now, each with its last promotion."""
        last = {promotion.name: promotion for promotion in self.history}
        return {name: promotion for name, promotion in last.items() if promotion.run is not None}

    def by_folder(self) -> dict[str, tuple[str, ...]]:
        """The present names of each folder that has one."""
        folders: dict[str, tuple[str, ...]] = {}
        for name, promotion in self.present.items():
            folders[promotion.folder] = (*folders.get(promotion.folder, ()), name)
        return folders

    def predecessor(self, promotion: Promotion) -> Promotion | None:
        """The promotion of the run that had the name just before; None if no run had it."""
        earlier = self.history[: self.history.index(promotion)]
        return Promotions(earlier).present.get(promotion.name)


class Naming(NamedTuple):
    """What giving a name to a run has led to."""

    promotion: Promotion
    predecessor: Promotion | None
    """That of the run that had the name just before; None if no run had it."""
    is_new: bool
    """Whether the run did not have the name already."""


def read_promotions(runs_dir: Path) -> Promotions:
    """What was promoted in a folder of runs; raises `DataError` if the file is damaged."""
    path = runs_dir / names.PROMOTED
    content = read_bytes(path)
    if content is None:
        return Promotions()
    facts = read_mapping(content, path)
    layout, entries = facts.get("layout"), facts.get("promotions")
    if isinstance(layout, int) and layout > LAYOUT_VERSION:
        raise damaged(
            path, f"was written by a newer fnnctl (layout {layout}; this one reads {LAYOUT_VERSION})"
        )
    if not isinstance(entries, list) or not all(map(_is_promotion, entries)):
        raise damaged(
            path,
            "is damaged: promotions: must be a list of names, runs and times",
        )
    return Promotions(tuple(Promotion(entry["name"], entry["run"], entry["time"]) for entry in entries))


def _is_promotion(entry: Any) -> bool:
    match entry:
        case {"name": str(name), "run": None, "time": str()}:
            return _NAME.fullmatch(name) is not None
        case {"name": str(name), "run": str(run), "time": str()}:
            folder, slash, part = run.partition("/")
            is_run = folder not in ("", ".", "..") and (not slash or part in _INSIDE.values())
            return is_run and _NAME.fullmatch(name) is not None
    return False


def try_promotions(runs_dir: Path) -> tuple[Promotions, str | None]:
    """What was promoted, and what is wrong with the file; a list or a report goes on without it."""
    try:
        return read_promotions(runs_dir), None
    except FnnctlError as error:
        return Promotions(), error.message


@contextmanager
def unchanging_promotions(runs_dir: Path) -> Iterator[Promotions]:
    """What is promoted while the block runs: no other process promotes meanwhile.

    Raises `DataError` if the file is damaged, and `MachineError` if nothing can be written.
    """
    with writing(runs_dir / names.PROMOTED_LOCK):
        yield read_promotions(runs_dir)


def promoted_run(text: str, runs_dir: Path) -> Promotion | None:
    """The last promotion of the name that a text is; None for any other text.

    Raises `DataError` if the file is damaged, and the text could be a name in it.
    """
    if not _NAME.fullmatch(text):
        return None
    try:
        return read_promotions(runs_dir).present.get(text)
    except DataError as error:
        reason = error.problems[0].clause
        advice = f"until it is repaired, name a run by its folder instead of {quoted(text)}"
        raise damaged(runs_dir / names.PROMOTED, f"{reason}; {advice}") from error


def notes_on_name(experiment: str, runs_dir: Path) -> list[str]:
    """What to say of a new run whose experiment has the name of a promoted run, which stands before it."""
    promoted = try_promotions(runs_dir)[0].present
    promotion = promoted.get(experiment) or promoted.get(names.slug(experiment))
    if promotion is None:
        return []
    return [
        f"'{promotion.name}' is the promoted run {promotion.run}: the new run is found by its folder alone; "
        "--name gives the experiment another name"
    ]


def promotable(path: Path, runs_dir: Path) -> str:
    """What `Promotion.run` is of a run; raises `UsageError` for a run in another folder."""
    try:
        folder, *inside = path.resolve().relative_to(runs_dir.resolve()).parts
    except ValueError:
        folder, inside = "", []
    part = "/".join(inside)
    if not folder or (part and part not in _INSIDE):
        raise UsageError(
            f"{path} is not in the folder {runs_dir}, whose names are kept in it: name its own folder, "
            f"--runs-dir {path.parent}"
        )
    return f"{folder}/{_INSIDE[part]}" if part else folder


def promote(path: Path, name: str, runs_dir: Path) -> Naming:
    """Give a run a name. A run that has the name keeps its promotion.

    Of simultaneous calls, each is in the history. Raises
    `UsageError` for a name that cannot be given, or that stands for something else, `DataError` if the file
    is damaged, and `MachineError` if it cannot be written.
    """
    run = promotable(path, runs_dir)
    refuse_odd_name(name)
    with unchanging_promotions(runs_dir) as promotions:
        if not is_run_path(runs_dir / run.partition("/")[0]):
            raise UsageError(f"{path} was removed meanwhile")
        present = promotions.present.get(name)
        if present is not None and present.run == run:
            return Naming(present, promotions.predecessor(present), is_new=False)
        if present is None:
            _refuse_taken(name, promotions, runs_dir)
        promotion = Promotion(name, run, now_text())
        _append(promotion, promotions, runs_dir)
        return Naming(promotion, present, is_new=True)


def withdraw(name: str, runs_dir: Path) -> Promotion:
    """Take a name from its run; return the promotion that it had. Raises `UsageError` if no run has it."""
    with unchanging_promotions(runs_dir) as promotions:
        present = promotions.present.get(name)
        if present is None:
            raise no_such_name(name, promotions.present)
        _append(Promotion(name, None, now_text()), promotions, runs_dir)
        return present


def no_such_name(name: str, promoted: Collection[str]) -> UsageError:
    """The error for a name that is none of those promoted."""
    names_text = ", ".join(promoted)
    hint = did_you_mean(name, promoted) or (f"; the names are {names_text}" if names_text else "")
    return UsageError(f"no run is promoted as {quoted(name)}{hint}")


def _append(promotion: Promotion, promotions: Promotions, runs_dir: Path) -> None:
    history = [asdict(entry) for entry in (*promotions.history, promotion)]
    facts = {"layout": LAYOUT_VERSION, "promotions": history}
    write_text(runs_dir / names.PROMOTED, to_json(facts))


def refuse_odd_name(name: str) -> None:
    """Raise `UsageError` for a name that cannot be given to any run."""
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise UsageError(
            f"{quoted(name)} cannot be a run's name: write at most {MAX_NAME} letters from a to z, digits, - "
            f"and _, a letter first, {_EXAMPLE}"
        )
    if name.casefold() == names.LATEST:
        raise UsageError(f"{quoted(name)} stands for the newest run: choose another name, {_EXAMPLE}")
    if name.casefold() == "null":
        raise UsageError(f"{quoted(name)} stands for no value in conditions: choose another name, {_EXAMPLE}")


def _refuse_taken(name: str, promotions: Promotions, runs_dir: Path) -> None:
    """Raise `UsageError` for a new name that stands for something else, or could be taken for it."""
    folded = name.casefold()
    folded_names = {entry.name.casefold(): entry.name for entry in promotions.history if entry.name != name}
    if alike := folded_names.get(folded):
        raise UsageError(
            f"{quoted(name)} differs from the name '{alike}' in upper case alone: write '{alike}'"
        )
    begun = (path.name for path in run_paths(runs_dir) if path.name.casefold().startswith(folded))
    if folder := next(begun, None):
        is_same = folder.casefold() == folded
        what = "is the name of a run's folder" if is_same else f"is the start of the run folder {folder}"
        raise UsageError(f"{quoted(name)} {what}: choose another name")
    if folded in _experiments(runs_dir):
        raise UsageError(
            f"{quoted(name)} is the name of an experiment, which stands for its newest run: choose another "
            "name"
        )


def _experiments(runs_dir: Path) -> set[str]:
    """The names of the experiments in a folder of runs and of their folders, in lower case."""
    paths = run_paths(runs_dir)
    slugs = {slug for path in paths if (slug := names.slug_by_name(path.name))}
    listed = {entry.facts.name for entry in list_runs(runs_dir) if entry.facts}
    return {name.casefold() for name in (*slugs, *listed, *map(names.slug, listed))}


def promotions_of(path: Path) -> tuple[list[Promotion], str | None]:
    """The present promotions of a run, also of one inside a search, and what is wrong with their file."""
    if is_in_memory(path):
        return [], None
    if path.name in ("", ".."):  # of the present folder
        path = path.resolve()
    runs_dir, run = path.parent, path.name
    if (part := _INSIDE.get(run)) and is_run_path(runs_dir):
        runs_dir, run = runs_dir.parent, f"{runs_dir.name}/{part}"
    promotions, damage = try_promotions(runs_dir)
    return [promotion for promotion in promotions.present.values() if promotion.run == run], damage
