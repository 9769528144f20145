from __future__ import annotations

from fnnctl.search.samplers.fixed_list import FixedListSampler


def test_goes_through_the_list_and_is_exhausted_for_good() -> None:
    sampler = FixedListSampler([{"x": 1}, {"x": 2}, {"x": 3}])
    assert [sampler.ask(n, ()) for n in (0, 1, 4, 1, 1)] == [[], [{"x": 1}], [{"x": 2}, {"x": 3}], [], []]
    assert not sampler.learns


def test_takes_only_what_it_is_asked_for() -> None:
    taken = []
    sampler = FixedListSampler(taken.append(x) or {"x": x} for x in range(9))  # type: ignore[func-returns-value]
    sampler.ask(1, ())
    assert taken == [0]
    sampler.ask(3, ())
    assert taken == [0, 1, 2, 3]
