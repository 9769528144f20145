"""Turns arrays in memory into a data set, for callers from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.feature_array import label_text
from fnnctl.data.tables.table import ROW_NUMBER


def dataset_of(
    X: FloatArray, y: npt.NDArray[Any], *, names: Sequence[str] | None = None, target: str = "y"
) -> Dataset:
    """The rows of X, (N, p) with NaN if missing, with the target y, (N,): numbers, booleans or texts.

    `names` are those of the columns (default: x0, x1, …). Raises ValueError for other shapes, and if a row
    has no target.
    """
    if X.ndim != 2 or y.shape != (len(X),):
        raise ValueError(f"X must be (N, p) and y (N,), not {X.shape} and {y.shape}")
    columns = tuple(names or (f"x{j}" for j in range(X.shape[1])))
    if len(columns) != X.shape[1]:
        raise ValueError(f"there are {len(columns)} names for {X.shape[1]} columns")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError("y has a row without a target: leave such rows out")
    values, codes = np.unique(y, return_inverse=True)
    texts = tuple(label_text(value) for value in values.tolist())
    labels = CodedTexts.joined([CodedTexts(codes, texts, [None] * len(texts))])
    return Dataset(
        name=target,
        source="",
        sha256="",
        numeric=np.asarray(X, np.float64),
        numeric_names=columns,
        categorical=np.empty((len(X), 0), np.int32),
        categorical_names=(),
        categories=(),
        target=RawTarget(target, labels.codes, labels.texts, labels.lines),
        file_rows=np.arange(len(X), dtype=ROW_NUMBER),
    )
