from __future__ import annotations

import pytest

from fnnctl.search.samplers import random
from fnnctl.search.samplers.random import RandomSampler
from fnnctl.search.samplers.sequences import SEQUENCES
from tests.search.spaces import space


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_it_takes_the_points_of_its_sequence_one_after_the_other(sequence: str) -> None:
    cube = space({"a": {"uniform": [0, 1]}, "b": {"log_uniform": [1e-3, 1]}})
    sampler = RandomSampler(cube, sequence=sequence, seed=5)
    points = SEQUENCES[sequence](2, seed=5)
    assert sampler.ask(9, ()) == [cube.assignment(points(index)) for index in range(9)]
    assert sampler.saved == 0


def test_what_was_drawn_again_before_something_new_is_counted() -> None:
    sampler = RandomSampler(space({"a": {"choice": [1, 2]}}), seed=0)
    points = SEQUENCES["pseudo_random"](1, seed=0)
    (first,), (second,) = sampler.ask(1, ()), sampler.ask(1, ())
    assert (first, second) in [({"a": 1}, {"a": 2}), ({"a": 2}, {"a": 1})]
    sides = [points(index)[0] < 0.5 for index in range(20)]
    assert sampler.saved == sides.index(not sides[0]) - 1
    assert sampler.ask(1, ()) == []
    assert sampler.saved == sides.index(not sides[0]) - 1


def test_a_space_whose_configurations_are_all_equal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "MAX_REPETITIONS", 50)
    for plain in ({"a": {"uniform": [0, 1]}}, {"a": {"integer": [1, 10**12]}}):
        sampler = RandomSampler(space(plain), key=lambda each: 0)
        assert len(sampler.ask(2, ())) == 1
        assert [sampler.ask(1, ()), sampler.ask(1, ())] == [[], []]
