"""How often the tests tell equal predictors apart, and find a difference of 5 points, on simulated rows."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.metrics.comparison.folds import paired_folds, unpaired_folds
from fnnctl.metrics.comparison.measures import Hits
from fnnctl.metrics.comparison.rows import paired_difference, unpaired_difference
from fnnctl.metrics.paired import LEVEL

PAIRS = 200
NOISE = 0.7
ALLOWED = 10
"""5 % of the pairs; the seeds are fixed, so what is counted is always the same."""


def correct(rng: np.random.Generator, accuracy: float, difficulty: FloatArray) -> Hits:
    """Which rows a predictor of this accuracy gets right: mostly the easy ones."""
    scores = difficulty + rng.normal(0, NOISE, len(difficulty))
    return Hits(scores < NormalDist(0, math.hypot(1, NOISE)).inv_cdf(accuracy))


def told_apart(rows: int, accuracies: tuple[float, float], *, paired: bool) -> int:
    count = 0
    for seed in range(PAIRS):
        rng = np.random.default_rng(seed)
        common = rng.normal(0, 1, rows)
        first, second = (
            correct(rng, accuracy, common if paired else rng.normal(0, 1, rows)) for accuracy in accuracies
        )
        found = (paired_difference if paired else unpaired_difference)(first, second, rng)
        count += found.p < LEVEL
    return count


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("rows", [30, 360, 1500])
def test_equal_predictors_are_told_apart_in_5_of_100_at_most(rows: int, paired: bool) -> None:
    assert told_apart(rows, (0.9, 0.9), paired=paired) <= ALLOWED


@pytest.mark.parametrize(("rows", "paired"), [(600, True), (800, False), (2000, True), (2000, False)])
def test_five_points_are_found_in_80_of_100(rows: int, paired: bool) -> None:
    assert told_apart(rows, (0.9, 0.85), paired=paired) >= 0.8 * PAIRS


def fold_scores(rng: np.random.Generator, rows: int, accuracies: tuple[float, float]) -> list[list[float]]:
    """Accuracies of 5 × 5 folds: in every repeat the same rows are tested, in other folds."""
    hits = [rng.random(rows) < accuracy for accuracy in accuracies]
    scores: list[list[float]] = [[], []]
    for _ in range(5):
        order = rng.permutation(rows)
        for fold in np.array_split(order, 5):
            for of, each in zip(scores, hits, strict=True):
                flipped = rng.random(len(fold)) < 0.02
                of.append(float(np.mean(each[fold] ^ flipped)))
    return scores


@pytest.mark.parametrize("paired", [True, False])
def test_equal_cross_validations_are_told_apart_in_5_of_100_at_most(paired: bool) -> None:
    count = 0
    for seed in range(PAIRS):
        scores = fold_scores(np.random.default_rng(seed), 300, (0.9, 0.9))
        found = (
            paired_folds(*scores, test_share=0.25)
            if paired
            else unpaired_folds(*scores, test_shares=(0.25, 0.25))
        )
        count += found.p < LEVEL
    assert count <= ALLOWED
