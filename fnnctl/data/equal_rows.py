"""Warnings about equal rows in parts or folds that should be independent: scores are then too high.

Columns of few different values make rows equal without any mistake, and so they are in new data, too. There
is a warning only if more rows are equal than the values of the columns explain.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Dataset
from fnnctl.text import counted

if TYPE_CHECKING:
    from fnnctl.data.splits.parts import Split


Hashes = npt.NDArray[np.uint64]

MIN_SHARE, MIN_ROWS = 0.05, 3
"""Fewer equal rows than these change a score little."""
DEPENDENCE = 10.0
"""How much more probable equal rows are than with independent columns, before it is a warning."""
MAX_COMPARED = 10_000
"""The values of at most so many rows are counted."""
ADVICE = "remove the repeated rows, or keep them in one part by data.split.group"


def row_hashes(labels: IntArray, numbers: FloatArray, codes: IntArray) -> Hashes:
    """(n,) a hash of each row's label (n,), numbers (n, p) and codes (n, q); 0 and -0 are one number.

    The probability that any two of N different rows have the same hash is about N²/2⁶⁵.
    """
    hashes = _mixed(labels.astype(np.uint64))
    for column in numbers.T:
        hashes = _mixed(hashes ^ (column + 0.0).view(np.uint64))
    for column in codes.T:
        hashes = _mixed(hashes ^ column.astype(np.uint64))
    return hashes


def shared_rows(dataset: Dataset, hashes: Hashes, split: Split) -> list[str]:
    """Warn about rows of the validation and the test part that are in another part, too."""
    earlier = "training or validation" if split.validation.size else "training"
    pairs = (
        ("validation", split.validation, "training", split.train),
        ("test", split.test, earlier, np.concatenate([split.train, split.validation])),
    )
    warnings = []
    for part, rows, others, known in pairs:
        shared = _count_known(hashes[rows], np.sort(hashes[known]))
        if _is_suspicious(dataset, hashes, shared, len(rows), len(known)):
            fact = (
                f"{shared:,} of {counted(len(rows), 'row')} of the {part} part are also in the {others} part"
            )
            warnings.append(f"{fact}, with the same target, so the {part} scores may be too high: {ADVICE}")
    return warnings


def repeated_rows(dataset: Dataset, hashes: Hashes, rows: IntArray | None = None) -> list[str]:
    """Warn about equal rows that may be in different folds; the rows of a group are always in one fold.

    The folds are those of a cross-validation of all rows, or those of the bags of these `rows`.
    """
    groups, location, scores = dataset.groups, "in the data", "the scores of the folds"
    compared = hashes
    if rows is not None:
        location, scores = "outside the test part", "the validation scores"
        compared, groups = hashes[rows], None if groups is None else groups[rows]
    _, kind = np.unique(compared, return_inverse=True)
    group_kinds, in_groups = kind, ""
    if groups is not None:
        pairs = np.unique(np.stack([kind, groups]), axis=1)
        group_kinds, in_groups = pairs[0], " and in several groups"
    repeated = int(np.count_nonzero(np.bincount(group_kinds)[kind] > 1))
    if not _is_suspicious(dataset, hashes, repeated, len(compared), len(compared) - 1):
        return []
    fact = f"{repeated:,} of {counted(len(compared), 'row')} {location} occur more than once"
    return [f"{fact}{in_groups}, with the same target, so {scores} may be too high: {ADVICE}"]


def _is_suspicious(dataset: Dataset, hashes: Hashes, equal: int, rows: int, other_rows: int) -> bool:
    """Whether so many `equal` ones of some `rows` are more than chance explains with so many other rows."""
    if equal < max(MIN_ROWS, MIN_SHARE * rows):
        return False
    chance = min(1.0, DEPENDENCE * _coincidence(dataset, hashes))
    return equal >= 1.0 + rows * -math.expm1(-chance * other_rows)


def _coincidence(dataset: Dataset, hashes: Hashes) -> float:
    """The probability that two different rows would be equal if the columns were independent."""
    _, rows = np.unique(hashes, return_index=True)
    rows = np.sort(rows)[:: max(1, len(rows) // MAX_COMPARED)]
    if len(rows) < 2:
        return 1.0
    chance = _agreement(dataset.target.codes[rows])
    for codes in dataset.categorical[rows].T:
        chance *= _agreement(codes)
    for columns in dataset.number_columns(rows):
        for column in columns:
            chance *= _agreement(column)
    return chance


def _agreement(values: npt.NDArray[np.generic]) -> float:
    """The probability that two of the values (n,), n ≥ 2, are equal."""
    _, counts = np.unique(values, return_counts=True)
    return float((counts * (counts - 1.0)).sum() / (len(values) * (len(values) - 1.0)))


def _count_known(hashes: Hashes, known: Hashes) -> int:
    """How many of the hashes are among the known ones, which are sorted."""
    if not known.size:
        return 0
    indices = np.minimum(np.searchsorted(known, hashes), known.size - 1)
    return int(np.count_nonzero(known[indices] == hashes))


def _mixed(words: Hashes) -> Hashes:
    """Mix every bit into every other: the finalizer of SplitMix64 (Steele, Lea & Flood, 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
