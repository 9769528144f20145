"""What predictions are worth: deviances, pinball losses, and measures of classes that have an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from tests.benchmarks.targets.folds import LEVELS, POWER, FoldRows
from tests.benchmarks.targets.tables import AMOUNTS, COUNTS, ORDERED, QUANTILES, ZEROS

MIN_PROBABILITY: Final = 1e-15
MIN_SHARE: Final = 0.01
"""A prediction that isn't positive has no deviance: those of an unbounded output are at least this share of
the baseline's."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the numbers of a result, by which contenders are compared."""

    name: str
    is_loss: bool
    is_ratio: bool
    """Whether they are compared by the ratio of the tables' means rather than by the difference."""


COMPARED: Final[Mapping[str, tuple[Measure, ...]]] = {
    **dict.fromkeys((COUNTS, AMOUNTS, ZEROS), (Measure("deviance", True, True),)),
    QUANTILES: (Measure("pinball", True, True),),
    ORDERED: (
        Measure("log_loss", True, True),
        Measure("kappa", False, False),
        Measure("rank_error", True, False),
        Measure("accuracy", False, False),
    ),
}
"""By kind; the first decides which contender is the best."""
SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys((COUNTS, AMOUNTS, ZEROS), ("d2",)),
    QUANTILES: ("skill", *(f"coverage_{level}" for level in LEVELS), "crossing"),
    ORDERED: ("log_loss", "kappa", "rank_error", "accuracy"),
}
"""The numbers whose size means something on the mean over tables."""


def scores(rows: FoldRows, predicted: FloatArray) -> dict[str, float]:
    """The measures of predictions for the tested rows of a fold.

    Args:
        rows: The fold.
        predicted: Means for the exposure of each row (n,), quantiles (n, levels), or probabilities
            (n, classes).
    """
    return SCORES[rows.kind](rows, np.asarray(predicted, np.float64))


def _numbers(
    deviance: Callable[[FloatArray, FloatArray], FloatArray], rows: FoldRows, means: FloatArray
) -> dict[str, float]:
    own, of_baseline = (float(deviance(rows.tested, each).mean()) for each in (means, rows.baseline))
    return {"deviance": own, "d2": 1 - own / of_baseline}


def poisson_deviance(y: FloatArray, mean: FloatArray) -> FloatArray:
    """Twice the logarithm of the likelihood ratio of y and the mean, per row."""
    logs = np.log(np.where(y > 0, y, 1) / np.where(y > 0, mean, 1))
    deviance: FloatArray = 2 * (y * logs - y + mean)
    return deviance


def gamma_deviance(y: FloatArray, mean: FloatArray) -> FloatArray:
    """The same of the gamma distribution, whose dispersion is 1."""
    deviance: FloatArray = 2 * (y / mean - 1 - np.log(y / mean))
    return deviance


def tweedie_deviance(y: FloatArray, mean: FloatArray, p: float = POWER) -> FloatArray:
    """The same of the Tweedie distribution with variance mean^p, 1 < p < 2 (Jørgensen 1997)."""
    of_data = y ** (2 - p) / ((1 - p) * (2 - p))
    deviance: FloatArray = 2 * (of_data - y * mean ** (1 - p) / (1 - p) + mean ** (2 - p) / (2 - p))
    return deviance


def pinball(y: FloatArray, quantiles: FloatArray, level: float) -> float:
    """The mean pinball loss of one level."""
    error = y - quantiles
    return float(np.maximum(level * error, (level - 1) * error).mean())


def _quantiles(rows: FoldRows, predicted: FloatArray) -> dict[str, float]:
    y = rows.tested
    losses = [pinball(y, predicted[:, k], level) for k, level in enumerate(LEVELS)]
    of_baseline = [pinball(y, rows.baseline[:, k], level) for k, level in enumerate(LEVELS)]
    return {
        "pinball": float(np.mean(losses)),
        "skill": 1 - sum(losses) / sum(of_baseline),
        **{f"pinball_{level}": loss for level, loss in zip(LEVELS, losses, strict=True)},
        **{f"coverage_{level}": float((y <= predicted[:, k]).mean()) for k, level in enumerate(LEVELS)},
        "crossing": float((np.diff(predicted, axis=1) < 0).any(axis=1).mean()),
    }


def _classes(rows: FoldRows, probabilities: FloatArray) -> dict[str, float]:
    y: IntArray = rows.tested.astype(np.int64)
    decided = probabilities.argmax(axis=1)
    own = np.maximum(probabilities[np.arange(len(y)), y], MIN_PROBABILITY)
    return {
        "log_loss": float(-np.log(own).mean()),
        "kappa": quadratic_kappa(y, decided),
        "rank_error": float(np.abs(y - decided).mean()),
        "accuracy": float((y == decided).mean()),
    }


def quadratic_kappa(y: IntArray, decided: IntArray) -> float:
    """Cohen's kappa with quadratic weights: 1 less the squared error over that of independent decisions."""
    independent = np.mean((y[:, None] - decided[None, :]) ** 2)
    return 1 - float(np.mean((y - decided) ** 2) / independent) if independent else 0.0


SCORES: Final[Mapping[str, Callable[[FoldRows, FloatArray], dict[str, float]]]] = {
    COUNTS: partial(_numbers, poisson_deviance),
    AMOUNTS: partial(_numbers, gamma_deviance),
    ZEROS: partial(_numbers, tweedie_deviance),
    QUANTILES: _quantiles,
    ORDERED: _classes,
}
