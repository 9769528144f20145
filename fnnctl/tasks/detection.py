"""Whether a target's values are classes or amounts: what `data.task: auto` goes by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.tables.numbers import plain_number

MANY_VALUES = 20
"""More different numbers than these may be amounts."""
FEW_ROWS = 10
"""Whole numbers with more rows than these on average are classes."""


def are_amounts(texts: Sequence[str], counts: IntArray) -> bool:
    """Whether values are continuous numbers; `counts` (C,) are the rows of each of the C ≥ 1 `texts`.

    Numbers are taken to be continuous

    - if they have fractions, and there are more than twenty of them or most occur once;
    - if they are integers, there are more than twenty of them, with fewer than ten rows each on average, and
      some occur once, which no class may in a stratified split.

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
