"""coverage.csv: how often regions around the predictions of the test part hold the truth, and their sizes.

Rows of the test part have chosen nothing, so what is measured on them is an honest estimate for new rows that
are like them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.metrics.ranking import wilson_interval
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.regions import ErrorTails
from fnnctl.tasks.task import Artifact, PartScores

MEASURED: Final = (0.8, 0.9, 0.95)
"""The coverages that are measured, as far as the model knows enough errors."""
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


def coverage_table(part: PartScores, tails: ErrorTails) -> Artifact:
    """coverage.csv for the rows of a part."""
    measured = [coverage for coverage in MEASURED if coverage <= tails.highest_coverage]
    rows = (row for coverage in measured for row in _rows(part, tails, coverage))
    return names.COVERAGE, csv_lines(COLUMNS, rows)


def _rows(part: PartScores, tails: ErrorTails, coverage: float) -> Iterator[list[object]]:
    regions = part.regions(tails.limits(coverage))
    groups = [(ALL, np.ones(len(regions.holds), np.bool_))]
    groups += [(name, regions.parts == index) for index, name in enumerate(regions.names)]
    for name, inside in groups:
        rows, held = int(inside.sum()), int(regions.holds[inside].sum())
        if interval := wilson_interval(held, rows):
            size = float(regions.sizes[inside].mean())
            yield [coverage, name, rows, held / rows, *interval, size]


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
