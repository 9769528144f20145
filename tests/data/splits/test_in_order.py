from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.data.splits.in_order import cut_last, cuts, distinct, part_ends

VALUES = st.lists(st.integers(0, 12), min_size=2, max_size=60)


def possible(values: FloatArray) -> list[int]:
    """Where sorted values can be cut."""
    return [at for at in range(1, len(values)) if values[at - 1] < values[at]]


@given(values=VALUES, wanted=st.integers(0, 60))
def test_the_nearest_place_between_different_values(values: list[int], wanted: int) -> None:
    ordered = np.sort(np.array(values, float))
    assume(distinct(ordered) > 1)
    assert cuts(ordered, [wanted]) == [min(possible(ordered), key=lambda at: (abs(at - wanted), at))]


@given(values=VALUES, wanted=st.lists(st.integers(0, 60), min_size=1, max_size=6), first=st.integers(1, 3))
def test_every_part_has_a_value_of_its_own_and_the_first_as_many_as_asked(
    values: list[int], wanted: list[int], first: int
) -> None:
    ordered = np.sort(np.array(values, float))
    assume(distinct(ordered) >= first + len(wanted))
    places = cuts(ordered, sorted(wanted), first=first)
    assert set(places) <= set(possible(ordered))
    assert places == sorted(set(places))
    assert distinct(ordered[: places[0]]) >= first
    with pytest.raises(ValueError, match="different values are too few"):
        cuts(ordered, sorted(wanted), first=int(distinct(ordered)) - len(wanted) + 1)


def test_by_hand() -> None:
    days = np.repeat([1.0, 2.0, 3.0, 4.0], [3, 1, 5, 1])  # cuts at 3, 4 and 9
    assert cuts(days, [6]) == [4]
    assert cuts(days, [7]) == [9]
    assert cuts(days, [8]) == [9]
    assert cuts(days, [1, 2, 3]) == [3, 4, 9]
    assert cuts(days, [8, 9]) == [4, 9]  # the second part has to have a value
    assert cuts(days, [3], first=3) == [9]
    assert cut_last(days, 0.1) == 9
    assert cut_last(days, 0.99) == 3
    assert cut_last(np.arange(20.0), 0.25) == 15


def test_ends_of_parts_by_hand() -> None:
    """Rows with equal values stay in the order of the file; a long last day leaves two values."""
    order = np.random.default_rng(0).permutation(100).astype(float)
    rows, *ends = part_ends(order, 15, 20)
    assert (ends, order[rows].tolist()) == ([65, 80], list(range(100)))
    assert part_ends(np.array([2.0, 1.0, 2.0, 1.0, 3.0]), 1, 1)[0].tolist() == [1, 3, 0, 2, 4]
    last_day, first_day = (np.repeat([1.0, 2.0, 3.0], days) for days in ([2, 2, 96], [96, 2, 2]))
    assert part_ends(last_day, 15, 20)[1:] == (2, 4)
    assert part_ends(last_day, 0, 20)[1:] == (4, 4)  # whether there is a validation part or not
    assert part_ends(first_day, 15, 20)[1:] == (96, 98)
