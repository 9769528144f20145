"""Which rows of a data set the networks have seen from which a training goes on, and the parts without them.

No row that they have used is a test row, and a network is validated on rows that it was never trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray, UnsignedArray
from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.splits.groups import are_labels, divide_groups
from fnnctl.data.splits.parts import TEST, TRAIN, VALIDATION, Split, apportion, part_size
from fnnctl.errors import DataError, Problem
from fnnctl.seeds import Purpose, stream
from fnnctl.text import counted

Trained = TypeVar("Trained", bound=np.generic)
"""Whether or how often rows were trained on."""


@dataclass(frozen=True, slots=True)
class SeenRows:
    """What M networks and their ancestors have seen of N rows. Pickled, it takes a bit for each."""

    used: BoolArray
    """(N,) the rows that one of them was trained on, or validated by."""
    trained: BoolArray
    """(M, N) the rows that each of them was trained on."""

    def of_members(self, members: int) -> SeenRows:
        """What each of so many members has seen: see the function `of_members`."""
        return SeenRows(self.used, of_members(self.trained, members))

    def __reduce__(self) -> tuple[object, tuple[UnsignedArray, UnsignedArray, int]]:
        return _unpacked, (np.packbits(self.used), np.packbits(self.trained, axis=1), len(self.used))


def of_members(trained: npt.NDArray[Trained], members: int) -> npt.NDArray[Trained]:
    """What each of the members has been trained on, (members, N), from what M networks have, (M, N).

    Members that are not the same networks have been trained on what any of these has.
    """
    if len(trained) == members:
        return trained
    return np.broadcast_to(trained.max(axis=0), (members, trained.shape[1]))


def _unpacked(used: UnsignedArray, trained: UnsignedArray, rows: int) -> SeenRows:
    return SeenRows(
        np.unpackbits(used, count=rows).astype(np.bool_),
        np.unpackbits(trained, axis=1, count=rows).astype(np.bool_),
    )


def split_unseen_rows(
    strata: IntArray,
    seen: SeenRows,
    config: SplitConfig,
    *,
    seed: int,
    test_rows: int = 0,
    groups: IntArray | None = None,
    order: FloatArray | None = None,
) -> Split:
    """The parts of N rows of which some are `seen`; the other arguments are those of `split_rows`.

    The shares refer to all rows. The test part is drawn from the rows that no network has used; the
    validation part from the others that none was trained on, and all other rows are the training part. Strata
    have the proportions that they have among the rows that a part is drawn from. In the order of a column a
    part is the last ones of these rows.

    Raises DataError if there are too few of these rows, or if rows of a test file are seen.
    """
    pool = len(strata) - test_rows
    if repeated := int(np.count_nonzero(seen.used[pool:])):
        message = (
            f"{counted(repeated, 'row')} of the test file trained or validated the parent run or one of its "
            "ancestors: leave them out of the file"
        )
        raise DataError(Problem(message, path="data.test_source"))
    draw = _Draw(
        strata[:pool] if config.stratify else np.zeros(pool, np.intp),
        None if groups is None else groups[:pool],
        None if order is None else order[:pool],
        stream(seed, Purpose.SPLIT),
    )
    parts = np.zeros(len(strata), np.int8)
    parts[pool:] = TEST
    test_size, validation_size = (
        0 if test_rows else part_size(config.test, pool),
        part_size(config.validation, pool),
    )
    unused = np.flatnonzero(~seen.used[:pool])
    _require(unused, test_size, pool, "test", "that are new to")
    parts[draw.rows(unused, test_size, np.ones(pool, np.bool_), is_last=False)] = TEST
    outside = parts[:pool] != TEST
    untrained = np.flatnonzero(outside & ~seen.trained[:, :pool].any(axis=0))
    _require(untrained, validation_size, pool, "validation", "outside the test part that did not train")
    parts[draw.rows(untrained, validation_size, outside, is_last=True)] = VALIDATION
    if not np.count_nonzero(parts == TRAIN):
        message = f"{counted(pool, 'row')} leave none for training: lower the shares, or add rows"
        raise DataError(Problem(message, path="data.split"))
    return Split(*(np.flatnonzero(parts == part) for part in (TRAIN, VALIDATION, TEST)))


def _require(rows: IntArray, size: int, pool: int, part: str, are: str) -> None:
    """Raise DataError if a part has a size above the number of `rows` that it may be drawn from."""
    if len(rows) >= size:
        return
    share = math.floor(1e4 * len(rows) / pool) / 1e4
    message = (
        f"the {part} part needs {size:,} of the {counted(pool, 'row')}, but there are only {len(rows):,} "
        f"{are} the parent run and its ancestors: add new rows, or write {part}: {share:g}"
    )
    raise DataError(Problem(message, path=f"data.split.{part}"))


@dataclass(frozen=True, slots=True)
class _Draw:
    """How a part is drawn from some of n rows."""

    strata: IntArray
    """(n,), or labels (n, L)"""
    groups: IntArray | None
    """(n,)"""
    order: FloatArray | None
    """(n,)"""
    rng: np.random.Generator

    def rows(self, candidates: IntArray, size: int, outside: BoolArray, *, is_last: bool) -> IntArray:
        """`size` of the candidates, (m,) row numbers; as near to that as groups or equal values allow.

        `outside` (n,) are the rows outside the parts that were drawn before. If the part `is_last`, nothing
        is drawn after it.
        """
        if not size:
            return candidates[:0]
        if self.order is not None:
            return self._last(candidates, self.order[candidates], size, is_last=is_last)
        if self.groups is not None or are_labels(self.strata):
            groups = None if self.groups is None else self.groups[candidates]
            strata, sizes = self.strata[candidates], np.array([len(candidates) - size, size])
            parts = divide_groups(groups, strata, sizes, rng=self.rng, fewest=(0, 1))
            chosen: IntArray = candidates[parts == 1]
            return chosen
        return self._stratified(candidates, size, outside)

    def _last(self, candidates: IntArray, values: FloatArray, size: int, *, is_last: bool) -> IntArray:
        """Those with the last `values` (m,). Rows with equal values stay together; if several values differ,
        one is left for the next part.
        """
        places = np.argsort(values, kind="stable")
        starts = np.flatnonzero(np.diff(values[places])) + 1
        if is_last or not starts.size:
            starts = np.append(0, starts)
        start = starts[np.abs(starts - (len(values) - size)).argmin()]
        last: IntArray = candidates[places[start:]]
        return last

    def _stratified(self, candidates: IntArray, size: int, outside: BoolArray) -> IntArray:
        """In the proportions of the candidates' strata; if possible, a training row of each is left."""
        strata = self.strata[candidates]
        counts = np.bincount(strata, minlength=int(self.strata.max()) + 1)
        remaining = np.bincount(self.strata[outside], minlength=len(counts))
        most = np.minimum(counts, remaining - 1)
        most = counts if np.maximum(most, 0).sum() < size else most
        tie_break = self.rng.permutation(len(counts))
        shares = np.zeros_like(counts)
        shares[tie_break] = apportion(size, counts[tie_break], most[tie_break])
        places = self.rng.permutation(len(candidates))
        places = places[np.argsort(strata[places], kind="stable")]
        rank = np.arange(len(places)) - (np.cumsum(counts) - counts)[strata[places]]
        chosen: IntArray = candidates[places[rank < shares[strata[places]]]]
        return chosen
