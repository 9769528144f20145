from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from scipy import stats

from fnnctl.arrays.normal import normal_cdf


def test_it_is_scipys_in_the_tails_too() -> None:
    z = np.linspace(-37, 9, 200).reshape(4, 50)
    assert_allclose(normal_cdf(z), stats.norm.cdf(z), rtol=1e-12)
    assert normal_cdf(np.empty((0, 2))).shape == (0, 2)
