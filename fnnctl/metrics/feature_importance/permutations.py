"""The permutations of a column's values; each column has a stream of its own.

So a column is permuted in the same way whichever other columns there are.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.seeds import Purpose, stream

REPEATS: Final = 10
_ROWS, _COLUMN = 0, 1


def permutations(seed: int, column: str, rows: int, *, repeats: int = REPEATS) -> IntArray:
    """Permutations of row indices, (repeats, rows): row i gets the column's value of row `donors[r, i]`."""
    digest = hashlib.sha256(column.encode("utf-8", "surrogatepass")).digest()[:8]
    rng = stream(seed, Purpose.IMPORTANCE, _COLUMN, int.from_bytes(digest, "big"))
    return np.array([rng.permutation(rows) for _ in range(repeats)], np.intp).reshape(repeats, rows)


def drawn_rows(seed: int, rows: int, most: int) -> IntArray:
    """The sorted indices of at most `most` of the rows, drawn at random."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(stream(seed, Purpose.IMPORTANCE, _ROWS).permutation(rows)[:most])
