"""The columns of a regression's predictions.csv, and their values.

A missing file gives None; a damaged one raises `DataError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.metrics.mean_calibration import MeanTenth, mean_tenths
from fnnctl.metrics.rows import ErrorRows
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.estimate_columns import RATE, level_column
from fnnctl.tasks.stored_estimates import REPEAT, read_stored_estimates

FOLD_COLUMNS: Final = (REPEAT, "fold")
"""Before those of a part, in a cross-validation."""


def prediction_columns(levels: Sequence[float], *, has_rates: bool = False) -> tuple[str, ...]:
    """The columns of predictions.csv, with the rates of exposures and the levels of estimated quantiles."""
    return ("row", "target", "prediction", *([RATE] if has_rates else []), *map(level_column, levels))


def read_means(run: RunFolder) -> list[MeanTenth]:
    """Observed and predicted means by tenths, of a cross-validation those of its first repeat; empty without
    rows.
    """
    stored = read_stored_estimates(run)
    if stored is None or not len(stored.repeats):
        return []
    first = stored.repeats == stored.repeats[0]
    return mean_tenths(stored.rows.targets[first], stored.rows.estimates[first], stored.rates[first])


def read_estimates(run: RunFolder) -> ErrorRows | None:
    """The n targets with their predictions and quantiles; for a cross-validation those of all repeats."""
    stored = read_stored_estimates(run)
    return None if stored is None else stored.rows
