"""The scores of a cross-validation's folds, with the rows of each fold."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import CROSS_VALIDATION, PREDICTIONS
from fnnctl.store.tables import CsvTable

Place: TypeAlias = tuple[int, int]
"""Repeat and fold, counted from 1."""


@dataclass(frozen=True, slots=True)
class MeasuredFolds:
    """A metric of each fold that has a value, two folds or more."""

    scores: Mapping[Place, float]
    rows: Mapping[Place, tuple[int, int]]
    """The number of test rows of each fold, and a checksum of which rows they are."""
    test_rows: Mapping[Place, int]
    """The number of test rows of every fold, as the table of folds says."""
    test_share: float
    """The number of test rows per other row."""
    number: int
    """The number of all folds."""

    def common(self, other: MeasuredFolds) -> list[Place] | None:
        """The folds that both have; None if they are fewer than two, or if some have different rows."""
        places = [place for place in self.scores if place in other.scores]
        rows = ((self.rows.get(place), other.rows.get(place)) for place in places)
        if len(places) < 2 or any(own is None or own != others for own, others in rows):
            return None
        return places


def read_fold_scores(run: RunFolder, metric: str, *, bags: bool) -> MeasuredFolds | None:
    """A metric of a cross-validation's folds; None if fewer than two folds have it.

    With `bags` the validation rows are among the training rows. Raises `DataError` for a damaged file.
    """
    table = run.read_table(CROSS_VALIDATION)
    if table is None or metric not in table.columns:
        return None
    repeats, folds, train, validation, test = (
        _whole(table, name) for name in ("repeat", "fold", "train_rows", "validation_rows", "test_rows")
    )
    values = table.numbers(table.columns.index(metric))
    places = list(zip(repeats, folds, strict=True))
    scores = {place: value for place, value in zip(places, values, strict=True) if value is not None}
    others = sum(train) + (0 if bags else sum(validation))
    if len(scores) < 2 or not others:
        return None
    test_rows = dict(zip(places, test, strict=True))
    return MeasuredFolds(scores, _tested_rows(run), test_rows, sum(test) / others, len(values))


def _whole(table: CsvTable, name: str) -> list[int]:
    try:
        return [int(text) for text in table.column(table.columns.index(name))]
    except ValueError as error:
        raise damaged(table.path, f"is damaged: column {name}: {error}") from error


def _tested_rows(run: RunFolder) -> dict[Place, tuple[int, int]]:
    """The number and a checksum of the test rows of each fold, from the predictions."""
    rows: dict[Place, array[int]] = {}
    lines = run.read_rows(PREDICTIONS)
    if lines is None:
        return {}
    path = run.path / PREDICTIONS
    if next(lines)[:3] != ["repeat", "fold", "row"]:
        raise damaged(path, "is damaged: its first columns are not repeat, fold and row")
    try:
        for line in lines:
            rows.setdefault((int(line[0]), int(line[1])), array("q")).append(int(line[2]))
    except (ValueError, OverflowError) as error:
        raise damaged(path, f"is damaged: {error}") from error
    return {place: (len(of), zlib.crc32(array("q", sorted(of)).tobytes())) for place, of in rows.items()}
