"""Measures how often regions around the predictions of the test part hold the truth, and their sizes.

Rows of the test part have chosen nothing, so what is measured on them is an honest estimate for new rows that
are like them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from fnnctl.metrics.ranking import wilson_interval
from fnnctl.store import names
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.joint.scores import JointScores
from fnnctl.tasks.regions import ErrorTails
from fnnctl.tasks.stored_coverage import ALL, COLUMNS
from fnnctl.tasks.task import Artifact, Artifacts, PartScores

MEASURED: Final = (0.8, 0.9, 0.95)
"""The coverages that are measured, as far as the model knows enough errors; of quantiles, those of pairs."""


def coverage_tables(part: PartScores, tails: Mapping[int, ErrorTails]) -> Artifacts:
    """coverage.csv for the rows of a part, by the errors of each target that has any."""
    if not isinstance(part, JointScores):
        yield from (coverage_table(part, of_target) for of_target in tails.values())
        return
    for target in part.targets:
        if target.number in tails:
            yield from target.in_folder(iter([coverage_table(target.part, tails[target.number])]))


def coverage_table(part: PartScores, tails: ErrorTails) -> Artifact:
    """coverage.csv for the rows of a part."""
    rows = (row for coverage in tails.possible(MEASURED) for row in _rows(part, tails, coverage))
    return names.COVERAGE, csv_lines(COLUMNS, rows)


def _rows(part: PartScores, tails: ErrorTails, coverage: float) -> Iterator[list[object]]:
    regions = part.regions(tails.limits(coverage))
    one_part = np.zeros(len(regions.holds), np.intp)
    for names_of_parts, parts in (((ALL,), one_part), (regions.names, regions.parts)):
        sums = (
            np.bincount(parts, weights, minlength=len(names_of_parts))
            for weights in (None, regions.holds, regions.sizes)
        )
        for name, rows, held, size in zip(names_of_parts, *(total.tolist() for total in sums), strict=True):
            if interval := wilson_interval(int(held), rows):
                yield [coverage, name, rows, held / rows, *interval, size / rows]
