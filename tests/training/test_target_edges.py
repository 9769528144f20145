from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.shape import (
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NumericEmbeddingShape,
    OutputShape,
)
from fnnctl.training.members import Member
from fnnctl.training.pool import Examples
from fnnctl.training.target_edges import target_edges, tree_edges


@pytest.mark.parametrize(
    ("sizes", "targets", "leaves", "least_rows", "edges"),
    [
        # the division that gains most comes first
        ([10] * 6, [0.0, 0.0, 10.0, 10.0, 11.0, 11.0], 2, 1, [0, 2, 6]),
        ([10] * 6, [0.0, 0.0, 10.0, 10.0, 11.0, 11.0], 3, 1, [0, 2, 4, 6]),
        # bins that tell nothing apart are not divided
        ([10] * 6, [0.0] * 6, 3, 1, [0, 6, 6, 6]),
        ([10] * 6, [0] * 6, 3, 1, [0, 6, 6, 6]),
        # every leaf has enough rows
        ([2, 10, 10, 10], [100.0, 0.0, 0.0, 1.0], 4, 10, [0, 2, 3, 4, 4]),
    ],
)
def test_edges_by_hand(
    sizes: list[int], targets: list[float], leaves: int, least_rows: int, edges: list[int]
) -> None:
    """Bins with these numbers of rows, in each of which all targets are equal."""
    bins = np.repeat(np.arange(len(sizes)), sizes)
    assert tree_edges(bins, np.repeat(targets, sizes), leaves=leaves, least_rows=least_rows).tolist() == edges


@given(st.integers(0, 1000), st.booleans())
def test_a_row_of_weight_two_is_two_rows(seed: int, is_class: bool) -> None:
    rng = np.random.default_rng(seed)
    bins, weights = np.arange(200) % 9, rng.integers(1, 4, 200)
    targets = rng.integers(0, 3, 200) if is_class else rng.normal(size=200)
    weighted = tree_edges(bins, targets, weights.astype(float), leaves=4, least_rows=1)
    repeated = tree_edges(np.repeat(bins, weights), np.repeat(targets, weights), leaves=4, least_rows=1)
    assert weighted.tolist() == repeated.tolist()


@st.composite
def rows(draw: st.DrawFn) -> tuple[IntArray, IntArray]:
    count = draw(st.integers(20, 60))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return rng.integers(0, 12, count), rng.integers(0, 3, count)


def groups(bins: IntArray, edges: FloatArray) -> IntArray:
    return np.searchsorted(np.unique(edges), bins, side="right")


@given(rows(), st.integers(2, 6), st.booleans())
def test_the_leaves_explain_as_much_as_those_of_a_reference_tree(
    table: tuple[IntArray, IntArray], leaves: int, is_class: bool
) -> None:
    """Ties may be broken in another way, so the explained part of a single division is compared."""
    bins, classes = table
    targets = classes if is_class else classes.astype(float)
    edges = tree_edges(bins, targets, leaves=2, least_rows=3)
    tree = (
        DecisionTreeClassifier(criterion="entropy", max_leaf_nodes=2, min_samples_leaf=3)
        if is_class
        else DecisionTreeRegressor(max_leaf_nodes=2, min_samples_leaf=3)
    )
    reference = tree.fit(bins[:, None], targets).apply(bins[:, None])
    assert impurity(groups(bins, edges), targets) == pytest.approx(impurity(reference, targets), abs=1e-9)
    assert len(np.unique(tree_edges(bins, targets, leaves=leaves, least_rows=3))) <= leaves + 1


def impurity(leaf: IntArray, targets: FloatArray | IntArray) -> float:
    """The entropy of classes within leaves, or the sum of squared errors of numbers."""
    total = 0.0
    for name in np.unique(leaf):
        inside = targets[leaf == name]
        if inside.dtype.kind == "i":
            shares = np.unique(inside, return_counts=True)[1] / len(inside)
            total -= len(inside) * float(shares @ np.log(shares))
        else:
            total += float(((inside - inside.mean()) ** 2).sum())
    return total


SHAPE = NetworkShape(
    4,
    (HiddenShape(2, "relu"),),
    OutputShape(1, "squared"),
    stage=InputStageShape(NumericEmbeddingShape(numbers=2, bins=3, size=2, own_edges=True)),
)
DTYPE = np.dtype(np.float32)
NO_ROWS = np.empty(0, np.intp)
MEMBER = Member(0, 1, 0.1, 0.0, NO_ROWS, NO_ROWS, ("he_uniform", "glorot_uniform"))


def edges_of(
    pool: Examples, rows: Sequence[IntArray], weights: Sequence[FloatArray | None] | None = None
) -> FloatArray:
    members = [
        replace(MEMBER, train_rows=train, weights=factors)
        for train, factors in zip(rows, weights or [None] * len(rows), strict=True)
    ]
    return target_edges(SHAPE, members, pool, DTYPE)


@pytest.fixture
def table() -> tuple[FloatArray, FloatArray]:
    """The inputs and targets of 200 rows with two columns of bins."""
    rng = np.random.default_rng(0)
    numbers, bins = rng.normal(size=(200, 2)), rng.integers(0, 9, (200, 2))
    return np.column_stack([numbers, bins, np.ones(200)]).astype(np.float32), rng.normal(size=200)


def test_the_edges_of_a_network_depend_on_its_own_rows_alone(table: tuple[FloatArray, FloatArray]) -> None:
    """Those outside of its bag are predicted honestly: other targets of theirs change nothing."""
    inputs, targets = table
    first, second = np.arange(0, 150), np.arange(50, 200)
    edges = edges_of(Examples(inputs, targets), [first, second, first])
    assert edges[0].tolist() == edges[2].tolist() != edges[1].tolist()
    expected = [tree_edges(inputs[:150, j].astype(int), targets[:150], leaves=3) for j in (2, 3)]
    np.testing.assert_array_equal(edges[0], expected)
    changed_inputs, changed_targets = inputs.copy(), targets.copy()
    changed_inputs[150:, 2:4] = 8 - changed_inputs[150:, 2:4]
    changed_targets[150:] *= -1
    changed = edges_of(Examples(changed_inputs, changed_targets), [first, second])
    assert changed[0].tolist() == edges[0].tolist()
    assert changed[1].tolist() != edges[1].tolist()


def test_rows_of_weight_0_change_no_edges_and_weights_are_told_apart(
    table: tuple[FloatArray, FloatArray],
) -> None:
    every, half = np.arange(200), np.arange(100)
    weights = np.where(every < 100, 1.0, 0.0)
    edges = edges_of(Examples(*table), [every, every, half], [weights, None, None])
    assert edges[0].tolist() == edges[2].tolist() != edges[1].tolist()
