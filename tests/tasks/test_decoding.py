"""The steps of decoding, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.tasks.decoding import (
    BackTransformed,
    Divided,
    Limited,
    LogsSubtracted,
    Scaled,
    Standardized,
    Step,
    Transformed,
    calibration_steps,
    decoded,
)
from fnnctl.tasks.target_transforms import LogTransform

LOG = LogTransform(shift=1.0, least=0.0)


@pytest.mark.parametrize(
    ("step", "values", "expected"),
    [
        (Scaled(2.0, 1.0), [0.0, -1.5], [1.0, -2.0]),
        (Standardized(1.0, 2.0), [1.0, -2.0], [0.0, -1.5]),
        (Transformed(LOG), [0.0, 1.0, -5.0], [0.0, np.log(2.0), 0.0]),
        (BackTransformed(LOG, ()), [0.0, np.log(2.0)], [0.0, 1.0]),
        # (1 + 3)/2 − 1 and (2 + 6)/2 − 1
        (BackTransformed(LOG, (0.0, np.log(3.0))), [0.0, np.log(2.0)], [1.0, 3.0]),
        (Limited(-1.0, 1.0), [-2.0, 0.5, 7.0, np.inf], [-1.0, 0.5, 1.0, np.inf]),
        (Divided(4.0), [2.0, -8.0], [0.5, -2.0]),
        (LogsSubtracted((1.0, 2.0)), [3.0, 3.0], [3.0, 3.0 - np.log(2.0)]),
    ],
)
def test_a_step(step: Step, values: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(step.apply(np.array(values)), expected, rtol=1e-14, atol=1e-15)


def test_steps_follow_one_another() -> None:
    values: FloatArray = np.array([[4.0, 8.0]], np.float32)
    steps = calibration_steps(4.0, (1.0, np.e))
    np.testing.assert_allclose(decoded(values, steps), [[1.0, 1.0]], rtol=1e-15)
    assert decoded(values, steps).dtype == np.float64
    assert decoded(values, calibration_steps(None)) is values
