"""Sampling by rejection: only what fulfils the constraints of a space is proposed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space

MOST_REJECTED: Final = 100_000
"""After this many rejections in a row, practically nothing fulfils the constraints."""


def allowed(
    candidates: Iterable[Assignment], space: Space, most: int = MOST_REJECTED
) -> Iterator[Assignment]:
    """The candidates that the space allows, until `most` in a row are rejected."""
    rejected = 0
    for assignment in candidates:
        if space.allows(assignment):
            rejected = 0
            yield assignment
        else:
            rejected += 1
            if rejected >= most:
                return
