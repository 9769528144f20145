"""Tables of trained configurations: what a search would find is looked up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Dimension
from fnnctl.space.number_domains import Integer
from fnnctl.space.space import Space

DIMENSIONS: Final[Mapping[str, Sequence[Any]]] = {
    "learning_rate": (1e-4, 4e-4, 1.6e-3, 6.4e-3, 2.56e-2, 1.024e-1),
    "l2": (1e-4, 1e-3, 1e-2, 1e-1),
    "dropout": (0.0, 0.2, 0.4),
    "width": (16, 32, 64, 128),
    "depth": (1, 2, 3),
    "batch_size": (16, 64, 256),
}
"""The grid: each dimension's values, in order."""
SHAPE: Final = tuple(len(values) for values in DIMENSIONS.values())

Metric = Literal["loss", "error"]
"""The validation part's loss, or 1 minus its accuracy or R²."""


@dataclass(frozen=True)
class Problem:
    """A loss to minimize over a space."""

    name: str
    space: Space
    loss: Callable[[Assignment], float]
    minimum: float
    """The smallest loss in the space."""


@dataclass(frozen=True)
class Table:
    """The results of all configurations of the grid on one data set."""

    name: str
    curves: Mapping[Metric, FloatArray]
    """By place in the grid and epoch; infinite after a trial has diverged."""

    def problem(self, metric: Metric) -> Problem:
        """The last epoch's values over the grid's indices: evenly spaced whole numbers, for everyone."""
        values = self.curves[metric][..., -1]
        space = Space([Dimension(name, Integer(0, len(v) - 1)) for name, v in DIMENSIONS.items()])

        def loss(assignment: Assignment) -> float:
            return float(values[tuple(int(assignment[name]) for name in DIMENSIONS)])

        digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:8]
        return Problem(f"{self.name}:{metric}:{digest}", space, loss, float(values.min()))

    def scale(self, metric: Metric) -> float:
        """The distance from the best configuration to the median one, in which regret is measured."""
        values = self.curves[metric][..., -1]
        return float(np.median(values) - values.min())


def write_tables(path: Path, tables: Sequence[Table]) -> None:
    """Write tables to one file, in single precision."""
    arrays = {
        f"{table.name}:{metric}": np.asarray(values, np.float32)
        for table in tables
        for metric, values in table.curves.items()
    }
    grid = np.array(json.dumps(DIMENSIONS))
    np.savez_compressed(path, grid=grid, **arrays)  # type: ignore[arg-type]


def read_tables(path: Path) -> list[Table]:
    """The tables of a file; raises ValueError if they have another grid than this version's."""
    with np.load(path) as file:
        if json.loads(str(file["grid"])) != json.loads(json.dumps(DIMENSIONS)):
            raise ValueError(f"{path} has another grid; make it again")
        names = dict.fromkeys(key.rpartition(":")[0] for key in file if key != "grid")
        return [Table(name, {"loss": file[f"{name}:loss"], "error": file[f"{name}:error"]}) for name in names]
