"""The scale of counts and amounts, and what exposures do to it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.nn.losses.log_means import BOUND
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.regression.counts import mean_decoder
from fnnctl.tasks.regression.task import Regression

POISSON = OutputShape(1, "poisson")
TARGETS, EXPOSURES = np.array([0.0, 3.0, 3.0, 6.0]), np.array([1.0, 1.0, 2.0, 2.0])


def test_the_baseline_is_the_mean_rate() -> None:
    assert mean_decoder(POISSON, TARGETS, None, clips=False).baseline == (3.0,)
    assert mean_decoder(POISSON, TARGETS, EXPOSURES, clips=False).baseline == (2.0,)


@pytest.mark.parametrize("exposures", [None, EXPOSURES, 365.0 * EXPOSURES])
@pytest.mark.parametrize(("kind", "power"), [("poisson", 1.0), ("tweedie", 1.3), ("gamma", 1.0)])
def test_the_loss_of_the_baseline_is_a_half_in_any_unit(
    kind: str, power: float, exposures: np.ndarray | None
) -> None:
    targets = TARGETS + (kind == "gamma")
    decoder = mean_decoder(OutputShape(1, kind, loss_parameter=power), targets, exposures, clips=False)
    part = Regression("y").score(np.arange(4), targets, [np.ones((4, 1))], decoder, exposures)
    assert part.loss == part.baseline_loss == pytest.approx(0.5)
    assert part.metrics()["d2"] == pytest.approx(0.0, abs=1e-12)


def test_estimates_are_rates_times_exposures() -> None:
    decoder = mean_decoder(POISSON, TARGETS, EXPOSURES, clips=False)
    outputs = np.array([[0.5], [1.0], [1.0], [2.0]])  # of the mean rate, 2
    part = Regression("y").score(np.arange(4), TARGETS, [outputs], decoder, EXPOSURES)
    assert part.estimates.tolist() == [1.0, 2.0, 4.0, 8.0]
    assert part.predictions.tolist() == [1.0, 2.0, 2.0, 4.0]


def test_limits_are_those_of_the_rates_as_logarithms() -> None:
    model = ModelConfig.model_validate({"output": {"name": "poisson"}, "clip_outputs": True})
    decoder = Regression("y").output_decoder(model, TARGETS, exposures=EXPOSURES)
    assert decoder.limits is not None
    low, high = decoder.limits
    assert low == -BOUND
    assert high == pytest.approx(math.log(3.0 / 2.0))


def test_training_rows_without_events_have_half_an_event() -> None:
    decoder = mean_decoder(POISSON, np.zeros(4), EXPOSURES, clips=False)
    assert decoder.baseline == (0.5 / 6.0,)
    assert decoder.scale is not None
    assert decoder.scale.deviance == 1.0


def test_networks_count_by_the_deviance_of_their_mean() -> None:
    """The first one is right where means are small, and errors count most."""
    targets = np.tile([1.0, 100.0], 200)
    decoder = mean_decoder(POISSON, targets, None, clips=False)
    mean = targets.mean()
    first, second = (np.tile(pair, 200)[:, None] / mean for pair in ([1.0, 110.0], [3.0, 100.0]))
    shares = Regression("y").shares([first, second], targets, decoder)
    assert shares[0] > 0.6
