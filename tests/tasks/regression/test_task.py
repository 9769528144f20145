from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.losses import names_of_task
from fnnctl.config.schema.model import ModelConfig
from fnnctl.data.splits.folds import Folds
from fnnctl.data.splits.parts import Split
from fnnctl.messages import sentences
from fnnctl.metrics.registry import REGRESSION, objectives
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.regression.task import Regression
from fnnctl.tasks.task import TargetScale

TASK = Regression("price", seed=3)


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, **sections})


@pytest.mark.parametrize(
    ("sections", "path", "advice"),
    [
        ({"training": {"class_weights": "balanced"}}, "training.class_weights", "write class_weights: null"),
        ({"training": {"label_smoothing": 0.1}}, "training.label_smoothing", "write label_smoothing: 0"),
        ({"model": {"calibration": "temperature"}}, "model.calibration", "write calibration: none"),
        ({"model": {"output": "softmax"}}, "model.output", "write output: auto"),
        (
            {"training": {"early_stopping": {"monitor": "validation_accuracy"}}},
            "training.early_stopping.monitor",
            "choose from train_loss, train_r2, validation_loss, validation_r2",
        ),
        (
            {"training": {"early_stopping": {"monitor": "validation_calibrated_loss"}}},
            "training.early_stopping.monitor",
            "is not recorded in a regression",
        ),
        (
            {"training": {"lr_schedule": {"name": "adaptive", "monitor": "train_accuracy"}}},
            "training.lr_schedule.monitor",
            "is not recorded in a regression",
        ),
    ],
)
def test_what_needs_classes_is_refused(sections: dict[str, Any], path: str, advice: str) -> None:
    (problem,) = TASK.check(experiment(**sections))
    assert problem.path == path
    assert advice in problem.message


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"model": {"output": "huber"}}, "model.output"),
        ({"model": {"clip_outputs": True}}, "model.clip_outputs"),
        ({"data": {"source": "iris", "split": {"bins": 5}}}, "data.split.bins"),
        ({"data": {"source": "iris", "target_transform": "auto"}}, "data.target_transform"),
        ({"training": {"early_stopping": {"monitor": "train_r2"}}}, "training.early_stopping.monitor"),
    ],
)
def test_what_needs_numbers_is_refused_in_a_classification(sections: dict[str, Any], path: str) -> None:
    (problem,) = Classification("y", ("a", "b")).check(experiment(**sections))
    assert problem.path == path


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro", "per_class.a.recall"])
def test_a_metric_of_classes_is_refused(metric: str) -> None:
    message = TASK.check_metric(metric) or ""
    assert f"choose from {', '.join(objectives(REGRESSION))}" in message
    assert TASK.check_metric("mae") is TASK.check_metric("rmse_ci95") is None
    assert "r2 is not a metric of a classification" in (
        Classification("y", ("a", "b")).check_metric("r2") or ""
    )


def test_targets_are_standardized_by_the_training_rows() -> None:
    decoder = TASK.output_decoder(ModelConfig(), np.array([1.0, 3.0]))
    assert decoder.scale == TargetScale(2.0, 1.0)
    assert decoder.baseline == (2.0,)
    assert decoder.standardized(np.array([5.0, 0.0])).tolist() == [3.0, -2.0]
    flat = TASK.output_decoder(ModelConfig(), np.array([4.0, 4.0]))
    assert flat.scale == TargetScale(4.0, 1.0)


def test_equal_targets_have_no_deviation_by_rounding() -> None:
    targets = np.full(7, 0.1)
    assert targets.std() > 0
    decoder = TASK.output_decoder(ModelConfig(), targets)
    assert decoder.scale is not None
    assert decoder.scale.deviation == 1.0


LIMITED = ModelConfig(clip_outputs=True)


def test_estimates_are_limited_to_the_range_of_the_training_rows() -> None:
    decoder = TASK.output_decoder(LIMITED, np.array([1.0, 3.0, 8.0]))
    assert decoder.scale == TargetScale(4.0, np.sqrt(26 / 3), (1.0, 8.0))
    assert decoder.limits == pytest.approx((-3 * np.sqrt(3 / 26), 4 * np.sqrt(3 / 26)))
    assert TASK.output_decoder(ModelConfig(), np.array([1.0, 3.0])).limits is None
    assert TASK.output_decoder(LIMITED, np.array([4.0, 4.0])).limits == (0.0, 0.0)


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20),
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20),
    st.sampled_from(["float32", "float64"]),
)
def test_no_rounding_leads_out_of_the_range(known: list[float], outputs: list[float], precision: str) -> None:
    targets = np.array(known, np.float64)
    scale = TASK.output_decoder(LIMITED, targets).scale
    assert scale is not None
    assert scale.limits is not None
    clipped = np.clip(np.array(outputs, precision), *scale.limits).astype(precision)
    estimates = scale.restored(clipped)
    assert estimates.min() >= targets.min()
    assert estimates.max() <= targets.max()
    expected = np.clip(np.array(outputs) * scale.deviation + scale.mean, targets.min(), targets.max())
    np.testing.assert_allclose(estimates, expected, atol=1e-6 * np.abs(targets).max(), rtol=1e-5)


def test_networks_with_several_ranges_have_the_whole_of_them_together() -> None:
    low, high = (TASK.output_decoder(LIMITED, np.array(each)) for each in ([-1.0, 3.0], [0.0, 7.0, 9.0]))
    joint = TASK.joint_decoder([low, high])
    assert joint.scale is not None
    assert joint.scale.range == (-1.0, 9.0)
    free = TASK.output_decoder(ModelConfig(), np.array([1.0, 3.0]))
    assert TASK.joint_decoder([low, free]).limits is TASK.joint_decoder([free]).limits is None
    outputs = np.array([[2.0], [-9.0]])
    assert TASK.converted(outputs, low, joint) is outputs, "the scales differ in their ranges alone"
    # 9 is within the joint range, but the estimate of another network is already within its own
    np.testing.assert_allclose(TASK.converted(outputs, high, joint), [[4.0], [-0.5]])


def test_new_targets_must_be_numbers_to_compute_with() -> None:
    targets, wrong = TASK.encode_new(("1.5", "high", "-1e200"), np.array([0, 1, 2, -1]))
    assert targets[0] == 1.5
    assert wrong == {
        "high": "the target 'price' of a regression: 'high' is not a number",
        "-1e200": "the target 'price' of a regression: '-1e200' is beyond ±1e+150; use a larger unit",
    }


@pytest.mark.parametrize("name", ["auto", *names_of_task(REGRESSION)])
def test_the_output_is_the_one_of_the_settings(name: str) -> None:
    output = TASK.output_decoder(ModelConfig.model_validate({"output": name}), np.array([1.0, 2.0])).output
    assert output.kind == ("squared" if name == "auto" else name)
    assert output.size == 1


def test_parts_with_equal_targets_are_reported() -> None:
    targets = np.array([1.0, 2, 5, 5, 7])
    split = Split(np.array([0, 1]), np.array([2, 3]), np.array([4]))
    assert sentences(TASK.split_warnings(targets, split)) == [
        "all targets of the validation part are equal, so its R² is undefined"
    ]
    assert sentences(TASK.fold_warnings(targets, Folds(2, np.array([[0, 0, 1, 1, 0]], np.int32)))) == [
        "in 1 fold all test targets are equal, so R² is undefined there"
    ]
    first_block = Folds(2, np.array([[-1, -1, 0, 0, 1], [-1, 0, 0, 0, 1]], np.int32))
    assert sentences(TASK.fold_warnings(np.array([5.0, 5, 5, 5, 7]), first_block))[0].startswith(
        "in 4 folds all"
    )


def test_there_are_no_classes_that_could_be_missed() -> None:
    assert TASK.untrained_classes(np.array([1.0, 2.0]), np.array([1.0])) == []


def test_another_target_cannot_be_scored() -> None:
    assert TASK.difference(Regression("price", seed=9)) is None
    assert TASK.difference(Regression("weight")) is not None
    assert Classification("y", ("a", "b")).difference(TASK) is not None


def test_estimates_of_a_transformed_target_are_mixed_for_its_own_units() -> None:
    """Of 1, 10 and 1000, the logarithms of the first estimate are nearer, and the second is nearer itself."""
    targets = np.array([1.0, 10.0, 1000.0])
    decoder = TASK.output_decoder(ModelConfig(), targets, "log")
    logs = [np.log([1.0, 10.0, 700.0]), np.log([3.0, 30.0, 1000.0])]
    scores = [decoder.standardized(np.exp(log))[:, None] for log in logs]
    mixture = TASK.mixture(scores, targets, decoder)
    nearer, farther = (float(mixture.losses(values, 1)) for values in mixture.values[::-1])
    assert nearer == pytest.approx((2**2 + 20**2) / 3 / targets.var())
    assert farther == pytest.approx(300**2 / 3 / targets.var())
    both = float(mixture.losses(mixture.values.sum(axis=0), 2))
    means = np.exp((logs[0] + logs[1]) / 2)
    assert both == pytest.approx(np.square(means - targets).mean() / targets.var())
    assert mixture.of_rows(np.array([2])).losses(mixture.values[0, 2:], 1) == pytest.approx(
        300**2 / targets.var()
    )
