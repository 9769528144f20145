from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.search.samplers.shuffle import shuffled


@given(size=st.integers(0, 300), seed=st.integers(0, 2**64 - 1))
def test_it_is_a_permutation(size: int, seed: int) -> None:
    assert sorted(shuffled(size, seed=seed)) == list(range(size))


def test_the_first_ones_of_very_many_are_different_and_repeatable() -> None:
    first = list(islice(shuffled(5**40, seed=1), 1000))
    assert len(set(first)) == 1000
    assert max(first) > 5**39
    assert list(islice(shuffled(5**40, seed=1), 10)) == first[:10]
    assert list(islice(shuffled(5**40, seed=2), 10)) != first[:10]


def test_every_order_is_as_likely() -> None:
    orders = Counter(tuple(shuffled(3, seed=seed)) for seed in range(1200))
    assert len(orders) == 6
    assert all(count == pytest.approx(200, abs=60) for count in orders.values())  # 4.6 standard deviations
