from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from fnnctl.arrays import FloatArray
from fnnctl.data.splits.forward_folds import ForwardFold, ForwardFolds, fewest_values
from fnnctl.data.splits.in_order import distinct
from fnnctl.seeds import fold_seed

NO_STRATA = np.zeros(0, np.intp)


def made(
    order: FloatArray, folds: int, *, validation: float = 0.2, repeats: int = 1
) -> tuple[ForwardFolds, tuple[ForwardFold, ...]]:
    divided = ForwardFolds.of(order, folds=folds, repeats=repeats, validated=validation > 0)
    return divided, divided.folds(validation=validation, stratify=True, seed=3)


@given(
    values=st.lists(st.integers(0, 20), min_size=2, max_size=80),
    folds=st.integers(2, 6),
    validation=st.sampled_from([0.0, 0.15, 0.9]),
)
def test_no_fold_learns_from_the_future(values: list[int], folds: int, validation: float) -> None:
    order = np.array(values, float)
    assume(distinct(order) >= fewest_values(folds, validated=validation > 0))
    divided, found = made(order, folds, validation=validation)
    tested = [*np.flatnonzero(divided.assignment[0] == -1).tolist()]
    for fold in found:
        split = fold.split(NO_STRATA, None)
        train, validated, test = (order[rows] for rows in split.parts.values())
        assert train.size
        assert test.size
        assert (validated.size > 0) == (validation > 0)
        assert train.max() < min(validated.min(initial=np.inf), test.min())
        assert validated.max(initial=-np.inf) < test.min()
        assert split.test.tolist() == divided.test_rows(0, fold.number).tolist()
        assert split.non_test.tolist() == np.flatnonzero(order < test.min()).tolist()
        tested += split.test.tolist()
    assert sorted(tested) == list(range(len(order)))


def test_too_few_values_cannot_be_divided() -> None:
    order = np.arange(fewest_values(3, validated=True) - 1.0)
    with pytest.raises(ValueError, match="too few"):
        made(order, 3)


@given(folds=st.integers(2, 8), rows=st.integers(2, 9), seed=st.integers(0, 99))
def test_the_folds_are_those_of_scikit_learn(folds: int, rows: int, seed: int) -> None:
    count = (folds + 1) * rows
    place = np.random.default_rng(seed).permutation(count)
    _, found = made(place.astype(float), folds, validation=0.0)
    in_order = np.argsort(place)
    for fold, (train, test) in zip(found, TimeSeriesSplit(folds).split(in_order), strict=True):
        split = fold.split(NO_STRATA, None)
        assert split.train.tolist() == sorted(in_order[train].tolist())
        assert split.test.tolist() == sorted(in_order[test].tolist())


def test_repeats_have_the_same_rows_and_other_seeds() -> None:
    divided, found = made(np.arange(30.0), 4, repeats=3)
    assert [fold.key for fold in found] == list(divided) == [(r, k) for r in range(3) for k in range(4)]
    assert [fold.network_seed(5) for fold in found] == [fold_seed(5, *fold.key) for fold in found]
    for first, second in zip(found[:4], found[4:], strict=False):
        assert first.ends == second.ends
    assert len({id(fold.rows) for fold in found}) == 1
    assert len(pickle.dumps(found)) < 3 * found[0].rows.nbytes + 4000


def test_some_rows_can_be_divided() -> None:
    rows = np.array([3, 5, 8, 13, 21, 34])
    divided = ForwardFolds.of(np.array([6.0, 5, 4, 3, 2, 1]), folds=2, repeats=1, validated=True)
    first, second = divided.folds(validation=0.5, stratify=False, seed=0, rows=rows)
    assert [part.tolist() for part in first.split(NO_STRATA, None).parts.values()] == [[34], [21], [8, 13]]
    assert [part.tolist() for part in second.split(NO_STRATA, None).parts.values()] == [
        [21, 34], [8, 13], [3, 5],
    ]  # fmt: skip


def test_what_is_learned_is_counted_from_the_first_block_on() -> None:
    divided, _ = made(np.arange(6.0), 2, repeats=2)
    for tested, learned in divided.counts(np.array([0, 0, 0, 1, 1, 0]), 2):
        assert tested.tolist() == [[1, 1], [1, 1]]
        assert learned.tolist() == [[2, 0], [3, 1]]
