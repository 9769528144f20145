"""The importance of the columns: feature_importance.csv, a table of the most important ones, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal, cast

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.errors import quoted_list
from fnnctl.metrics.feature_importance import FORMS, ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.sections import Notes, Section, TableSection
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import CsvTable, csv_lines
from fnnctl.tasks.reports import TaskReport
from fnnctl.text import counted, shown

MOST_COLUMNS: Final = 20
MANY_COLUMNS: Final = 20
"""With so many columns, some intervals lie above zero by chance."""
MOST_CORRELATED: Final = 6
BY_CHANCE: Final = 0.025
"""The share of 95 % intervals that lie above zero if there is no effect."""


def importance_sections(importances: FeatureImportances | None, task: TaskReport) -> list[Section]:
    """The sections; none if the importances were not measured."""
    if importances is None:
        return []
    shown_columns = importances.columns[:MOST_COLUMNS]
    header, labels = ["column"], {key: label for label, key in task.metrics}
    for metric in importances.metrics:
        header.append(f"{labels[metric]} {'+' if is_loss(metric) else '−'}")
    header.insert(2, "95 % interval")  # of the headline; the others would leave no room for names
    rows = []
    for each in shown_columns:
        cells = [NOTHING if found is None else number(found.mean) for found in each.estimates.values()]
        headline = importances.headline(each)
        interval = NOTHING if headline is None else number(headline.ci95)
        rows.append((each.column, cells[0], interval, *cells[1:]))
    where = f"Importance of the columns on the {importances.part} part"
    if left := len(importances.columns) - len(shown_columns):
        where += f": the first {len(shown_columns)}; {names.FEATURE_IMPORTANCE} has {left:,} more"
    notes = tuple(_notes(importances, labels[importances.metrics[0]]))
    return [TableSection(where, tuple(header), tuple(rows)), Notes("About the importance", notes)]


def _notes(importances: FeatureImportances, headline: str) -> Iterator[str]:
    yield (
        "how much worse each metric gets when the column's values are permuted "
        f"({importances.repeats} times, among {counted(importances.rows, 'row')}); ranked by {headline}"
    )
    if importances.part == "validation":
        yield "there is no test part; the validation part may have chosen the epoch, but was not trained on"
    columns, undecided = len(importances.columns), importances.undecided()
    if undecided:
        which = quoted_list([*map(shown, undecided)], limit=8)
        yield f"{len(undecided):,} of {counted(columns, 'column')} cannot be told from zero: {which}"
    if columns >= MANY_COLUMNS:
        expected = BY_CHANCE * columns
        yield f"of {columns:,} columns without effect, about {expected:.0f} would seem important by chance"
    if pairs := [*_pairs(importances)]:
        yield (
            "strongly correlated columns share their importance, so each of them seems less important than "
            f"both are together: {quoted_list(pairs, limit=MOST_CORRELATED)}"
        )


def _pairs(importances: FeatureImportances) -> Iterable[str]:
    """Each pair once, the strongest first."""
    found: dict[frozenset[str], tuple[float, str]] = {}
    for each in importances.columns:
        if each.correlated is not None:
            partner, correlation = each.correlated
            text = f"{shown(each.column)} with {shown(partner)} ({correlation:.2f})"
            found.setdefault(frozenset((each.column, partner)), (abs(correlation), text))
    return (text for _, text in sorted(found.values(), key=lambda pair: -pair[0]))


def importance_json(importances: FeatureImportances | None) -> dict[str, Any]:
    """The keys of a run's entry; none if the importances were not measured."""
    if importances is None:
        return {}
    return {
        "feature_importance": [
            {
                "column": each.column,
                **{metric: found and asdict(found) for metric, found in each.estimates.items()},
                "correlated_with": each.correlated and each.correlated[0],
                "correlation": each.correlated and each.correlated[1],
            }
            for each in importances.columns
        ],
        "feature_importance_rows": {
            "part": importances.part,
            "rows": importances.rows,
            "repeats": importances.repeats,
        },
    }


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
