from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.seeds import Purpose, confirmation_seed, fold_seed, member_seed, stream


@given(
    seed=st.integers(0, 2**64 - 1),
    purpose=st.sampled_from(Purpose),
    counts=st.lists(st.integers(0, 2**40), max_size=2),
)
def test_a_stream_is_that_of_numpy_for_the_same_numbers(
    seed: int, purpose: Purpose, counts: list[int]
) -> None:
    expected = np.random.default_rng(np.random.SeedSequence((seed, int(purpose), *counts)))
    drawn = stream(seed, purpose, *counts)
    assert drawn.bytes(16) == expected.bytes(16)
    assert drawn.permutation(20).tolist() == expected.permutation(20).tolist()


def test_negative_numbers_have_no_stream() -> None:
    with pytest.raises(ValueError, match="-1 cannot identify a stream"):
        stream(-1, Purpose.WEIGHTS)
    with pytest.raises(ValueError, match="-2 cannot identify a stream"):
        stream(1, Purpose.WEIGHTS, -2)


@pytest.mark.parametrize(
    ("purpose", "value"),
    [
        (Purpose.WEIGHTS, 0),
        (Purpose.ORDER, 1),
        (Purpose.DROPOUT, 2),
        (Purpose.NOISE, 3),
        (Purpose.MIXUP, 4),
        (Purpose.SPLIT, 0x73706C6974),
        (Purpose.FOLDS, 0x666F6C6473),
        (Purpose.HELD_OUT, 0x68656C64206F7574),
        (Purpose.POINTS, 0x706F696E7473),
        (Purpose.SCRAMBLE, 0x736372616D626C65),
        (Purpose.SHUFFLE, 0x73687566666C65),
        (Purpose.CONFIRMATION, 0x636F6E6669726D6174696F6E),
    ],
)
def test_values_never_change(purpose: Purpose, value: int) -> None:
    assert purpose == value


def test_a_fold_has_a_seed_of_its_own() -> None:
    seeds = {fold_seed(7, repeat, fold) for repeat in range(3) for fold in range(5)}
    assert len(seeds) == 15
    sequence = np.random.SeedSequence((7, Purpose.FOLDS.value, 1, 2))
    assert fold_seed(7, 1, 2) == sequence.generate_state(1, np.uint64)[0]


def test_every_seed_of_a_confirmation_gives_other_weights() -> None:
    seeds = {confirmation_seed(7, number) for number in range(20)}
    assert len(seeds | {7}) == 21
    sequence = np.random.SeedSequence((7, Purpose.CONFIRMATION.value, 3))
    assert confirmation_seed(7, 3) == sequence.generate_state(1, np.uint64)[0]


def test_a_member_has_a_seed_of_its_own_and_the_first_one_its_fits() -> None:
    assert member_seed(7, 0) == 7
    assert len({member_seed(seed, number) for seed in (7, 8, 2**64 - 1) for number in range(50)}) == 150
    sequence = np.random.SeedSequence((7, int.from_bytes(b"members", "big"), 3))
    assert member_seed(7, 3) == sequence.generate_state(1, np.uint64)[0]
