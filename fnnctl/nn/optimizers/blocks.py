"""How operations run over the parameters of a stack.

They run in blocks that fit in the cache: several operations on one block, then on the next. If all members
have the same factor, it is a single number instead of a column, because with a column NumPy goes row by row.
"""

from __future__ import annotations

from fnnctl.arrays import FloatArray

BLOCK = 2**16
"""Elements of each array in a block: 1.3 MB in five arrays, about the size of a second-level cache."""


def blocks(members: int, size: int) -> list[slice]:
    """The columns of a (K, P) array, block by block; one block if they are few, or if K > 1.

    A block of several rows is not contiguous, which makes NumPy less than half as fast, and a stack is hardly
    larger than the cache anyway.
    """
    if members > 1 or size <= 2 * BLOCK:
        return [slice(0, size)]
    return [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]


def shared(values: FloatArray) -> FloatArray:
    """Values of K members, (…, K, 1); (…) if all members have the same.

    NumPy is twice as fast with a 0-d array as with a column, and also faster than with a Python number.
    """
    return values[..., 0, 0] if (values == values[..., :1, :]).all() else values
