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


def drawn(count: int, *, stratify: bool = True, seed: int = 7) -> tuple[Split, tuple[Draw, ...]]:
    config = SplitConfig(validation=0.2, test=0.3, stratify=stratify)
    split = split_rows(STRATA, ["a", "b", "c"], config, seed=seed)
    made = draws(split, count, stratify=stratify, seed=seed)
    return split, tuple(draw for draw in made if isinstance(draw, Draw))


def validated(draw: Draw) -> list[int]:
    rows: list[int] = draw.split(STRATA, None).validation.tolist()
    return rows


@given(seed=st.integers(0, 2**64 - 1), stratify=st.booleans())
def test_the_test_part_stays_and_the_other_parts_keep_their_sizes(seed: int, stratify: bool) -> None:
    split, made = drawn(4, stratify=stratify, seed=seed)
    for draw in made:
        parts = draw.split(STRATA, None)
        assert parts.test is split.test
        assert (parts.train.size, parts.validation.size) == (split.train.size, split.validation.size)
        assert np.sort(np.concatenate([*parts.parts.values()])).tolist() == list(range(100))
        if stratify:
            counts = [np.bincount(STRATA[rows], minlength=3).tolist() for rows in (parts.train, split.train)]
            assert counts[0] == counts[1]


def test_every_draw_has_other_rows_and_another_seed() -> None:
    split, made = drawn(10)
    assert len({tuple(split.validation.tolist()), *(tuple(validated(draw)) for draw in made)}) == 11
    assert [draw.key for draw in made[:3]] == [(0,), (1,), (2,)]
    assert [draw.network_seed(5) for draw in made] == [confirmation_seed(5, number) for number in range(10)]
    assert validated(drawn(20)[1][3]) == validated(made[3]), "more draws begin with the same ones"


def test_groups_stay_together() -> None:
    groups = np.arange(100) // 5
    split = split_rows(STRATA, ["a", "b", "c"], SplitConfig(group="g"), seed=1, groups=groups)
    for draw in draws(split, 5, stratify=True, seed=1):
        parts = draw.split(STRATA, groups)
        assert parts.validation.size == pytest.approx(split.validation.size, abs=5)
        assert sum(len({*groups[rows]}) for rows in parts.parts.values()) == 20


def test_a_draw_can_be_sent_to_a_worker() -> None:
    _, made = drawn(2)
    first, second = pickle.loads(pickle.dumps(made))
    assert first.rows is second.rows, "the rows are sent once"
    assert validated(second) == validated(made[1])


def test_in_order_the_rows_stay_and_the_seeds_differ() -> None:
    split, _ = drawn(1)
    made = draws(split, 3, stratify=False, seed=7, in_order=True)
    assert all(draw.split(STRATA, None) is split for draw in made)
    assert [draw.key for draw in made] == [(0,), (1,), (2,)]
    assert [draw.network_seed(5) for draw in made] == [confirmation_seed(5, number) for number in range(3)]
