"""The out-of-fold predictions of a cross-validated classifier.

In every repeat each row is predicted once, by a network that was not trained on it. (Folds in the order of a
column leave the first rows out.) Each repeat is scored separately, on all its rows, and metrics and curves
are averaged over the repeats. Pooling the repeats would count every row several times and make all intervals
too narrow; averaging the probabilities would score an ensemble. Only the confusion matrix, whose counts must
be integers, is the sum over the repeats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.calibration import NO_ROWS, diagram_bins, reliability
from fnnctl.metrics.curves import mean_pr_curves, mean_roc_curves, pr_curves, roc_curves
from fnnctl.tasks.classification import tables
from fnnctl.tasks.classification.scores import ClassScores, Uncalibrated, best_f1_entry, trade_off_table
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.folds import Repeat, mean_metrics, repeats_of
from fnnctl.tasks.task import Artifacts, FoldScores
from fnnctl.tasks.warnings import OUT_OF_FOLD, UNKNOWN, TrainingOutcome, of_most_repeats
from fnnctl.tasks.worst_rows import joined_badness

PREDICTION_COLUMNS = ("repeat", "fold", *tables.PREDICTION_COLUMNS)


@dataclass(frozen=True, slots=True)
class RepeatScores:
    """The out-of-fold predictions of a repeat, in the order of the rows."""

    repeat: int
    folds: IntArray
    """(n,) the fold that predicted each row."""
    part: ClassScores
    rows: IntArray
    """(n,) row indices of the data set."""

    def prediction_rows(self) -> list[list[object]]:
        """The repeat's rows for predictions.csv, without the probabilities."""
        folds = self.folds.tolist()
        return [
            [self.repeat + 1, fold + 1, *row]
            for fold, row in zip(folds, self.part.prediction_rows(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class ClassOutOfFold:
    """All repeats of a cross-validation."""

    classes: Sequence[str]
    repeats: Sequence[RepeatScores]

    @property
    def parts(self) -> list[tuple[IntArray, ClassScores]]:
        """See `OutOfFold`."""
        return [(repeat.rows, repeat.part) for repeat in self.repeats]

    def metrics(self) -> dict[str, Any]:
        """The mean of the repeats' metrics, and the largest mean F1; see `OutOfFold`."""
        parts = [repeat.part for repeat in self.repeats]
        return {**mean_metrics([part.metrics() for part in parts]), **best_f1_entry(parts)}

    def warnings(self, training: TrainingOutcome = UNKNOWN) -> list[Message]:
        """See `OutOfFold`; all these rows are held out."""
        return of_most_repeats(
            [repeat.part.warnings_by_kind(OUT_OF_FOLD, training, repeat.part) for repeat in self.repeats]
        )

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """How badly each row is predicted, for the rows of all repeats: see `OutOfFold`."""
        return joined_badness([repeat.part for repeat in self.repeats])

    def artifacts(self) -> Artifacts:
        """All predictions, summed confusion matrix, mean curves and rates, pooled bins; see `OutOfFold`."""
        blocks = ((repeat.prediction_rows(), repeat.part.probabilities) for repeat in self.repeats)
        yield tables.predictions(self.classes, blocks, columns=PREDICTION_COLUMNS)
        counts = [repeat.part.confusion() for repeat in self.repeats]
        yield tables.confusion(self.classes, np.sum(counts, axis=0))
        ranked = [repeat.part.ranked for repeat in self.repeats]
        yield from tables.curves(
            mean_roc_curves([roc_curves(repeat, self.classes) for repeat in ranked]),
            mean_pr_curves([pr_curves(repeat, self.classes) for repeat in ranked]),
        )
        parts = [repeat.part for repeat in self.repeats]
        bins = diagram_bins([part.confidences for part in parts])
        yield tables.calibration(bins, positive_only=parts[0].positive is not None)
        yield from trade_off_table(parts)


def out_of_fold(
    classes: Sequence[str],
    folds: Sequence[FoldScores],
    file_rows: IntArray,
    labels: IntArray,
    *,
    is_ordered: bool,
) -> ClassOutOfFold:
    """Sort the folds' predictions into the order of the rows, separately for each repeat.

    Rows whose fold has no scores are left out, and so are repeats without scores. `file_rows` (N,) and
    `labels` (N,) are those of all rows.
    """
    repeats = []
    for repeat in repeats_of(folds, ClassScores):
        parts, sizes = repeat.parts, [len(part.rows) for part in repeat.parts]
        baselines = [
            np.broadcast_to(part.baseline, part.probabilities.shape)
            for part in parts
            if part.baseline is not None
        ]
        scores = ClassScores(
            classes,
            file_rows[repeat.rows],
            labels[repeat.rows],
            repeat.concatenate([part.probabilities for part in parts]),
            repeat.mean([part.loss for part in parts], sizes),
            _uncalibrated(parts),
            repeat.concatenate(baselines) if len(baselines) == len(parts) else None,
            _mean_decision(repeat),
            repeat.concatenate([part.predictions for part in parts]),
            losses=repeat.concatenate_known([part.losses for part in parts]),
            is_ordered=is_ordered,
        )
        repeats.append(RepeatScores(repeat.number, repeat.folds, scores, repeat.rows))
    return ClassOutOfFold(classes, repeats)


def _mean_decision(repeat: Repeat[ClassScores]) -> Decision | None:
    """The decision of the folds of a repeat, with the mean of their thresholds if they have one."""
    first = repeat.parts[0].decision
    decisions = [part.decision for part in repeat.parts if part.decision]
    if first is None:
        return None
    chosen = _mean([decision.threshold for decision in decisions])
    return replace(first, threshold=chosen, default=_mean([decision.default for decision in decisions]))


def _mean(thresholds: Sequence[float | None]) -> float | None:
    """The mean of those that there are; None if there are none."""
    chosen = [threshold for threshold in thresholds if threshold is not None]
    return math.fsum(chosen) / len(chosen) if chosen else None


def _uncalibrated(parts: Sequence[ClassScores]) -> Uncalibrated | None:
    """The scores of all folds' rows before calibration; None if no fold was calibrated.

    Folds without a temperature contribute their unchanged scores.
    """
    if all(part.uncalibrated is None for part in parts):
        return None
    before = [
        part.uncalibrated
        or Uncalibrated(
            part.loss,
            reliability(part.labels, part.probabilities),
            None if part.positive is None else reliability(part.labels, part.probabilities, part.positive),
        )
        for part in parts
    ]
    rows = [len(part.rows) for part in parts]
    total = math.fsum(scores.loss * count for scores, count in zip(before, rows, strict=True))
    reliabilities = [scores.positive_bins for scores in before if scores.positive_bins is not None]
    return Uncalibrated(
        total / sum(rows),
        sum((scores.reliability for scores in before), NO_ROWS),
        sum(reliabilities, NO_ROWS) if reliabilities else None,
    )
