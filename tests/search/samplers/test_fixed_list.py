from __future__ import annotations

from fnnctl.search.samplers.fixed_list import FixedListSampler


def test_it_takes_what_it_is_asked_for_and_is_exhausted_for_good() -> None:
    listed = iter([{"x": 1}, {"x": 2}, {"x": 3}, {"x": 4}])
    sampler = FixedListSampler(listed)
    assert [sampler.ask(n, ()) for n in (0, 1, 2)] == [[], [{"x": 1}], [{"x": 2}, {"x": 3}]]
    assert next(listed) == {"x": 4}
    assert [sampler.ask(1, ()) for _ in range(2)] == [[], []]
    assert not sampler.learns
