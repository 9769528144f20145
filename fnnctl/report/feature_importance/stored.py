"""feature_importance.csv: one row per column of the data, the most important one first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, cast

from fnnctl.metrics.feature_importance.estimates import FORMS, Estimate
from fnnctl.metrics.feature_importance.importances import ColumnImportance, FeatureImportances
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import CsvTable, csv_lines

_OF_METRIC: Final = ("", "_std", "_ci95_low", "_ci95_high")
_LAST: Final = ("correlated_with", "correlation", "part", "rows", "repeats")


def write_importances(run: RunFolder, importances: FeatureImportances) -> None:
    """Write them to the folder of a run that has ended; raises `MachineError` if that is impossible."""
    columns = ("column", *(f"{metric}{end}" for metric in importances.metrics for end in _OF_METRIC), *_LAST)
    run.write_rebuilt(names.FEATURE_IMPORTANCE, csv_lines(columns, _rows(importances)))


def read_importances(run: RunFolder) -> FeatureImportances | None:
    """What `write_importances` wrote; None if there is no such file. Raises `DataError` if it is damaged."""
    table = run.read_table(names.FEATURE_IMPORTANCE)
    if table is None:
        return None
    found = [name for name in table.columns if name in FORMS]
    wanted = ("column", *(f"{metric}{end}" for metric in found for end in _OF_METRIC), *_LAST)
    if table.columns != wanted or not table.rows:
        raise damaged(table.path, "is damaged: delete it, and use `fnnctl report --importance` again")
    place = {name: index for index, name in enumerate(table.columns)}
    estimates = {metric: _estimates(table, place, metric) for metric in found}
    correlations = table.numbers(place["correlation"])
    columns = [
        ColumnImportance(
            row[0],
            {metric: estimates[metric][number] for metric in found},
            None if correlation is None else (row[place["correlated_with"]], correlation),
        )
        for number, (row, correlation) in enumerate(zip(table.rows, correlations, strict=True))
    ]
    rows, repeats = (int(table.numbers(place[name])[0] or 0) for name in ("rows", "repeats"))
    part = "validation" if table.rows[0][place["part"]] == "validation" else "test"
    return FeatureImportances(cast(Literal["test", "validation"], part), rows, repeats, tuple(columns))


def _rows(importances: FeatureImportances) -> Iterator[Sequence[object]]:
    facts = (importances.part, importances.rows, importances.repeats)
    for each in importances.columns:
        numbers: list[float | None] = []
        for found in each.estimates.values():
            if found is None:
                numbers += [None] * 4
            else:
                numbers += [found.mean, found.std, *(found.ci95 or (None, None))]
        yield each.column, *numbers, *(each.correlated or (None, None)), *facts


def _estimates(table: CsvTable, place: dict[str, int], metric: str) -> list[Estimate | None]:
    values = [table.numbers(place[f"{metric}{end}"]) for end in _OF_METRIC]
    return [
        None
        if mean is None or std is None
        else Estimate(mean, std, None if low is None or high is None else [low, high])
        for mean, std, low, high in zip(*values, strict=True)
    ]
