"""Several targets as columns of equal weight, from which edges and statistics of categories follow."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.losses.joint import loss_class, target_type
from fnnctl.nn.shape import OutputShape
from fnnctl.training.pool import Pool


def column_slices(output: OutputShape) -> list[slice]:
    """The columns of each of several targets: see `targets_of_rows`."""
    ends = np.cumsum([_count(part) for part in output.parts]).tolist()
    return [slice(end - _count(part), end) for part, end in zip(output.parts, ends, strict=True)]


def targets_of_rows(
    output: OutputShape, pool: Pool, rows: IntArray, own_target: int | None = None
) -> TargetArray:
    """The targets of some rows of the pool, (n,); of several targets their columns, (n, columns).

    A number is one column, as are two classes; more classes have one each. The columns of a target have a
    total variance of 1. A missing target has the mean of the others. With `own_target`, they are those of
    this one of several targets, (n,), as it has them alone.
    """
    targets: TargetArray = pool.targets[rows]
    if not output.parts:
        return targets
    if own_target is not None:
        return targets[:, own_target].astype(target_type(output.parts[own_target], targets.dtype))
    present = np.ones(targets.shape, np.bool_) if pool.factors is None else pool.factors[rows] > 0.0
    columns = [
        _columns(part, of_part, is_present)
        for part, of_part, is_present in zip(output.parts, targets.T, present.T, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def _has_classes(part: OutputShape) -> bool:
    return loss_class(part).target_type is np.intp


def _count(part: OutputShape) -> int:
    """The number of columns of one target."""
    return part.size if _has_classes(part) and part.size > 2 else 1


def _columns(part: OutputShape, targets: TargetArray, present: BoolArray) -> FloatArray:
    """The columns (n, c) of one target, (n,)."""
    is_class = _has_classes(part)
    first = 1 if part.size == 2 else 0
    values = (targets[:, None] == np.arange(first, part.size)) if is_class else targets[:, None]
    columns: FloatArray = values.astype(np.float64)
    if not present.any():
        return np.zeros_like(columns)
    columns -= columns[present].mean(axis=0)
    columns[~present] = 0.0
    variance = np.square(columns[present]).mean(axis=0).sum()
    return columns / np.sqrt(variance) if variance > 0.0 else columns
