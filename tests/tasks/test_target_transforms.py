from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.model import ModelConfig
from fnnctl.errors import ConfigError
from fnnctl.tasks.decoder import TargetScale
from fnnctl.tasks.post_training import MEDIANS, NO_POST_TRAINING
from fnnctl.tasks.regression.task import Regression
from fnnctl.tasks.target_transforms import (
    MOST_KNOTS,
    RESIDUALS,
    LogTransform,
    QuantileTransform,
    transform_of,
)
from tests.messages import Messages

TASK = Regression("price")
NAMES: tuple[TargetTransformName, ...] = ("log", "none")
TARGETS = st.lists(st.floats(0.0, 1e6, width=32), min_size=1, max_size=30).map(np.array)


def test_the_logarithm_has_a_shift_only_if_a_target_is_zero() -> None:
    """A target below all training targets has a logarithm, too."""
    assert LogTransform.of(np.array([2.0, 8.0])) == LogTransform(0.0, 2.0)
    assert LogTransform.of(np.array([0.0, 3.0, 8.0])) == LogTransform(1.5, 0.0)
    assert LogTransform.of(np.zeros(3)) == LogTransform(1.0, 0.0)
    np.testing.assert_allclose(LogTransform(1.5, 0.0).forward(np.array([0.0, 8.0])), np.log([1.5, 9.5]))
    assert LogTransform(0.0, 2.0).forward(np.array([-3.0, 0.0, 2.0])).tolist() == [np.log(2.0)] * 3


def test_a_negative_training_target_has_none(messages: Messages) -> None:
    with pytest.raises(ConfigError) as error:
        transform_of("log", np.array([1.0, -3.0]))
    messages.check(error.value)
    assert transform_of("auto", np.array([1.0, -3.0])) is None


def test_quantiles_are_normal_scores_of_mid_ranks() -> None:
    """Of 1, 1, 5, 9 the middles of the ranks are at 1/4, 5/8 and 7/8."""
    transform = QuantileTransform.of(np.array([5.0, 1.0, 9.0, 1.0]))
    assert transform.values == (1.0, 5.0, 9.0)
    assert transform.scores == pytest.approx((-0.6744898, 0.3186394, 1.1503494))
    middle = transform.forward(np.array([-7.0, 7.0, 70.0]))
    assert middle == pytest.approx([-0.6744898, (0.3186394 + 1.1503494) / 2, 1.1503494])


def test_many_targets_have_limited_knots_with_both_ends() -> None:
    targets = np.random.default_rng(0).lognormal(size=5000)
    transform = QuantileTransform.of(targets)
    assert len(transform.values) == len(transform.scores) == MOST_KNOTS
    assert (transform.values[0], transform.values[-1]) == (targets.min(), targets.max())
    assert transform.is_rising
    assert transform.forward(targets).std() == pytest.approx(1.0, abs=0.02)


@given(TARGETS, st.sampled_from(["log", "quantile"]))
def test_the_inverse_restores_the_training_targets(targets: np.ndarray, name: str) -> None:
    transform = transform_of(name, targets)  # type: ignore[arg-type]
    assert transform is not None
    restored = transform.inverse(transform.forward(targets))
    np.testing.assert_allclose(restored, targets, rtol=1e-9, atol=1e-9 * max(1e-6, targets.max()))


@pytest.mark.parametrize(
    ("targets", "is_log"),
    [
        (np.exp(np.linspace(0, 5, 50)), True),
        (np.linspace(1, 5, 50), False),
        (np.array([*[0.0] * 2, *[1e-9] * 48, 1.0, 2.0]), True),
        # half of the smallest positive one is so small that the logarithms are more skewed
        (np.array([0.0, *np.linspace(1e8, 2e8, 60), 3e8, 3.1e8, 3.2e8, 1e-9]), False),
        (np.full(4, 7.0), False),
    ],
)
def test_auto_takes_logarithms_of_skewed_targets_if_they_are_less_skewed(
    targets: np.ndarray, is_log: bool
) -> None:
    assert isinstance(transform_of("auto", targets), LogTransform) is is_log


def test_the_mean_of_a_log_target_is_corrected_by_a_factor() -> None:
    """The medians of 2 and 8 are estimated as 2 and 2: the factor is 10 / 4. As 2 and 6 it is 10 / 8."""
    scale = TargetScale(np.log(2.0), 1.0, transform=LogTransform(0.0, 1.0))
    assert scale.restored(np.zeros(1)) == pytest.approx([2.0])
    corrected = scale.corrected(np.zeros(2), np.array([2.0, 8.0]))
    assert corrected.residuals == pytest.approx((np.log(2.5),))
    assert corrected.restored(np.zeros(1)) == pytest.approx([5.0])
    weighted = scale.corrected(np.log([1.0, 3.0]), np.array([2.0, 8.0]))
    assert weighted.residuals == pytest.approx((np.log(1.25),))
    assert scale.corrected(np.array([np.inf]), np.array([2.0])) == scale, "infinite scores correct nothing"


def test_the_mean_of_quantiles_is_corrected_by_residuals() -> None:
    """Score 0 is 2; with residuals −1, 0 and 1 the mean of 1, 2 and 9 is 4."""
    scale = TargetScale(0.0, 1.0, transform=QuantileTransform((1.0, 2.0, 9.0), (-1.0, 0.0, 1.0)))
    corrected = scale.corrected(np.zeros(3), np.array([1.0, 2.0, 9.0]))
    assert corrected.residuals == (-1.0, 0.0, 1.0)
    assert corrected.restored(np.zeros((2, 1))).tolist() == [[4.0], [4.0]]
    many = scale.corrected(np.random.default_rng(1).normal(size=500), np.full(500, 2.0))
    assert len(many.residuals) == RESIDUALS


@pytest.mark.parametrize(("output", "corrects"), [("squared", True), ("huber", True), ("absolute", False)])
def test_medians_are_not_corrected(output: str, corrects: bool) -> None:
    model = ModelConfig.model_validate({"output": output})
    decoder = TASK.output_decoder(model, np.array([1.0, 2.0, 40.0]), "log")
    assert decoder.baseline == pytest.approx((43 / 3,))
    assert NO_POST_TRAINING.needs_rows(decoder) is corrects
    fitted = NO_POST_TRAINING.fit(TASK, decoder, np.zeros((2, 1)), np.array([3.0, 5.0]))
    assert bool(fitted.residuals) is corrects
    assert NO_POST_TRAINING.warnings(decoder, rows=0) == ([MEDIANS] if corrects else [])


def test_scores_with_another_transform_are_converted() -> None:
    """Limits are in the units of the target."""
    targets, new = np.array([1.0, 2.0, 40.0]), np.array([[2.0], [40.0]])
    log, plain = (TASK.output_decoder(ModelConfig(clip_outputs=True), targets, name) for name in NAMES)
    joint = TASK.joint_decoder([log, plain])
    assert joint.transform_name == "log"
    scores = plain.standardized(new)
    np.testing.assert_allclose(TASK.converted(scores, plain, joint), log.standardized(new))
    assert TASK.converted(scores, log, joint) is scores
    fitted = log.with_residuals((0.5,)).scale
    assert fitted is not None
    assert fitted.restored(np.array(log.limits)) == pytest.approx([np.exp(0.5), 40.0])
