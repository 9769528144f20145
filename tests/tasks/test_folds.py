"""Folds are put together in the order of the rows, repeat by repeat."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.folds import repeats_of
from fnnctl.tasks.regression.scores import EstimateScores
from fnnctl.tasks.task import FoldScores


def fold(repeat: int, number: int, rows: list[int]) -> FoldScores:
    """The estimate of each row is a hundred times the repeat plus the row."""
    places = np.array(rows)
    estimates = 100.0 * repeat + places
    part = EstimateScores(places, places * 1.0, estimates, float(number), None, None, 0)
    return FoldScores(repeat, number, places, part)


FOLDS = [fold(0, 0, [1, 4]), fold(0, 1, [0, 2, 5]), fold(2, 1, [3]), fold(2, 0, [0])]


def test_the_folds_of_a_repeat_have_their_rows_in_order() -> None:
    first, last = repeats_of(FOLDS, EstimateScores)
    assert (first.number, first.rows.tolist(), first.folds.tolist()) == (0, [0, 1, 2, 4, 5], [1, 0, 1, 0, 1])
    assert (last.number, last.rows.tolist(), last.folds.tolist()) == (2, [0, 3], [0, 1])
    estimates = [part.estimates for part in last.parts]
    assert last.concatenate(estimates).tolist() == [200.0, 203.0]
    assert first.concatenate([part.estimates for part in first.parts]).tolist() == [0, 1, 2, 4, 5]


def test_a_mean_counts_rows_and_not_folds() -> None:
    first = repeats_of(FOLDS, EstimateScores)[0]
    assert first.mean([part.loss for part in first.parts], [2, 3]) == pytest.approx(3 / 5, rel=1e-15)


def test_scores_of_another_task_are_left_out() -> None:
    assert repeats_of(FOLDS, ClassScores) == []
