"""`fnnctl runs prune`: removes runs; without `--yes`, only says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fnnctl.commands.runs import choose
from fnnctl.console.output import Output
from fnnctl.console.text_table import table_lines
from fnnctl.context import Context
from fnnctl.errors import FnnctlError, UsageError
from fnnctl.report.listing.selection import (
    SHOWN_STATUSES,
    Pruning,
    RunCondition,
    is_spared,
    parse_conditions,
    prunable,
)
from fnnctl.store.labels import try_labels
from fnnctl.store.listing import RunEntry, is_run_path, list_runs
from fnnctl.store.promotions import Promotions, read_promotions, unchanging_promotions
from fnnctl.store.removal import folder_bytes, is_in_progress, leftovers, remove_leftover, remove_run
from fnnctl.text import bytes_text, counted, did_you_mean, joined_words, word_list


@dataclass(frozen=True, slots=True)
class Removal:
    """A folder to remove: a run, or what a killed command has left."""

    path: Path
    entry: RunEntry | None
    size: int
    """In bytes."""

    def remove(self) -> None:
        """Remove it; raises as `remove_run` does."""
        (remove_run if self.entry else remove_leftover)(self.path)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed or, without `--yes`, would be."""

    runs_dir: Path
    folders: Sequence[Removal]
    spared: Sequence[RunEntry] = ()
    """The runs that meet the conditions, but are promoted or tagged."""
    removed: Sequence[Removal] = ()
    errors: Sequence[FnnctlError] = ()
    confirmed: bool = False
    """Whether they were to be removed."""


def prune(
    context: Context,
    *,
    where: Sequence[str] = (),
    statuses: Sequence[str] = (),
    older_than: float | None = None,
    keep: int | None = None,
    yes: bool = False,
) -> Pruned:
    """Remove the runs that meet all conditions; without `yes`, only find them.

    Promoted and tagged runs are spared unless a condition asks for them. `older_than` is in seconds. Raises
    `UsageError` without any condition, and if the folder is a run itself, and `DataError` if it is not known
    which runs are promoted.
    """
    runs_dir = context.runs_dir
    if not where and not statuses and older_than is None and keep is None:
        raise UsageError("say which runs: --where, --status, --older-than or --keep")
    _refuse_unknown(statuses)
    if is_run_path(runs_dir):  # those inside it are parts of a search
        raise UsageError(f"{runs_dir} is a run itself: name the folder that contains it")
    conditions = parse_conditions(where)
    entries = list_runs(runs_dir, read_promotions(runs_dir).by_folder())
    choice = Pruning(statuses, None if older_than is None else _time_before(older_than), keep)
    chosen = prunable(choose(entries, conditions), entries, choice, has_conditions=bool(conditions))
    ended = [entry for entry in chosen if not is_in_progress(entry.path)]
    spared: list[RunEntry] = []
    folders: list[Removal] = []
    for entry in ended:
        if is_spared(entry, conditions):
            spared.append(entry)
        else:
            folders.append(Removal(entry.path, entry, folder_bytes(entry.path)))
    folders += [Removal(path, None, folder_bytes(path)) for path in leftovers(runs_dir)]
    if not yes:
        return Pruned(runs_dir, folders, spared)
    return _remove(Pruned(runs_dir, folders, spared, confirmed=True), conditions)


def _time_before(seconds: float) -> str:
    """The time `seconds` seconds ago: UTC, ISO 8601."""
    try:
        return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    except OverflowError:  # before the year 1
        return datetime.min.isoformat()


def _refuse_unknown(statuses: Sequence[str]) -> None:
    for status in statuses:
        if status == "running":
            raise UsageError("--status running: a running run is never removed; stop it first")
        if status not in SHOWN_STATUSES:
            choices = [name for name in SHOWN_STATUSES if name != "running"]
            hint = did_you_mean(status, choices) or f"; they are {', '.join(choices)}"
            raise UsageError(f"--status {status}: there is no such status{hint}")


def _remove(pruned: Pruned, conditions: Sequence[RunCondition]) -> Pruned:
    """Remove the folders; one that cannot be removed does not keep the others.

    A run that has been promoted or tagged since the list was made is spared, too.
    """
    removed: list[Removal] = []
    spared, errors = [*pruned.spared], list[FnnctlError]()
    for folder in pruned.folders:
        try:
            with unchanging_promotions(pruned.runs_dir) as promotions:
                entry = folder.entry and _as_it_is_now(folder.entry, promotions)
                if entry and is_spared(entry, conditions):
                    spared.append(entry)
                    continue
                folder.remove()
            removed.append(folder)
        except FnnctlError as error:
            errors.append(error)
    return replace(pruned, spared=spared, removed=removed, errors=errors)


def _as_it_is_now(entry: RunEntry, promotions: Promotions) -> RunEntry:
    labels, damage = try_labels(entry.path)
    promoted = promotions.by_folder().get(entry.path.name, ())
    return replace(entry, labels=labels, labels_damage=damage, promoted=promoted)


def show_pruned(pruned: Pruned, output: Output) -> int:
    """Print the folders; return the exit code."""
    if output.json:
        entries = [(folder.entry, _to_dict(folder, pruned.removed)) for folder in pruned.folders]
        output.json_object(
            {
                "runs": [values for entry, values in entries if entry],
                "leftovers": [values for entry, values in entries if not entry],
                "spared": [
                    {"run": str(entry.path), "promoted": entry.promoted, "tags": entry.labels.tags}
                    for entry in pruned.spared
                ],
                "bytes": sum(folder.size for folder in pruned.folders),
                "errors": [error.message for error in pruned.errors],
            }
        )
    elif pruned.folders:
        table = {
            "run": [folder.path.name for folder in pruned.folders],
            "status": [
                folder.entry.displayed_status if folder.entry else "unfinished" for folder in pruned.folders
            ],
            "size": [bytes_text(folder.size) for folder in pruned.folders],
        }
        output.lines(f"{line}\n" for line in table_lines(table, right=["size"]))
    if not output.json:
        for folder in pruned.folders:  # a newer fnnctl may be able to read it
            if folder.entry and folder.entry.damage:
                output.note(f"{folder.path.name}: {folder.entry.damage}")
        for error in pruned.errors:
            output.complain(error.message)
        if pruned.spared:
            spared = f"spared {counted(len(pruned.spared), 'run')}: {word_list(_reasons(pruned.spared))}"
            output.note(f"{spared}; each reason needs its condition: --where promoted=NAME, --where tag=WORD")
        output.note(_summary(pruned))
    return pruned.errors[0].exit_code if pruned.errors else 0


def _to_dict(folder: Removal, removed: Sequence[Removal]) -> dict[str, object]:
    facts = folder.entry and folder.entry.facts
    run: dict[str, object] = {}
    if folder.entry:
        run = {
            "kind": facts and facts.kind,
            "name": facts and facts.name,
            "status": folder.entry.displayed_status,
            "started": facts and facts.started,
            "damage": folder.entry.damage,
        }
    return {"run": str(folder.path), **run, "bytes": folder.size, "removed": folder in removed}


def _reasons(spared: Sequence[RunEntry]) -> list[str]:
    """Why each run was spared: `RUN (promoted as champion; tagged paper)`."""
    texts = []
    for entry in spared:
        labels = ("promoted as", entry.promoted), ("tagged", entry.labels.tags)
        reasons = [f"{verb} {joined_words(words)}" for verb, words in labels if words]
        texts.append(f"{entry.path.name} ({'; '.join(reasons) or 'its tags cannot be read'})")
    return texts


def _summary(pruned: Pruned) -> str:
    if not pruned.folders:
        return f"nothing to remove in {pruned.runs_dir}/"
    size = bytes_text(sum(folder.size for folder in (pruned.removed if pruned.confirmed else pruned.folders)))
    if pruned.confirmed:
        return f"removed {counted(len(pruned.removed), 'folder')} ({size})"
    return f"nothing is removed yet: --yes removes {counted(len(pruned.folders), 'folder')} ({size})"
