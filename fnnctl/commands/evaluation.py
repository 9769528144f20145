"""A trained network's scores on the parts of the data: metrics, predictions, curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.preparation import Prepared
from fnnctl.data.dataset import Dataset
from fnnctl.metrics.calibration import reliability
from fnnctl.metrics.classification import score
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.ranked import RankedPart, rank_part
from fnnctl.nn.losses import cross_entropy, softmax
from fnnctl.store.run import OpenRun
from fnnctl.training.members import network_of
from fnnctl.training.pool import Pool
from fnnctl.training.scoring import SCORING_BATCH, Scorer
from fnnctl.training.temperature import fit_temperature, scaled
from fnnctl.training.trainer import TrainedMember


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
    loss_uncalibrated: float | None
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
        scores = score(self.labels, self.probabilities, ranked, classes, loss=self.loss)
        return {"loss": scores["loss"], "loss_uncalibrated": self.loss_uncalibrated, **scores}

    def table(self, classes: Sequence[str]) -> Iterator[list[object]]:
        """The rows of predictions.csv, without the probabilities."""
        columns = (self.rows.tolist(), self.labels.tolist(), self.predictions.tolist())
        for row, label, prediction in zip(*columns, strict=True):
            yield [row, classes[label], classes[prediction]]


def find_temperature(prepared: Prepared, examples: Pool, trained: TrainedMember) -> float | None:
    """The temperature that suits the validation part; None where none is asked for, or none does."""
    if prepared.experiment.model.calibration == "none":
        return None
    rows = prepared.split.validation
    with np.errstate(over="ignore", invalid="ignore"):
        scores = _scorer(prepared, examples, trained).scores(rows[None])[0]
        return fit_temperature(scores, prepared.dataset.labels[rows])


def score_parts(
    prepared: Prepared, examples: Pool, trained: TrainedMember, temperature: float | None = None
) -> dict[str, PartScores | None]:
    """Scores of each part with the trained weights: train, validation, test; None for an empty part."""
    scorer = _scorer(prepared, examples, trained)
    split = prepared.split
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    with np.errstate(over="ignore", invalid="ignore"):  # the caller judges a loss that is not finite
        return {
            name: _scores(scorer, prepared.dataset, rows, temperature) if rows.size else None
            for name, rows in parts.items()
        }


def write_scores(run: OpenRun, parts: Mapping[str, PartScores | None], classes: Sequence[str]) -> None:
    """Write the metrics of every part, and the test part's predictions, confusion matrix and curves."""
    ranked = {name: part.ranked() for name, part in parts.items() if part}
    run.write_metrics(
        {name: part.metrics(ranked[name], classes) if part else None for name, part in parts.items()}
    )
    if test := parts["test"]:
        run.write_predictions(classes, test.table(classes), test.probabilities)
        run.write_confusion_matrix(classes, confusion_matrix(test.labels, test.predictions, len(classes)))
        run.write_curves(roc_curves(ranked["test"], classes), pr_curves(ranked["test"], classes))
        run.write_calibration(reliability(test.labels, test.probabilities).table())


def _scorer(prepared: Prepared, examples: Pool, trained: TrainedMember) -> Scorer:
    network = network_of(
        prepared.layout, [prepared.member], trained.parameters[None], trained.statistics[None]
    )
    return Scorer(network, examples)


def _scores(scorer: Scorer, dataset: Dataset, rows: IntArray, temperature: float | None) -> PartScores:
    """Batch by batch: over all rows the temporary arrays of softmax would take twice what stays."""
    labels = dataset.labels[rows]
    losses, uncalibrated = np.empty(len(rows)), np.empty(len(rows))
    probabilities = np.empty((len(rows), len(dataset.classes)))
    for start in range(0, len(rows), SCORING_BATCH):
        batch = slice(start, start + SCORING_BATCH)
        scores = scorer.scores(rows[None, batch])[0]
        uncalibrated[batch] = cross_entropy(scores, labels[batch])
        scores = scaled(scores, temperature)
        losses[batch] = cross_entropy(scores, labels[batch])
        probabilities[batch] = softmax(scores)
    return PartScores(
        dataset.file_rows[rows],
        labels,
        probabilities,
        loss=float(np.mean(losses)),
        loss_uncalibrated=None if temperature is None else float(np.mean(uncalibrated)),
    )
