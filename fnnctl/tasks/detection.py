"""Decides whether a target's values are classes or amounts: the rule of `data.task: auto`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.columns.numbers import almost_number, plain_number

MANY_VALUES = 20
"""With more distinct numbers than this, the target may be an amount."""
FEW_ROWS = 10
"""Integers that occur in this many rows or more on average are classes."""


def are_amounts(texts: Sequence[str], counts: IntArray) -> bool:
    """Whether values are continuous numbers; `counts` (C,) are the numbers of rows of the C ≥ 1 `texts`.

    Numbers are taken to be continuous

    - if some are not integers, and more than twenty are distinct or most occur only once;
    - if all are integers, more than twenty are distinct, some occur only once, which a stratified split does
      not allow for classes, and each has fewer than ten rows on average, or some are negative.

    So a thousand integers with two rows each are classes, and so are half-stars from 0.5 to 5.
    """
    if not all_numbers(texts):
        return False
    many, single = len(texts) > MANY_VALUES, int(np.count_nonzero(counts == 1))
    if not all(float(text).is_integer() for text in texts):
        return many or 2 * single > len(texts)
    is_signed = any(text.startswith("-") for text in texts)
    return many and single > 0 and (FEW_ROWS * len(texts) > int(counts.sum()) or is_signed)


MIN_LEVELS = 5
"""Fewer whole numbers are codes of classes in most tables, such as 0, 1 and 2 of three species."""
MAX_LOWEST = 3
"""Counts begin at 0 or 1 and ratings at 1, but rare ones may be missing: the quality of wine begins at 3."""
MIN_PEAK = 3
"""How many times the rarest level the most frequent one has at least: classes are often balanced."""
STANDARD_ERRORS = 3
"""By this many standard errors the frequencies may rise behind their peak, or fall before it."""
STARS = (1, 5)
"""The levels of most ratings."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What classes that are whole numbers may be instead."""

    noun: str
    """`counts` or `ratings`."""
    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.noun} (whole numbers from {self.low} to {self.high})"


def quantity_of(texts: Sequence[str], counts: IntArray) -> Quantity | None:
    """What the classes `texts`, with their numbers of rows `counts` (C,), look like; None for other classes.

    Counts and ratings are whole numbers from a small one on, with few gaps, whose frequencies rise to one
    peak and fall after it, up to chance. Ratings from 1 to 5 often have two peaks, so these need no peak.
    """
    if len(texts) < MIN_LEVELS or not all_numbers(texts):
        return None
    numbers = np.array([float(text) for text in texts])
    levels = len(np.unique(numbers))  # 1 and 1.0 are one
    low, high = int(numbers.min()), int(numbers.max())
    span = high - low + 1
    if levels < MIN_LEVELS or (numbers % 1).any() or not 0 <= low <= MAX_LOWEST or span > 2 * levels:
        return None
    if (low, high) == STARS and span == levels:
        return Quantity("ratings", low, high)
    rows = np.bincount(numbers.astype(np.int64) - low, weights=counts)
    peak, steps = int(rows.argmax()), np.diff(rows)
    steps[:peak] *= -1  # now > 0: away from a single peak
    chance = STANDARD_ERRORS * np.sqrt(rows[:-1] + rows[1:])
    if (steps > chance).any() or rows[peak] < MIN_PEAK * rows.min():
        return None
    return Quantity("counts" if low == 0 or high > 10 else "ratings", low, high)


@dataclass(frozen=True, slots=True)
class Counts:
    """What whole numbers look like whose mean an output of counts would estimate."""

    low: int
    high: int
    mean: float
    variance: float

    def __str__(self) -> str:
        spread = f"mean {self.mean:.3g}, variance {self.variance:.3g}"
        return f"counts (whole numbers from {self.low:,} to {self.high:,}, {spread})"


def counts_of(texts: Sequence[str], rows: IntArray) -> Counts | None:
    """What values, the `texts` with their numbers of rows (C,), look like if they are counts; None if not.

    Counts are whole numbers from a small one on. Up to their median hardly one is left out, most are below
    their mean, and they vary at least half as much as Poisson's: ratings have narrower frequencies, and codes
    and amounts of money have gaps.
    """
    if len(texts) < MIN_LEVELS or not all_numbers(texts):
        return None
    numbers = np.array([float(text) for text in texts])
    if (numbers % 1.0).any() or not 0 <= numbers.min() <= MAX_LOWEST or numbers.max() > LARGEST_COUNT:
        return None
    levels, which = np.unique(numbers, return_inverse=True)
    weights = np.bincount(which, weights=rows)
    mean = float(np.average(levels, weights=weights))
    variance = float(np.average(np.square(levels - mean), weights=weights))
    below = weights.cumsum() / weights.sum()
    median = levels[int(np.searchsorted(below, 0.5))]
    present = np.count_nonzero(levels <= median) / (median - levels[0] + 1)
    if median > mean or present < DENSE or variance < 0.5 * mean or (levels[0], levels[-1]) == STARS:
        return None
    return Counts(int(levels[0]), int(levels[-1]), mean, variance)


LARGEST_COUNT = 1e6
"""Larger whole numbers are amounts of money, or ids; judgement."""
DENSE = 0.75
"""The share of the whole numbers up to the median that occur in counts; judgement."""


def misspelt_amount(texts: Sequence[str], counts: IntArray) -> int | None:
    """The index of the first text that is not a plain number in an otherwise continuous target, or None.

    Such a target has more than twenty values, of which at least nine in ten are plain numbers or nearly so
    (`3,5`); and most are nearly so, or the plain ones alone are amounts.
    """
    plain = np.array([plain_number(text) is not None for text in texts])
    wrong = np.flatnonzero(~plain).tolist()
    almost = sum(almost_number(texts[index]) is not None for index in wrong)
    if not wrong or len(texts) <= MANY_VALUES or 10 * (len(wrong) - almost) > len(texts):
        return None
    numbers = [text for text, is_plain in zip(texts, plain, strict=True) if is_plain]
    return wrong[0] if 2 * almost > len(texts) or are_amounts(numbers, counts[plain]) else None


def all_numbers(texts: Sequence[str]) -> bool:
    """Whether every text is a plain number."""
    return all(plain_number(text) is not None for text in texts)
