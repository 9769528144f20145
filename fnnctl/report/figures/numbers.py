"""The numbers that a figure shows, few enough to read: some rows of the file that it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.arrays import evenly_spaced
from fnnctl.report.blocks import DrawnNumbers
from fnnctl.store.folder import RunFolder

MAX_ROWS: Final = 60
CURVES, OF_CLASS, MAX_CURVES = "kind", "class", 12
"""Files of curves begin with their kind. Of more curves, only the averages over the classes are shown."""


def some_numbers(header: Sequence[str], rows: Sequence[Sequence[str]], source: str) -> DrawnNumbers:
    """At most `MAX_ROWS` of the rows, evenly spaced."""
    chosen = evenly_spaced(len(rows), MAX_ROWS).tolist()
    return DrawnNumbers(header, [rows[index] for index in chosen], source, len(rows))


def table_numbers(run: RunFolder, name: str) -> DrawnNumbers | None:
    """At most `MAX_ROWS` rows of one of the run's CSV files, evenly spaced; None without rows.

    The file is read twice and never held as a whole.
    """
    rows = run.read_rows(name)
    if rows is None:
        return None
    header, count, averages = next(rows), 0, 0
    has_curves = header[0] == CURVES
    curves: set[tuple[str, ...]] = set()
    for row in rows:
        count += 1
        if has_curves:
            averages += row[0] != OF_CLASS
            curves.add(tuple(row[:2]))
    rows = run.read_rows(name)
    if rows is None or not count:
        return None
    next(rows)
    only_averages = len(curves) > MAX_CURVES
    if only_averages:
        rows = (row for row in rows if row[0] != OF_CLASS)
    chosen = set(evenly_spaced(averages if only_averages else count, MAX_ROWS).tolist())
    return DrawnNumbers(header, [row for index, row in enumerate(rows) if index in chosen], name, count)
