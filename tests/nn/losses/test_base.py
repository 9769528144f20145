from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.shape import NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace

FLOAT64 = np.dtype(np.float64)


def targets_of(
    techniques: Mapping[str, FloatArray], dtype: np.dtype[np.floating], *, weighted: bool = False
) -> Targets:
    shape = NetworkShape(1, (), OutputShape(2))
    return Workspace(shape, 2, 3, dtype, training=True, weighted=weighted, techniques=techniques).targets


def probabilities(targets: Targets, classes: int) -> FloatArray:
    out = np.full((len(targets.y), classes, targets.y.shape[1]), 99.0)
    targets.probabilities(out)
    np.testing.assert_allclose(out.sum(axis=1), 1.0, rtol=1e-15)
    return out


def test_plain_labels_are_unit_vectors() -> None:
    assert probabilities(Targets(np.array([[1, 0]])), 3)[0].tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]


def test_smoothing_by_hand() -> None:
    """ε = 0.25 with 5 classes: 0.05 each, plus 0.75 for the label; each member has its own ε."""
    targets = Targets(np.array([[3], [0]]), smoothing=np.array([[0.25], [0.5]]))
    t = probabilities(targets, 5)[..., 0]
    np.testing.assert_allclose(t, [[0.05, 0.05, 0.05, 0.8, 0.05], [0.6, 0.1, 0.1, 0.1, 0.1]], rtol=1e-15)


def test_mixtures_by_hand() -> None:
    """ρ = 0.7; the second example's partner has the same label."""
    targets = Targets(np.array([[0, 2]]), partners=np.array([[1, 2]]), share=np.array([[0.7]]))
    np.testing.assert_allclose(probabilities(targets, 3)[0].T, [[0.7, 0.3, 0.0], [0, 0, 1.0]], rtol=1e-15)


def test_a_mixture_is_smoothed() -> None:
    """ρ = 0.75 and ε = 0.2 with 4 classes: 0.8·0.75 + 0.05, 0.8·0.25 + 0.05, and 0.05 twice."""
    targets = Targets(np.array([[2]]), None, np.array([[0]]), np.array([[0.75]]), np.array([[0.2]]))
    np.testing.assert_allclose(probabilities(targets, 4)[0, :, 0], [0.25, 0.05, 0.65, 0.05], rtol=1e-14)


def test_arrays_are_made_for_what_is_asked_for_only() -> None:
    plain = targets_of({}, FLOAT64)
    assert (plain.weights, plain.partners, plain.share, plain.smoothing) == (None,) * 4
    assert not plain.soft
    weighted = targets_of({}, FLOAT64, weighted=True)
    assert weighted.weights is not None
    assert weighted.weights.shape == weighted.y.shape == (2, 3)
    assert not weighted.soft
    mixed = targets_of({"mixup": np.ones(2)}, np.dtype(np.float32))
    assert mixed.soft
    assert mixed.share is not None
    assert mixed.share.shape == (2, 3)
    assert mixed.share.dtype == np.float32
    smoothed = targets_of({"label_smoothing": np.array([0.1, 0.2])}, FLOAT64)
    assert smoothed.soft
    assert smoothed.smoothing is not None
    assert smoothed.smoothing.tolist() == [[0.1], [0.2]]
