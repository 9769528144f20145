"""Walks over parameters in blocks that stay in the cache: several passes over one, then on to the next."""

from __future__ import annotations

BLOCK = 2**15
"""So many numbers of each array at one time: those of five arrays then fit a second-level cache of 1 MB."""


def blocks(members: int, size: int) -> list[slice]:
    """The columns of a (K, P) array, block by block; all of them at once where they are few."""
    columns = max(1, BLOCK // members)
    if size <= 2 * columns:
        return [slice(0, size)]
    return [slice(start, min(start + columns, size)) for start in range(0, size, columns)]
