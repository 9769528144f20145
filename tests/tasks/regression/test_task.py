from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import ModelConfig
from fnnctl.data.splits.folds import Folds
from fnnctl.data.splits.parts import Split
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.decoder import TargetScale
from fnnctl.tasks.regression.task import Regression
from fnnctl.tasks.task import Task
from tests.messages import Messages

TASK, CLASSES = Regression("price", seed=3), Classification("y", ("a", "b"))


@pytest.mark.parametrize(
    ("task", "sections"),
    [
        (TASK, {"training": {"class_weights": "balanced"}}),
        (TASK, {"training": {"label_smoothing": 0.1}}),
        (TASK, {"model": {"calibration": "temperature"}}),
        (TASK, {"model": {"output": "softmax"}}),
        (TASK, {"training": {"early_stopping": {"monitor": "validation_calibrated_loss"}}}),
        (TASK, {"training": {"lr_schedule": {"name": "adaptive", "monitor": "train_accuracy"}}}),
        (CLASSES, {"model": {"output": "huber"}}),
        (CLASSES, {"model": {"clip_outputs": True}}),
        (CLASSES, {"data": {"source": "iris", "split": {"bins": 5}}}),
        (CLASSES, {"data": {"source": "iris", "target_transform": "auto"}}),
        (CLASSES, {"training": {"early_stopping": {"monitor": "train_r2"}}}),
    ],
)
def test_what_needs_another_task_is_refused(messages: Messages, task: Task, sections: dict[str, Any]) -> None:
    experiment = Experiment.model_validate({"data": {"source": "iris"}, **sections})
    (problem,) = task.check(experiment)
    messages.check(problem)


def test_a_metric_of_another_task_is_refused(messages: Messages) -> None:
    for metric in ("accuracy", "per_class.a.recall"):
        messages.check(TASK.check_metric(metric))
    messages.check(CLASSES.check_metric("r2"))
    assert TASK.check_metric("mae") is TASK.check_metric("rmse_ci95") is None


def test_targets_are_standardized_by_the_training_rows() -> None:
    decoder = TASK.output_decoder(ModelConfig(), np.array([1.0, 3.0]))
    assert (decoder.output.kind, decoder.output.size) == ("squared", 1)
    assert (decoder.scale, decoder.baseline) == (TargetScale(2.0, 1.0), (2.0,))
    assert decoder.standardized(np.array([5.0, 0.0])).tolist() == [3.0, -2.0]
    equal = np.full(7, 0.1)
    assert equal.std() > 0, "by rounding"
    flat = TASK.output_decoder(ModelConfig(), equal).scale
    assert flat is not None
    assert flat.mean == pytest.approx(0.1)
    assert flat.deviation == 1.0


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


def test_parts_with_equal_targets_are_reported(messages: Messages) -> None:
    targets, tail = np.array([1.0, 2, 5, 5, 7]), np.array([5.0, 5, 5, 5, 7])
    split = Split(np.array([0, 1]), np.array([2, 3]), np.array([4]))
    folds = Folds(2, np.array([[0, 0, 1, 1, 0]], np.int32))
    first_block = Folds(2, np.array([[-1, -1, 0, 0, 1], [-1, 0, 0, 0, 1]], np.int32))
    warnings = [
        *TASK.split_warnings(targets, split),
        *TASK.fold_warnings(targets, folds),
        *TASK.fold_warnings(tail, first_block),
    ]
    for warning in warnings:
        messages.check(warning)


def test_the_score_of_a_column_is_its_r2_in_any_unit() -> None:
    targets, predicted = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0])
    assert TASK.column_score(targets, predicted) == 0.5
    assert TASK.column_score(targets / 1000, predicted / 1000) == pytest.approx(0.5)


def test_no_column_explains_equal_targets() -> None:
    assert TASK.column_score(np.ones(3), np.zeros(3)) == 0.0


def test_another_target_cannot_be_scored() -> None:
    assert TASK.difference(Regression("price", seed=9)) is None
    assert TASK.difference(Regression("weight")) is not None
    assert CLASSES.difference(TASK) is not None
    assert TASK.untrained_classes(np.array([1.0, 2.0]), np.array([1.0])) == []


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
