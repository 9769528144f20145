"""Warnings about probable mistakes in the data, reported before training."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import MANY_CATEGORIES, DataConfig
from fnnctl.data.columns.ids import MIN_ROWS, may_number_rows, nearly_all_differ
from fnnctl.data.dataset import BLOCK_ROWS, Dataset
from fnnctl.messages import Message
from fnnctl.text import counted, printable, quoted, word_list

if TYPE_CHECKING:
    from fnnctl.data.splits.parts import Split


Hashes = npt.NDArray[np.uint64]

MIN_EQUAL_SHARE, MIN_EQUAL = 0.05, 3
"""Fewer equal rows than these change a score little."""
DEPENDENCE = 10.0
"""How much more probable equal rows are than with independent columns, before it is a warning: columns of few
different values make rows equal without any mistake, and so they are in new data, too."""
SEPARATE = ", or keep them in one part by data.split.group"
MAX_DISCRETE_COLUMNS = 10
"""More columns are hardly ever equal in rows that are not copies."""
MAX_SINGLE = 0.5
"""In a discrete column at most this share of the rows have a value of their own; of measured numbers, nearly
all have."""
MIN_SPREADS = 1e5
"""A number is far if it is this many times the spread of the middle values from the median."""
MAX_COMPARED = 10_000
"""The values of at most this many rows are compared or counted."""
SPREADS = ((0.25, 0.75), (0.05, 0.95))
"""If the quartiles are equal, the spread is that of the middle nine tenths."""


def outlier_warnings(dataset: Dataset, rows: IntArray, low: FloatArray, high: FloatArray) -> list[Message]:
    """One warning about all numeric columns with such numbers.

    `low` and `high` (p,) are each column's extremes in the training `rows` (n,), of which some are compared.
    """
    if not len(rows):
        return []
    sample = rows[:: max(1, len(rows) // MAX_COMPARED)]
    columns = (column for block in dataset.number_columns(sample) for column in block)
    far = []
    with np.errstate(over="ignore", invalid="ignore"):
        for number, column in enumerate(columns):
            present = column[~np.isnan(column)]
            limits = _limits(present) if present.size else None
            if limits is not None and (low[number] < limits[0] or high[number] > limits[1]):
                value = high[number] if high[number] > limits[1] else low[number]
                far.append((number, float(value)))
    if not far:
        return []
    numbers = [
        f"{value:.6g} in {quoted(dataset.numeric_names[number])}{_row_of(dataset, rows, number, value)}"
        for number, value in far
    ]
    declare = "add it to data.missing_values" if dataset.types else "write NaN"
    sentence = (
        f"numbers far from all others make these look equal: {word_list(numbers, 5)}; if such a number "
        f"stands for a missing one, {declare}, otherwise correct it, or set data.scaling: robust"
    )
    return [Message("far_numbers", sentence)]


def _limits(numbers: FloatArray) -> tuple[float, float] | None:
    """Beyond which numbers are far from the others; None if most are equal."""
    middle = float(np.median(numbers))
    for levels in SPREADS:
        first, last = np.quantile(numbers, levels)
        if last > first:
            return middle - MIN_SPREADS * float(last - first), middle + MIN_SPREADS * float(last - first)
    return None


def _row_of(dataset: Dataset, rows: IntArray, column: int, value: float) -> str:
    """The row of the number, as predictions.csv counts rows."""
    for start in range(0, len(rows), MAX_COMPARED):
        block = rows[start : start + MAX_COMPARED]
        matches = np.flatnonzero(dataset.numbers(block, [column])[:, 0] == value)
        if matches.size:
            return f" (row {int(dataset.file_rows[block[matches[0]]])}, counted from 0)"
    return ""


def data_warnings(
    dataset: Dataset, split: Split | None, config: DataConfig, *, bags: bool = False
) -> list[Message]:
    """Warn about row ids, columns with too many categories or without information, numbers far from all
    others, equal rows in several parts, and new categories in a test file.

    Without a split, all rows are divided into folds, so each row is used for both training and testing. With
    `bags`, the training part is divided into folds on which the members of an ensemble are validated. The
    numbers are read once, a block of rows at a time.
    """
    rows = len(dataset) - dataset.test_rows
    all_ranges, train_ranges = _Ranges(dataset), _Ranges(dataset)
    train_rows = split.train if split else np.arange(len(dataset))
    is_train = np.zeros(len(dataset), np.bool_)
    is_train[train_rows] = True
    hashes = np.empty(len(dataset), np.uint64)
    for start in range(0, len(dataset), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        numbers = dataset.numbers(block)
        all_ranges.add(numbers[: max(0, rows - start)])
        train_ranges.add(numbers[is_train[block]])
        codes = [*dataset.categorical[block].T, *(target.codes[block] for target in dataset.targets[1:])]
        hashes[block] = row_hashes(dataset.targets[0].codes[block], numbers, codes)
    return [
        *_equal_rows(dataset, hashes, split, bags=bags),
        *_row_ids(dataset, all_ranges, rows),
        *_many_categories(dataset, train_rows, rows, config),
        *_constant_columns(dataset, train_ranges, train_rows),
        *outlier_warnings(dataset, train_rows, train_ranges.low, train_ranges.high),
        *_unseen_in_test_file(dataset, train_rows, config),
    ]


def _equal_rows(dataset: Dataset, hashes: Hashes, split: Split | None, *, bags: bool) -> list[Message]:
    """With bags, a warning about the test part says enough: the same rows are repeated in the others."""
    if split is None:
        return _repeated_rows(dataset, hashes)
    shared = _shared_rows(dataset, hashes, split)
    return shared or (_repeated_rows(dataset, hashes, split.train) if bags else [])


def row_hashes(labels: IntArray, numbers: FloatArray, codes: Iterable[IntArray]) -> Hashes:
    """(n,) a hash of each row's label, (n,), numbers (n, p) and columns of codes, (n,) each; 0 and -0 are one
    number.

    The probability that any two of N different rows have the same hash is about N²/2⁶⁵.
    """
    hashes = _mixed(labels.astype(np.uint64))
    for column in numbers.T:
        hashes = _mixed(hashes ^ (column + 0.0).view(np.uint64))
    for column in codes:
        hashes = _mixed(hashes ^ column.astype(np.uint64))
    return hashes


def _shared_rows(dataset: Dataset, hashes: Hashes, split: Split) -> list[Message]:
    """Warn about rows of the validation and the test part that are in another part, too."""
    earlier = "training or validation" if split.validation.size else "training"
    pairs = (
        ("validation", split.validation, "training", split.train),
        ("test", split.test, earlier, np.concatenate([split.train, split.validation])),
    )
    warnings = []
    for part, rows, other_part, other_rows in pairs:
        shared = _count_known(hashes[rows], np.sort(hashes[other_rows]))
        if _is_suspicious(dataset, hashes, shared, len(rows), len(other_rows)):
            fact = f"{shared:,} of {counted(len(rows), 'row')} of the {part} part"
            overlap = f"are also in the {other_part} part, with the same target"
            advice = _advice(dataset, hashes)
            sentence = f"{fact} {overlap}, so the {part} scores may be too high: {advice}"
            warnings.append(Message("shared_rows", sentence))
    return warnings


def _repeated_rows(dataset: Dataset, hashes: Hashes, rows: IntArray | None = None) -> list[Message]:
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
    advice = _advice(dataset, hashes)
    sentence = f"{fact}{in_groups}, with the same target, so {scores} may be too high: {advice}"
    return [Message("repeated_rows", sentence)]


def _is_suspicious(dataset: Dataset, hashes: Hashes, equal: int, rows: int, other_rows: int) -> bool:
    """Whether `equal` ones among `rows` rows are more than chance explains with `other_rows` other ones."""
    if equal < max(MIN_EQUAL, MIN_EQUAL_SHARE * rows):
        return False
    chance = min(1.0, DEPENDENCE * _coincidence(dataset, hashes))
    return equal >= 1.0 + rows * -math.expm1(-chance * other_rows)


def _advice(dataset: Dataset, hashes: Hashes) -> str:
    """What to do about equal rows: less, if the columns are few and all of them are discrete.

    An array has no column that names groups.
    """
    separate = SEPARATE if dataset.types else ""
    if not _has_few_discrete_columns(dataset, hashes):
        return f"remove the repeated rows{separate}"
    return (
        "few columns with few different values make rows equal without any mistake; if yours are copies of "
        f"one case, remove them{separate}"
    )


def _has_few_discrete_columns(dataset: Dataset, hashes: Hashes) -> bool:
    if len(dataset.numeric_names) + len(dataset.categorical_names) > MAX_DISCRETE_COLUMNS:
        return False
    rows = _different_rows(hashes)
    numbers = (column for columns in dataset.number_columns(rows) for column in columns)
    return all(map(_is_discrete, chain(dataset.categorical[rows].T, numbers)))


def _is_discrete(values: npt.NDArray[np.generic]) -> bool:
    _, counts = np.unique(values, return_counts=True)
    return int(np.count_nonzero(counts == 1)) <= MAX_SINGLE * len(values)


def _different_rows(hashes: Hashes) -> IntArray:
    """The numbers of some rows that all differ, rising."""
    _, rows = np.unique(hashes, return_index=True)
    return np.sort(rows)[:: max(1, len(rows) // MAX_COMPARED)]


def _coincidence(dataset: Dataset, hashes: Hashes) -> float:
    """The probability that two different rows would be equal if the columns were independent."""
    rows = _different_rows(hashes)
    if len(rows) < 2:
        return 1.0
    chance = math.prod(_agreement(target.codes[rows]) for target in dataset.targets)
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


def _count_known(hashes: Hashes, sorted_hashes: Hashes) -> int:
    """How many of the hashes are among the known ones, which are sorted."""
    if not sorted_hashes.size:
        return 0
    indices = np.minimum(np.searchsorted(sorted_hashes, hashes), sorted_hashes.size - 1)
    return int(np.count_nonzero(sorted_hashes[indices] == hashes))


def _mixed(words: Hashes) -> Hashes:
    """Mix every bit into every other: the finalizer of SplitMix64 (Steele, Lea & Flood, 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def unseen_categories(column: str, rows: int, first: str, *, file: str) -> Message:
    """Says that a column of a file has values that are not in the training data; `first` is one.

    `rows` is the number of rows with such values.
    """
    sentence = (
        f"{file}: in {counted(rows, 'row')} the column {quoted(column)} has a value that does not occur in "
        f"the training data (the first is {quoted(first)}): none of the column's features is set there"
    )
    return Message("unseen_categories", sentence)


class _Ranges:
    """The range of each numeric column in the rows added so far, and whether its numbers are integers."""

    def __init__(self, dataset: Dataset) -> None:
        columns = len(dataset.numeric_names)
        self.low, self.high = np.full(columns, np.inf), np.full(columns, -np.inf)
        self.present, self.rows = np.zeros(columns, np.int64), 0
        self.integral = np.ones(columns, np.bool_)

    def add(self, numbers: FloatArray) -> None:
        """Add rows, (n, p) with NaN if missing."""
        if not len(numbers):
            return
        self.low = np.fmin(self.low, np.fmin.reduce(numbers, axis=0))
        self.high = np.fmax(self.high, np.fmax.reduce(numbers, axis=0))
        self.present += np.count_nonzero(~np.isnan(numbers), axis=0)
        self.rows += len(numbers)
        self.integral &= (numbers == np.floor(numbers)).all(axis=0)


def _row_ids(dataset: Dataset, ranges: _Ranges, rows: int) -> list[Message]:
    if rows < MIN_ROWS:
        return []
    intended = {name for name, column in dataset.types.items() if column.declared}
    intended.update(dataset.sources)  # the days of a date may count the rows
    may_count = np.flatnonzero(ranges.integral & may_number_rows(ranges.low, ranges.high, rows)).tolist()
    names = [dataset.numeric_names[j] for j in may_count if _are_distinct(dataset, j, rows)]
    names += [dataset.categorical_names[j] for j in _text_ids(dataset, rows)]
    return [
        Message(
            "row_id",
            f"the column {quoted(name)} has a different value in (nearly) every row: if it is an id or a "
            "name, add it to data.columns.ignore"
            + ("; it is read as categories, not as numbers" if name in dataset.categorical_names else ""),
        )
        for name in names
        if name not in intended
    ]


def _text_ids(dataset: Dataset, rows: int) -> list[int]:
    """The categorical columns with a different value in nearly every row."""
    texts = enumerate(dataset.categorical[:rows].T)
    return [j for j, codes in texts if nearly_all_differ(len(np.unique(codes)), rows)]


def _many_categories(dataset: Dataset, train: IntArray, rows: int, config: DataConfig) -> list[Message]:
    """One message for all columns of which not every category is told apart; none for row ids."""
    most = config.max_categories
    if most is None or (config.category_encoding == "target" and most >= MANY_CATEGORIES):
        return []
    possible = [j for j, categories in enumerate(dataset.categories) if len(categories) > most]
    ids = _text_ids(dataset, rows) if possible else []
    counts = {j: _count_categories(dataset.categorical[train, j]) for j in possible if j not in ids}
    end = MANY_CATEGORIES if config.category_encoding == "target" else math.inf  # more have statistics
    many = {dataset.categorical_names[j]: count for j, count in counts.items() if most < count <= end}
    if not many:
        return []
    named = word_list([f"{quoted(name)} ({count:,})" for name, count in many.items()])
    columns = "a column has" if len(many) == 1 else f"{len(many)} columns have"
    sentence = (
        f"{columns} more than {most:,} categories: {named}. The {most - 1:,} most frequent are features, and "
        "all others are one feature together: data.max_categories sets the limit"
    )
    return [Message("many_categories", sentence)]


def _count_categories(codes: IntArray) -> int:
    return int(np.count_nonzero(np.bincount(codes + 1)[1:]))  # a missing value, -1, does not count


def _are_distinct(dataset: Dataset, column: int, rows: int) -> bool:
    """Whether the column's integers, whose range is below twice their count, are all different."""
    numbers = np.concatenate(
        [
            dataset.numbers(slice(start, min(start + BLOCK_ROWS, rows)), [column])[:, 0]
            for start in range(0, rows, BLOCK_ROWS)
        ]
    )
    return int(np.bincount((numbers - numbers.min()).astype(np.intp)).max()) == 1


def _constant_columns(dataset: Dataset, ranges: _Ranges, train: IntArray) -> list[Message]:
    same = (ranges.low == ranges.high) & (ranges.present == ranges.rows)
    numbers = np.flatnonzero(same | (ranges.present == 0))
    texts = zip(dataset.categorical_names, dataset.categorical.T, strict=True)
    # that all dates in the training rows are in one year is no reason to warn: their last part decides
    column_of = {name: name for name in dataset.numeric_names if name not in dataset.sources}
    column_of |= {parts[-1]: name for name, parts in dataset.expansions.items()}
    constant = [quoted(column_of[name]) for j in numbers if (name := dataset.numeric_names[j]) in column_of]
    constant += [quoted(name) for name, codes in texts if np.all(codes[train] == codes[train[0]])]
    if not constant:
        return []
    columns = "a column has" if len(constant) == 1 else f"{len(constant)} columns have"
    advice = f"check {'it' if len(constant) == 1 else 'them'}, or use data.columns.ignore"
    fact = f"{columns} the same value, or none, in all training rows and cannot help: {word_list(constant)}"
    return [Message("constant_columns", f"{fact}; {advice}")]


def _unseen_in_test_file(dataset: Dataset, train: IntArray, config: DataConfig) -> list[Message]:
    """A message per column, unless it has so many categories that unseen ones were to be expected."""
    if dataset.test_source is None:
        return []
    limits = [config.max_categories, MANY_CATEGORIES if config.category_encoding == "target" else None]
    most = min((limit for limit in limits if limit is not None), default=math.inf)
    file, tested = Path(dataset.test_source).name, dataset.categorical[len(dataset) - dataset.test_rows :]
    messages = []
    for j, name in enumerate(dataset.categorical_names):
        if _count_categories(dataset.categorical[train, j]) > most:
            continue
        codes = tested[:, j]
        unseen = codes[(codes >= 0) & ~np.isin(codes, dataset.categorical[train, j])]
        if unseen.size:
            first = dataset.categories[j][unseen[0]]
            messages.append(unseen_categories(name, unseen.size, first, file=printable(file)))
    return messages
