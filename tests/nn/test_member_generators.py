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


@pytest.mark.parametrize("probability", [0.003, 0.1, 0.5, 0.7, 0.999])
def test_frequency(probability: float) -> None:
    """Within five standard deviations of the binomial distribution's mean."""
    count = 400_000
    deviation = np.sqrt(count * probability * (1 - probability))
    assert abs(bernoulli(1, probability, count).sum() - count * probability) < 5 * deviation


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5, 8])
def test_neighbours_are_independent(lag: int) -> None:
    """Four coins come from one raw draw. The product of two centred coins has mean 0 and variance (pq)²."""
    thrown = bernoulli(2, 0.3, 400_000) - 0.3
    products = thrown[lag:] * thrown[:-lag]
    assert abs(products.mean()) < 5 * 0.3 * 0.7 / np.sqrt(products.size)


def test_pairs_from_one_raw_draw_are_independent() -> None:
    """Each of the four positions against each other one, and the frequency at each position."""
    places = bernoulli(3, 0.5, 400_000).reshape(-1, 4) - 0.5
    covariance = places.T @ places / len(places)
    np.testing.assert_allclose(covariance, 0.25 * np.eye(4), atol=5 * 0.25 / np.sqrt(len(places)))
    assert np.abs(places.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(len(places))


class Sixteens:
    """A fake generator whose raw draws consist of the given 16-bit numbers."""

    def __init__(self, numbers: list[int]) -> None:
        self.bit_generator = self
        self._raw = np.array(numbers, np.uint16).view(np.uint64)

    def random_raw(self, size: int) -> Any:
        drawn, self._raw = self._raw[:size], self._raw[size:]
        return drawn


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.0, [False, False, False, False]),
        (2**-16, [True, False, False, False]),
        (0.5, [True, True, False, False]),
        (1 - 2**-16, [True, True, True, False]),
        (1 - 2**-18, [True, True, True, True]),  # the largest probability below 1 that 16 bits can represent
        (1.0, [True, True, True, True]),
    ],
)
def test_sixteen_bits(probability: float, expected: list[bool]) -> None:
    rngs = MemberGenerators([cast(np.random.Generator, Sixteens([0, 2**15 - 1, 2**15, 2**16 - 1]))])
    out = np.empty((1, 4), np.bool_)
    rngs.bernoulli(np.array([probability]), out)
    assert out[0].tolist() == expected


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 9])
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
    together = np.empty((3, 5, 7), np.bool_)
    probabilities = np.array([0.2, 0.5, 0.8])
    MemberGenerators(generators(5, 6, 7)).bernoulli(probabilities, together)
    alone = np.empty((1, 5, 7), np.bool_)
    MemberGenerators(generators(6)).bernoulli(probabilities[1:2], alone)
    np.testing.assert_array_equal(together[1], alone[0])
    assert not np.array_equal(together[0], together[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_are_each_members_own(dtype: type[np.float32] | type[np.float64]) -> None:
    out = np.empty((2, 3, 4), dtype)
    MemberGenerators(generators(8, 9)).normals(out)
    for own, rng in zip(out, generators(8, 9), strict=True):
        np.testing.assert_array_equal(own, rng.standard_normal((3, 4), dtype=dtype))
