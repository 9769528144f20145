"""What is no error in the data but likely a mistake: said before the training, not after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Dataset
from fnnctl.data.splits import Split
from fnnctl.data.text import counted, shown
from fnnctl.errors import quoted_list

FEWEST_IDS = 20


def data_warnings(dataset: Dataset, split: Split) -> list[str]:
    """Warn of row ids, columns that tell nothing, classes and rows that the parts do not divide well.

    Rows are compared by hashes of 64 bits over features and label: that two different rows have one is
    as likely as N²/2⁶⁵.
    """
    return [
        *_row_ids(dataset),
        *_constant_columns(dataset, split.train),
        *_absent_classes(dataset, split),
        *_shared_rows(dataset, split),
    ]


def _row_ids(dataset: Dataset) -> list[str]:
    rows = len(dataset) - dataset.test_rows
    if rows < FEWEST_IDS:
        return []
    numbers = zip(dataset.numeric_names, dataset.numeric[:rows].T, strict=True)
    texts = zip(dataset.categorical_names, dataset.categorical[:rows].T, strict=True)
    names = [name for name, column in numbers if _counts_rows(column)]
    names += [name for name, codes in texts if 10 * len(np.unique(codes)) >= 9 * rows]
    return [
        f"the column {shown(name)} has a value of its own in (nearly) every row: if it is a row's id or "
        "name, put it into data.columns.ignore"
        + ("; it is read as categories, not as numbers" if name in dataset.categorical_names else "")
        for name in names
    ]


def _counts_rows(column: FloatArray) -> bool:
    """Whether n numbers are whole, distinct, and (nearly) follow one another: within a span of 2n."""
    low, high = float(column.min()), float(column.max())
    if not high - low < 2 * len(column) or np.any(column != np.floor(column)):
        return False
    return int(np.bincount((column - low).astype(np.intp)).max()) == 1


def _constant_columns(dataset: Dataset, train: IntArray) -> list[str]:
    names = (*dataset.numeric_names, *dataset.categorical_names)
    columns = (*dataset.numeric.T, *dataset.categorical.T)
    constant = [
        shown(name) for name, column in zip(names, columns, strict=True) if _is_constant(column[train])
    ]
    if not constant:
        return []
    which = "a column has" if len(constant) == 1 else f"{len(constant)} columns have"
    return [
        f"{which} one value, or none, in the whole training part and cannot help: {quoted_list(constant)}"
    ]


def _is_constant(values: FloatArray | IntArray) -> bool:
    return bool(np.all(values == values[0]) or np.all(np.isnan(values)))


def _absent_classes(dataset: Dataset, split: Split) -> list[str]:
    warnings = []
    for part, rows, consequence in (
        ("training", split.train, "and cannot be learned"),
        ("validation", split.validation, "and no share in its metrics"),
        ("test", split.test, "and no share in its metrics"),
    ):
        counts = np.bincount(dataset.labels[rows], minlength=len(dataset.classes))
        absent = [shown(dataset.classes[c]) for c in np.flatnonzero(counts == 0)]
        if absent and rows.size:
            which = "a class has" if len(absent) == 1 else f"{len(absent)} classes have"
            warnings.append(f"{which} no row in the {part} part {consequence}: {quoted_list(absent)}")
    return warnings


def _shared_rows(dataset: Dataset, split: Split) -> list[str]:
    hashes = _row_hashes(dataset)
    pairs = (
        ("validation", split.validation, "training", split.train),
        ("test", split.test, "training", split.train),
        ("test", split.test, "validation", split.validation),
    )
    warnings = []
    for part, rows, other, other_rows in pairs:
        shared = int(np.count_nonzero(np.isin(hashes[rows], hashes[other_rows])))
        if shared:
            which = f"{counted(shared, 'row')} of the {part} part"
            warnings.append(f"{which} stand{'s' * (shared == 1)} in the {other} part too, label and all")
    return warnings


def _row_hashes(dataset: Dataset) -> npt.NDArray[np.uint64]:
    """(N,) a hash of each row's features and label; 0 and -0 are one number."""
    hashes = _mixed(dataset.labels.astype(np.uint64))
    for numbers in dataset.numeric.T:
        hashes = _mixed(hashes ^ (numbers.astype(np.float64) + 0.0).view(np.uint64))
    for codes in dataset.categorical.T:
        hashes = _mixed(hashes ^ codes.astype(np.uint64))
    return hashes


def _mixed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix every bit into every other: the finalizer of SplitMix64 (Steele, Lea & Flood, 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
