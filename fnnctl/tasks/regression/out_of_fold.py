"""The out-of-fold predictions of a cross-validated regression.

Each repeat is scored separately, on all rows, and metrics are averaged over the repeats.
`tasks.classification.out_of_fold` gives the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.tasks.averaging import mean_metrics
from fnnctl.tasks.regression.part_scores import PREDICTION_COLUMNS, EstimateScores, prediction_table
from fnnctl.tasks.task import Artifacts, FoldScores

FOLD_COLUMNS = ("repeat", "fold", *PREDICTION_COLUMNS)


@dataclass(frozen=True, slots=True)
class EstimateOutOfFold:
    """All repeats of a cross-validation."""

    repeats: Sequence[tuple[int, IntArray, EstimateScores]]
    """Each repeat's number, the fold that predicted each row, (n,), and the scores in the rows' order."""

    def metrics(self) -> dict[str, Any]:
        """The mean of the repeats' metrics; see `OutOfFold`."""
        return mean_metrics([part.metrics() for _, _, part in self.repeats])

    def artifacts(self) -> Artifacts:
        """All predictions; see `OutOfFold`."""
        rows = (
            [repeat + 1, fold + 1, *row]
            for repeat, folds, part in self.repeats
            for fold, row in zip(folds.tolist(), part.prediction_rows(), strict=True)
        )
        yield prediction_table(FOLD_COLUMNS, rows)


def out_of_fold(
    folds: Sequence[FoldScores], file_rows: IntArray, targets: FloatArray, *, seed: int
) -> EstimateOutOfFold:
    """Sort the folds' predictions into the order of the rows, separately for each repeat.

    Rows whose fold has no scores are left out, and so are repeats without scores. `file_rows` (N,) and
    `targets` (N,) are those of all rows.
    """
    repeats = []
    for repeat in dict.fromkeys(each.repeat for each in folds):
        estimates, baseline = np.empty((2, len(targets)))
        fold_of_row = np.empty(len(targets), np.int32)
        known: BoolArray = np.zeros(len(targets), np.bool_)
        parts: list[EstimateScores] = []
        for each in folds:
            if each.repeat == repeat and isinstance(each.part, EstimateScores):
                estimates[each.rows] = each.part.estimates
                if each.part.baseline is not None:
                    baseline[each.rows] = each.part.baseline
                fold_of_row[each.rows] = each.fold
                known[each.rows] = True
                parts.append(each.part)
        has_baseline = all(part.baseline_loss is not None for part in parts)
        scores = EstimateScores(
            file_rows[known],
            targets[known],
            estimates[known],
            _pooled([(part.loss, part) for part in parts]),
            baseline[known] if has_baseline else None,
            _pooled([(part.baseline_loss or 0.0, part) for part in parts]) if has_baseline else None,
            seed,
        )
        repeats.append((repeat, fold_of_row[known], scores))
    return EstimateOutOfFold(repeats)


def _pooled(losses: Sequence[tuple[float, EstimateScores]]) -> float:
    """The mean loss over the rows of all parts, from each part's mean."""
    rows = sum(len(part.rows) for _, part in losses)
    return math.fsum(loss * len(part.rows) for loss, part in losses) / rows
