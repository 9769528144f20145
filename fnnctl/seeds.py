"""Streams of random numbers, each identified by a seed, a purpose and counts. No two uses share a stream.

So any epoch, fold or point can be drawn without drawing the ones before it, and a member of a stack draws the
same numbers whichever members it is trained with.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """The purpose of a stream. The values determine all results: never change one."""

    WEIGHTS = 0
    ORDER = 1
    DROPOUT = 2
    NOISE = 3
    MIXUP = 4
    SPLIT = int.from_bytes(b"split", "big")
    FOLDS = int.from_bytes(b"folds", "big")
    HELD_OUT = int.from_bytes(b"held out", "big")
    POINTS = int.from_bytes(b"points", "big")
    SCRAMBLE = int.from_bytes(b"scramble", "big")
    SHUFFLE = int.from_bytes(b"shuffle", "big")
    BOOTSTRAP = int.from_bytes(b"bootstrap", "big")
    SIMULATION = int.from_bytes(b"simulation", "big")
    GROUPS = int.from_bytes(b"groups", "big")
    CONFIRMATION = int.from_bytes(b"confirmation", "big")
    PROPOSALS = int.from_bytes(b"proposals", "big")
    MEMBERS = int.from_bytes(b"members", "big")
    INNER_MEMBERS = int.from_bytes(b"inner members", "big")
    PERMUTATIONS = int.from_bytes(b"permutations", "big")
    BAGS = int.from_bytes(b"bags", "big")
    SUBSETS = int.from_bytes(b"subsets", "big")
    COLUMNS = int.from_bytes(b"columns", "big")
    IMPORTANCE = int.from_bytes(b"importance", "big")
    TWINS = int.from_bytes(b"twins", "big")
    SAMPLES = int.from_bytes(b"samples", "big")
    CATEGORY_FOLDS = int.from_bytes(b"category folds", "big")
    UNLIKE = int.from_bytes(b"unlike", "big")
    CONTRIBUTIONS = int.from_bytes(b"contributions", "big")
    ROW_GROUPS = int.from_bytes(b"row groups", "big")
    TARGETS = int.from_bytes(b"targets", "big")


def stream(seed: int, purpose: Purpose, *counts: int) -> np.random.Generator:
    """The generator of SeedSequence((seed, purpose, *counts)); the counts are an epoch, a fold or a point."""
    return np.random.Generator(np.random.PCG64(_sequence(seed, purpose, *counts)))


def fold_seed(seed: int, repeat: int, fold: int) -> int:
    """The 64-bit seed of a fold's network, derived from the seed of its configuration."""
    return int(_sequence(seed, Purpose.FOLDS, repeat, fold).generate_state(1, np.uint64)[0])


def confirmation_seed(seed: int, number: int) -> int:
    """The 64-bit seed of the network that a confirmation trains with its seed of this number."""
    return int(_sequence(seed, Purpose.CONFIRMATION, number).generate_state(1, np.uint64)[0])


def member_seed(seed: int, number: int) -> int:
    """The seed of a member of an ensemble, derived from that of its fit; member 0 has the fit's own seed.

    It does not depend on the number of members, so a larger ensemble begins with the same members.
    """
    if number == 0:
        return seed
    return int(_sequence(seed, Purpose.MEMBERS, number).generate_state(1, np.uint64)[0])


def target_seed(seed: int, number: int) -> int:
    """The seed of the network of one of several targets, counted from 0, each of which has its own.

    The first target's has the seed of the member.
    """
    if number == 0:
        return seed
    return int(_sequence(seed, Purpose.TARGETS, number).generate_state(1, np.uint64)[0])


def twin_seed(seed: int) -> int:
    """The seed of the twin of a member with this seed."""
    return int(_sequence(seed, Purpose.TWINS).generate_state(1, np.uint64)[0])


def _sequence(*numbers: int) -> np.random.SeedSequence:
    # SeedSequence would split the integers into the same 32-bit words, but takes three times as long.
    words: list[int] = []
    for number in numbers:
        if number < 0:
            raise ValueError(f"{number} cannot identify a stream: seeds and counts are 0 or more")
        words.append(number & 0xFFFFFFFF)
        while number := number >> 32:
            words.append(number & 0xFFFFFFFF)
    return np.random.SeedSequence(np.array(words, np.uint32))
