"""A run's folder for reading: each file gives the value that was written."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.store import names
from fnnctl.store.atomic import damaged, read_bytes, write_bytes
from fnnctl.store.description import ModelDescription, read_description
from fnnctl.store.documents import read_mapping
from fnnctl.store.journal import JournalRecord, read_journal
from fnnctl.store.lock import is_held
from fnnctl.store.manifest import Manifest, read_manifest
from fnnctl.store.tables import CsvTable, read_rows, read_table
from fnnctl.store.weights import Array, read_listed_npz, read_npz

CURVE_COLUMNS = 5
CALIBRATION_COLUMNS = ("low", "high", "rows", "confidence", "accuracy", "accuracy_low", "accuracy_high")
CurveKind = Literal["class", "micro", "macro"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredCurve:
    """A ROC or precision-recall curve; see `run.CurvePoints`."""

    kind: CurveKind
    label: str
    x: FloatArray
    y: FloatArray


@dataclass(frozen=True, slots=True)
class StoredModel:
    """`model.npz` and `model.json`."""

    arrays: dict[str, Array]
    description: ModelDescription
    sha256: str
    """Of the weights' file."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run's folder, for reading. A missing file gives None, a damaged one raises `DataError`."""

    path: Path

    def files(self) -> tuple[str, ...]:
        """The names of the run's files, in the order of the layout."""
        return tuple(name for name in names.LAYOUT if (self.path / name).is_file())

    def is_alive(self) -> bool:
        """Whether the run's process still lives."""
        return is_held(self.path / names.LOCK)

    def read_manifest(self) -> Manifest:
        """The manifest, which every run has."""
        content = self._required(names.MANIFEST, "this is not a run's folder")
        return read_manifest(content, self.path / names.MANIFEST)

    def read_resolved(self) -> bytes | None:
        """The complete config of the run."""
        return read_bytes(self.path / names.RESOLVED)

    def read_metrics(self) -> dict[str, Any] | None:
        """The metrics of the parts: `{"train": M, "validation": M or None, "test": M or None}`."""
        return self._read(names.METRICS, read_mapping)

    def read_history(self) -> dict[str, list[float | None]] | None:
        """The columns of the history, a value per epoch."""
        return self._columns(names.HISTORY)

    def read_predictions(self) -> CsvTable | None:
        """The predictions as text: row, label, prediction, and a probability per class."""
        return self._read(names.PREDICTIONS, read_table)

    def read_confusion_matrix(self) -> tuple[tuple[str, ...], IntArray] | None:
        """The classes and the counts, a row per true class, a column per predicted one."""
        table = self._read(names.CONFUSION_MATRIX, read_table)
        if table is None:
            return None
        try:
            matrix = np.array([[int(count) for count in row[1:]] for row in table.rows], dtype=np.intp)
        except (ValueError, OverflowError) as error:
            raise damaged(table.path, f"is damaged: {error}") from error
        classes = table.columns[1:]
        if not classes or tuple(table.column(0)) != classes:
            raise damaged(table.path, "is damaged: its rows and its columns are not the same classes")
        return classes, matrix

    def read_roc_curves(self) -> list[StoredCurve] | None:
        """The ROC curves: x is the false positive rate, y the true positive rate."""
        return self._curves(names.ROC_CURVE)

    def read_pr_curves(self) -> list[StoredCurve] | None:
        """The precision-recall curves: x is the recall, y the precision."""
        return self._curves(names.PR_CURVE)

    def read_calibration(self) -> dict[str, list[float | None]] | None:
        """The columns of the calibration's bins, a value per bin; all but the first three may have None."""
        columns, path = self._columns(names.CALIBRATION), self.path / names.CALIBRATION
        if columns is None:
            return None
        if tuple(columns) != CALIBRATION_COLUMNS:
            raise damaged(path, f"is damaged: its columns are not {', '.join(CALIBRATION_COLUMNS)}")
        if any(None in columns[name] for name in CALIBRATION_COLUMNS[:3]):
            raise damaged(path, "is damaged: a bin lacks its ends or its rows")
        return columns

    def read_model(self) -> StoredModel:
        """The weights and the description they were written with; `DataError` where the run has none."""
        description = self._required(names.MODEL, "the run has no model")
        weights = self._required(names.WEIGHTS, "the run has no model")
        model = read_description(description, self.path / names.MODEL)
        arrays = read_listed_npz(weights, model.arrays, self.path / names.WEIGHTS)
        return StoredModel(arrays, model, hashlib.sha256(weights).hexdigest())

    def read_checkpoint(self) -> dict[str, Array] | None:
        """The resumable state of a training."""
        return self._read(names.CHECKPOINT, read_npz)

    def read_journal(self) -> list[JournalRecord] | None:
        """The records of a search that may still go on, without an incomplete last one."""
        return read_journal(self.path / names.JOURNAL)

    def winner(self) -> RunFolder | None:
        """The run of a search's refitted winner, within its folder; None if there is none.

        It is the former winner if a kill came between the two renames that replace it.
        """
        folders = (RunFolder(self.path / name) for name in (names.BEST, names.FORMER_BEST))
        return next((folder for folder in folders if (folder.path / names.MANIFEST).is_file()), None)

    def write_figure(self, name: str, png: bytes) -> None:
        """Write one of the run's figures, which may be drawn again at any time."""
        write_bytes(self.path / name, png)

    def _required(self, name: str, meaning: str) -> bytes:
        content = read_bytes(self.path / name)
        if content is None:
            raise damaged(self.path / name, f"is missing: {meaning}")
        return content

    def _read(self, name: str, parse: Callable[[bytes, Path], T]) -> T | None:
        content = read_bytes(self.path / name)
        return None if content is None else parse(content, self.path / name)

    def _columns(self, name: str) -> dict[str, list[float | None]] | None:
        table = self._read(name, read_table)
        if table is None:
            return None
        return {column: table.numbers(index) for index, column in enumerate(table.columns)}

    def _curves(self, name: str) -> list[StoredCurve] | None:
        """Read point by point, because a curve of a large part has hundreds of thousands."""
        path, rows = self.path / name, self._read(name, read_rows)
        if rows is None:
            return None
        if len(next(rows)) != CURVE_COLUMNS:
            raise damaged(path, f"is damaged: {CURVE_COLUMNS} columns were expected")
        points: dict[tuple[str, str], tuple[array[float], array[float]]] = {}
        for kind, label, x, y, _ in rows:
            if kind not in get_args(CurveKind):
                raise damaged(path, f"is damaged: '{kind}' is no kind of curve")
            of_curve = points.setdefault((kind, label), (array("d"), array("d")))
            try:
                of_curve[0].append(float(x))
                of_curve[1].append(float(y))
            except ValueError as error:
                raise damaged(path, f"is damaged: {error}") from error
        return [
            StoredCurve(cast("CurveKind", kind), label, np.array(x), np.array(y))
            for (kind, label), (x, y) in points.items()
        ]
