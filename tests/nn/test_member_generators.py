from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from fnnctl.arrays import BoolArray
from fnnctl.nn.member_generators import MemberGenerators


def generators(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def bernoulli(seed: int, probability: float, count: int) -> BoolArray:
    out = np.empty(count, np.bool_)
    MemberGenerators(generators(seed)).bernoulli(np.array([probability]), out[None])
    return out


@pytest.mark.parametrize("probability", [0.003, 0.3, 0.999])
def test_coins_have_the_probability_and_are_independent(probability: float) -> None:
    """Within five standard deviations; four coins come from one raw draw, so lags up to 5 matter.

    The product of two centred coins has mean 0 and variance (pq)².
    """
    thrown, variance = bernoulli(2, probability, 400_000) - probability, probability * (1 - probability)
    assert abs(thrown.mean()) < 5 * np.sqrt(variance / thrown.size)
    for lag in range(1, 6):
        assert abs((thrown[lag:] * thrown[:-lag]).mean()) < 5 * variance / np.sqrt(thrown.size)


class Sixteens:
    """A fake generator whose raw draws consist of the given 16-bit numbers."""

    def __init__(self, numbers: list[int]) -> None:
        self.bit_generator = self
        self._raw = np.array(numbers, np.uint16).view(np.uint64)

    def random_raw(self, size: int) -> Any:
        drawn, self._raw = self._raw[:size], self._raw[size:]
        return drawn


@pytest.mark.parametrize(
    ("probability", "heads"),
    [
        (0.0, 0),
        (2**-16, 1),
        (0.5, 2),
        (1 - 2**-16, 3),
        (1 - 2**-18, 4),  # the largest probability below 1 that 16 bits can represent
        (1.0, 4),
    ],
)
def test_sixteen_bits(probability: float, heads: int) -> None:
    rngs = MemberGenerators([cast(np.random.Generator, Sixteens([0, 2**15 - 1, 2**15, 2**16 - 1]))])
    out = np.empty((1, 4), np.bool_)
    rngs.bernoulli(np.array([probability]), out)
    assert out[0].tolist() == [True] * heads + [False] * (4 - heads)


@pytest.mark.parametrize("count", [1, 3, 4, 5])
def test_counts_that_four_does_not_divide(count: int) -> None:
    """Every draw is made, with as few raw draws as possible, and the first ones do not change."""
    (rng,) = generators(4)
    out = np.zeros((1, count), np.bool_)
    MemberGenerators([rng]).bernoulli(np.array([0.5]), out)
    assert out[0].tolist() == bernoulli(4, 0.5, 12)[:count].tolist()
    used = np.random.default_rng(4)
    used.bit_generator.random_raw(-(-count // 4))
    assert rng.bit_generator.random_raw() == used.bit_generator.random_raw()


def test_members_throw_their_own_coins() -> None:
    together, probabilities = np.empty((3, 5, 7), np.bool_), np.array([0.2, 0.5, 0.8])
    MemberGenerators(generators(5, 6, 7)).bernoulli(probabilities, together)
    for k, (seed, probability) in enumerate(zip((5, 6, 7), probabilities, strict=True)):
        np.testing.assert_array_equal(together[k].ravel(), bernoulli(seed, probability, 35))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_are_each_members_own(dtype: type[np.float32] | type[np.float64]) -> None:
    out = np.empty((2, 3, 4), dtype)
    MemberGenerators(generators(8, 9)).normals(out)
    for own, rng in zip(out, generators(8, 9), strict=True):
        np.testing.assert_array_equal(own, rng.standard_normal((3, 4), dtype=dtype))
