"""Helpers that save arrays in a folder and read them as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError

Arrays = dict[str, npt.ArrayLike]
X = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 30.0]])
Y = np.array([7, 5, 7])
READERS = ["data.npz", "packed.npz", "folder"]


def save(folder: Path, source: str, arrays: Arrays) -> None:
    if source.endswith(".npz"):
        (np.savez_compressed if source == "packed.npz" else np.savez)(folder / source, **arrays)  # type: ignore[arg-type]
        return
    (folder / source).mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / source / f"{name}.npy", np.asanyarray(array), allow_pickle=True)


def load(folder: Path, source: str = "folder", arrays: Arrays | None = None, **settings: Any) -> Dataset:
    if arrays is not None:
        save(folder, source, arrays)
    return load_dataset(DataConfig(source=source, **settings), folder)


def fault(folder: Path, source: str = "folder", arrays: Arrays | None = None, **settings: Any) -> str:
    with pytest.raises(DataError) as caught:
        load(folder, source, arrays, **settings)
    (problem,) = caught.value.problems
    return str(problem)
