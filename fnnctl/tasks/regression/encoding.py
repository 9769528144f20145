"""Encodes the raw target as numbers, and divides them into bins for stratified splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.schema.losses import TargetRange
from fnnctl.data.columns.numbers import number_problem, plain_number
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.problems import Problems
from fnnctl.errors import DataError, Problem
from fnnctl.text import printable, quoted

LARGEST, SMALLEST = 1e150, 1e-150
"""The squares of larger values may overflow, and those of smaller differences may underflow."""
MIN_BIN = 2
"""A stratum with a single row cannot be split."""


def encode(dataset: Dataset) -> FloatArray:
    """The target's values as numbers, (N,) float64; raises the DataError of `values_of`."""
    target, files = dataset.target, (printable(dataset.source), printable(dataset.test_source or ""))
    return values_of(target, dataset.target_counts(), *files)[target.codes]


def values_of(target: RawTarget, counts: IntArray, file: str, test_file: str = "") -> FloatArray:
    """The numbers that the target's texts stand for, (T,) float64; `counts` (T,) are their training rows.

    Raises DataError with every value that is not a number or is too large to compute with, or if all training
    values are equal.
    """
    in_training, in_test = Problems(file), Problems(test_file)
    values = np.zeros(len(target.texts))
    texts = enumerate(zip(target.texts, target.lines, strict=True))
    for code, (text, line) in sorted(texts, key=lambda entry: entry[1][1] or 0):
        number, problem = target_value(target.name, text)
        if problem:
            problems = in_training if counts[code] else in_test
            problems.add(problem, line=line)
        values[code] = number
    in_training.raise_any()
    in_test.raise_any()
    codes = np.flatnonzero(counts)
    spread = np.ptp(values[codes])
    if spread < SMALLEST:
        subject = f"the target {quoted(target.name)} has only one value, {target.texts[codes[0]]}"
        message = f"{subject}: there is nothing to learn"
        if spread > 0:
            message = (
                f"the values of the target {quoted(target.name)} differ by {spread:g}: use a smaller unit"
            )
        raise DataError(Problem(message, file=file))
    return values


def values_outside(dataset: Dataset, values: FloatArray) -> dict[TargetRange, str]:
    """For each range that a target of these values, (N,), leaves, the first value outside and its row.

    Such as `-1 in line 7 of visits.csv`.
    """
    found: dict[TargetRange, str] = {}
    for name, is_outside in OUTSIDE.items():
        outside = is_outside(values)
        if outside.any():
            found[name] = _place_of(dataset, int(outside.argmax()))
    return found


OUTSIDE: Final[Mapping[TargetRange, Callable[[FloatArray], BoolArray]]] = {
    "counts": lambda values: (values < 0.0) | (values % 1.0 != 0.0),
    "not_negative": lambda values: values < 0.0,
    "positive": lambda values: values <= 0.0,
}
"""Which values are outside a range."""
RANGES: Final[Mapping[TargetRange, str]] = {
    "counts": "whole numbers from 0 on",
    "not_negative": "numbers from 0 on",
    "positive": "numbers above 0",
}
"""The ranges in words."""


def _place_of(dataset: Dataset, row: int) -> str:
    """The target of a row, and where it is."""
    code, target = int(dataset.target.codes[row]), dataset.target
    is_test = row >= len(dataset) - dataset.test_rows
    file = printable((dataset.test_source if is_test else dataset.source) or "")
    line = target.lines[code]
    where = f"row {dataset.file_rows[row]} (from 0)" if line is None else f"line {line}"
    return f"{target.texts[code]} in {where} of {file}"


def target_value(target: str, text: str, within: TargetRange = "numbers") -> tuple[float, str | None]:
    """The value of the target that a text stands for, and None; or 0 and the reason why it is not valid.

    It must be `within` a range.
    """
    number = plain_number(text)
    problem = None
    if number is None:
        problem = number_problem(text)
    elif abs(number) > LARGEST:
        problem = f"{quoted(text)} is beyond ±{LARGEST:g}; use a larger unit"
    elif within != "numbers" and OUTSIDE[within](np.array([number])).any():
        problem = f"{quoted(text)} is not one of {RANGES[within]}"
    if problem or number is None:
        return 0.0, f"the target {quoted(target)} of a regression: {problem}"
    return number, None


def bins(values: FloatArray, count: int, *, test_rows: int = 0) -> IntArray:
    """Divide values, (N,), into at most `count` bins of about equally many rows, in their order; return (N,).

    Equal values are in one bin. A bin with a single row is merged with an adjacent bin. The last `test_rows`
    rows do not count: each is in the bin whose range its value is in.
    """
    ranked = np.sort(values[: len(values) - test_rows])
    first = np.searchsorted(ranked, ranked)  # equal values share the lowest of their ranks
    _, starts = np.unique(first * count // len(ranked), return_index=True)
    chosen = [0]
    for start in starts[1:].tolist():
        if start - chosen[-1] >= MIN_BIN and len(ranked) - start >= MIN_BIN:
            chosen.append(start)
    return np.searchsorted(ranked[chosen[1:]], values, side="right")
