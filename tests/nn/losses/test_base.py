from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.shape import NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace


def column(value: float | None) -> FloatArray | None:
    return None if value is None else np.array([[value]])


@pytest.mark.parametrize(
    ("label", "partner", "share", "smoothing", "expected"),
    [
        (1, None, None, None, [0, 1, 0, 0]),
        # 0.2 / 4 each, plus 0.8 for the label
        (3, None, None, 0.2, [0.05, 0.05, 0.05, 0.85]),
        (0, 1, 0.7, None, [0.7, 0.3, 0, 0]),
        (2, 2, 0.7, None, [0, 0, 1, 0]),
        # 0.8·0.75 + 0.05, 0.8·0.25 + 0.05, and 0.05 twice
        (2, 0, 0.75, 0.2, [0.25, 0.05, 0.65, 0.05]),
    ],
    ids=["plain", "smoothed", "mixed", "mixed with its own class", "mixed and smoothed"],
)
def test_probabilities_by_hand(
    label: int, partner: int | None, share: float | None, smoothing: float | None, expected: list[float]
) -> None:
    partners = None if partner is None else np.array([[partner]])
    targets = Targets(np.array([[label]]), None, partners, column(share), column(smoothing))
    out = np.full((1, 4, 1), 99.0)
    targets.probabilities(out)
    np.testing.assert_allclose(out[0, :, 0], expected, rtol=1e-14)


def test_members_have_a_smoothing_of_their_own() -> None:
    targets, out = Targets(np.array([[1], [0]]), smoothing=np.array([[0.25], [0.5]])), np.empty((2, 5, 1))
    targets.probabilities(out)
    expected = [[0.05, 0.8, 0.05, 0.05, 0.05], [0.6, 0.1, 0.1, 0.1, 0.1]]
    np.testing.assert_allclose(out[..., 0], expected, rtol=1e-15)


def test_arrays_are_made_for_what_is_asked_for_only() -> None:
    def made(**options: Any) -> Targets:
        shape = NetworkShape(1, (), OutputShape(2))
        return Workspace(shape, 2, 3, np.dtype(np.float32), training=True, **options).targets

    plain, weighted, mixed = made(), made(weighted=True), made(techniques={"mixup": np.ones(2)})
    smoothed = made(techniques={"label_smoothing": np.array([0.25, 0.5])})
    assert (plain.weights, plain.partners, plain.share, plain.smoothing) == (None,) * 4
    assert [targets.soft for targets in (plain, weighted, mixed, smoothed)] == [False, False, True, True]
    for array in (weighted.weights, mixed.share):
        assert array is not None
        assert (array.shape, array.dtype) == ((2, 3), np.dtype(np.float32))
    assert smoothed.smoothing is not None
    assert smoothed.smoothing.tolist() == [[0.25], [0.5]]
