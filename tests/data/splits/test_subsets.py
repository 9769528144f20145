"""Subsets of a fold: nested, in proportion, and with the fold's test part."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.folds import Fold, divide
from fnnctl.data.splits.forward_folds import ForwardFolds
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.data.splits.subsets import Subset, draw_share

STRATA = np.repeat(np.arange(3), [120, 60, 20])
SHARES = (0.05, 0.1, 0.31, 0.5, 0.99)


def first_fold(*, groups: IntArray | None = None, validation: float = 0.2, seed: int = 3) -> Fold:
    folds = divide(STRATA, folds=4, repeats=1, stratify=True, seed=seed, groups=groups)
    return folds.folds(validation=validation, stratify=True, seed=seed)[1]


def subsets(
    rows: Rows, *, groups: IntArray | None = None, stratify: bool = True, order: FloatArray | None = None
) -> list[Split]:
    """The parts for each of the shares, and those of all rows."""
    made = [Subset(rows, share, stratify, 3, order).split(STRATA, groups) for share in SHARES]
    return [*made, rows.split(STRATA, groups)]


def is_nested(parts: list[IntArray]) -> bool:
    return all({*small.tolist()} <= {*large.tolist()} for small, large in pairwise(parts))


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("validation", [0.2, 0.0])
def test_subsets_are_nested_and_have_the_folds_test_part(stratify: bool, validation: float) -> None:
    *found, whole = subsets(first_fold(validation=validation), stratify=stratify)
    assert is_nested([*(split.train for split in found), whole.train])
    assert is_nested([*(split.validation for split in found), whole.validation])
    for share, split in zip(SHARES, found, strict=True):
        assert split.test.tolist() == whole.test.tolist()
        assert split.train.size == round(share * whole.train.size)
        assert split.validation.size == (max(1, round(share * whole.validation.size)) if validation else 0)
        assert (np.diff(split.train) > 0).all()


def test_a_subset_is_in_proportion_to_the_rows_of_the_fold() -> None:
    """Of 72, 36 and 12 training rows half are 36, 18 and 6; of a tenth, 12 rows, 7.2, 3.6 and 1.2."""
    fold = first_fold()
    counts = {
        share: np.bincount(STRATA[Subset(fold, share, True, 3).split(STRATA, None).train]).tolist()
        for share in (0.1, 0.5)
    }
    assert counts == {0.1: [7, 4, 1], 0.5: [36, 18, 6]}


def test_a_share_depends_on_fold_and_seed() -> None:
    repeats = divide(STRATA, folds=4, repeats=2, stratify=True, seed=3)
    first, second = (repeats.folds(validation=0.2, stratify=True, seed=3)[number] for number in (1, 5))
    rows = [
        Subset(rows, 0.3, True, seed).split(STRATA, None).train.tolist()
        for rows, seed in ((first, 3), (first, 3), (first, 4), (second, 3))
    ]
    assert rows[0] == rows[1]
    assert len({*map(tuple, rows)}) == 3


def test_sizes_share_the_folds_seed_but_not_its_key() -> None:
    fold = first_fold()
    half, third = Subset(fold, 0.5, True, 3), Subset(fold, 1 / 3, True, 3)
    assert half.network_seed(11) == third.network_seed(11) == fold.network_seed(11)
    assert len({fold.key, half.key, third.key}) == 3
    assert half.key == (0, 1, 1, 2)
    again = pickle.loads(pickle.dumps(half))
    assert again.split(STRATA, None).train.tolist() == half.split(STRATA, None).train.tolist()


def test_groups_are_whole_and_nested() -> None:
    groups = np.arange(200) // 4
    *found, whole = subsets(first_fold(groups=groups), groups=groups)
    assert is_nested([*(split.train for split in found), whole.train])
    for share, split in zip(SHARES, found, strict=True):
        for part, all_rows in ((split.train, whole.train), (split.validation, whole.validation)):
            taken = {*groups[part].tolist()}
            assert part.tolist() == [row for row in all_rows if groups[row] in taken]
            assert len(part) == pytest.approx(share * len(all_rows), abs=4)
        if share >= 0.1:  # three groups
            assert {*STRATA[split.train]} == {0, 1, 2}


def test_rows_in_an_order_are_the_last_ones_before_the_test_block() -> None:
    order = np.random.default_rng(0).permutation(200).astype(float)
    folds = ForwardFolds.of(order, folds=3, repeats=1, validated=True)
    fold = folds.folds(validation=0.2, stratify=True, seed=0)[2]
    for share, split in zip((*SHARES, 1.0), subsets(fold, order=order), strict=True):
        size = round(share * 150)
        assert sorted(order[split.non_test].tolist()) == list(range(150 - size, 150))
        assert split.train.size == size - max(1, round(0.2 * size))
        assert order[split.train].max() < order[split.validation].min()
        assert order[split.test].tolist() == [value for value in order if value >= 150]


def test_equal_values_of_an_order_stay_together() -> None:
    def subset(order: FloatArray, share: float) -> Split:
        folds = ForwardFolds.of(order, folds=1, repeats=1, validated=False)
        (fold,) = folds.folds(validation=0.0, stratify=True, seed=0)
        return Subset(fold, share, True, 0, order).split(STRATA, None)

    assert subset(np.repeat(np.arange(20.0), 10), 0.33).non_test.tolist() == [*range(70, 100)]
    with pytest.raises(ValueError, match="different values are too few"):
        subset(np.repeat([0.0, 1.0], 100), 0.5)


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    share=st.floats(0.0, 1.0, exclude_min=True),
    seed=st.integers(0, 99),
)
def test_a_drawn_share_has_every_stratum_if_it_can_and_is_in_proportion(
    counts: list[int], share: float, seed: int
) -> None:
    strata = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    drawn = draw_share(strata, share, rng=np.random.default_rng(seed))
    size = max(1, round(share * len(strata)))
    assert drawn.size == size
    found = np.bincount(strata[drawn], minlength=len(counts))
    if size >= len(counts):
        assert found.min() >= 1
    # Rows that every stratum gets first may be missing elsewhere, at most one for each other stratum.
    quotas = size * np.array(counts) / sum(counts)
    assert (found <= np.maximum(1, quotas + 1)).all()
    assert (found >= quotas - len(counts)).all()


def test_a_group_counts_for_the_stratum_of_which_it_has_the_largest_share() -> None:
    """Group 2 has half of the rare rows, and a fifth of the others: it is among the first ones."""
    groups = np.array([0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4])
    strata = np.array([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
    for seed in range(10):
        drawn = draw_share(strata, 0.4, rng=np.random.default_rng(seed), groups=groups)
        assert {2, 4} & {*groups[drawn].tolist()}
    assert draw_share(np.arange(0), 0.5, rng=np.random.default_rng(0)).tolist() == []


@pytest.mark.parametrize("grouped", [False, True])
def test_subsets_of_labels_are_nested_and_in_proportion(grouped: bool) -> None:
    labels = (np.random.default_rng(4).random((300, 3)) < [0.5, 0.2, 0.05]).astype(np.int8)
    groups = np.repeat(np.arange(100), 3) if grouped else None
    shares = (0.001, *SHARES)
    draws = [draw_share(labels, share, rng=np.random.default_rng(2), groups=groups) for share in shares]
    assert is_nested(draws)
    for share, rows in zip(shares, draws, strict=True):
        assert abs(len(rows) - max(1, round(300 * share))) <= (2 if grouped else 0)
        assert (np.diff(rows) > 0).all()
        if groups is not None:
            assert len(np.unique(groups[rows])) * 3 == len(rows)
        assert (
            np.abs(labels[rows].sum(axis=0) - labels.mean(axis=0) * len(rows)) < (5 if grouped else 3)
        ).all()
