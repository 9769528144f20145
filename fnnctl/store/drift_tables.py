"""drift.csv and drift_bins.csv of an evaluation, and the file of `predict --drift`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.metrics.drift import ColumnDrift, TableDrift
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import csv_lines

COLUMNS: Final = (
    "column", "kind", "psi", "p_holm", "shifted", "trained_missing", "new_missing", "new_unseen",
)  # fmt: skip
BIN_COLUMNS: Final = ("column", "kind", "bin", "trained_rows", "new_rows")
TRUE, FALSE = "true", "false"


def drift_lines(drift: TableDrift) -> Iterator[str]:
    """A table with a row per column, as CSV."""
    return csv_lines(
        COLUMNS,
        (
            (
                column.name,
                column.kind,
                column.psi,
                column.p_holm,
                TRUE if column.shifted else FALSE,
                column.trained_missing,
                column.new_missing,
                column.new_unseen,
            )
            for column in drift.columns
        ),
    )


def drift_artifacts(drift: TableDrift) -> Iterator[tuple[str, Iterator[str]]]:
    """The files of a run: the columns, and the rows in their bins."""
    yield names.DRIFT, drift_lines(drift)
    bins = ((column.name, column.kind, *of_bin) for column in drift.columns for of_bin in column.bins)
    yield names.DRIFT_BINS, csv_lines(BIN_COLUMNS, bins)


def read_drift(run: RunFolder) -> TableDrift | None:
    """What the files of a run say; None if it has none. Raises `DataError` for a damaged one."""
    columns, bins = run.read_table(names.DRIFT), run.read_table(names.DRIFT_BINS)
    if columns is None or bins is None:
        return None
    bins_of: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    try:
        for name, kind, label, trained, new in bins.rows:
            bins_of.setdefault((name, kind), []).append((label, int(trained), int(new)))
    except ValueError as error:
        raise damaged(bins.path, f"is damaged: {error}") from error
    try:
        return TableDrift(
            tuple(
                ColumnDrift(
                    name,
                    kind,
                    float(psi),
                    float(p_holm),
                    shifted == TRUE,
                    float(trained_missing),
                    float(new_missing),
                    float(new_unseen) if new_unseen else None,
                    tuple(bins_of.get((name, kind), ())),
                )
                for name, kind, psi, p_holm, shifted, trained_missing, new_missing, new_unseen in columns.rows
            )
        )
    except ValueError as error:
        raise damaged(columns.path, f"is damaged: {error}") from error
