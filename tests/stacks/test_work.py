"""Fits that train together end as they would alone, and a worker measures them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.loading import load_experiment
from fnnctl.seeds import member_seed
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


@pytest.fixture
def folds(iris: Path) -> CrossValidation:
    """Five folds of 120 rows, so an epoch has four steps."""
    settings = ["training.epochs=4", "evaluation.cross_validation={folds: 5, repeats: 1}"]
    return load_experiment(iris, [*settings, "training.early_stopping=null"]).cross_validation()


def not_kept(folds: CrossValidation) -> WorkerData:
    return WorkerData(folds.data, reuse=False)


def test_a_fit_has_the_same_bits_alone_and_in_a_stack(folds: CrossValidation) -> None:
    together = train_fits(folds.data, folds.fits).trained
    for fit, in_stack in zip(folds.fits, together, strict=True):
        (alone,) = train_fits(folds.data, [fit]).trained
        assert alone.parameters.tobytes() == in_stack.parameters.tobytes()
        assert alone.history == in_stack.history


def test_every_fold_of_one_item_is_scored_on_its_own_rows(folds: CrossValidation) -> None:
    progress = Counter()
    result = train_item(progress, not_kept(folds), StackItem(folds.fits, FoldMeasure()))
    assert progress.amounts[:-1] == 4 * 4 * [5 * PARTS_OF_EPOCH // 4]
    assert progress.done == 5 * 4 * PARTS_OF_EPOCH
    for fit, fold in zip(folds.fits, result.measured, strict=True):
        assert fold.scores is not None
        assert fold.scores.metrics()["support"] == fit.sizes[2] == 30


def test_the_members_of_an_ensemble_are_one_fit_of_the_progress(iris: Path) -> None:
    loaded = load_experiment(iris, ["training.epochs=3", "training.early_stopping=null", "model.ensemble=4"])
    fit, progress = loaded.fit(loaded.split()), Counter()
    train_shared_fits(
        progress, WorkerData(loaded.data, reuse=False), [fit], [0], lambda stack: [stack.trained]
    )
    assert progress.done == 3 * PARTS_OF_EPOCH


def test_a_fold_of_an_ensemble_is_scored_by_the_mean_probabilities(folds: CrossValidation) -> None:
    """Those of separate trainings with the members' seeds."""
    alone = [
        FoldMeasure()(
            train_fits(folds.data, [replace(fit, seed=member_seed(fit.seed, number)) for fit in folds.fits])
        )
        for number in range(3)
    ]
    fits = [replace(fit, settings=replace(fit.settings, ensemble=3)) for fit in folds.fits]
    for k, fold in enumerate(FoldMeasure()(train_fits(folds.data, fits))):
        assert fold.outputs is not None
        expected = np.mean([softmax(each[k].outputs, axis=1) for each in alone], axis=0)
        np.testing.assert_allclose(np.exp(fold.outputs), expected, rtol=1e-5)


def test_the_chosen_ones_of_shared_fits_are_trained(folds: CrossValidation) -> None:
    shared, measure = not_kept(folds), FoldMeasure()
    result = train_shared_fits(Counter(), shared, folds.fits, [3, 1], measure)
    expected = train_item(Counter(), shared, StackItem((folds.fits[3], folds.fits[1]), measure))
    assert [fold.history for fold in result.measured] == [fold.history for fold in expected.measured]
    assert result.measured[0].history != result.measured[1].history


def test_an_item_that_is_asked_to_stop_is_interrupted(folds: CrossValidation) -> None:
    item = StackItem(folds.fits[:1], FoldMeasure())
    (fold,) = train_item(Counter(most=1), not_kept(folds), item).measured
    assert (str(fold.outcome), fold.scores) == ("interrupted", None)


def test_preprocessed_rows_are_kept_for_fits_that_see_them_alike(folds: CrossValidation) -> None:
    first, second = folds.fits[:2]
    keeping, making = WorkerData(folds.data, reuse=True), not_kept(folds)
    assert keeping.pool(first) is keeping.pool(first)
    assert keeping.pool(first) is not keeping.pool(second)
    assert making.pool(first) is not making.pool(first)


def test_targets_of_another_output_are_not_those_that_were_kept(iris: Path) -> None:
    """In one search, trials may have counts as numbers and as rates."""
    table = iris.with_name("counts.csv")
    table.write_text("a,visits\n" + "".join(f"{row % 7},{row % 5 * 3}\n" for row in range(60)))
    config = iris.with_name("counts.yaml")
    config.write_text("data: {source: counts.csv, target: visits, task: regression}\nrecipe: classic\n")
    loaded = {name: load_experiment(config, [f"model.output={name}"]) for name in ("squared", "poisson")}
    fits = {name: each.fit(each.split()) for name, each in loaded.items()}
    keeping = WorkerData(loaded["squared"].data, reuse=True)
    for fit in (fits["squared"], fits["poisson"], fits["squared"]):
        kept, made = keeping.pool(fit), fit.examples(keeping.data)
        assert kept.targets.tolist() == made.targets.tolist()
        assert (kept.factors is None) == (made.factors is None)
