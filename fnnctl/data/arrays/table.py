"""Arrays as a table: X has the numeric columns, named x0, x1, … unless names are saved; y is the label."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.arrays.archives import LABELS, find_arrays
from fnnctl.data.arrays.feature_array import FeatureArray
from fnnctl.data.arrays.stored_array import fault
from fnnctl.data.files import UNREPORTED, OnRead, refuse_too_large
from fnnctl.data.tables.matrix import EXACT_VALUES, NumberMatrix
from fnnctl.data.tables.table import Kind, Table


def read_arrays(
    path: Path,
    kinds: Mapping[str, Kind],
    *,
    others: Kind = "numeric",
    mappable: bool = False,
    on_read: OnRead = UNREPORTED,
) -> Table:
    """Read an archive or a folder; columns that are not in `kinds` have the kind `others`.

    If `mappable`, a large X stays in its file. Raises DataError for arrays that cannot be read, and if no
    column has values.
    """
    array = FeatureArray.of(find_arrays(path))
    # A column of X may have the label's name; the label itself is a separate array.
    kind_of = {name: "numeric" if name == LABELS else kinds.get(name, others) for name in array.names}
    numeric = [name for name, kind in kind_of.items() if kind == "numeric"]
    extra = {kind: name for name, kind in kind_of.items() if kind in ("weights", "group")}
    columns: dict[Kind, list[FloatArray]] = {kind: [] for kind in extra}
    matrix, mapped = NumberMatrix(numeric), None
    present = _present_if_mappable(array) if mappable and tuple(numeric) == array.names else None
    if present is not None:
        mapped, matrix.present = array.stored.mapped(), present
    else:
        refuse_too_large(array.rows * len(numeric) * 4, array.stored.place)
        for block in array.blocks([*numeric, *extra.values()]):
            matrix.append(block[:, : len(numeric)])
            on_read(array.stored.place, matrix.rows / array.rows)
            for kind, column in zip(columns, block.T[len(numeric) :], strict=True):
                columns[kind].append(column.copy())
    if others != "ignore" and not matrix.present.any():
        raise fault(array.stored.place, "has no column with values to learn from")
    return Table(
        names=(*array.names, LABELS),
        numeric=matrix,
        categorical={LABELS: array.labels} if array.labels else {},
        rows=array.rows,
        weights=np.concatenate(columns["weights"]) if "weights" in columns else None,
        groups=_numbered(np.concatenate(columns["group"])) if "group" in columns else None,
        mapped=mapped,
    )


def _present_if_mappable(array: FeatureArray) -> IntArray | None:
    """(p,) how many rows have a number; None if X is small, has an empty column, or cannot be mapped."""
    rows, columns = array.stored.header.shape
    if rows * columns <= EXACT_VALUES or not array.stored.can_be_mapped:
        return None
    present = np.zeros(columns, np.int64)
    for block in array.blocks(array.names):
        present += np.count_nonzero(~np.isnan(block), axis=0)
    return present if present.all() else None


def _numbered(values: FloatArray) -> IntArray:
    """(n,) the index of each value among the distinct values, -1 if missing."""
    numbers: IntArray = np.unique(values, return_inverse=True)[1]
    numbers[np.isnan(values)] = -1
    return numbers
