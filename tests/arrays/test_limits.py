from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays.limits import limited


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_values_are_limited_in_their_type_unless_they_overflow(precision: str) -> None:
    values = np.array([[-3.0, 0.5, 7.0], [np.nan, np.inf, -np.inf]], precision)
    given = values.copy()
    found = limited(values, -1.0, np.array([2.0, 0.25, 3.0]))
    assert found.dtype == precision
    np.testing.assert_array_equal(found, [[-1.0, 0.25, 3.0], [np.nan, np.inf, -np.inf]])
    np.testing.assert_array_equal(values, given)
