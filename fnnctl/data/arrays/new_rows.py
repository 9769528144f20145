"""Reads new rows from arrays: X with the columns that the network was trained on, and y."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np

from fnnctl.data.arrays.archives import find_arrays
from fnnctl.data.arrays.feature_array import FeatureArray
from fnnctl.data.new_rows import NewFile, NewRows, columns_of, note_missing
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.tables.keeping import NONE, Keep, kept_columns
from fnnctl.data.tables.kinds.conversion import labels_as_trained
from fnnctl.data.tables.readings import ColumnFormat
from fnnctl.errors import quoted_list
from fnnctl.text import counted, shown


def open_new_arrays(
    path: Path,
    preprocessor: Preprocessor,
    *,
    labelled: bool,
    label_format: ColumnFormat | None = None,
    keep: Keep = NONE,
) -> NewFile:
    """Open an NPZ file, a folder of NPY files, or an NPY file that is X, like `open_new_rows` for a table.

    The columns are found by name; the names are x0, x1, … if none are saved with X. Raises DataError if a
    column is missing, also one to `keep`, if y is missing and the rows are to be `labelled`, and if X is not
    an array of numbers.
    """
    array = FeatureArray.of(find_arrays(path, labelled=labelled))
    if array.labels:
        array = replace(array, labels=labels_as_trained(array.labels, label_format))
    wanted = columns_of(preprocessor)
    used, names = frozenset(wanted), frozenset(array.names)
    unused = tuple(name for name in array.names if name not in used)
    missing = [shown(name) for name in wanted if name not in names]
    problems = Problems(array.stored.place)
    if preprocessor.categories:
        needed = quoted_list([shown(column.name) for column in preprocessor.categories])
        problems.add(f"the network needs categorical columns ({needed}), which only a CSV file has")
    elif missing and not array.named:
        columns = f"{counted(len(array.names), 'column')}, x0 to {array.names[-1]}"
        problems.add(f"has {columns}, and no feature_names, but the network needs {quoted_list(missing)}")
    else:
        note_missing(wanted, unused, array.names, problems)
    kept = kept_columns(keep, array.names, problems)
    problems.raise_any()
    return NewFile(unused, kept, _blocks(array, wanted, kept))


def _blocks(array: FeatureArray, wanted: tuple[str, ...], kept: tuple[str, ...]) -> Iterator[NewRows]:
    first, labels = 0, array.labels
    texts = array.texts(kept) if kept else repeat(None)
    for numbers, own in zip(array.blocks(wanted), texts, strict=False):
        end = first + len(numbers)
        yield NewRows(
            first=first,
            numeric=numbers,
            numeric_names=wanted,
            categorical=np.empty((len(numbers), 0), np.int32),
            categorical_names=(),
            categories=(),
            kept=own,
            labels=labels and replace(labels, codes=labels.codes[first:end]),
        )
        first = end
