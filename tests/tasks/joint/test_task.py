"""Several targets as one task, against the tasks of the single targets and numbers worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.losses import SquaredOutput
from fnnctl.config.schema.model import ModelConfig
from fnnctl.errors import ConfigError
from fnnctl.metrics.stored import TARGETS, owned_metric
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.nn.shape import OutputShape
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.decoder import OutputDecoder, TargetScale
from fnnctl.tasks.joint.decoder import JointDecoder, baseline_loss, parts_of
from fnnctl.tasks.joint.scores import JointScores
from fnnctl.tasks.joint.task import JointTask
from fnnctl.tasks.post_training import NO_POST_TRAINING, PostTraining
from fnnctl.tasks.registry import encode
from fnnctl.tasks.regression.task import Regression
from fnnctl.tasks.task import FoldScores, TaskData
from tests.memory import load
from tests.messages import Messages

ROWS = 60
NAMES = ("price", "grade", "bought")
COMPLETE = np.arange(0, ROWS, 2)
"""The rows with all targets."""


@cache
def data() -> TaskData:
    """A number, three classes and two classes; every second row lacks one of the first two."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, 3))
    price = [float(np.round(3 * a - b, 3)) for a, b, _ in x]
    grade = ["low" if a + c > 0.5 else "mid" if b > 0 else "high" for a, b, c in x]
    bought = ["yes" if c > 0 else "no" for *_, c in x]
    rows = [
        {
            **dict(zip("abc", features.tolist(), strict=True)),
            "price": None if number % 4 == 1 else price[number],
            "grade": None if number % 4 == 3 else grade[number],
            "bought": bought[number],
        }
        for number, features in enumerate(x)
    ]
    return encode(load(rows, target=NAMES))


@cache
def fit(**model: Any) -> Fit:
    experiment = Experiment.model_validate(
        {
            "data": DataConfig(source="memory", target=NAMES),
            "model": {"hidden": [6], **model},
            "training": {"epochs": 10, "optimizer": {"learning_rate": 0.05}},
        }
    )
    return Fit.of(data(), experiment, split_data(data(), experiment))


@cache
def scores() -> FloatArray:
    stack = train_fits(data(), [fit()])
    predictor = stack.predictor(0, *stack.final_weights(0))
    return np.concatenate([each.copy() for each in predictor.pool_scores(stack.pool, np.arange(ROWS))])


def task() -> JointTask:
    joint = data().task
    assert isinstance(joint, JointTask)
    return joint


def decoder() -> JointDecoder:
    return parts_of(fit().decoder)


class TestEncoding:
    def test_each_target_has_the_kind_of_its_values(self) -> None:
        assert [single.name for single in task().tasks] == ["regression", "classification", "classification"]
        assert (task().targets, task().name) == (NAMES, "several")
        assert task().tasks[1].classes == ("high", "low", "mid")

    def test_a_missing_target_is_nan_and_the_row_stays(self) -> None:
        targets = data().targets
        assert targets.shape == (ROWS, 3)
        assert np.flatnonzero(np.isnan(targets[:, 0])).tolist() == list(range(1, ROWS, 4))
        assert np.flatnonzero(np.isnan(targets[:, 1])).tolist() == list(range(3, ROWS, 4))
        assert not np.isnan(targets[:, 2]).any()

    def test_rows_without_the_first_target_are_a_stratum(self) -> None:
        """A split keeps their share."""
        assert data().strata_names[-1] == "no price"
        assert (data().strata == len(data().strata_names) - 1).tolist() == np.isnan(
            data().targets[:, 0]
        ).tolist()

    def test_an_output_of_numbers_needs_numbers(self, messages: Messages) -> None:
        squared = SquaredOutput(name="squared")
        with pytest.raises(ConfigError) as error:
            encode(data().dataset, outputs={"price": squared, "grade": squared})
        messages.check(error.value)

    def test_each_target_alone_has_the_rows_that_have_it(self) -> None:
        for (single, rows), number in zip(data().of_single_targets, range(3), strict=True):
            np.testing.assert_array_equal(single.targets[rows], data().targets[rows, number])
            assert single.task == task().tasks[number]


class TestDecoder:
    def test_factors_make_the_loss_of_every_baseline_1(self) -> None:
        train = fit().split(data()).train
        for number, (single, present) in enumerate(data().of_single_targets):
            rows = np.intersect1d(train, present)
            part = decoder().parts[number]
            loss = baseline_loss(part, single.targets[rows])
            assert decoder().factors[number] * loss * len(rows) / len(train) == pytest.approx(1.0)

    def test_the_loss_of_a_baseline_by_hand(self) -> None:
        """Half the mean square of standardized numbers, which is 1, and the entropy of ¼ and ¾."""
        number, classes, _ = task().tasks
        targets = np.array([1.0, 5.0, 3.0, -1.0])
        assert baseline_loss(number.output_decoder(ModelConfig(), targets), targets) == pytest.approx(0.5)
        labels = np.array([0, 1, 1, 1])
        entropy = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
        assert baseline_loss(classes.output_decoder(ModelConfig(), labels), labels) == pytest.approx(entropy)

    def test_standardized_targets_are_those_of_the_parts_and_0_if_missing(self) -> None:
        standardized = decoder().standardized(data().targets)
        factors = decoder().loss_factors(data().targets, None)
        for number, part in enumerate(decoder().parts):
            missing = np.isnan(data().targets[:, number])
            assert not standardized[missing, number].any()
            assert not factors[missing, number].any()
            assert (factors[~missing, number] == decoder().factors[number]).all()
            np.testing.assert_array_equal(
                standardized[~missing, number], part.standardized(data().targets[~missing, number])
            )

    def test_outputs_follow_one_another(self) -> None:
        assert decoder().output.size == 6
        assert [(part.start, part.stop) for part in decoder().slices] == [(0, 1), (1, 4), (4, 6)]
        assert [part.output.target for part in decoder().parts] == [*NAMES]

    def test_a_transform_that_does_not_suit_a_target_names_it(self, messages: Messages) -> None:
        with pytest.raises(ConfigError) as error:
            task().output_decoder(ModelConfig(), data().targets, "log")
        messages.check(error.value)


class TestScores:
    def part(self) -> JointScores:
        return task().score(np.arange(ROWS), data().targets, [scores()], decoder())

    def test_each_target_has_the_metrics_that_it_has_alone(self) -> None:
        metrics = self.part().metrics()
        for number, (single, rows) in enumerate(data().of_single_targets):
            outputs = scores()[rows][:, decoder().slices[number]]
            alone = single.task.score(rows, single.targets[rows], [outputs], decoder().parts[number])
            assert metrics[TARGETS][NAMES[number]] == alone.metrics()

    def test_means_are_over_the_targets_of_one_kind(self) -> None:
        metrics = self.part().metrics(complete=False)
        of_targets = metrics[TARGETS]
        assert metrics["r2"] == of_targets["price"]["r2"]
        both = [of_targets[name]["accuracy"] for name in ("grade", "bought")]
        assert metrics["accuracy"] == pytest.approx(np.mean(both), rel=1e-15)
        assert metrics["support"] == ROWS
        assert of_targets["price"]["support"] == ROWS - len(range(1, ROWS, 4))

    def test_the_loss_is_the_sum_of_shares_of_the_baselines(self) -> None:
        part = self.part()
        expected = sum(
            decoder().factors[number]
            * part.by_name[name].loss
            * np.mean(~np.isnan(data().targets[:, number]))
            for number, name in enumerate(NAMES)
        )
        assert part.loss == pytest.approx(expected, rel=1e-12)
        assert part.row_losses()["loss"].mean() == pytest.approx(part.loss, rel=1e-12)
        baseline = part.baseline_metrics()
        assert baseline is not None
        assert baseline["loss"] > part.loss

    def test_some_rows_have_the_metrics_of_these_rows(self) -> None:
        rows = np.array([41, 5, 17, 2, 3, 58, 30, 31, 8, 9, 10])
        some = self.part().subset(rows)
        alone = task().score(rows, data().targets[rows], [scores()[rows]], decoder())
        assert some.loss == pytest.approx(alone.loss, rel=1e-12)
        np.testing.assert_array_equal(some.predictions, alone.predictions)
        assert some.rows.tolist() == rows.tolist()

    def test_predictions_are_missing_where_the_target_is(self) -> None:
        np.testing.assert_array_equal(np.isnan(self.part().predictions), np.isnan(data().targets))

    def test_warnings_name_their_target(self) -> None:
        noise = np.random.default_rng(0).normal(size=scores().shape)
        warnings = task().score(np.arange(ROWS), data().targets, [noise], decoder()).warnings()
        assert {str(warning).split(":")[0] for warning in warnings} >= {"price", "grade"}

    def test_files_are_in_the_folder_of_their_target(self) -> None:
        names = [name for name, _ in self.part().artifacts()]
        assert {"targets/1-price/predictions.csv", "targets/2-grade/roc_curve.csv"} <= {*names}
        assert all(name.startswith("targets/") for name in names)


class TestPredictions:
    def test_columns_and_rows(self) -> None:
        columns = task().prediction_columns(decoder())
        assert [*columns] == ["price", "grade", "grade_p_high", "grade_p_low", "grade_p_mid", "bought",
                              "bought_p_no", "bought_p_yes"]  # fmt: skip
        rows, further = task().predict(scores(), decoder())
        assert further.shape == (ROWS, 0)
        assert {len(row) for row in rows} == {len(columns)}
        shares: Any = [row[6:] for row in rows]
        np.testing.assert_allclose(shares, softmax(scores()[:, 4:]), rtol=1e-12)
        labels = [task().tasks[1].classes[k] for k in scores()[:, 1:4].argmax(axis=1)]
        assert [row[1] for row in rows] == labels

    def test_predictions_of_drift_are_a_column_per_target(self) -> None:
        predictions = task().predictions(scores(), decoder())
        assert predictions.shape == (ROWS, 3)
        np.testing.assert_array_equal(predictions[:, 1], scores()[:, 1:4].argmax(axis=1))


class TestTraining:
    def test_a_missing_target_is_not_trained_on(self) -> None:
        """Whatever stands in its place: the pool has 0 there, and factors of 0."""
        pool = fit().examples(data())
        assert pool.factors is not None
        targets = pool.targets.copy()
        targets[pool.factors == 0.0] = 1.0
        (trained,) = train_fits(data(), [fit()]).trained
        pools = [replace(pool, targets=targets)]  # type: ignore[type-var]
        (changed,) = train_fits(data(), [fit()], pools=lambda _: pools[0]).trained
        assert (pool.factors == 0.0).any()
        assert changed.parameters.tobytes() == trained.parameters.tobytes()

    def test_the_training_loss_is_relative_to_the_baselines(self) -> None:
        """In the first epoch each target has about the loss of its baseline, which is 1."""
        (trained,) = train_fits(data(), [fit()]).trained
        first = {name: values[0] for name, values in trained.history.items()}
        of_targets = [first[f"train_targets.{name}.loss"] for name in NAMES]
        assert first["train_loss"] == pytest.approx(sum(of_targets), rel=1e-5)
        assert all(0.5 < loss < 2.5 for loss in of_targets)


class TestEnsembles:
    def networks(self) -> list[FloatArray]:
        rng = np.random.default_rng(2)
        return [scores() + rng.normal(0, 0.5, scores().shape) for _ in range(3)]

    def test_networks_are_combined_target_by_target(self) -> None:
        combined = task().combine(self.networks(), decoder(), [3.0, 1.0, 2.0])
        for number, (single, _) in enumerate(data().of_single_targets):
            outputs, part = decoder().slices[number], decoder().parts[number]
            alone = single.task.combine([each[:, outputs] for each in self.networks()], part, [3.0, 1.0, 2.0])
            np.testing.assert_array_equal(combined[:, outputs], alone)

    def test_a_mixture_has_the_loss_of_the_combined_predictions(self) -> None:
        joint = task().joint_decoder([decoder()] * 3)
        converted = [task().converted(each, decoder(), joint) for each in self.networks()]
        mixture, weights = task().mixture(converted, data().targets, joint), np.array([3.0, 1.0, 2.0])
        total = np.tensordot(weights, mixture.values, axes=1)
        combined = task().combine(converted, joint, weights.tolist())
        expected = task().score(np.arange(ROWS), data().targets, [combined], joint).loss
        assert float(mixture.losses(total, weights.sum())) == pytest.approx(expected, rel=1e-9)
        some = mixture.of_rows(np.arange(5))
        of_some = task().score(np.arange(5), data().targets[:5], [combined[:5]], joint)
        assert float(some.losses(total[:5], weights.sum())) == pytest.approx(of_some.loss, rel=1e-9)

    def test_a_network_of_weight_0_is_not_read_for_the_target(self) -> None:
        networks = self.networks()
        weights = np.array([[3.0, 0.0, 1.0], [1.0, 2.0, 0.0], [0.0, 5.0, 2.0]])
        for network, own in zip(networks, weights, strict=True):
            for outputs, weight in zip(decoder().slices, own, strict=True):
                if weight == 0.0:
                    network[:, outputs] = np.nan
        combined = task().combine(networks, decoder(), weights)
        assert np.isfinite(combined).all()
        for number, (single, _) in enumerate(data().of_single_targets):
            outputs, part = decoder().slices[number], decoder().parts[number]
            counting = [k for k in range(3) if weights[k, number] > 0.0]
            own_weights = weights[counting, number]
            alone = single.task.combine([networks[k][:, outputs] for k in counting], part, own_weights)
            np.testing.assert_array_equal(combined[:, outputs], alone)

    def test_each_target_has_shares_of_its_own(self) -> None:
        first, second = self.networks()[:2]
        before = np.ones((2, 3))
        shares, _ = NO_POST_TRAINING.fit_weighted(task(), decoder(), [first, second], data().targets, before)
        for number, (single, rows) in enumerate(data().of_single_targets):
            outputs, part = decoder().slices[number], decoder().parts[number]
            own = [first[rows][:, outputs], second[rows][:, outputs]]
            np.testing.assert_array_equal(
                shares[:, number], single.task.shares(own, single.targets[rows], part)
            )
        assert len({tuple(column) for column in shares.T}) == 3

    def test_a_target_is_fitted_among_the_kinds_that_count_for_it(self) -> None:
        first, second, third = self.networks()
        before = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
        no_rows = np.full((0, 3), np.nan)
        nothing = [network[:0] for network in (first, second, third)]
        unfitted, _ = NO_POST_TRAINING.fit_weighted(task(), decoder(), nothing, no_rows, before)
        np.testing.assert_array_equal(unfitted, before)
        shares, _ = NO_POST_TRAINING.fit_weighted(
            task(), decoder(), [first, second, third], data().targets, before
        )
        ((single, rows), *_), outputs = data().of_single_targets, decoder().slices[0]
        own = [first[rows][:, outputs], second[rows][:, outputs]]
        expected = single.task.shares(own, single.targets[rows], decoder().parts[0])
        np.testing.assert_array_equal(shares[:, 0], [*expected, 0.0])
        np.testing.assert_array_equal(shares[:, 2], [1.0, 0.0, 0.0])

    def test_shares_by_hand(self) -> None:
        """Of two estimates of numbers, 1 away from the truth on either side, each is half; a third of the way
        it is 2 to 1, with 10 rows of equal worth that draw it to the middle.
        """
        numbers = JointTask((Regression("a"), Regression("b")))
        targets = np.zeros((40, 2))
        scale = TargetScale(0.0, 1.0)
        parts = [
            OutputDecoder(OutputShape(1, "squared", target=name), scale=scale) for name in numbers.targets
        ]
        joint = JointDecoder.of(parts, [1.0, 1.0])
        first, second = np.full((40, 2), 1.0), np.tile([-1.0, -2.0], (40, 1))
        shares, _ = NO_POST_TRAINING.fit_weighted(numbers, joint, [first, second], targets, np.ones((2, 2)))
        of_b = (40 * 2 / 3 + 10 * 0.5) / 50
        np.testing.assert_allclose(shares, [[0.5, of_b], [0.5, 1.0 - of_b]], rtol=1e-12)


class TestPostTraining:
    def test_each_target_is_calibrated_on_its_rows(self) -> None:
        fitted = parts_of(PostTraining("temperature").fit(task(), decoder(), scores(), data().targets))
        for number, (single, rows) in enumerate(data().of_single_targets):
            part, outputs = decoder().parts[number], decoder().slices[number]
            alone = PostTraining("temperature").fit(
                single.task, part, np.ascontiguousarray(scores()[rows][:, outputs]), single.targets[rows]
            )
            assert fitted.parts[number] == alone
        assert fitted.parts[1].temperature is not None

    def test_what_is_fitted_can_be_set_again(self) -> None:
        fitted = parts_of(PostTraining("temperature").fit(task(), decoder(), scores(), data().targets))
        assert decoder().with_fitted(fitted.fitted) == fitted


class TestOutOfFold:
    def test_rows_are_predicted_once_by_their_fold(self) -> None:
        assigned = np.arange(ROWS) % 3
        folds = []
        for fold in range(3):
            tested = np.flatnonzero(assigned == fold)
            part = task().score(tested, data().targets[tested], [scores()[tested]], decoder())
            folds.append(FoldScores(0, fold, tested, part))
        out_of_fold = task().out_of_fold(folds, np.arange(ROWS), data().targets)
        whole = task().score(np.arange(ROWS), data().targets, [scores()], decoder())
        ((rows, part),) = out_of_fold.parts
        assert rows.tolist() == list(range(ROWS))
        np.testing.assert_array_equal(part.predictions, whole.predictions)
        metrics, expected = out_of_fold.metrics(), whole.metrics()
        for name in NAMES:
            key = "r2" if name == "price" else "accuracy"
            assert metrics[TARGETS][name][key] == pytest.approx(expected[TARGETS][name][key], rel=1e-12)
        assert metrics["r2"] == pytest.approx(expected["r2"])


def test_a_monitor_of_a_misspelt_target_is_corrected(messages: Messages) -> None:
    for monitor in ("validation_targets.prise.r2", "validation_targets.grade.r2"):
        experiment = Experiment.model_validate(
            {
                "data": DataConfig(source="memory", target=NAMES),
                "training": {"early_stopping": {"monitor": monitor}},
            }
        )
        for problem in task().check(experiment):
            messages.check(problem)


def test_metrics_are_named_by_their_target() -> None:
    check = task().check_metric
    assert [check(name) for name in ("loss", "r2", "accuracy", "targets.price.r2")] == [None] * 4
    assert check("targets.grade.per_class.low.recall") is None
    assert "a regression has no classes" in (check("targets.price.per_class.low.recall") or "")
    assert (check("targets.prise.r2") or "").endswith("(did you mean 'targets.price.r2'?)")
    assert check("per_class.low.recall") is not None
    only_classes = JointTask(task().tasks[1:])
    assert "choose, e.g., loss or targets.grade.accuracy" in (only_classes.check_metric("r2") or "")


def test_a_metric_is_that_of_the_target_with_the_longest_name() -> None:
    assert owned_metric("targets.a.b.r2", ("a", "a.b")) == ("a.b", "r2")
    assert owned_metric("targets.a.b.r2", ("a",)) == ("a", "b.r2")
    assert owned_metric("r2", ("a",)) is None


def test_other_targets_cannot_be_scored() -> None:
    assert task().difference(task()) is None
    reordered = JointTask(task().tasks[::-1])
    assert task().difference(reordered) == (
        "the data have the targets 'price', 'grade' and 'bought', unlike the network"
    )
