"""Decides whether a target's values are classes or amounts: the rule of `data.task: auto`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.tables.numbers import plain_number

MANY_VALUES = 20
"""With more distinct numbers than this, the target may be an amount."""
FEW_ROWS = 10
"""Integers that occur in this many rows or more on average are classes."""


def are_amounts(texts: Sequence[str], counts: IntArray) -> bool:
    """Whether values are continuous numbers; `counts` (C,) are the numbers of rows of the C ≥ 1 `texts`.

    Numbers are taken to be continuous

    - if some are not integers, and more than twenty are distinct or most occur only once;
    - if all are integers, more than twenty are distinct, each has fewer than ten rows on average, and some
      occur only once, which a stratified split does not allow for classes.

    So a thousand integers with two rows each are classes, and so are half-stars from 0.5 to 5.
    """
    if not all_numbers(texts):
        return False
    many, single = len(texts) > MANY_VALUES, int(np.count_nonzero(counts == 1))
    if not all(float(text).is_integer() for text in texts):
        return many or 2 * single > len(texts)
    return many and single > 0 and FEW_ROWS * len(texts) > int(counts.sum())


def all_numbers(texts: Sequence[str]) -> bool:
    """Whether every text is a plain number."""
    return all(plain_number(text) is not None for text in texts)
