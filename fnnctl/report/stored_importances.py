"""feature_importance.csv: one row per column of the data, the most important one first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal, cast

from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.metrics.registry import importance_metrics
from fnnctl.metrics.stored import TARGETS
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import CsvTable, csv_lines

LOSS: Final = "loss"
"""Of several targets together, whose importances are measured by it."""
_STATISTICS: Final = ("", "_std", "_ci95_low", "_ci95_high")
"""The columns of a metric: its name with these endings."""
_LAST_COLUMNS: Final = ("correlated_with", "correlation", "part", "rows", "repeats")


def write_importances(run: RunFolder, importances: FeatureImportances) -> None:
    """Write them to a run that has ended, or to the folder of one of its targets; raises `MachineError` if
    that is impossible.
    """
    run.write_rebuilt(names.FEATURE_IMPORTANCE, csv_lines(_columns(importances.metrics), _rows(importances)))


def importance_columns(importances: FeatureImportances) -> dict[str, list[Any]]:
    """The columns of the file, as values, and for each target those of its own, in the same order."""
    rows = list(_rows(importances))
    columns = {name: [row[index] for row in rows] for index, name in enumerate(_columns(importances.metrics))}
    for target, of_target in importances.of_targets.items():
        own_columns = importance_columns(of_target)
        places = [own_columns["column"].index(column) for column in columns["column"]]
        for name in (f"{metric}{end}" for metric in of_target.metrics for end in _STATISTICS):
            columns[f"{TARGETS}.{target}.{name}"] = [own_columns[name][place] for place in places]
    return columns


def read_importances(run: RunFolder) -> FeatureImportances | None:
    """What `write_importances` wrote; None if there is no such file. Raises `DataError` if it is damaged."""
    table = run.read_table(names.FEATURE_IMPORTANCE)
    if table is None:
        return None
    possible = {LOSS, *(metric.name for metric in importance_metrics())}
    metrics = [name for name in table.columns if name in possible]
    if table.columns != _columns(metrics) or not table.rows:
        raise damaged(table.path, "is damaged: delete it, and use `fnnctl report --importance` again")
    index = {name: position for position, name in enumerate(table.columns)}
    estimates = {metric: _estimates(table, index, metric) for metric in metrics}
    correlations = table.numbers(index["correlation"])
    columns = [
        ColumnImportance(
            row[0],
            {metric: estimates[metric][row_number] for metric in metrics},
            None if correlation is None else (row[index["correlated_with"]], correlation),
        )
        for row_number, (row, correlation) in enumerate(zip(table.rows, correlations, strict=True))
    ]
    rows, repeats = (int(table.numbers(index[name])[0] or 0) for name in ("rows", "repeats"))
    part = "validation" if table.rows[0][index["part"]] == "validation" else "test"
    return FeatureImportances(cast(Literal["test", "validation"], part), rows, repeats, tuple(columns))


def _columns(metrics: Iterable[str]) -> tuple[str, ...]:
    return ("column", *(f"{metric}{end}" for metric in metrics for end in _STATISTICS), *_LAST_COLUMNS)


def _rows(importances: FeatureImportances) -> Iterator[Sequence[object]]:
    measured_on = (importances.part, importances.rows, importances.repeats)
    for column in importances.columns:
        numbers: list[float | None] = []
        for estimate in column.estimates.values():
            if estimate is None:
                numbers += [None] * len(_STATISTICS)
            else:
                numbers += [estimate.mean, estimate.std, *(estimate.ci95 or (None, None))]
        yield column.column, *numbers, *(column.correlated or (None, None)), *measured_on


def _estimates(table: CsvTable, index: dict[str, int], metric: str) -> list[Estimate | None]:
    values = [table.numbers(index[f"{metric}{end}"]) for end in _STATISTICS]
    return [
        None
        if mean is None or std is None
        else Estimate(mean, std, None if low is None or high is None else [low, high])
        for mean, std, low, high in zip(*values, strict=True)
    ]
