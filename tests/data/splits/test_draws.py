from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.splits.draws import Draw, draws
from fnnctl.data.splits.parts import Split, split_rows
from fnnctl.seeds import confirmation_seed

STRATA = np.repeat(np.arange(3), [60, 30, 10])


def drawn(count: int, *, stratify: bool = True, seed: int = 7) -> tuple[Split, list[Split]]:
    config = SplitConfig(validation=0.2, test=0.3, stratify=stratify)
    split = split_rows(STRATA, ["a", "b", "c"], config, seed=seed)
    made = draws(split, count, stratify=stratify, seed=seed)
    return split, [each.split(STRATA, None) for each in made]


@given(seed=st.integers(0, 2**64 - 1), stratify=st.booleans())
def test_the_test_part_stays_and_the_other_parts_keep_their_sizes(seed: int, stratify: bool) -> None:
    split, found = drawn(4, stratify=stratify, seed=seed)
    for each in found:
        assert each.test is split.test
        assert (each.train.size, each.validation.size) == (split.train.size, split.validation.size)
        parts = np.concatenate([each.train, each.validation, each.test])
        assert np.sort(parts).tolist() == list(range(100))
        if stratify:
            counts = [np.bincount(STRATA[rows], minlength=3).tolist() for rows in (each.train, split.train)]
            assert counts[0] == counts[1]


def test_every_draw_has_other_rows_and_another_seed() -> None:
    split, found = drawn(10)
    parts = {tuple(each.validation.tolist()) for each in (split, *found)}
    assert len(parts) == 11
    assert [each.tolist() for each in drawn(10)[1][3].parts.values()] == [
        each.tolist() for each in found[3].parts.values()
    ]
    made = draws(split, 3, stratify=True, seed=7)
    assert [each.key for each in made] == [(0,), (1,), (2,)]
    assert [each.network_seed(5) for each in made] == [confirmation_seed(5, number) for number in range(3)]


def test_more_draws_begin_with_the_same_ones() -> None:
    assert drawn(3)[1][2].validation.tolist() == drawn(20)[1][2].validation.tolist()


def test_groups_stay_together() -> None:
    groups = np.arange(100) // 5
    split = split_rows(STRATA, ["a", "b", "c"], SplitConfig(group="g"), seed=1, groups=groups)
    for each in draws(split, 5, stratify=True, seed=1):
        found = each.split(STRATA, groups)
        assert found.validation.size == pytest.approx(split.validation.size, abs=5)
        assert not set(groups[found.train]) & set(groups[found.validation])
        assert not set(groups[found.test]) & set(groups[np.concatenate([found.train, found.validation])])


def test_a_draw_can_be_sent_to_a_worker() -> None:
    split, found = drawn(2)
    made = draws(split, 2, stratify=True, seed=7)
    one, other = pickle.loads(pickle.dumps(made))
    assert one.rows is other.rows, "the rows are sent once"
    assert isinstance(one, Draw)
    assert other.split(STRATA, None).train.tolist() == found[1].train.tolist()


def test_in_order_the_rows_stay_and_the_seeds_differ() -> None:
    split, _ = drawn(1)
    made = draws(split, 3, stratify=False, seed=7, in_order=True)
    assert all(each.split(STRATA, None) is split for each in made)
    assert [each.key for each in made] == [(0,), (1,), (2,)]
    assert [each.network_seed(5) for each in made] == [confirmation_seed(5, number) for number in range(3)]
