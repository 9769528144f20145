"""The out-of-fold predictions of a cross-validated regression.

Each repeat is scored separately, on all its rows, and metrics are averaged over the repeats.
`tasks.classification.out_of_fold` gives the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.tasks.doubts import OUT_OF_FOLD, UNKNOWN, Course, of_most_repeats
from fnnctl.tasks.folds.averaging import mean_metrics
from fnnctl.tasks.folds.repeats import repeats_of
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

    def warnings(self, course: Course = UNKNOWN) -> list[str]:
        """See `OutOfFold`."""
        return of_most_repeats([[part.warning(OUT_OF_FOLD, course)] for _, _, part in self.repeats])

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
    for repeat in repeats_of(folds, EstimateScores):
        parts, sizes = repeat.parts, [len(part.rows) for part in repeat.parts]
        baselines = [part.baseline for part in parts if part.baseline is not None]
        baseline_losses = [part.baseline_loss for part in parts if part.baseline_loss is not None]
        has_baseline = len(baselines) == len(baseline_losses) == len(parts)
        scores = EstimateScores(
            file_rows[repeat.rows],
            targets[repeat.rows],
            repeat.joined([part.estimates for part in parts]),
            repeat.mean([part.loss for part in parts], sizes),
            repeat.joined(baselines) if has_baseline else None,
            repeat.mean(baseline_losses, sizes) if has_baseline else None,
            seed,
        )
        repeats.append((repeat.number, repeat.folds, scores))
    return EstimateOutOfFold(repeats)
