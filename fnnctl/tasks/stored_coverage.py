"""coverage.csv as it is read: how often regions around predictions hold the truth, in all rows and in parts.

Reports load no engine for it; `tasks.coverage` measures it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder

COLUMNS: Final = ("coverage", "part", "rows", "share", "low", "high", "size")
ALL: Final = ""
"""The part that has all rows."""
USUAL: Final = 0.9
"""The coverage whose parts are shown, if the model knows enough errors for it."""
LEAST_ROWS: Final = 10
"""Parts with fewer rows are not shown: the interval of their share would be half of all shares."""
MOST_PARTS: Final = 20


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was measured at one coverage on one part of the rows."""

    coverage: float
    part: str
    rows: int
    share: float
    """The rows whose region holds the truth."""
    low: float
    high: float
    """The ends of the share's interval of 95 %."""
    size: float
    """The mean size of the regions."""


def read_coverage(run: RunFolder) -> list[Coverage]:
    """What was measured; nothing if the run has no such table. Raises `DataError` for a damaged one."""
    table = run.read_table(names.COVERAGE)
    if table is None:
        return []
    try:
        return [
            Coverage(float(coverage), part, int(rows), float(share), float(low), float(high), float(size))
            for coverage, part, rows, share, low, high, size in table.rows
        ]
    except ValueError as error:
        raise damaged(table.path, f"is damaged: {error}") from error


def whole_coverages(measured: Sequence[Coverage]) -> list[Coverage]:
    """Those of all rows, a line per coverage."""
    return [line for line in measured if line.part == ALL]


def part_coverages(measured: Sequence[Coverage]) -> list[Coverage]:
    """Those of each class, or of each tenth of the predictions, at the usual coverage: the lowest ones if
    there are many, in their order; none if most rows are in parts that are too small, or all in one.
    """
    levels = {line.coverage for line in measured}
    usual = min(levels, key=lambda level: abs(level - USUAL), default=USUAL)
    parts = [
        line for line in measured if line.coverage == usual and line.part != ALL and line.rows >= LEAST_ROWS
    ]
    rows = sum(line.rows for line in measured if line.coverage == usual and line.part == ALL)
    if len(parts) < 2 or 2 * sum(line.rows for line in parts) < rows:
        return []
    lowest = sorted(parts, key=lambda line: line.share)[:MOST_PARTS]
    return sorted(lowest, key=parts.index)
