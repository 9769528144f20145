"""Data sets of arrays, for tests that need no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import MEMORY_SOURCE, DataConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.in_memory import memory_data
from fnnctl.data.loading import load_dataset


def dataset_of(X: FloatArray, y: npt.NDArray[Any], *, target: str | None = None) -> Dataset:
    """The rows of X, (N, p), with the target y, (N,)."""
    return load_dataset(DataConfig(source=MEMORY_SOURCE, target=target), Path(), memory=memory_data((X, y)))
