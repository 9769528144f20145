"""New rows for a network that is trained, from arrays: X with the columns that the network knows, and y."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from fnnctl.data.arrays.archives import LABELS, find_arrays
from fnnctl.data.arrays.feature_array import FeatureArray
from fnnctl.data.arrays.labels import labels_of
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.new_rows import NewFile, NewRows, columns_of, note_missing
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.errors import quoted_list
from fnnctl.text import counted, shown


def open_new_arrays(path: Path, preprocessor: Preprocessor, *, labelled: bool) -> NewFile:
    """Open an NPZ file or a folder of NPY files, or an NPY file that is X, as `open_new_rows` does a table.

    The columns are found by their names, which are x0, x1, … where none stand beside X. Raises DataError
    where a column is missing, y where the rows are to be `labelled`, and for what is no array of numbers.
    """
    arrays = find_arrays(path, labelled=labelled)
    features = FeatureArray.of(arrays)
    wanted = columns_of(preprocessor)
    unused = tuple(name for name in features.names if name not in wanted)
    problems = Problems(features.stored.place)
    _check_names(features, preprocessor, wanted, unused, problems)
    labels = None
    if labelled:
        labels = labels_of(arrays[LABELS])
        features.check_labels(labels)
    return NewFile(unused, _blocks(features, wanted, labels))


def _check_names(
    features: FeatureArray,
    preprocessor: Preprocessor,
    wanted: tuple[str, ...],
    unused: tuple[str, ...],
    problems: Problems,
) -> None:
    """Raise DataError for what the network needs and X does not have."""
    if preprocessor.categories:
        names = quoted_list([shown(column.name) for column in preprocessor.categories])
        problems.add(f"the network needs columns of categories ({names}), which only a CSV file has")
        problems.raise_any()
    missing = [shown(name) for name in wanted if name not in features.names]
    if missing and not features.named:
        columns = f"{counted(len(features.names), 'column')}, x0 to {features.names[-1]}"
        problems.add(f"has {columns} for want of feature_names, and the network needs {quoted_list(missing)}")
        problems.raise_any()
    note_missing(wanted, unused, features.names, problems)
    problems.raise_any()


def _blocks(features: FeatureArray, wanted: tuple[str, ...], labels: CodedTexts | None) -> Iterator[NewRows]:
    first = 0
    for numbers in features.blocks(wanted):
        end = first + len(numbers)
        yield NewRows(
            first=first,
            numeric=numbers,
            numeric_names=wanted,
            categorical=np.empty((len(numbers), 0), np.int32),
            categorical_names=(),
            categories=(),
            labels=labels and replace(labels, codes=labels.codes[first:end]),
        )
        first = end
