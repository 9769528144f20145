"""Data sets of data in memory, and what they have in common with those of files."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.dataset import Dataset
from fnnctl.data.in_memory import memory_data
from fnnctl.data.loading import load_dataset


def load(data: object, **config: Any) -> Dataset:
    """The data set of data in memory, with settings of `data`."""
    return load_dataset(DataConfig(source=MEMORY_SOURCE, **config), Path(), memory=memory_data(data))


def load_file(path: Path, **config: Any) -> Dataset:
    return load_dataset(DataConfig(source=str(path), **config), Path())


def dataset_of(X: FloatArray, y: npt.NDArray[Any], *, target: str | None = None) -> Dataset:
    """The rows of X, (N, p), with the target y, (N,)."""
    return load((X, y), target=target)


def content(dataset: Dataset, file: str | Path = MEMORY_SOURCE) -> list[object]:
    """All that training reads, with `FILE` in place of the file's name."""
    target = dataset.target
    return [
        dataset.numeric.tobytes(), dataset.numeric.dtype, dataset.numeric_names, dataset.categorical.tolist(),
        dataset.categorical_names, dataset.categories, target.name, target.codes.tolist(), target.texts,
        dataset.file_rows.tolist(), None if dataset.weights is None else dataset.weights.tolist(),
        None if dataset.groups is None else dataset.groups.tolist(),
        None if dataset.order is None else dataset.order.tolist(),
        dataset.expansions, {name: repr(column) for name, column in dataset.types.items()},
        [str(warning).replace(str(file), "FILE") for warning in dataset.warnings],
    ]  # fmt: skip


def write_csv(path: Path, columns: Mapping[str, Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*columns], *zip(*columns.values(), strict=True)])
    return path
