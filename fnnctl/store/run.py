"""The folder of a run in progress. It appears by a single rename, and every file is written atomically."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from fnnctl.errors import MachineError, UsageError
from fnnctl.store import names
from fnnctl.store.atomic import (
    append_bytes,
    cannot_write,
    read_bytes,
    write_bytes,
    write_files,
    write_lines,
    write_text,
    write_text_and_delete,
)
from fnnctl.store.documents import to_json
from fnnctl.store.folder import RunFolder
from fnnctl.store.journal import JournalFile, JournalRecord, ResultCache, journal_bytes
from fnnctl.store.lock import HeldError, hold_lock, release, take_over_lock
from fnnctl.store.manifest import Manifest
from fnnctl.store.tables import csv_lines
from fnnctl.store.times import now_text, utc_text
from fnnctl.store.trained_rows import StoredRows
from fnnctl.store.volumes import (
    copy_to_disk,
    delete_file,
    delete_folder,
    exists,
    files_in,
    folders_in,
    make_folder,
    rename,
    sync_folder,
)
from fnnctl.store.weights import Array, array_list, to_npz
from fnnctl.text import plain_text


@dataclass(frozen=True, slots=True)
class OpenRun(RunFolder):
    """The folder of a run in this process, which holds the run's lock until `finish`."""

    lock: int

    def write_metrics(
        self, metrics: Mapping[str, Any], artifacts: Iterable[tuple[str, Iterable[str]]] = ()
    ) -> None:
        """Write the metrics of the parts, then other files as `write_artifacts` does.

        Raises ValueError for NaN, which JSON does not have.
        """
        write_files(self.path, chain([(names.METRICS, [to_json(metrics)])], artifacts))

    def write_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write one of the run's CSV files; None is an empty field."""
        write_lines(self.path / name, csv_lines(columns, rows))

    def write_artifacts(self, artifacts: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Write files, given as pairs of a name and the lines of the content."""
        write_files(self.path, artifacts)

    def write_model(self, arrays: Mapping[str, Array], description: Mapping[str, Any]) -> None:
        """Write the weights, then their description, which gets the list of arrays as `arrays`."""
        text = to_json({**description, "arrays": array_list(arrays)})
        write_files(self.path, [(names.WEIGHTS, [to_npz(arrays)]), (names.MODEL, [text])])

    def describe_model(
        self,
        facts: Mapping[str, Any],
        parts: Sequence[Mapping[str, Any]] = (),
        arrays: Mapping[str, Array] = {},
    ) -> None:
        """Add what was not known when the model was written: also facts about its parts, and arrays."""
        stored = self.read_model()
        if parts:
            pairs = zip(stored.description["parts"], parts, strict=True)
            facts = {**facts, "parts": [{**part, **of_part} for part, of_part in pairs]}
        self.write_model({**stored.arrays, **arrays}, {**stored.description, **facts})

    def write_trained_rows(self, rows: StoredRows) -> None:
        """Write which rows the run is trained on. It never changes: a resumed run keeps its salt."""
        write_bytes(self.path / names.TRAINED_ROWS, to_npz(rows.arrays()))

    def write_checkpoint(self, arrays: Mapping[str, Array]) -> None:
        """Write the resumable training state, replacing the previous one."""
        write_bytes(self.path / names.CHECKPOINT, to_npz(arrays))

    def write_fold_file(self, first_fold: int, arrays: Mapping[str, Array]) -> None:
        """Write the results of some folds of a cross-validation, so that it can be resumed."""
        folder = self.path / names.KEPT_FOLDS
        try:
            make_folder(folder)
        except OSError as error:
            raise cannot_write(folder, error) from error
        write_bytes(folder / names.fold_file_name(first_fold), to_npz(arrays))

    def log(self, text: str) -> None:
        """Append lines with a timestamp. Lines that cannot be written are lost: a log must not end a run."""
        now = now_text()
        lines = "".join(f"{now} {plain_text(line)}\n" for line in text.splitlines())
        with suppress(OSError):
            append_bytes(self.path / names.LOG, lines.encode("utf-8"))

    def note_times(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Append events with a timestamp to the timeline; events that cannot be written are lost.

        No decision depends on the timeline. Times are not in the journal, so that journals can be compared.
        """
        now = {"time": now_text()}
        lines = "".join(json.dumps({**now, **event}, allow_nan=False) + "\n" for event in events)
        with suppress(OSError):
            append_bytes(self.path / names.TIMELINE, lines.encode("utf-8"))

    def note_position(self, position: Mapping[str, float | None]) -> None:
        """Say where the run is, for lists of runs; a position that cannot be written is lost."""
        with suppress(MachineError):
            write_text(self.path / names.PROGRESS, to_json(position))

    def open_journal(self) -> JournalFile:
        """Open the journal of a search, repaired if the last process was killed while writing.

        Raises `DataError` if it is damaged or missing.
        """
        path = self.path / names.JOURNAL
        if not self.has(names.JOURNAL):
            raise self._without_journal()
        return JournalFile(path)

    def result_cache(self) -> ResultCache:
        """The results of a search that came before their turn."""
        return ResultCache(self.path)

    def write_resolved(self, resolved: str) -> None:
        """Write the complete config of an extended search, if it has changed."""
        if self.read_resolved() != resolved.encode("utf-8"):
            write_text(self.path / names.RESOLVED, resolved)

    def replace_winner(self) -> None:
        """Replace the former winner's folder by `names.NEXT_BEST`.

        After a kill in between, one of the two is complete, and `winner` and `take_over_run` find it. If the
        system refuses it, the former winner stays.
        """
        self._replace(names.BEST, names.NEXT_BEST, names.FORMER_BEST)

    def replace_ensemble(self) -> None:
        """Replace the ensemble's folder, if any, by `names.NEXT_ENSEMBLE`, as `replace_winner` does."""
        self._replace(names.ENSEMBLE, names.NEXT_ENSEMBLE, names.FORMER_ENSEMBLE)

    def keep_default(self) -> None:
        """Give the complete run in `names.NEXT_DEFAULT` its name."""
        path = self.path / names.DEFAULT
        try:
            rename(self.path / names.NEXT_DEFAULT, path)
            sync_folder(self.path)
        except OSError as error:
            raise cannot_write(path, error) from error

    def discard_default(self) -> None:
        """Remove the incomplete run in `names.NEXT_DEFAULT`."""
        delete_folder(self.path / names.NEXT_DEFAULT)

    def _replace(self, name: str, next_name: str, former_name: str) -> None:
        target, former = self.path / name, self.path / former_name
        try:
            if exists(target):
                rename(target, former)
            try:
                rename(self.path / next_name, target)
            except OSError:
                _keep_one(target, former)
                raise
            sync_folder(self.path)
            delete_folder(former)
        except OSError as error:
            raise cannot_write(target, error) from error

    def record(self, facts: Mapping[str, Any]) -> None:
        """Add facts that were not known at the start to the manifest; the keys are the manifest's."""
        recorded = self.read_manifest()
        text = _manifest_text(recorded.with_facts(facts))
        if text != _manifest_text(recorded):
            write_text(self.path / names.MANIFEST, text)

    def finish(
        self,
        status: Literal["completed", "failed", "interrupted"],
        seconds: Mapping[str, float | None],
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Record how the run ended, with further facts and the digests of what it measured, and release its
        lock.

        `seconds` has `total` and `training`. The checkpoint and kept folds of a complete run are deleted.
        """
        finished = now_text()
        facts = {**(extra or {}), "status": status, "seconds": dict(seconds), "finished": finished}
        try:
            facts["sha256"] = self.measured_sha256()
            if status == "completed":
                text = _manifest_text(self.read_manifest().with_facts(facts))
                write_text_and_delete(
                    self.path / names.MANIFEST,
                    text,
                    (self.path / names.CHECKPOINT, self.path / names.KEPT_FOLDS),
                )
            else:
                self.record(facts)
        finally:
            delete_file(self.path / names.PROGRESS)
            self.let_go()

    def let_go(self) -> None:
        """Release the lock, as if this process had ended."""
        release(self.lock)

    def _required(self, name: str, meaning: str) -> bytes:
        """The content of a file that this process wrote, or that existed when it took over the run."""
        content = read_bytes(self.path / name)
        if content is None:
            raise MachineError(
                f"{self.path / name} is gone: the run folder was deleted, moved or changed during the run"
            )
        return content


def create_run(
    runs_dir: Path,
    *,
    name: str,
    kind: str,
    manifest: Mapping[str, Any],
    config: bytes | None = None,
    bases: Mapping[str, bytes] = {},
    resolved: str | None = None,
    default: str | None = None,
    journal: Sequence[JournalRecord] | None = None,
    folder: str | None = None,
) -> OpenRun:
    """Create the folder of a new run; it is hidden until config, manifest and lock are in it.

    An evaluation has no config. `bases` are the files that the config builds on, by their names in
    `names.BASES`. `default` is the complete config of the training with which a search is
    compared. `journal` holds the first records of a search's journal.
    `manifest` holds the facts of `store.manifest.Manifest`, except those set here. Simultaneous starts get a
    folder each, unless `folder` names the folder, which then replaces an existing one. Raises `MachineError`
    if nothing can be written.
    """
    started = datetime.now(UTC)
    facts = {**manifest, "status": "running", "kind": kind, "name": name, "started": utc_text(started)}
    complete = Manifest.model_validate(facts)
    files: list[tuple[str, list[str] | list[bytes]]] = []
    if config is not None:
        files.append((names.CONFIG, [config]))
    if resolved is not None:
        files.append((names.RESOLVED, [resolved]))
    if default is not None:
        files.append((names.DEFAULT_CONFIG, [default]))
    if journal is not None:
        files.append((names.JOURNAL, [journal_bytes(journal)]))
    files.append((names.MANIFEST, [_manifest_text(complete)]))
    hidden = runs_dir / names.hidden_folder_name()
    with ExitStack() as undo:
        try:
            make_folder(runs_dir)
            undo.callback(delete_folder, hidden)
            make_folder(hidden, exist_ok=False, sync=False)
            lock = hold_lock(hidden / names.LOCK)
            undo.callback(release, lock)
            if bases:
                make_folder(hidden / names.BASES, sync=False)
                write_files(hidden / names.BASES, [(name, [content]) for name, content in bases.items()])
            write_files(hidden, files)
            path = _appear(hidden, name, started) if folder is None else _replace_folder(hidden, folder)
            sync_folder(runs_dir)
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError(f"runs cannot be written to '{runs_dir}': it is not a folder") from error
        except OSError as error:
            raise cannot_write(runs_dir, error) from error
        undo.pop_all()
    return OpenRun(path, lock)


def save_run(folder: RunFolder, path: Path) -> RunFolder:
    """Copy a run that has ended, in memory or not, to a new folder; it appears by a single rename.

    Raises `UsageError` if the path exists or the run is in progress, and `MachineError` if the path cannot be
    written.
    """
    if folder.is_alive():
        raise UsageError(f"the run {folder.path} is still running: save it when it has ended")
    hidden = path.with_name(names.hidden_folder_name())
    if path.exists():
        raise UsageError(f"'{path}' already exists and is not overwritten; name another folder")
    try:
        make_folder(path.parent)
        copy_to_disk(folder.path, hidden, leave_out=names.LOCK)
        hidden.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        delete_folder(hidden)
    return RunFolder(path)


def open_run(folder: RunFolder) -> OpenRun | None:
    """Take over the folder of a run that was interrupted, failed, or died; None if it is complete.

    Raises `UsageError`, which names the process, if the run is still in progress.
    """
    if _is_complete(folder):
        return None
    run = take_over_run(folder)
    if _is_complete(folder):  # another process completed it meanwhile
        run.let_go()
        return None
    return run


def take_over_run(folder: RunFolder) -> OpenRun:
    """Take over the folder of a run that has ended, even a complete one; raises as `open_run` does."""
    try:
        lock = take_over_lock(folder.path / names.LOCK)
    except HeldError as error:
        raise UsageError(
            f"the run {folder.path} is still running {error.where}: wait for it, or stop it first"
        ) from error
    except OSError as error:
        raise cannot_write(folder.path, error) from error
    try:
        _clear_up(folder)
    except OSError as error:
        release(lock)
        raise cannot_write(folder.path, error) from error
    return OpenRun(folder.path, lock)


def _clear_up(folder: RunFolder) -> None:
    """Remove what a process has left behind, and finish what it has begun to replace; raises OSError."""
    rebuilt = (folder.path / name for name in names.REBUILT)  # the network may change
    for left_behind in (*files_in(folder.path, names.TEMPORARY_PATTERN), *rebuilt):
        delete_file(left_behind)
    for hidden in folders_in(folder.path, names.HIDDEN_FOLDER_PATTERN):  # an unfinished run inside a search
        delete_folder(hidden)
    _keep_one(folder.path / names.BEST, folder.path / names.FORMER_BEST)
    _keep_one(folder.path / names.ENSEMBLE, folder.path / names.FORMER_ENSEMBLE)


def _keep_one(current: Path, former: Path) -> None:
    """Finish an interrupted `replace_winner`: keep the new folder if it is in place, else the former one."""
    if exists(current):
        delete_folder(former)
    elif exists(former):
        rename(former, current)


def _is_complete(folder: RunFolder) -> bool:
    return folder.read_manifest().status == "completed"


def _appear(hidden: Path, name: str, started: datetime) -> Path:
    """Give the hidden folder its name; if it is taken, draw another one."""
    while True:
        path = hidden.with_name(names.run_folder_name(name, started))
        try:
            return rename(hidden, path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise


def _replace_folder(hidden: Path, name: str) -> Path:
    """Give the hidden folder this name; an existing folder of that name is removed."""
    path = hidden.with_name(name)
    if not exists(path):
        return rename(hidden, path)
    replaced = hidden.with_name(names.hidden_folder_name())
    rename(path, replaced)  # renamed first: a kill must not leave half a folder under this name
    rename(hidden, path)
    delete_folder(replaced)
    return path


def _manifest_text(manifest: Manifest) -> str:
    return to_json(manifest.model_dump(mode="json"))
