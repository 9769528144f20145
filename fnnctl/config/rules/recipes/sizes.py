"""Batch size and epochs that follow from the number of rows; both recipes use the same steps."""

from __future__ import annotations

from typing import Final

MANY = 10**9
BATCH_SIZES: Final = ((1_500, 32), (10_000, 64), (50_000, 128), (200_000, 256), (MANY, 512))
"""Up to how many rows each batch size is for."""
EPOCHS: Final = ((20_000, 32), (100_000, 16), (MANY, 8))
"""Up to how many rows each number of epochs is for."""


def by_rows(rows: int, steps: tuple[tuple[int, int], ...]) -> int:
    """The value of the first step that has at least this many rows; beyond all of them, the last value."""
    return next((value for most, value in steps if rows <= most), steps[-1][1])
