"""Drift: which columns of new rows are not distributed as those of the training rows.

Rows are counted in bins. A column has shifted if it is far enough from the training rows, and if that is not
chance: see `homogeneity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.arrays import IntArray
from fnnctl.metrics.homogeneity import shift
from fnnctl.metrics.paired import holm
from fnnctl.text import counted, quoted, word_list

PREDICTION: Final = "prediction"
"""The kind of the predictions, which have the name of the target."""


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """What a shift is: both hold."""

    psi: float = 0.1
    """The population stability index is larger. Up to 0.1 a column is usually called stable (Siddiqi, Credit
    Risk Scorecards, 2006)."""
    p: float = 0.01
    """p is smaller, after Holm's correction for the number of columns."""


USUAL_LIMITS: Final = DriftLimits()
FEW_ROWS: Final = 100
"""With 300 rows most moderate shifts are found: see the benchmark."""


@dataclass(frozen=True, slots=True)
class BinnedRows:
    """The rows of a column in bins, the last of which has those without a value."""

    name: str
    kind: str
    """Such as `numeric` or, of the predictions, `PREDICTION`."""
    labels: Sequence[str]
    """Of the bins, (bins,)."""
    trained: IntArray
    """(bins,) training rows; of predictions, rows that were not trained on."""
    new: IntArray
    """(bins,)"""
    comparable: tuple[IntArray, IntArray]
    """Training rows and new rows in the bins that are compared."""
    apart: int
    """How many of the last of these are no neighbours of others."""
    unseen: int | None
    """New rows with a value that the training rows have not; None if it is not known."""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How far a column, or the predictions, have shifted."""

    name: str
    kind: str
    psi: float
    p_holm: float
    shifted: bool
    trained_missing: float
    """The share of the training rows without a value."""
    new_missing: float
    new_unseen: float | None
    """The share of the new rows with a category that no training row has, or with a number outside of their
    range; None if it is not known."""
    bins: tuple[tuple[str, int, int], ...]
    """Each with its label, its training rows and its new rows, if it has any; missing values come last."""

    @property
    def is_prediction(self) -> bool:
        """Whether these are the predictions."""
        return self.kind == PREDICTION


@dataclass(frozen=True, slots=True)
class TableDrift:
    """How far new rows are from the training rows."""

    columns: tuple[ColumnDrift, ...]
    """In the order of the network's columns, numbers first; the predictions come last."""

    def to_dict(self) -> dict[str, Any]:
        """The drift for JSON."""
        columns = [
            {
                "column": column.name,
                "kind": column.kind,
                "psi": column.psi,
                "p_holm": column.p_holm,
                "shifted": column.shifted,
                "trained_missing": column.trained_missing,
                "new_missing": column.new_missing,
                "new_unseen": column.new_unseen,
                "bins": [
                    {"bin": label, "trained": trained, "new": new} for label, trained, new in column.bins
                ],
            }
            for column in self.columns
        ]
        return {"shifted": len(self.shifted), "columns": columns}

    @property
    def new_rows(self) -> int:
        """The rows that were compared."""
        return max((sum(new for _, _, new in column.bins) for column in self.columns), default=0)

    @property
    def shifted(self) -> list[ColumnDrift]:
        """The columns that have shifted, the farthest first, and then the predictions if they have."""
        shifted = [column for column in self.columns if column.shifted]
        return sorted(shifted, key=lambda column: (column.is_prediction, -column.psi))

    def in_words(self, file: str) -> str:
        """Which columns of a file have shifted."""
        columns = sum(not column.is_prediction for column in self.columns)
        shifted = [column for column in self.shifted if not column.is_prediction]
        predictions = [column for column in self.shifted if column.is_prediction]
        if not self.new_rows:
            return f"{file}: there are no rows to compare with the training rows"
        if not self.shifted:
            few = f"; with {counted(self.new_rows, 'row')} only large shifts are found"
            few = few if self.new_rows < FEW_ROWS else ""
            return f"{file}: no column has shifted from the training rows{few}"
        listing = word_list([f"{quoted(column.name)} (PSI {column.psi:.2f})" for column in shifted])
        parts = []
        if shifted:
            have = "has" if len(shifted) == 1 else "have"
            what = f"{len(shifted):,} of {counted(columns, 'column')} {have} shifted from the training rows"
            parts.append(f"{what}: {listing}")
        if predictions:
            parts.append(f"the predictions have shifted (PSI {predictions[0].psi:.2f})")
        return f"{file}: {'; '.join(parts)}"


def table_drift(columns: Sequence[BinnedRows], limits: DriftLimits) -> TableDrift:
    """The drift of the columns of a table, and of its predictions."""
    shifts = [shift(*column.comparable, column.apart) for column in columns]
    corrected = holm([measured.p for measured in shifts])
    return TableDrift(
        tuple(
            _column_drift(column, measured.psi, p, measured.psi > limits.psi and p < limits.p)
            for column, measured, p in zip(columns, shifts, corrected, strict=True)
        )
    )


def _column_drift(column: BinnedRows, psi: float, p_holm: float, shifted: bool) -> ColumnDrift:
    trained, new = column.trained.tolist(), column.new.tolist()
    trained_rows, new_rows = max(1, sum(trained)), max(1, sum(new))
    bins = tuple(zip(column.labels, trained, new, strict=True))
    return ColumnDrift(
        column.name,
        column.kind,
        psi,
        p_holm,
        shifted,
        trained[-1] / trained_rows,
        new[-1] / new_rows,
        None if column.unseen is None else column.unseen / new_rows,
        tuple(of_bin for of_bin in bins[:-1] if any(of_bin[1:])) + bins[-1:],
    )
