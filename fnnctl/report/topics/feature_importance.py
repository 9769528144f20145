"""The importance of the columns: a table of the most important ones, how to read it, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from fnnctl.metrics.feature_importance import FeatureImportances
from fnnctl.metrics.registry import is_loss, label_of
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.text import counted, quoted, word_list

if TYPE_CHECKING:
    from fnnctl.metrics.feature_importance import FeatureImportances

MAX_COLUMNS: Final = 20
MANY_COLUMNS: Final = 20
"""With this many columns, some intervals lie above zero by chance."""
MAX_CORRELATED: Final = 6
BY_CHANCE: Final = 0.025
"""The share of 95 % intervals that lie above zero if there is no effect."""


def importance(summary: Summary) -> Iterator[Block]:
    """A table and notes; nothing if the importances have not just been measured."""
    importances = summary.importances
    if importances is None:
        return
    first, *more = (f"{label_of(name)} {'+' if is_loss(name) else '−'}" for name in importances.metrics)
    # The interval of the headline alone: the others would leave no room for names.
    header = ("column", first, "95 % interval", *more)
    rows = []
    for column in importances.columns[:MAX_COLUMNS]:
        mean, *means = (number(estimate and estimate.mean) for estimate in column.estimates.values())
        headline = importances.headline(column)
        rows.append((column.column, mean, number(headline and headline.ci95), *means))
    title = f"Importance of the columns on the {importances.part} part"
    if left := len(importances.columns) - len(rows):
        title += f": the first {len(rows)}; {names.FEATURE_IMPORTANCE} has {left:,} more"
    notes = tuple(_notes(importances, label_of(importances.metrics[0])))
    yield Table(title, header, tuple(rows))
    yield Notes("About the importance", notes)


def _notes(importances: FeatureImportances, headline: str) -> Iterator[str]:
    yield (
        "how much worse each metric gets when the column's values are permuted "
        f"({importances.repeats} times, among {counted(importances.rows, 'row')}); ranked by {headline}"
    )
    if importances.part == "validation":
        yield "there is no test part; the validation part may have chosen the epoch, but was not trained on"
    columns, undecided = len(importances.columns), importances.undecided()
    if undecided:
        which = word_list([*map(quoted, undecided)], limit=8)
        yield f"{len(undecided):,} of {counted(columns, 'column')} cannot be told from zero: {which}"
    if columns >= MANY_COLUMNS:
        expected = BY_CHANCE * columns
        yield f"of {columns:,} columns without effect, about {expected:.0f} would seem important by chance"
    if pairs := [*_pairs(importances)]:
        yield (
            "strongly correlated columns share their importance, so each of them seems less important than "
            f"both are together: {word_list(pairs, limit=MAX_CORRELATED)}"
        )


def _pairs(importances: FeatureImportances) -> Iterable[str]:
    """Each pair once, the strongest first."""
    pairs: dict[frozenset[str], tuple[float, str]] = {}
    for column in importances.columns:
        if column.correlated is not None:
            partner, correlation = column.correlated
            text = f"{quoted(column.column)} with {quoted(partner)} ({correlation:.2f})"
            pairs.setdefault(frozenset((column.column, partner)), (abs(correlation), text))
    return (text for _, text in sorted(pairs.values(), key=lambda pair: -pair[0]))


def json_entries(summary: Summary) -> dict[str, Any]:
    """The importances that have just been measured."""
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
