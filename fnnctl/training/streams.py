"""Random streams: each is named by a seed, a purpose and an epoch, and nothing draws from a shared one.

So any epoch can be trained again without those before it, and a member draws the same numbers
whoever its neighbours are.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is drawn for. The values are part of every result: never change one."""

    WEIGHTS = 0
    ORDER = 1
    DROPOUT = 2
    NOISE = 3
    MIXUP = 4


def stream(seed: int, purpose: Purpose, epoch: int = 0) -> np.random.Generator:
    """A generator of its own for this seed, purpose and epoch: of SeedSequence((seed, purpose, epoch)).

    That takes three times as long from numbers as from their 32-bit words, which are the same entropy.
    """
    words = np.array([*_words(seed), purpose, *_words(epoch)], np.uint32)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def _words(number: int) -> tuple[int, ...]:
    """A number's 32-bit words, the least first."""
    return (number,) if number < 2**32 else (number & 0xFFFFFFFF, *_words(number >> 32))
