"""Where the rows of members come from: one pool for a whole stack, in which members name rows by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.workspace import Workspace


class Pool(Protocol):
    """Where members take their rows from: in memory, or made from a file's rows as they are asked for."""

    @property
    def labels(self) -> IntArray:
        """(rows,), indices of classes."""

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        """Write each member's rows, (K, batch), to inputs, (K, batch, features + 1), each with a last one."""


@dataclass(frozen=True, slots=True)
class Examples:
    """A pool in memory: features with a last column of ones, and labels."""

    inputs: FloatArray
    """(rows, features + 1)"""
    labels: IntArray

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        """See `Pool`."""
        np.take(self.inputs, rows, axis=0, out=inputs, mode="clip")


def gather(pool: Pool, rows: IntArray, work: Workspace) -> None:
    """Fetch each member's rows, (K, batch), and their labels into a workspace."""
    pool.gather(rows, work.inputs)
    np.take(pool.labels, rows, out=work.targets.labels, mode="clip")
