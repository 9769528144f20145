"""The importance of the columns as sections: a table of the most important ones, and how to read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.errors import quoted_list
from fnnctl.report.sections import NOTHING, Notes, Section, TableSection, number
from fnnctl.store import names
from fnnctl.tasks.reporting import TaskReport
from fnnctl.text import counted, shown

if TYPE_CHECKING:
    from fnnctl.metrics.feature_importance.importances import FeatureImportances

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
