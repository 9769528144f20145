"""The generators of a stack's members."""

from __future__ import annotations

from collections.abc import Iterable

from fnnctl.nn.draws import Draws
from fnnctl.seeds import Purpose, stream


def draws(seeds: Iterable[int], purpose: Purpose, epoch: int) -> Draws:
    """The members' generators for this purpose and epoch."""
    return Draws([stream(seed, purpose, epoch) for seed in seeds])
