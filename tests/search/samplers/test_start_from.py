from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.fixed_list import FixedListSampler
from fnnctl.search.samplers.grid import GridSampler
from fnnctl.search.samplers.random import RandomSampler
from fnnctl.search.samplers.start_from import StartFrom
from fnnctl.space.identity import identity
from tests.search.spaces import space
from tests.search.toys import Recorder

SPACE = space({"x": {"integer": [0, 5]}, "y": {"choice": [0, 1]}})
FIRST = st.lists(st.fixed_dictionaries({"x": st.integers(-2, 9), "y": st.integers(0, 2)}), max_size=8)


@pytest.mark.parametrize("make", [lambda: GridSampler(SPACE, resolution=6), lambda: RandomSampler(SPACE)])
@given(first=FIRST, sizes=st.lists(st.integers(1, 6), min_size=30, max_size=30))
def test_the_first_come_first_and_nothing_comes_twice(
    make: Callable[[], Sampler], first: list[dict[str, int]], sizes: list[int]
) -> None:
    """However many are asked for at once, until the space is exhausted; the others in their own order."""
    alone = make().ask(12, ())
    sampler = StartFrom(make(), first, identity)
    assignments = [assignment for n in sizes for assignment in sampler.ask(n, ())]
    distinct = list({identity(assignment): assignment for assignment in first}.values())
    assert assignments == [*distinct, *(assignment for assignment in alone if assignment not in first)]


def test_the_other_sampler_hears_of_everything() -> None:
    """What is pending, and the results of trials that it did not propose."""
    inner = Recorder(99, learns=True, saved=3)
    sampler = StartFrom(inner, [{"x": -1}, {"x": -2}, {"x": -3}], identity)
    assert (sampler.learns, sampler.saved) == (True, 3)
    assert sampler.ask(2, []) == [{"x": -1}, {"x": -2}]
    assert inner.asked == []
    assert sampler.ask(3, [{"x": -2}]) == [{"x": -3}, {"x": 0}, {"x": 1}]
    assert inner.asked == [(1, [{"x": -2}, {"x": -3}]), (1, [{"x": -2}, {"x": -3}, {"x": 0}])]
    sampler.tell(Trial(0, {"x": -1}), 0.5, 9)
    assert inner.told == [(0, 0.5, 9)]


def test_what_is_skipped_is_not_pending_for_the_next_proposal() -> None:
    """So a search that is extended proposes what a longer one would have proposed."""
    inner = Recorder(99, learns=True)
    sampler = StartFrom(inner, [{"x": 0}], identity)
    assert sampler.ask(3, ()) == [{"x": 0}, {"x": 1}, {"x": 2}]
    assert [pending for _, pending in inner.asked] == [[{"x": 0}], [{"x": 0}], [{"x": 0}, {"x": 1}]]


def test_a_sampler_that_saves_nothing() -> None:
    sampler = StartFrom(FixedListSampler([]), [{"x": 1}], identity)
    assert (sampler.learns, sampler.saved) == (False, 0)
    assert list(sampler.ask(5, ())) == [{"x": 1}]
