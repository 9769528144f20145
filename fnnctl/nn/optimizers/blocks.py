"""How operations walk over the parameters of a stack.

In blocks that stay in the cache: several passes over one, then on to the next. And straight on, where all
members have the same number: a column of numbers, one a member, makes NumPy go row by row.
"""

from __future__ import annotations

from fnnctl.arrays import FloatArray

BLOCK = 2**16
"""So many numbers of each array at one time: 1.3 MB of five arrays, about what a second-level cache holds."""


def blocks(members: int, size: int) -> list[slice]:
    """The columns of a (K, P) array, block by block; all of them at once where they are few.

    A stack's, too: some columns of several rows do not stand side by side, for which NumPy takes more than
    twice as long, and stacks are cut so that they are not much larger than the cache.
    """
    if members > 1 or size <= 2 * BLOCK:
        return [slice(0, size)]
    return [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]


def shared(values: FloatArray) -> FloatArray:
    """Numbers of K members, (…, K, 1), or just one for all of them, (…), where they have the same.

    A 0-d array takes NumPy half the time of a column, and even less than a Python number.
    """
    return values[..., 0, 0] if (values == values[..., :1, :]).all() else values
