from __future__ import annotations

from itertools import repeat

from fnnctl.search.samplers.allowed import allowed
from fnnctl.space.dimensions import Dimension
from fnnctl.space.number_domains import Integer
from fnnctl.space.space import Space

SPACE = Space([Dimension("a", Integer(1, 9))], ["a < 3"])


def test_only_what_is_allowed_is_left() -> None:
    assert list(allowed(({"a": value} for value in (1, 5, 2, 3)), SPACE)) == [{"a": 1}, {"a": 2}]


def test_it_ends_after_many_rejections_in_a_row() -> None:
    candidates = ({"a": value} for value in (3, 4, 1, 3, 4, 2, 3, 4, 5, 1))
    assert list(allowed(candidates, SPACE, 3)) == [{"a": 1}, {"a": 2}]
    assert list(allowed(repeat({"a": 9}), SPACE, 10)) == []
