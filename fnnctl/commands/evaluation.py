"""A trained network's scores on the parts of the data: metrics, predictions, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.preparation import Prepared
from fnnctl.metrics.classification import score
from fnnctl.nn.losses import cross_entropy, softmax
from fnnctl.training.members import Examples, network_of
from fnnctl.training.scoring import Scorer


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

    def metrics(self, classes: Sequence[str]) -> dict[str, Any]:
        """The part's entry in metrics.json."""
        return score(self.labels, self.probabilities, classes, loss=self.loss)

    def table(self, classes: Sequence[str]) -> Iterator[list[object]]:
        """The rows of predictions.csv, without the probabilities."""
        columns = (self.rows.tolist(), self.labels.tolist(), self.predictions.tolist())
        for row, label, prediction in zip(*columns, strict=True):
            yield [row, classes[label], classes[prediction]]


def score_parts(
    prepared: Prepared, examples: Examples, parameters: FloatArray
) -> dict[str, PartScores | None]:
    """Scores of each part with these parameters, (P,): train, validation, test; None for an empty part."""
    network = network_of(prepared.layout, [prepared.member], parameters[None])
    scorer = Scorer(network, examples)
    split = prepared.split
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    numbers = prepared.dataset.file_rows
    with np.errstate(over="ignore", invalid="ignore"):  # the caller judges a loss that is not finite
        return {
            name: _scores(scorer, examples, rows, numbers[rows]) if rows.size else None
            for name, rows in parts.items()
        }


def _scores(scorer: Scorer, examples: Examples, rows: IntArray, numbers: IntArray) -> PartScores:
    scores = scorer.scores(rows[None])[0]
    labels = examples.labels[rows]
    loss = float(np.mean(cross_entropy(scores, labels)))
    return PartScores(numbers, labels, softmax(scores), loss)
