"""Divides the rows into a training, a validation and a test part.

A split depends only on its own seed, the strata, the groups and the shares; nothing else uses its
stream of random numbers. A split in the order of a column depends on that column and the shares alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.paths import OUTPUTS, setting_text
from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.splits.groups import are_labels, divide_groups, most_folds
from fnnctl.data.splits.in_order import distinct, part_ends
from fnnctl.errors import DataError, Problem
from fnnctl.seeds import Purpose, stream
from fnnctl.text import counted, quoted, word_list

TRAIN, VALIDATION, TEST = 0, 1, 2
MANY_STRATA = 20
"""More classes, all of them numbers, are more likely quantities."""


@dataclass(frozen=True, slots=True)
class Split:
    """Sorted row numbers; each row is in exactly one part."""

    train: IntArray
    validation: IntArray
    test: IntArray

    @property
    def parts(self) -> dict[str, IntArray]:
        """The parts by name, in the order of use."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def non_test(self) -> IntArray:
        """The sorted rows outside the test part."""
        # A stable sort merges what is sorted already: a twentieth of the time.
        return np.sort(np.concatenate([self.train, self.validation]), kind="stable")

    @property
    def key(self) -> tuple[int, ...]:
        """What tells these rows from others of the same experiment: see `Rows`."""
        return ()

    def network_seed(self, seed: int) -> int:
        """The seed of a network that trains on these rows: see `Rows`."""
        return seed

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """Return itself, as `Rows` requires."""
        return self


def trained_rows(split: Split, rows: int, *, bags: bool) -> IntArray:
    """The sorted rows, of all `rows`, that a network of this split was trained on: all that are not held out.

    With bags these are all rows outside the test part. The training part is not asked: it is empty if the
    data were read again.
    """
    held_out = [split.test] if bags else [split.test, split.validation]
    return np.setdiff1d(np.arange(rows), np.concatenate(held_out))


class Rows(Protocol):
    """The rows of a fit: a split, or a fold or draw that computes its split on demand."""

    @property
    def key(self) -> tuple[int, ...]:
        """What tells these rows from others of the same experiment; empty for its own split."""

    def network_seed(self, seed: int) -> int:
        """The seed of a network that trains on these rows, from the seed of its configuration."""

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The parts of N rows with these `strata` (N,), whose proportions are kept, and `groups` (N,)."""


def split_rows(
    strata: IntArray,
    names: Sequence[str],
    config: SplitConfig,
    *,
    seed: int,
    test_rows: int = 0,
    groups: IntArray | None = None,
    order: FloatArray | None = None,
    target: str | None = None,
) -> Split:
    """Draw the parts of N rows with these `strata`, (N,) or labels (N, L); messages show their `names`, and
    of several targets the `target` whose strata they are.

    A share s of n rows is round(s·n) rows, and at least one row if s is not 0; the training part gets the
    rest. With `test_rows`, that many rows at the end are the test part, and the validation share refers to
    the other rows. If stratified, each stratum is divided in the same proportions by the largest remainder
    method and keeps at least one training row. If there are enough rows, each stratum also has a row in the
    test part, and then in the validation part. With `groups` (N,), the rows of a group stay together, and
    sizes and proportions are as close as the groups allow. Of labels each has about its share of every part,
    and one with few rows may be in training rows alone. With an `order` (N,) the test part is the last
    rows, and the validation part the last of the others, whatever their strata: rows with equal values stay
    together, and sizes are as close as that allows. The test part does not depend on the validation share.
    Raises DataError if there are too few rows, groups or values.
    """
    pool = len(strata) - test_rows
    test_size = 0 if test_rows else part_size(config.test, pool)
    validation_size = part_size(config.validation, pool)
    train_size = pool - test_size - validation_size
    if train_size < 1:
        raise _too_few(f"{counted(pool, 'row')} leave none for training", validation_size, test_size)
    rng = stream(seed, Purpose.SPLIT)
    if order is not None:
        parts = _ordered_parts(order[:pool], validation_size, test_size, config.by)
    elif (groups is not None or (config.stratify and are_labels(strata))) and train_size < pool:
        pool_groups = None if groups is None else groups[:pool]
        if pool_groups is not None:
            sizes = np.array([train_size, validation_size, test_size])
            _check_groups(pool_groups, sizes, config)
        proportional = strata[:pool] if config.stratify else np.zeros(pool, np.intp)
        parts = _greedy_parts(pool_groups, proportional, validation_size, test_size, rng)
    elif config.stratify and train_size < pool:
        counts = np.bincount(strata[:pool], minlength=len(names))
        _check_strata(counts, names, train_size, validation_size, test_size, target)
        parts = stratified_parts(strata[:pool], counts, validation_size, test_size, rng)
    else:
        parts = np.zeros(pool, np.int8)
        drawn = rng.permutation(pool)
        parts[drawn[:test_size]] = TEST
        parts[drawn[test_size : test_size + validation_size]] = VALIDATION
    parts = np.concatenate([parts, np.full(test_rows, TEST, np.int8)])
    return Split(*(np.flatnonzero(parts == part) for part in (TRAIN, VALIDATION, TEST)))


def part_size(share: float, rows: int) -> int:
    """How many of `rows` rows a part with this share has."""
    return max(1, round(share * rows)) if share > 0 else 0


def _check_groups(groups: IntArray, sizes: IntArray, config: SplitConfig) -> None:
    count, needed = len(np.unique(groups)), int(np.count_nonzero(sizes))
    if count < needed:
        message = (
            f"the column {quoted(config.group or '')} has {counted(count, 'group')}, but {needed} parts need "
            "one each: name another column, or set a share to 0"
        )
        raise DataError(Problem(message, path="data.split.group"))


def _ordered_parts(order: FloatArray, validation_size: int, test_size: int, by: str | None) -> IntArray:
    """Return (n,) the part of each of n rows in this `order` (n,); `by` is the column that it comes from."""
    count, needed = distinct(order), 1 + (validation_size > 0) + (test_size > 0)
    if count < needed:
        have = "has the same value in all rows" if count == 1 else f"has {count} different values"
        message = (
            f"the column {quoted(by or '')} {have}, but {needed} parts need one each, for rows with equal "
            "values stay together: name another column, or set a share to 0"
        )
        raise DataError(Problem(message, path="data.split.by"))
    rows, train_end, known_end = part_ends(order, validation_size, test_size)
    parts = np.empty(len(order), np.int8)
    parts[rows[:train_end]] = TRAIN
    parts[rows[train_end:known_end]] = VALIDATION
    parts[rows[known_end:]] = TEST
    return parts


def _check_strata(
    counts: IntArray,
    names: Sequence[str],
    train_size: int,
    validation_size: int,
    test_size: int,
    target: str | None,
) -> None:
    single = [quoted(name) for name, count in zip(names, counts, strict=True) if count == 1]
    if single:
        classes = (
            f"the class {single[0]} has" if len(single) == 1 else f"the classes {word_list(single)} have"
        )
        advice = "add rows, leave the class out, or set data.split.stratify to false"
        numbers = sum(plain_number(name) is not None for name in names)
        if numbers > MANY_STRATA and numbers >= np.count_nonzero(counts) - (target is not None):
            setting = "data.task: regression"
            if target is not None:
                setting = setting_text((*OUTPUTS, target), "squared")
            advice = (
                f"are the target's {numbers:,} numbers classes? If they are quantities, write {setting}; "
                f"otherwise {advice}"
            )
        of_target = "" if target is None else f"of the target {quoted(target)}, "
        message = f"{of_target}{classes} a single row, which cannot be divided: {advice}"
        raise DataError(Problem(message, path="data.split.stratify"))
    present = int(np.count_nonzero(counts))
    if train_size < present:
        problem = f"the training part would get {counted(train_size, 'row')} for {present:,} strata"
        raise _too_few(problem, validation_size, test_size)


def _too_few(problem: str, validation_size: int, test_size: int) -> DataError:
    other_parts = f"{validation_size:,} for validation, {test_size:,} for testing"
    return DataError(Problem(f"{problem} ({other_parts}): lower the shares, or add rows", path="data.split"))


def _greedy_parts(
    groups: IntArray | None, strata: IntArray, validation_size: int, test_size: int, rng: np.random.Generator
) -> IntArray:
    """Return (n,) the part of each row; the rows of a group are in one part. Labels need no groups.

    The test part is divided off first, whatever the validation size. Of three or more groups it leaves two,
    for training and validation. The validation part has its share of the rows that are left.
    """
    parts = np.zeros(len(strata), np.int8)
    if test_size:
        sizes = np.array([len(strata) - test_size, test_size])
        fewest = (min(2, most_folds(strata, groups) - 1), 1)
        parts[divide_groups(groups, strata, sizes, rng=rng, fewest=fewest) == 1] = TEST
    if validation_size:
        rows = np.flatnonzero(parts != TEST)
        ideal = round(len(rows) * validation_size / (len(strata) - test_size))
        size = min(max(1, ideal), len(rows) - 1)
        sizes = np.array([len(rows) - size, size])
        row_groups = None if groups is None else groups[rows]
        parts[rows] = divide_groups(row_groups, strata[rows], sizes, rng=rng)  # 0 train, 1 validation
    return parts


def hold_out(
    strata: IntArray,
    share: float,
    *,
    stratify: bool,
    rng: np.random.Generator,
    groups: IntArray | None = None,
) -> BoolArray:
    """(n,) which of n non-test rows are held out for validation.

    These are round(share·n) rows: at least one if the share is not 0, and at most all but one. If stratified,
    they come from the strata in proportion, and each stratum keeps at least one row for training. With
    `groups` (n,), whole groups are held out, so there may be fewer or more rows. Of labels (n, L) each has
    about its share. Raises ValueError if there are fewer than two rows, or groups.
    """
    rows = len(strata)
    held = np.zeros(rows, np.bool_)
    if share == 0:
        return held
    if most_folds(strata, groups) < 2:
        raise ValueError("a single row or group cannot be divided")
    size = min(max(1, round(share * rows)), rows - 1)
    if groups is not None or (stratify and are_labels(strata)):
        proportional = strata if stratify else np.zeros(rows, np.intp)
        parts = divide_groups(groups, proportional, np.array([rows - size, size]), rng=rng)
        return np.asarray(parts == VALIDATION)
    if stratify:
        counts = np.bincount(strata)
        size = min(size, int(np.maximum(counts - 1, 0).sum()))
        return np.asarray(stratified_parts(strata, counts, size, 0, rng) == VALIDATION)
    held[rng.permutation(rows)[:size]] = True
    return held


def stratified_parts(
    strata: IntArray, counts: IntArray, validation_size: int, test_size: int, rng: np.random.Generator
) -> IntArray:
    """Return (n,) the part of each row: 0 train, 1 validation, 2 test.

    `counts` are the sizes of the strata. The validation and test parts have exactly the given sizes. Each
    stratum has at least one training row; the sizes must leave enough rows for that.
    """
    tie_break = rng.permutation(len(counts))
    test = np.zeros_like(counts)
    validation = np.zeros_like(counts)
    shuffled = counts[tie_break]
    test[tie_break] = apportion(test_size, shuffled, shuffled - 1)
    validation[tie_break] = apportion(validation_size, shuffled, shuffled - 1 - test[tie_break])

    order = rng.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    stratum = strata[order]
    rank = np.arange(len(strata)) - starts[stratum]
    parts = np.zeros(len(strata), np.int8)
    parts[order[rank < test[stratum] + validation[stratum]]] = VALIDATION
    parts[order[rank < test[stratum]]] = TEST
    return parts


def apportion(size: int, counts: IntArray, most: IntArray) -> IntArray:
    """Divide `size` rows among S strata in proportion to their `counts` (S,), with at most `most` (S,) each.

    The largest remainder method (Hamilton): each stratum gets the integer part of its quota, and the rows
    left over go to the largest remainders. If there are enough rows, each stratum whose `most` allows it gets
    at least one. The sum of `most` must be at least `size`.
    """
    most = np.maximum(most, 0)
    quotas = size * counts / counts.sum()
    able = most > 0
    least = np.where(able, 1, 0) if np.count_nonzero(able) <= size else np.zeros_like(most)
    shares: IntArray = np.clip(np.floor(quotas).astype(np.intp), least, most)
    while left := size - int(shares.sum()):
        step = 1 if left > 0 else -1
        movable = shares < most if left > 0 else shares > least
        wish = np.where(movable, step * (quotas - shares), -np.inf)
        chosen = np.argsort(-wish, kind="stable")[: min(abs(left), np.count_nonzero(movable))]
        shares[chosen] += step
    return shares
