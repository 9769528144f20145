"""The importance of the columns: feature_importance.csv, a table of the most important ones, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal, cast

from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.metrics.registry import importance_metrics, is_loss
from fnnctl.report.sections import REQUESTED, Notes, Section, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import CsvTable, csv_lines
from fnnctl.text import counted, shown, word_list

MOST_COLUMNS: Final = 20
MANY_COLUMNS: Final = 20
"""With so many columns, some intervals lie above zero by chance."""
MOST_CORRELATED: Final = 6
BY_CHANCE: Final = 0.025
"""The share of 95 % intervals that lie above zero if there is no effect."""


def _highlights(summary: Summary) -> Iterator[Section]:
    """A table and notes; nothing if the importances have not just been measured."""
    importances = summary.importances
    if importances is None:
        return
    labels = {key: label for label, key in summary.task_report.metrics}
    first, *others = (f"{labels[metric]} {'+' if is_loss(metric) else '−'}" for metric in importances.metrics)
    # The interval of the headline alone: the others would leave no room for names.
    header = ("column", first, "95 % interval", *others)
    rows = []
    for column in importances.columns[:MOST_COLUMNS]:
        mean, *means = (number(estimate and estimate.mean) for estimate in column.estimates.values())
        headline = importances.headline(column)
        rows.append((column.column, mean, number(headline and headline.ci95), *means))
    title = f"Importance of the columns on the {importances.part} part"
    if left := len(importances.columns) - len(rows):
        title += f": the first {len(rows)}; {names.FEATURE_IMPORTANCE} has {left:,} more"
    notes = tuple(_notes(importances, labels[importances.metrics[0]]))
    yield TableSection(title, header, tuple(rows), priority=REQUESTED)
    yield Notes("About the importance", notes, priority=REQUESTED)


def _notes(importances: FeatureImportances, headline: str) -> Iterator[str]:
    yield (
        "how much worse each metric gets when the column's values are permuted "
        f"({importances.repeats} times, among {counted(importances.rows, 'row')}); ranked by {headline}"
    )
    if importances.part == "validation":
        yield "there is no test part; the validation part may have chosen the epoch, but was not trained on"
    columns, undecided = len(importances.columns), importances.undecided()
    if undecided:
        which = word_list([*map(shown, undecided)], limit=8)
        yield f"{len(undecided):,} of {counted(columns, 'column')} cannot be told from zero: {which}"
    if columns >= MANY_COLUMNS:
        expected = BY_CHANCE * columns
        yield f"of {columns:,} columns without effect, about {expected:.0f} would seem important by chance"
    if pairs := [*_pairs(importances)]:
        yield (
            "strongly correlated columns share their importance, so each of them seems less important than "
            f"both are together: {word_list(pairs, limit=MOST_CORRELATED)}"
        )


def _pairs(importances: FeatureImportances) -> Iterable[str]:
    """Each pair once, the strongest first."""
    pairs: dict[frozenset[str], tuple[float, str]] = {}
    for column in importances.columns:
        if column.correlated is not None:
            partner, correlation = column.correlated
            text = f"{shown(column.column)} with {shown(partner)} ({correlation:.2f})"
            pairs.setdefault(frozenset((column.column, partner)), (abs(correlation), text))
    return (text for _, text in sorted(pairs.values(), key=lambda pair: -pair[0]))


def _json(summary: Summary) -> dict[str, Any]:
    importances = summary.importances
    if importances is None:
        return {}
    return {
        "feature_importance": [
            {
                "column": column.column,
                **{metric: estimate and asdict(estimate) for metric, estimate in column.estimates.items()},
                "correlated_with": column.correlated and column.correlated[0],
                "correlation": column.correlated and column.correlated[1],
            }
            for column in importances.columns
        ],
        "feature_importance_rows": {
            "part": importances.part,
            "rows": importances.rows,
            "repeats": importances.repeats,
        },
    }


_STATISTICS: Final = ("", "_std", "_ci95_low", "_ci95_high")
"""The columns of a metric: its name with these endings."""
_FACTS: Final = ("correlated_with", "correlation", "part", "rows", "repeats")


def write_importances(run: RunFolder, importances: FeatureImportances) -> None:
    """Write them to the folder of a run that has ended; raises `MachineError` if that is impossible."""
    columns = (
        "column",
        *(f"{metric}{end}" for metric in importances.metrics for end in _STATISTICS),
        *_FACTS,
    )
    run.write_rebuilt(names.FEATURE_IMPORTANCE, csv_lines(columns, _rows(importances)))


def read_importances(run: RunFolder) -> FeatureImportances | None:
    """What `write_importances` wrote; None if there is no such file. Raises `DataError` if it is damaged."""
    table = run.read_table(names.FEATURE_IMPORTANCE)
    if table is None:
        return None
    known = {metric.name for metric in importance_metrics()}
    metrics = [name for name in table.columns if name in known]
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
    return ("column", *(f"{metric}{end}" for metric in metrics for end in _STATISTICS), *_FACTS)


def _rows(importances: FeatureImportances) -> Iterator[Sequence[object]]:
    facts = (importances.part, importances.rows, importances.repeats)
    for column in importances.columns:
        numbers: list[float | None] = []
        for estimate in column.estimates.values():
            if estimate is None:
                numbers += [None] * len(_STATISTICS)
            else:
                numbers += [estimate.mean, estimate.std, *(estimate.ci95 or (None, None))]
        yield column.column, *numbers, *(column.correlated or (None, None)), *facts


def _estimates(table: CsvTable, index: dict[str, int], metric: str) -> list[Estimate | None]:
    values = [table.numbers(index[f"{metric}{end}"]) for end in _STATISTICS]
    return [
        None
        if mean is None or std is None
        else Estimate(mean, std, None if low is None or high is None else [low, high])
        for mean, std, low, high in zip(*values, strict=True)
    ]


TOPIC: Final = Topic("Importance", highlights=_highlights, json=_json)
