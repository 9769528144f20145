"""Statistics of the target per category, and that no row sees its own target in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.shape import (
    CategoryStatisticsShape,
    HiddenShape,
    InputStageShape,
    NetworkShape,
    OutputShape,
)
from fnnctl.seeds import Purpose, stream
from fnnctl.training.category_statistics import (
    FOLDS,
    category_statistics,
    raw_statistics,
    statistics_of,
)
from fnnctl.training.members import Member
from fnnctl.training.pool import Examples

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def raw(codes: IntArray, targets: TargetArray, weights: FloatArray | None = None, size: int = 2) -> Any:
    """The raw statistics of one column: of its codes, and of its rows."""
    shape = CategoryStatisticsShape((int(codes.max()) + 1,), size)
    ((of_codes, of_rows),) = raw_statistics(codes[:, None], targets, weights, shape)
    return of_codes, of_rows


def folds(rows: int) -> IntArray:
    return stream(0, Purpose.CATEGORY_FOLDS).permutation(rows) % FOLDS


def test_the_mean_of_numbers_is_drawn_to_that_of_all_rows() -> None:
    """Three rows of category 0 and one of category 1; the mean of all is 4."""
    of_codes, _ = raw(np.array([0, 0, 0, 1]), np.array([1.0, 3.0, 5.0, 7.0]))
    np.testing.assert_allclose(of_codes, [[-3 / 13, np.log(4)], [3 / 11, np.log(2)]])


def test_two_classes_have_the_odds_of_the_second() -> None:
    """The share of class 1, with one more row of each class, is (3 + 1) / (6 + 2) of all rows."""
    of_codes, _ = raw(np.array([0, 0, 0, 1, 1, 1]), np.array([1, 1, 0, 1, 0, 0]))
    expected = [[np.log((2 + 5) / (1 + 5)), np.log(4)], [np.log((1 + 5) / (2 + 5)), np.log(4)]]
    np.testing.assert_allclose(of_codes, expected)


def test_three_classes_have_the_evidence_for_each() -> None:
    of_codes, _ = raw(np.array([0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 0]), size=4)
    shares = np.array([4, 3, 2]) / 9
    of_category = (np.array([[2, 0, 0], [1, 2, 1]]) + 10 * shares) / np.array([[12], [14]])
    np.testing.assert_allclose(of_codes[:, :3], np.log(of_category / shares))
    np.testing.assert_allclose(of_codes[:, 3], np.log([3, 5]))


@pytest.mark.parametrize("targets", [np.array([1.0, 3.0, 5.0, 7.0, 2.0]), np.array([0, 1, 1, 0, 1])])
def test_a_row_of_twice_the_weight_is_two_rows_and_one_of_weight_0_is_none(targets: TargetArray) -> None:
    """Weights are divided by their mean, so that only their ratios count."""
    codes, repeated = np.array([0, 0, 1, 1, 0]), [0, 0, 1, 2, 3]
    weighted, _ = raw(codes, targets, np.array([8.0, 4.0, 4.0, 4.0, 0.0]))
    np.testing.assert_allclose(weighted, raw(codes[repeated], targets[repeated])[0])


def test_a_row_has_the_statistics_of_the_rows_outside_of_its_fold() -> None:
    """The prior, if its category is in that fold alone."""
    rng, fold = np.random.default_rng(0), folds(300)
    codes, targets = np.where(fold == 3, 6, rng.integers(0, 6, 300)), rng.normal(size=300)
    _, of_rows = raw(codes, targets)
    centred = targets - targets.mean()
    for row in range(0, 300, 7):
        outside = (codes == codes[row]) & (fold != fold[row])
        mean = centred[outside].sum() / (outside.sum() + 10)
        np.testing.assert_allclose(of_rows[row], [mean, np.log1p(outside.sum() * FOLDS / (FOLDS - 1))])


@pytest.mark.parametrize(
    ("classes", "weighted", "within"), [(2, True, 0.02), (3, False, 0.02), (0, False, 1e-12)]
)
def test_no_row_sees_its_own_target(classes: int, weighted: bool, within: float) -> None:
    """Its class reaches it by the prior alone, which one of 400 rows moves by less than 1 %.

    The mean of all numbers is kept, so that nothing but the row's own sum could change.
    """
    rng = np.random.default_rng(1)
    codes, fold = rng.integers(0, 40, 400), folds(400)
    targets = rng.integers(0, classes, 400) if classes else rng.normal(size=400)
    weights, size = rng.uniform(0.5, 2.0, 400) if weighted else None, 4 if classes == 3 else 2
    _, before = raw(codes, targets, weights, size)
    for row in (0, 17, 399):
        changed = targets.copy()
        if classes:
            changed[row] = 1 - min(1, changed[row])
        else:
            changed[[row, np.flatnonzero(codes != codes[row])[0]]] += [8.0, -8.0]
        _, after = raw(codes, changed, weights, size)
        np.testing.assert_allclose(after[row], before[row], atol=within)
        sees = (codes == codes[row]) & (fold != fold[row])
        assert np.abs(after[sees] - before[sees]).max() > 0.04


@given(st.integers(0, 1000), st.sampled_from([0, 2, 3]))
def test_statistics_have_mean_0_and_variance_1_over_the_rows(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, [[7, 20]], (150, 2))
    targets = rng.integers(0, classes, 150) if classes else rng.normal(size=150)
    shape = CategoryStatisticsShape((7, 20), 4 if classes == 3 else 2)
    statistics = statistics_of(codes, targets, None, shape, np.dtype(np.float32))
    assert statistics.of_rows.dtype == statistics.of_codes.dtype == np.float32
    assert statistics.of_codes.shape == (27, shape.size)
    np.testing.assert_allclose(statistics.of_rows.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(statistics.of_rows.std(axis=0), 1.0, rtol=1e-4)


@pytest.mark.parametrize("targets", [np.full(60, 0.1), np.zeros(60, np.intp)])
def test_targets_that_are_all_equal_give_numbers_that_are_not_huge(targets: TargetArray) -> None:
    """Such as a class that is absent from a bag: rounding errors are not scaled up."""
    codes = np.arange(60)[:, None] % 3
    statistics = statistics_of(codes, targets, None, CategoryStatisticsShape((4,), 2), FLOAT64)
    assert np.isfinite(statistics.of_codes).all()
    assert np.abs(statistics.of_rows[:, 0]).max() < 4
    assert np.abs(statistics.of_codes[:, 0]).max() < 20


def test_an_unknown_value_is_like_the_category_of_fewest_rows() -> None:
    """Not far below it, although its rows are none and those of the categories hardly differ."""
    codes, rng = np.repeat(np.arange(20), 600), np.random.default_rng(0)
    targets = rng.integers(0, 2, codes.size)
    statistics = statistics_of(codes[:, None], targets, None, CategoryStatisticsShape((21,), 2), FLOAT64)
    assert statistics.of_codes[20, 1] == statistics.of_rows[:, 1].min() > -5.0


SHAPE_OF_CODES = CategoryStatisticsShape((6, 9), 2)
SHAPE = NetworkShape(
    3,
    (HiddenShape(2, "relu"),),
    OutputShape(2, "softmax"),
    stage=InputStageShape(categories=SHAPE_OF_CODES),
)
NO_ROWS = np.empty(0, np.intp)
MEMBER = Member(0, 1, 0.1, 0.0, NO_ROWS, NO_ROWS, ("he_uniform", "glorot_uniform"))


def test_the_statistics_of_a_network_depend_on_its_own_rows_alone() -> None:
    """Those outside of its bag are predicted honestly; twins share theirs."""
    rng = np.random.default_rng(4)
    codes = rng.integers(0, [[6, 9]], (200, 2))
    table = np.column_stack([rng.normal(size=200), codes, np.ones(200)]).astype(np.float32)
    targets = rng.integers(0, 2, 200)
    bags = [np.arange(0, 150), np.arange(50, 200), np.arange(0, 150)]
    members = [replace(MEMBER, train_rows=rows) for rows in bags]
    first, second, twin = category_statistics(SHAPE, members, Examples(table, targets), FLOAT32)
    assert twin is first
    expected = statistics_of(codes[:150], targets[:150], None, SHAPE_OF_CODES, FLOAT32)
    for own, alone in zip(first, expected, strict=True):
        np.testing.assert_array_equal(own, alone)
    others = targets.copy()
    others[150:] = 1 - others[150:]
    changed, changed_second, _ = category_statistics(SHAPE, members, Examples(table, others), FLOAT32)
    assert changed.of_codes.tobytes() == first.of_codes.tobytes()
    assert changed_second.of_codes.tobytes() != second.of_codes.tobytes()


def test_networks_without_codes_have_none() -> None:
    shape = replace(SHAPE, stage=InputStageShape(scaled=True))
    table = np.ones((5, 4), np.float32)
    assert category_statistics(shape, [MEMBER], Examples(table, np.arange(5)), FLOAT64) == []
