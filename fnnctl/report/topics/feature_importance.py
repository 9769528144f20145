"""The importance of the columns: a table of the most important ones, how to read it, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

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
FIRST: Final = 5
"""The columns that are named for each of several targets."""
MAX_CORRELATED: Final = 6
BY_CHANCE: Final = 0.025
"""The share of 95 % intervals that lie above zero if there is no effect."""


def importance(summary: Summary) -> Iterator[Block]:
    """A table and notes; nothing if the importances have not just been measured."""
    importances = summary.importances
    if importances is None:
        return
    first, *more = (_change(summary.task_report.label_of(name), name) for name in importances.metrics)
    # The interval of the headline alone: the others would leave no room for names.
    header = ("column", first, "95 % interval", *more)
    rows = []
    for column in importances.columns[:MAX_COLUMNS]:
        mean, *means = (number(estimate and estimate.mean) for estimate in column.estimates.values())
        headline = importances.headline(column)
        rows.append((column.column, mean, number(headline and headline.ci95), *means))
    is_evaluation = summary.manifest.evaluated is not None
    rows_measured = "evaluated file" if is_evaluation else f"{importances.part} part"
    title = f"Importance of the columns on the {rows_measured}"
    if left := len(importances.columns) - len(rows):
        title += f": the first {len(rows)}; {names.FEATURE_IMPORTANCE} has {left:,} more"
    notes = tuple(_notes(importances, summary.task_report.label_of(importances.metrics[0])))
    yield Table(title, header, tuple(rows))
    if importances.of_targets:
        columns = ("target", "metric", "most important columns")
        of_targets = tuple(_first_of(*item) for item in importances.of_targets.items())
        yield Table("Importance for each target", columns, of_targets, texts=(0, 1, 2))
    yield Notes("About the importance", notes)


def _change(label: str, metric: str) -> str:
    """The metric, and whether it rises or falls if a column is permuted."""
    return f"{label} {'+' if is_loss(metric) else '−'}"


def _first_of(target: str, importances: FeatureImportances) -> tuple[str, str, str]:
    """The target, its headline, and the columns that are most important for it."""
    metric = importances.metrics[0]
    columns = [
        f"{column.column} {number(estimate.mean)}"
        for column in importances.columns
        if (estimate := importances.headline(column)) and estimate.is_positive
    ]
    first = ", ".join(columns[:FIRST]) or "none that can be told from zero"
    return target, _change(label_of(metric), metric), first


def _notes(importances: FeatureImportances, headline: str) -> Iterator[str]:
    yield (
        f"how much worse each metric of {counted(importances.rows, 'row')} gets when the column's values are "
        f"permuted ({importances.repeats} times); ranked by {headline}"
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
    """The importances that have just been measured, and those for each of several targets."""
    importances = summary.importances
    if importances is None:
        return {}
    of_targets = {target: _json(of_target) for target, of_target in importances.of_targets.items()}
    return {**_json(importances), **({"feature_importance_targets": of_targets} if of_targets else {})}


def _json(importances: FeatureImportances) -> dict[str, Any]:
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
