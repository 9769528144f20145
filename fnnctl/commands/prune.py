"""`fnnctl runs prune`: removes runs; without `--yes`, only says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fnnctl.commands.runs import choose
from fnnctl.console.output import Output
from fnnctl.console.text_table import table_lines
from fnnctl.errors import FnnctlError, UsageError, did_you_mean
from fnnctl.report.listing.selection import SHOWN_STATUSES, Pruning, parse_conditions, prunable
from fnnctl.store.listing import RunEntry, is_run_path, list_runs
from fnnctl.store.removal import folder_bytes, is_in_progress, leftovers, remove_leftover, remove_run
from fnnctl.text import bytes_text, counted


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


def prune(
    runs_dir: Path,
    *,
    where: Sequence[str],
    statuses: Sequence[str],
    older_than: float | None,
    keep: int | None,
    yes: bool,
    output: Output,
) -> int:
    """Remove the runs that meet all conditions; without `yes`, list them. Returns the exit code.

    `older_than` is in seconds. Raises `UsageError` without any condition, and if the folder is a run itself.
    """
    if not where and not statuses and older_than is None and keep is None:
        raise UsageError("say which runs: --where, --status, --older-than or --keep")
    _refuse_unknown(statuses)
    if is_run_path(runs_dir):  # those inside it are parts of a search
        raise UsageError(f"{runs_dir} is a run itself: name the folder that contains it")
    conditions = parse_conditions(where)
    entries = list_runs(runs_dir)
    choice = Pruning(statuses, None if older_than is None else _time_before(older_than), keep)
    chosen = prunable(choose(entries, conditions), entries, choice, has_conditions=bool(conditions))
    ended = [entry for entry in chosen if not is_in_progress(entry.path)]
    folders = [Removal(entry.path, entry, folder_bytes(entry.path)) for entry in ended]
    folders += [Removal(path, None, folder_bytes(path)) for path in leftovers(runs_dir)]
    removed, errors = _remove(folders) if yes else ([], [])
    _show(folders, removed, errors, output)
    if not output.json:
        for error in errors:
            output.complain(error.message)
        output.note(_summary(folders, removed, runs_dir, yes=yes))
    return errors[0].exit_code if errors else 0


def _time_before(seconds: float) -> str:
    """The time so many seconds ago: UTC, ISO 8601."""
    try:
        return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    except OverflowError:  # before the year 1
        return datetime.min.isoformat()


def _refuse_unknown(statuses: Sequence[str]) -> None:
    for status in statuses:
        if status == "running":
            raise UsageError("--status running: a running run is never removed; stop it first")
        if status not in SHOWN_STATUSES:
            known = [each for each in SHOWN_STATUSES if each != "running"]
            hint = did_you_mean(status, known) or f"; they are {', '.join(known)}"
            raise UsageError(f"--status {status}: there is no such status{hint}")


def _remove(folders: Sequence[Removal]) -> tuple[list[Removal], list[FnnctlError]]:
    """Remove the folders; one that cannot be removed does not keep the others."""
    removed: list[Removal] = []
    errors: list[FnnctlError] = []
    for each in folders:
        try:
            each.remove()
            removed.append(each)
        except FnnctlError as error:
            errors.append(error)
    return removed, errors


def _show(
    folders: Sequence[Removal], removed: Sequence[Removal], errors: Sequence[FnnctlError], output: Output
) -> None:
    if output.json:
        output.json_object(
            {
                "runs": [_to_dict(each, removed) for each in folders if each.entry],
                "leftovers": [_to_dict(each, removed) for each in folders if not each.entry],
                "bytes": sum(each.size for each in folders),
                "errors": [error.message for error in errors],
            }
        )
        return
    if folders:
        table = {
            "run": [each.path.name for each in folders],
            "status": [each.entry.shown_status if each.entry else "unfinished" for each in folders],
            "size": [bytes_text(each.size) for each in folders],
        }
        output.lines(f"{line}\n" for line in table_lines(table, right=["size"]))
    for each in folders:  # a newer fnnctl may be able to read it
        if each.entry and each.entry.damage:
            output.note(f"{each.path.name}: {each.entry.damage}")


def _to_dict(folder: Removal, removed: Sequence[Removal]) -> dict[str, object]:
    facts = folder.entry and folder.entry.facts
    run: dict[str, object] = {}
    if folder.entry:
        run = {
            "kind": facts and facts.kind,
            "name": facts and facts.name,
            "status": folder.entry.shown_status,
            "started": facts and facts.started,
            "damage": folder.entry.damage,
        }
    return {"run": str(folder.path), **run, "bytes": folder.size, "removed": folder in removed}


def _summary(folders: Sequence[Removal], removed: Sequence[Removal], runs_dir: Path, *, yes: bool) -> str:
    if not folders:
        return f"nothing to remove in {runs_dir}/"
    size = bytes_text(sum(each.size for each in (removed if yes else folders)))
    if yes:
        return f"removed {counted(len(removed), 'folder')} ({size})"
    return f"nothing is removed yet: --yes removes {counted(len(folders), 'folder')} ({size})"
