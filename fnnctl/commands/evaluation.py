"""A trained network's scores on the parts of the data: metrics, predictions, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.preparation import Prepared
from fnnctl.data.dataset import Dataset
from fnnctl.metrics.classification import score
from fnnctl.metrics.ranked import RankedPart, rank_part
from fnnctl.nn.losses import cross_entropy, softmax
from fnnctl.training.members import network_of
from fnnctl.training.pool import Pool
from fnnctl.training.scoring import SCORING_BATCH, Scorer
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
        return score(self.labels, self.probabilities, ranked, classes, loss=self.loss)

    def table(self, classes: Sequence[str]) -> Iterator[list[object]]:
        """The rows of predictions.csv, without the probabilities."""
        columns = (self.rows.tolist(), self.labels.tolist(), self.predictions.tolist())
        for row, label, prediction in zip(*columns, strict=True):
            yield [row, classes[label], classes[prediction]]


def score_parts(prepared: Prepared, examples: Pool, trained: TrainedMember) -> dict[str, PartScores | None]:
    """Scores of each part with the trained weights: train, validation, test; None for an empty part."""
    network = network_of(
        prepared.layout, [prepared.member], trained.parameters[None], trained.statistics[None]
    )
    scorer = Scorer(network, examples)
    split = prepared.split
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    with np.errstate(over="ignore", invalid="ignore"):  # the caller judges a loss that is not finite
        return {
            name: _scores(scorer, prepared.dataset, rows) if rows.size else None
            for name, rows in parts.items()
        }


def _scores(scorer: Scorer, dataset: Dataset, rows: IntArray) -> PartScores:
    """Batch by batch: over all rows the temporary arrays of softmax would take twice what stays."""
    labels = dataset.labels[rows]
    losses = np.empty(len(rows))
    probabilities = np.empty((len(rows), len(dataset.classes)))
    for start in range(0, len(rows), SCORING_BATCH):
        batch = slice(start, start + SCORING_BATCH)
        scores = scorer.scores(rows[None, batch])[0]
        losses[batch] = cross_entropy(scores, labels[batch])
        probabilities[batch] = softmax(scores)
    return PartScores(dataset.file_rows[rows], labels, probabilities, float(np.mean(losses)))
