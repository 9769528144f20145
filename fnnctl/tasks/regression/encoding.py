"""Encodes the raw target as numbers, and divides them into bins for stratified splits."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Dataset
from fnnctl.data.problems import Problems
from fnnctl.data.tables.numbers import almost_number, plain_number
from fnnctl.errors import DataError, Problem
from fnnctl.text import printable, shown

LARGEST = 1e150
"""The squares of larger values may overflow."""
SMALLEST_BIN = 2
"""A stratum with a single row cannot be split."""


def encode(dataset: Dataset) -> FloatArray:
    """The target's values as numbers, (N,) float64.

    Raises DataError with every value that is not a number, or if all training values are equal or some are
    too large to compute with.
    """
    target, counts = dataset.target, dataset.target_counts()
    in_training, in_test = Problems(printable(dataset.source)), Problems(printable(dataset.test_source or ""))
    values = np.zeros(len(target.texts))
    places = enumerate(zip(target.texts, target.lines, strict=True))
    for code, (text, line) in sorted(places, key=lambda place: place[1][1] or 0):
        number = plain_number(text)
        if number is None:
            problems = in_training if counts[code] else in_test
            problems.add(not_a_number(target.name, text), line=line)
        else:
            values[code] = number
    in_training.raise_any()
    in_test.raise_any()
    known = np.flatnonzero(counts)
    if np.ptp(values[known]) == 0:
        message = f"the target {shown(target.name)} has only one value, {target.texts[known[0]]}"
        raise DataError(Problem(f"{message}: there is nothing to learn", file=printable(dataset.source)))
    if np.abs(values).max() > LARGEST:
        message = f"the target {shown(target.name)} has values above {LARGEST:g}: use a larger unit"
        raise DataError(Problem(message, file=printable(dataset.source)))
    return values[target.codes]


def not_a_number(target: str, text: str) -> str:
    """The message for a text that is not a valid value of the target."""
    reason = almost_number(text) or f"{shown(text)} is not a number"
    return f"the target {shown(target)} of a regression: {reason}"


def bins(values: FloatArray, count: int) -> IntArray:
    """Divide values, (N,), into at most `count` bins of about equally many rows, in their order; return (N,).

    Equal values are in one bin. A bin with a single row is merged with an adjacent bin.
    """
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    first = np.searchsorted(ranked, ranked)  # equal values share the lowest of their ranks
    _, of_rank = np.unique(first * count // len(values), return_inverse=True)
    sizes = np.bincount(of_rank)
    number, numbers = 0, np.zeros(len(sizes), np.intp)
    held = sizes[0]
    for index in range(1, len(sizes)):
        if held >= SMALLEST_BIN and sizes[index:].sum() >= SMALLEST_BIN:
            number, held = number + 1, 0
        numbers[index] = number
        held += sizes[index]
    binned = np.empty(len(values), np.intp)
    binned[order] = numbers[of_rank]
    return binned
