"""A trained network's scores on the parts of the data: metrics, predictions, curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.preparation import Prepared
from fnnctl.metrics.calibration import NO_ROWS, Reliability, reliability
from fnnctl.metrics.classification import score
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.ranked import RankedPart, rank_part
from fnnctl.nn.losses.cross_entropy import cross_entropy, softmax
from fnnctl.store.run import OpenRun
from fnnctl.training.members import make_network
from fnnctl.training.pool import Pool
from fnnctl.training.scoring.row_scores import RowScorer, scores_in_batches
from fnnctl.training.scoring.temperature import fit_temperature, scaled
from fnnctl.training.trainer import TrainedMember


@dataclass(frozen=True, slots=True)
class Uncalibrated:
    """What a temperature changes, as it was before."""

    loss: float
    """Mean cross-entropy."""
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class PartScores:
    """What the network says of one part's rows."""

    rows: IntArray
    """(n,), the rows' numbers in their file"""
    labels: IntArray
    """(n,)"""
    probabilities: FloatArray
    """(n, classes), float64"""
    loss: float
    """Mean cross-entropy."""
    uncalibrated: Uncalibrated | None
    """What it would be without the temperature; None where there is none."""

    @property
    def predictions(self) -> IntArray:
        """The most probable classes, (n,)."""
        predicted: IntArray = self.probabilities.argmax(axis=1)
        return predicted

    def ranked(self) -> RankedPart:
        """The rows ranked by the probability of each class, for metrics and curves."""
        return rank_part(self.labels, self.probabilities)

    def metrics(self, ranked: RankedPart, classes: Sequence[str]) -> dict[str, Any]:
        """The part's entry in metrics.json."""
        scores, before = (
            score(self.labels, self.probabilities, ranked, classes, loss=self.loss),
            self.uncalibrated,
        )
        return {
            "loss": scores["loss"],
            "loss_uncalibrated": before and before.loss,
            **scores,
            "expected_calibration_error_uncalibrated": before and before.reliability.expected_error,
        }

    def table(self, classes: Sequence[str]) -> Iterator[list[object]]:
        """The rows of predictions.csv, without the probabilities."""
        columns = (self.rows.tolist(), self.labels.tolist(), self.predictions.tolist())
        for row, label, prediction in zip(*columns, strict=True):
            yield [row, classes[label], classes[prediction]]


def find_temperature(prepared: Prepared, examples: Pool, trained: TrainedMember) -> float | None:
    """The temperature that suits the validation part; None where none is asked for, or none does."""
    if prepared.experiment.model.calibration == "none":
        return None
    rows, scorer = prepared.split.validation, _scorer(prepared, trained)
    with np.errstate(over="ignore", invalid="ignore"):
        scores = np.concatenate([batch.copy() for batch in scores_in_batches(scorer, examples, rows)])
        return fit_temperature(scores, prepared.dataset.labels[rows])


def score_parts(
    prepared: Prepared, examples: Pool, trained: TrainedMember, temperature: float | None = None
) -> dict[str, PartScores | None]:
    """Scores of each part with the trained weights: train, validation, test; None for an empty part."""
    scorer = _scorer(prepared, trained)
    dataset, split = prepared.dataset, prepared.split
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    return {
        name: part_scores(
            dataset.file_rows[rows],
            dataset.labels[rows],
            scores_in_batches(scorer, examples, rows),
            classes=len(dataset.classes),
            temperature=temperature,
        )
        if rows.size
        else None
        for name, rows in parts.items()
    }


def part_scores(
    rows: IntArray,
    labels: IntArray,
    batches: Iterable[FloatArray],
    *,
    classes: int,
    temperature: float | None = None,
) -> PartScores:
    """What a network says of n rows, from its scores, (…, classes), batch by batch; n is at least 1.

    The scores are divided by the temperature, where there is one. Over all rows the temporary arrays of
    softmax would take twice what stays. The caller judges a loss that is not finite.
    """
    losses, losses_before = np.empty(len(rows)), np.empty(len(rows))
    probabilities = np.empty((len(rows), classes))
    bins_before, start = NO_ROWS, 0
    for scores in batches:
        batch = slice(start, start + len(scores))
        with np.errstate(over="ignore", invalid="ignore"):
            if temperature is not None:
                losses_before[batch] = cross_entropy(scores, labels[batch])
                bins_before += reliability(labels[batch], softmax(scores))
            calibrated = scaled(scores, temperature)
            losses[batch] = cross_entropy(calibrated, labels[batch])
            probabilities[batch] = softmax(calibrated)
        start = batch.stop
    return PartScores(
        rows,
        labels,
        probabilities,
        loss=float(np.mean(losses)),
        uncalibrated=None
        if temperature is None
        else Uncalibrated(float(np.mean(losses_before)), bins_before),
    )


def write_scores(run: OpenRun, parts: dict[str, PartScores | None], classes: Sequence[str]) -> None:
    """Write the metrics of the parts, and predictions, confusion matrix and curves of the last one, the test.

    Each part is taken out of `parts`, which frees it: of many rows and classes one is in memory at a time.
    """
    metrics: dict[str, Any] = {}
    for name in tuple(parts):
        part = parts.pop(name)
        ranked = part.ranked() if part else None
        metrics[name] = part.metrics(ranked, classes) if part and ranked else None
    run.write_metrics(metrics)
    if part and ranked:
        run.write_predictions(classes, [(part.table(classes), part.probabilities)])
        run.write_confusion_matrix(classes, confusion_matrix(part.labels, part.predictions, len(classes)))
        run.write_curves(roc_curves(ranked, classes), pr_curves(ranked, classes))
        run.write_calibration(reliability(part.labels, part.probabilities).table())


def _scorer(prepared: Prepared, trained: TrainedMember) -> RowScorer:
    return RowScorer(
        make_network(prepared.layout, [prepared.member], trained.parameters[None], trained.statistics[None])
    )
