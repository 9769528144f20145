from __future__ import annotations

import numpy as np

from fnnctl.search.samplers.losses import FAR, bounded


def test_infinite_losses_are_the_largest() -> None:
    np.testing.assert_array_equal(bounded(np.array([1.0, np.inf, 3.0])), [1.0, 3.0, 3.0])


def test_huge_losses_are_bounded() -> None:
    losses = np.array([1.0, 2.0, 3.0, 1e9])  # the median is 2.5
    np.testing.assert_array_equal(bounded(losses), [1.0, 2.0, 3.0, 2.5 + FAR * 1.5])


def test_late_losses_do_not_change_what_is_usual() -> None:
    losses = np.concatenate([np.arange(1.0, 11.0), np.full(50, 1.0), [40.0]])
    np.testing.assert_array_equal(bounded(losses), losses)
