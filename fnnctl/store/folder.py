"""Reads run folders: each file gives back the value that was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fnnctl.errors import DataError
from fnnctl.store import names
from fnnctl.store.atomic import damaged, read_bytes, read_sha256, write_bytes, write_files
from fnnctl.store.documents import read_mapping
from fnnctl.store.journal import JournalRecord, read_journal
from fnnctl.store.labels import Labels, read_labels
from fnnctl.store.lock import is_held
from fnnctl.store.manifest import Manifest
from fnnctl.store.manifest_file import read_manifest
from fnnctl.store.metrics_shape import read_metrics
from fnnctl.store.tables import CsvTable, read_rows, read_table
from fnnctl.store.trained_rows import StoredRows
from fnnctl.store.volumes import exists, files_in, is_in_memory
from fnnctl.store.weights import Array, read_listed_npz, read_npz

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """`model.npz` and `model.json`."""

    arrays: dict[str, Array]
    description: dict[str, Any]
    sha256: str
    """The digest of the weights file."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run folder, for reading. A missing file gives None; a damaged one raises `DataError`.

    So does one of `names.MEASURED` that was changed after the run ended.
    """

    path: Path

    @property
    def named(self) -> str | None:
        """The path as commands name it; None for a run in memory, which no command can reach."""
        return None if is_in_memory(self.path) else str(self.path)

    @property
    def in_words(self) -> str:
        """The path as commands name it, or what a run in memory is called."""
        return self.named or "a run in memory"

    def files(self) -> tuple[str, ...]:
        """The names of the run's files, in the order of the layout; then those of its figures."""
        try:
            existing = {file.name for file in files_in(self.path)}
        except OSError:
            return ()
        figures = (name for name in sorted(existing) if name.endswith(names.FIGURE_ENDING))
        return (*(name for name in names.LAYOUT if name in existing), *figures)

    def has(self, name: str) -> bool:
        """Whether the run has this file, though it may be one that cannot be read, such as a pipe."""
        return exists(self.path / name)

    def is_alive(self) -> bool:
        """Whether the run's process is still alive."""
        return is_held(self.path / names.LOCK)

    def read_manifest(self) -> Manifest:
        """The manifest, which every run has."""
        content = self._required(names.MANIFEST, "this is not a run folder")
        return read_manifest(content, self.path / names.MANIFEST)

    def read_labels(self) -> Labels:
        """The tags and the note that a user gave the run afterwards."""
        return read_labels(self.path)

    def measured_sha256(self) -> dict[str, str]:
        """The SHA-256 of the files that gates and comparisons rely on, by name; of those that exist."""
        digests = {name: read_sha256(self.path / name) for name in names.MEASURED}
        return {name: digest for name, digest in digests.items() if digest is not None}

    def read_config(self) -> bytes | None:
        """The config as given."""
        return read_bytes(self.path / names.CONFIG)

    def read_bases(self) -> dict[str, bytes]:
        """The files that the config builds on, as given, by name."""
        return {file.name: read_bytes(file) or b"" for file in files_in(self.path / names.BASES)}

    def read_resolved(self) -> bytes | None:
        """The complete config of the run."""
        return read_bytes(self.path / names.RESOLVED)

    def read_default_config(self) -> bytes | None:
        """The complete config of what `fnnctl train` gives for the config of a search."""
        return read_bytes(self.path / names.DEFAULT_CONFIG)

    def read_metrics(self) -> dict[str, Any] | None:
        """The metrics of the parts: `{"train": M, "validation": M or None, "test": M or None}`."""
        return self._read(names.METRICS, read_metrics)

    def read_history(self) -> dict[str, list[float | None]] | None:
        """The columns of the history, with one value per epoch."""
        return self.read_columns(names.HISTORY)

    def read_table(self, name: str) -> CsvTable | None:
        """One of the run's CSV files, as text."""
        return self._read(name, read_table)

    def read_rows(self, name: str) -> Iterator[list[str]] | None:
        """The column names of one of the run's CSV files, then its rows, one at a time."""
        return self._read(name, read_rows)

    def read_columns(self, name: str) -> dict[str, list[float | None]] | None:
        """The columns of a CSV file of numbers; an empty field is None."""
        table = self.read_table(name)
        if table is None:
            return None
        return {column: table.numbers(index) for index, column in enumerate(table.columns)}

    def read_model(self) -> StoredModel:
        """The weights and their description; raises `DataError` if the run has none."""
        description = self._required(names.MODEL, "the run has no model")
        weights = self._required(names.WEIGHTS, "the run has no model")
        model = read_mapping(description, self.path / names.MODEL)
        arrays = read_listed_npz(weights, model.get("arrays"), self.path / names.WEIGHTS)
        return StoredModel(arrays, model, hashlib.sha256(weights).hexdigest())

    def read_trained_rows(self) -> StoredRows | None:
        """The rows that trained the run and its ancestors; None before 0.13, and without a network."""
        path = self.path / names.TRAINED_ROWS
        arrays = self._read(names.TRAINED_ROWS, read_npz)
        return None if arrays is None else StoredRows.of_arrays(arrays, path)

    def read_checkpoint(self) -> dict[str, Array] | None:
        """The resumable training state."""
        return self._read(names.CHECKPOINT, read_npz)

    def fold_files(self) -> list[Path]:
        """The files of an incomplete cross-validation, each with the results of some folds."""
        return files_in(self.path / names.KEPT_FOLDS, "*.npz")

    def read_fold_file(self, file: Path) -> dict[str, Array]:
        """The arrays of one of `fold_files`; raises `DataError` if it is damaged."""
        return read_npz(read_bytes(file) or b"", file)

    def read_journal(self) -> list[JournalRecord] | None:
        """The records of a search, which may still be running, without an incomplete last one.

        None if the run is not a search.
        """
        records = read_journal(self.path / names.JOURNAL)
        if records is None and self.read_manifest().kind == "search":
            raise self._without_journal()
        return records

    def read_timeline(self) -> list[Mapping[str, Any]]:
        """The events of a search's timeline; lines that are incomplete or damaged are left out."""
        lines = (read_bytes(self.path / names.TIMELINE) or b"").splitlines()
        return [event for line in lines if (event := _event(line)) is not None]

    def winner(self) -> RunFolder | None:
        """The run of a search's refitted winner, inside the search's folder; None if there is none.

        If the process was killed between the two renames that replace the winner, it is the former winner.
        """
        return self._first_run(names.BEST, names.FORMER_BEST)

    def ensemble(self) -> RunFolder | None:
        """The run of a search's ensemble, inside the search's folder; None if there is none."""
        return self._first_run(names.ENSEMBLE, names.FORMER_ENSEMBLE)

    def default(self) -> RunFolder | None:
        """The run of what `fnnctl train` gives for the config of a search, inside the search's folder.

        None if there is none; it may have diverged.
        """
        return self._first_run(names.DEFAULT)

    def result_run(self) -> RunFolder | None:
        """The run whose network and scores stand for a search: its ensemble if its trials were measured on
        bags, else its winner. None if there is none.

        An ensemble on bags was selected on all rows outside the test part; others were selected on the few
        rows of a validation part, so that they need not be better than the winner.
        """
        ensemble = self.ensemble()
        model = ensemble.read_manifest().model if ensemble else None
        return ensemble if model is not None and model.bags else self.winner()

    def _first_run(self, *folder_names: str) -> RunFolder | None:
        folders = (RunFolder(self.path / name) for name in folder_names)
        return next((folder for folder in folders if folder.has(names.MANIFEST)), None)

    def write_rebuilt(self, name: str, lines: Iterable[str]) -> None:
        """Write a file that can be computed again at any time from the run's network and its data.

        The name may begin with a folder, which is made.
        """
        write_files(self.path, [(name, lines)])

    def write_figure(self, name: str, png: bytes) -> None:
        """Write one of the run's figures; figures can be redrawn at any time."""
        write_bytes(self.path / name, png)

    def _required(self, name: str, meaning: str) -> bytes:
        content = read_bytes(self.path / name)
        if content is None:
            raise self._missing(name, meaning)
        return content

    def _without_journal(self) -> DataError:
        return self._missing(names.JOURNAL, "a search cannot be read without it; restore a copy of the file")

    def _missing(self, name: str, meaning: str) -> DataError:
        return damaged(self.path / name, f"is missing: {meaning}")

    def _read(self, name: str, parse: Callable[[bytes, Path], T]) -> T | None:
        content = read_bytes(self.path / name)
        if content is None:
            return None
        if name in names.MEASURED:
            self._refuse_changed(name, content)
        return parse(content, self.path / name)

    def _refuse_changed(self, name: str, content: bytes) -> None:
        """Raise `DataError` if the content is not what the run wrote."""
        if read_bytes(self.path / names.MANIFEST) is None:
            return
        expected = self.read_manifest().expected_sha256(name)
        if expected not in (None, hashlib.sha256(content).hexdigest()):
            changed = f"is damaged: it was changed after the run ended, see sha256 in {names.MANIFEST}"
            raise damaged(self.path / name, f"{changed}. Put the original file back, or train again")


def _event(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
