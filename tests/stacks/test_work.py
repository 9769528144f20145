"""Fits that train together end as they would alone, and a worker measures them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fnnctl.modelling.loading import load_experiment
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.work import (
    PARTS_OF_EPOCH,
    StackItem,
    WorkerData,
    train_fits,
    train_item,
    train_shared_fits,
)


class Counter:
    """Progress that counts, and stops after so much."""

    def __init__(self, most: float = float("inf")) -> None:
        self.done, self.most = 0, most
        self.amounts: list[int] = []

    def should_stop(self) -> bool:
        return self.done >= self.most

    def advance(self, amount: int) -> None:
        self.done += amount
        self.amounts.append(amount)


FOLDS = ["training.epochs=4", "evaluation.cross_validation={folds: 5, repeats: 1}"]


def test_a_fit_has_the_same_bits_alone_and_in_a_stack(iris: Path) -> None:
    validation = load_experiment(iris, FOLDS).cross_validation()
    together = train_fits(validation.data, validation.fits).trained
    for fit, in_stack in zip(validation.fits, together, strict=True):
        (alone,) = train_fits(validation.data, [fit]).trained
        assert alone.parameters.tobytes() == in_stack.parameters.tobytes()
        assert alone.history == in_stack.history


def test_every_fold_of_one_item_is_scored_on_its_own_rows(iris: Path) -> None:
    validation = load_experiment(iris, FOLDS).cross_validation()
    progress = Counter()
    shared = WorkerData(validation.data, reuse=False)
    result = train_item(progress, shared, StackItem(validation.fits, FoldMeasure()))
    assert progress.done == 5 * 4 * PARTS_OF_EPOCH
    tested = []
    for fit, fold in zip(validation.fits, result.measured, strict=True):
        assert fold.scores is not None
        assert fold.scores.metrics()["support"] == fit.sizes[2] == 30
        tested.append(fit.split(validation.data).test)
    assert sorted(np.concatenate(tested)) == list(range(150))


def test_progress_advances_within_epochs(iris: Path) -> None:
    """An epoch of 120 rows has four steps, the last of which ends it."""
    validation = load_experiment(iris, [*FOLDS, "training.early_stopping=null"]).cross_validation()
    progress = Counter()
    train_item(
        progress, WorkerData(validation.data, reuse=False), StackItem(validation.fits[:2], FoldMeasure())
    )
    assert progress.amounts[:-1] == 4 * 4 * [2 * PARTS_OF_EPOCH // 4]


def test_the_chosen_ones_of_shared_fits_are_trained(iris: Path) -> None:
    validation = load_experiment(iris, FOLDS).cross_validation()
    shared, measure = WorkerData(validation.data, reuse=False), FoldMeasure()
    result = train_shared_fits(Counter(), shared, validation.fits, [3, 1], measure)
    fits = validation.fits[3], validation.fits[1]
    expected = train_item(Counter(), shared, StackItem(fits, measure))
    assert [fold.history for fold in result.measured] == [fold.history for fold in expected.measured]
    assert result.measured[0].history != result.measured[1].history


def test_an_item_that_is_asked_to_stop_is_interrupted(iris: Path) -> None:
    validation = load_experiment(iris, FOLDS).cross_validation()
    item = StackItem(validation.fits[:1], FoldMeasure())
    (fold,) = train_item(Counter(most=1), WorkerData(validation.data, reuse=False), item).measured
    assert (str(fold.outcome), fold.scores) == ("interrupted", None)


def test_preprocessed_rows_are_kept_for_fits_that_see_them_alike(iris: Path) -> None:
    validation = load_experiment(iris, FOLDS).cross_validation()
    first, second = validation.fits[:2]
    keeping, making = WorkerData(validation.data, reuse=True), WorkerData(validation.data, reuse=False)
    assert keeping.pool(first) is keeping.pool(first)
    assert keeping.pool(first) is not keeping.pool(second)
    assert making.pool(first) is not making.pool(first)
