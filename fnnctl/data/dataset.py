"""The rows as typed arrays: what a source becomes, before anything is fitted or scaled."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Dataset:
    """N rows of p numeric and q categorical columns, with a class each.

    `numeric` may lie in memory column by column (Fortran order).
    """

    name: str
    """The built-in data set's name, or the file's stem: for titles and messages."""
    source: str
    """The built-in data set's name, or the file's absolute path."""
    sha256: str
    """Of the file's bytes as they lie on disk."""
    numeric: FloatArray
    """(N, p), NaN where missing."""
    numeric_names: tuple[str, ...]
    categorical: IntArray
    """(N, q) codes into `categories`, -1 where missing."""
    categorical_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    """The values of each categorical column, sorted like `classes`."""
    labels: IntArray
    """(N,) indices into `classes`."""
    classes: tuple[str, ...]
    """Sorted as numbers where all are numbers, else as text."""
    file_rows: IntArray
    """(N,) each row's number in its file, from 0, counting the rows that were left out for want of a label"""
    target: str
    """The label column's name."""
    weights: FloatArray | None = None
    """(N,) how much each row counts in the loss; None where data.weights names no column."""
    test_rows: int = 0
    """How many of the last rows came from the test file."""
    test_source: str | None = None
    """The test file's absolute path."""
    test_sha256: str | None = None
    warnings: tuple[str, ...] = ()
    """What was noticed while reading."""

    def __len__(self) -> int:
        return len(self.labels)
