"""What predictions are worth, target by target: losses as shares of the baseline's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray
from tests.benchmarks.several_targets.tables import FoldRows

LEAST: Final = 1e-6
"""The smallest probability: a single row must not decide all."""


def loss_of_numbers(y: FloatArray, predicted: FloatArray, mean: float) -> dict[str, float]:
    """The squared error over that of the training rows' mean, and R²."""
    errors = float(((y - predicted) ** 2).mean())
    return {"loss": errors / float(((y - mean) ** 2).mean()), "r2": 1 - errors / float(y.var())}


def loss_of_classes(
    y: Sequence[str], probabilities: FloatArray, classes: Sequence[str], shares: Mapping[str, float]
) -> dict[str, float]:
    """The log loss over that of the training rows' shares, the accuracy, and of two classes the AUC."""
    columns = {name: column for column, name in enumerate(classes)}
    rows = range(len(y))
    own = [probabilities[row, columns[name]] if (name := y[row]) in columns else 0.0 for row in rows]
    of_baseline = [shares.get(name, 0.0) for name in y]
    decided = probabilities.argmax(axis=1)
    scores = {
        "loss": _log_loss(own) / _log_loss(of_baseline),
        "accuracy": float(np.mean([classes[decided[row]] == y[row] for row in rows])),
    }
    if len(classes) == 2 and len({*y}) == 2:
        from sklearn.metrics import roc_auc_score

        scores["auc"] = float(roc_auc_score([name == classes[1] for name in y], probabilities[:, 1]))
    return scores


def _log_loss(probabilities: Sequence[float]) -> float:
    return float(-np.log(np.maximum(probabilities, LEAST)).mean())


def scores(rows: FoldRows, predicted: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The measures of each target, over the tested rows that have it.

    Args:
        rows: The fold.
        predicted: By target the estimates (n,), or the probabilities (n, classes) and the classes, of all
            tested rows.
    """
    return {target: _scores(rows, target, predicted[target]) for target in rows.table.targets}


def _scores(rows: FoldRows, target: str, predicted: Any) -> dict[str, float]:
    present = rows.table.present(target)
    known, y = (rows.cells(target, part & present) for part in (~rows.tested, rows.tested))
    scored = present[rows.tested]
    if rows.table.is_number(target):
        return loss_of_numbers(np.array(y), np.asarray(predicted)[scored], float(np.mean(known)))
    probabilities, classes = predicted
    names, counts = np.unique(known, return_counts=True)
    shares = dict(zip(names.tolist(), (counts / len(known)).tolist(), strict=True))
    return loss_of_classes(y, np.asarray(probabilities)[scored], [*classes], shares)
