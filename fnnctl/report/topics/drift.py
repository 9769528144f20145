"""Which columns of the scored rows are unlike the training rows, with pictures of both distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from fnnctl.metrics.drift import ColumnDrift, TableDrift
from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING
from fnnctl.text import counted, p_number

MAX_COLUMNS: Final = 20
BARS: Final = "▁▂▃▄▅▆▇█"
"""Of rising height; the lowest one is for no rows at all."""
MOST_BARS: Final = 12
"""Further bins share the last bar."""


def drift(summary: Summary) -> Iterator[Block]:
    """A row per column, those that have shifted first."""
    if summary.drift is not None:
        yield drift_table(summary.drift, "the scored rows")


def drift_table(measured: TableDrift, rows: str) -> Table:
    """A row per column, those that have shifted first; the title says what the new `rows` are."""
    ordered = sorted(measured.columns, key=lambda column: (not column.shifted, -column.psi))
    first = ordered[:MAX_COLUMNS]
    title = f"Drift: are {rows} like the training rows?"
    if more := len(ordered) - len(first):
        title += f" The first {len(first)} columns; JSON has {more:,} more"
    notes = (measured.in_words(rows), *_legend(measured))
    table = Table(
        title,
        ("column", "training", "new rows", "PSI", "p (Holm)", "missing", "unseen", "kind"),
        tuple((_name(column), *_pictures(column), *_numbers(column), column.kind) for column in first),
        texts=(0, 1, 2, 7),
        unbroken=(0,),
        notes=notes,
    )
    narrow = replace(
        table,
        header=("column", "training", "new rows", "PSI", "p", "missing"),
        rows=tuple((_name(column), *_pictures(column), *_numbers(column)[:3]) for column in first),
        texts=(0, 1, 2),
    )
    return replace(table, narrow=narrow)


def _name(column: ColumnDrift) -> str:
    return "(predictions)" if column.is_prediction else column.name


def _numbers(column: ColumnDrift) -> Sequence[str]:
    missing = NOTHING
    if column.trained_missing or column.new_missing:
        missing = f"{_percent(column.trained_missing)} → {_percent(column.new_missing)}"
    unseen = NOTHING if column.is_prediction or not column.new_unseen else _percent(column.new_unseen)
    return f"{column.psi:.2f}", p_number(column.p_holm), missing, unseen


def _percent(share: float) -> str:
    return f"{share:.0%}" if share == 0 or share >= 0.1 else f"{share:.1%}"


def _pictures(column: ColumnDrift) -> tuple[str, str]:
    """The shares of the training rows and of the new rows in the bins of values, on one scale."""
    values = column.bins[:-1]
    shares = [_shares([trained for _, trained, _ in values]), _shares([new for _, _, new in values])]
    largest = max((max(sample, default=0.0) for sample in shares), default=0.0)
    first, second = ("".join(_bar(share, largest) for share in sample) for sample in shares)
    return first, second


def _shares(counts: Sequence[int]) -> list[float]:
    joined = [*counts[: MOST_BARS - 1], sum(counts[MOST_BARS - 1 :])] if len(counts) > MOST_BARS else counts
    rows = max(1, sum(joined))
    return [count / rows for count in joined]


def _bar(share: float, largest: float) -> str:
    if not share:
        return BARS[0]
    return BARS[max(1, round((len(BARS) - 1) * share / largest))]


def _legend(measured: TableDrift) -> Iterator[str]:
    """How to read the table."""
    yield (
        "PSI is the population stability index less what chance adds to it. The bars are the shares of about "
        "ten bins with equally many training rows, or of categories; missing values are not among them."
    )
    if any(column.is_prediction for column in measured.columns):
        (prediction,) = (column for column in measured.columns if column.is_prediction)
        rows = sum(of_bin[1] for of_bin in prediction.bins)
        yield f"The predictions are compared with those of {counted(rows, 'row')} that were not trained on."


def json_entries(summary: Summary) -> dict[str, Any]:
    """What was measured; null if nothing was."""
    return {"drift": None if summary.drift is None else summary.drift.to_dict()}
