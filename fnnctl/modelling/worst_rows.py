"""The cells of the rows that are predicted worst, so that a reader sees what a network got wrong.

The run keeps them, because a report is drawn from the run's folder alone: the data may be gone or changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.dataset import Columns, Dataset
from fnnctl.data.new_rows import output_names
from fnnctl.data.row_texts import row_texts
from fnnctl.store import names
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.task import Artifact
from fnnctl.tasks.worst_rows import HasBadness, worst_rows

ROW = "row"


@dataclass(frozen=True, slots=True)
class WorstRows:
    """k rows, the worst first."""

    columns: tuple[str, ...] = ()
    """The columns of the table; empty if there are no rows."""
    rows: IntArray = field(default_factory=lambda: np.empty(0, np.intp))
    """(k,) the row numbers in the file, from 0."""
    badness: FloatArray = field(default_factory=lambda: np.empty(0))
    """(k,)"""
    texts: Sequence[tuple[str, ...]] = ()
    """The cells of each row, as `row_texts` writes them."""

    @classmethod
    def of_data(cls, dataset: Dataset, candidates: IntArray, scores: HasBadness) -> Self:
        """Those of scored rows, which are among the `candidates`, (n,), of a data set."""
        numbers = dataset.file_rows[candidates]
        order = np.argsort(numbers)
        positions = candidates[order[np.searchsorted(numbers, scores.row_badness()[0], sorter=order)]]
        return cls().with_rows(scores, dataset, positions, dataset.formats, order=tuple(dataset.types))

    def with_rows(
        self,
        scores: HasBadness,
        columns: Columns,
        positions: IntArray,
        formats: Mapping[str, ColumnFormat],
        *,
        order: Sequence[str] = (),
    ) -> Self:
        """The worst of these rows and of the scored ones, which are at `positions` (n,) in `columns`.

        The `formats` and the `order` are those of `row_texts`.
        """
        new_rows, new_badness = scores.row_badness()
        rows = np.concatenate([self.rows, new_rows])
        badness = np.concatenate([self.badness, new_badness])
        worst, former = worst_rows(rows, badness), len(self.rows)
        added = worst[worst >= former]
        if not added.size:
            return self
        column_names, added_texts = row_texts(columns, positions[added - former], formats, order)
        texts = {**dict(enumerate(self.texts)), **dict(zip(added.tolist(), added_texts, strict=True))}
        kept = [texts[index] for index in worst.tolist()]
        return type(self)(column_names, rows[worst], badness[worst], kept)

    def artifact(self) -> Artifact:
        """worst_rows.csv: the row number and the cells."""
        columns = output_names(self.columns, (ROW,)).values()
        rows = ([row, *texts] for row, texts in zip(self.rows.tolist(), self.texts, strict=True))
        return names.WORST_ROWS, csv_lines((ROW, *columns), rows)
