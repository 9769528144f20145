"""What a search learns of its fits: the metric that `train` would record, at the epoch that is meant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.metrics.stored import flat_metrics
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import load_experiment
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.training.trainer import Outcome
from fnnctl.trials.measures import FitObjective, ObjectiveMeasure
from tests.modelling.prepared import Prepared, prepare

STOPPING = (
    "training.early_stopping={monitor: validation_loss, patience: 2}",
    "training.epochs=200",
    "training.optimizer.learning_rate=0.3",
)


def measured(stack: TrainedStack, metric: str = "accuracy") -> FitObjective:
    (result,) = ObjectiveMeasure(metric)(stack)
    return result


def part_metrics(prepared: Prepared, stack: TrainedStack, rows: np.ndarray) -> dict[str, float | None]:
    """What metrics.json would say of rows and the weights that training ended with."""
    (trained,) = stack.trained
    predictor = prepared.predictor(trained.parameters, trained.statistics)
    scores = [each.copy() for each in predictor.pool_scores(stack.pool, rows)]
    return flat_metrics(prepared.data.score(rows, scores, prepared.fit.decoder).metrics())


METRICS = ("loss", "accuracy", "roc_auc_macro", "per_class.virginica.recall")
"""Columns of the history, and others."""


def test_the_objective_is_the_validation_parts(iris: Path) -> None:
    prepared = prepare(iris, ["training.early_stopping=null"])
    stack = train_fits(prepared.data, [prepared.fit])
    expected = part_metrics(prepared, stack, prepared.split.validation)
    for metric in METRICS[1:]:
        assert measured(stack, metric).objective == expected[metric]


def test_a_fit_that_ended_early_is_measured_where_it_was_best(iris: Path) -> None:
    prepared = prepare(iris, STOPPING)
    stack = train_fits(prepared.data, [prepared.fit])
    (trained,) = stack.trained
    expected = part_metrics(prepared, stack, prepared.split.validation)
    for metric in METRICS:
        result = measured(stack, metric)
        assert (result.outcome, result.epochs) == (Outcome.STOPPED_EARLY, trained.epochs)
        assert result.kept_epoch == trained.best_epoch == trained.epochs - 2
        assert result.objective == pytest.approx(expected[metric], rel=1e-6)


def test_a_fit_that_pauses_is_measured_where_it_pauses(iris: Path) -> None:
    """Though an epoch before was better, and training may still end with its weights."""
    prepared = prepare(iris, STOPPING)
    (whole,) = train_fits(prepared.data, [prepared.fit]).trained
    assert whole.best_epoch == whole.epochs - 2
    stack = train_fits(prepared.data, [prepared.fit], epochs=whole.epochs - 1)
    for metric in ("accuracy", "loss"):
        result = measured(stack, metric)
        assert (result.outcome, result.kept_epoch) == (Outcome.COMPLETED, whole.epochs - 1)
        assert result.objective == whole.history[f"validation_{metric}"][whole.epochs - 2]
    no_column = measured(stack, "log_loss").objective
    assert no_column == pytest.approx(whole.history["validation_loss"][whole.epochs - 2], rel=1e-5)


def test_the_curves_are_those_of_this_job(iris: Path) -> None:
    """Five epochs after the first seven: loss of training, loss and accuracy of validation."""
    prepared = prepare(iris, ["training.early_stopping=null"])
    whole = train_fits(prepared.data, [prepared.fit])
    first = train_fits(prepared.data, [prepared.fit], epochs=7)
    assert first.last is not None
    later = train_fits(prepared.data, [prepared.fit], epochs=12, start=(7, first.last.state))
    curves = measured(later).curves
    assert list(curves) == ["train_loss", "validation_loss", "validation_accuracy"]
    assert curves == {name: whole.trained[0].history[name][7:] for name in curves}


def test_the_monitored_loss_of_calibrated_probabilities_has_a_curve(iris: Path) -> None:
    prepared = prepare(iris, ["training.early_stopping.monitor=validation_calibrated_loss"])
    trained = train_fits(prepared.data, [prepared.fit])
    curve = measured(trained).curves["validation_calibrated_loss"]
    assert curve == trained.trained[0].history["validation_calibrated_loss"]
    assert trained.trained[0].best_epoch == 1 + np.argmin(np.array(curve, np.float64))


def test_an_interrupted_fit_has_no_objective(iris: Path) -> None:
    prepared = prepare(iris)
    result = measured(train_fits(prepared.data, [prepared.fit], should_stop=lambda: True))
    assert (result.outcome, result.objective) == (Outcome.INTERRUPTED, None)


def test_a_diverged_fit_has_no_objective_and_its_curve_no_number_there(iris: Path) -> None:
    steep = "training.optimizer={name: sgd, learning_rate: 1e6}"
    prepared = prepare(iris, [steep, "training.l2=1e5", "training.early_stopping=null"])
    result = measured(train_fits(prepared.data, [prepared.fit]))
    assert (result.outcome, result.objective) == (Outcome.DIVERGED, None)
    assert result.curves["train_loss"][-1] is None
    assert all(value is None or math.isfinite(value) for value in result.curves["validation_loss"])


def test_finite_weights_whose_loss_is_not_finite_have_diverged(iris: Path) -> None:
    prepared = prepare(iris, STOPPING)
    stack = train_fits(prepared.data, [prepared.fit])
    (trained,) = stack.trained
    huge = replace(trained, parameters=np.full_like(trained.parameters, 3e38))
    with np.errstate(over="ignore", invalid="ignore"):
        result = measured(replace(stack, trained=[huge]), "log_loss")
    assert (result.outcome, result.objective) == (Outcome.DIVERGED, None)


def test_a_metric_that_is_undefined_is_no_divergence(tmp_path: Path) -> None:
    """R² of equal targets, which is a column of the history, and of which the loss says nothing."""
    rows = "".join(f"{0.1 * row},{row % 3}\n" for row in range(30))
    (tmp_path / "flat.csv").write_text(f"a,y\n{rows}")
    (tmp_path / "flat.yaml").write_text(
        "recipe: classic\n"
        "data: {source: flat.csv, target: y, task: regression}\ntraining: {epochs: 2, early_stopping: null}\n"
    )
    prepared = prepare(tmp_path / "flat.yaml")
    prepared.data.targets[prepared.split.validation] = 7.0
    stack = train_fits(prepared.data, [prepared.fit])
    for metric, defined in (("r2", False), ("mae", True), ("loss", True)):
        result = measured(stack, metric)
        assert result.outcome is Outcome.COMPLETED
        assert (result.objective is not None) is defined


class TestFolds:
    @pytest.fixture
    def stack(self, iris: Path) -> TrainedStack:
        folds = "evaluation.cross_validation={folds: 3, repeats: 2}"
        validation = load_experiment(iris, [folds, "training.epochs=4"]).cross_validation()
        return train_fits(validation.data, validation.fits)

    @pytest.mark.parametrize("metric", ["accuracy", "roc_auc_macro"])
    def test_the_objective_is_the_folds_score(self, stack: TrainedStack, metric: str) -> None:
        folds = FoldMeasure()(stack)
        scores = [flat_metrics(fold.scores.metrics())[metric] for fold in folds if fold.scores]
        assert [each.objective for each in ObjectiveMeasure(metric, "test")(stack)] == scores
        assert len({*scores}) > 1

    @pytest.mark.parametrize("pause", [None, 3])
    def test_it_is_the_same_alone_and_in_a_stack(self, stack: TrainedStack, pause: int | None) -> None:
        def objectives(fits: Sequence[Fit]) -> Sequence[FitObjective]:
            return ObjectiveMeasure("log_loss", "test")(train_fits(stack.data, fits, epochs=pause))

        assert [*objectives(stack.fits)] == [each for fit in stack.fits for each in objectives([fit])]
