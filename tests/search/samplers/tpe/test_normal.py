from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from fnnctl.search.samplers.tpe.normal import cdf


def test_shares_agree_with_scipy() -> None:
    z = np.concatenate([np.linspace(-12, 12, 100_001), [-1e300, -np.inf, np.inf, 8.5, -8.5, 0.0]])
    assert cdf(z) == pytest.approx(norm.cdf(z), abs=1e-12)
    assert cdf(np.array([-np.inf, 0.0, np.inf])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-15)


def test_shares_rise() -> None:
    assert (np.diff(cdf(np.linspace(-9, 9, 50_000))) >= 0).all()
