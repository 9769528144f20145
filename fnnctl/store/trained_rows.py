"""`trained_rows.npz`: by what a run recognizes the rows that its networks were trained on.

The file has salted digests, and counts of them; it has no value of any row. A run that goes on from another
one has the counts of all its ancestors too, which may be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.arrays import IntArray, UnsignedArray
from fnnctl.store.atomic import damaged
from fnnctl.store.weights import Array


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How often D different rows were used, by a run and its ancestors."""

    trained: IntArray
    """(M, D) how many equal rows each member was trained on."""
    used: IntArray
    """(D,) how many equal rows trained or validated any member."""


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The content of the file."""

    salt: bytes
    columns: Mapping[str, Any]
    """What a digest is made of."""
    digests: UnsignedArray
    """(D,) uint64, ascending."""
    counts: RowCounts
    """With those of the run itself."""
    former: RowCounts | None = None
    """Those of its ancestors alone, which its parts follow from; None if it has none."""

    def arrays(self) -> dict[str, Array]:
        """The arrays of the file. Counts are numbers of few bits, so each bit of all rows is an array."""
        arrays: dict[str, Array] = {
            "salt": np.frombuffer(self.salt, np.uint8),
            "columns": np.frombuffer(json.dumps(self.columns).encode(), np.uint8),
            "digests": self.digests.astype("<u8"),
        }
        for prefix, counts in (("", self.counts), ("former_", self.former)):
            if counts is not None:
                arrays[f"{prefix}trained"] = _bits(counts.trained)
                arrays[f"{prefix}used"] = _bits(counts.used[None])
        return arrays

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array], path: Path) -> StoredRows:
        """Read them back; raises `DataError`, which names `path`, if they are not those of `arrays`."""
        try:
            digests = arrays["digests"].astype(np.uint64, casting="safe")
            is_ascending = bool((digests[1:] > digests[:-1]).all())
            counts = _read_counts(arrays, "", len(digests))
            former = _read_counts(arrays, "former_", len(digests)) if "former_used" in arrays else None
            columns = json.loads(arrays["columns"].tobytes())
            salt = arrays["salt"].astype(np.uint8, casting="safe").tobytes()
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise damaged(path, "is damaged: its arrays are not those that fnnctl writes") from error
        if not (is_ascending and isinstance(columns, dict) and digests.ndim == 1):
            raise damaged(path, "is damaged: its digests are not in order, or not described")
        return cls(salt, columns, digests, counts, former)


def _read_counts(arrays: Mapping[str, Array], prefix: str, rows: int) -> RowCounts:
    return RowCounts(_numbers(arrays[f"{prefix}trained"], rows), _numbers(arrays[f"{prefix}used"], rows)[0])


def _bits(counts: IntArray) -> Array:
    """(bits, M, ⌈D / 8⌉) uint8 of counts (M, D): the lowest bits first, eight rows in a byte."""
    bits = max(1, int(counts.max(initial=0)).bit_length())
    return np.stack([np.packbits((counts >> bit & 1).astype(np.bool_), axis=1) for bit in range(bits)])


def _numbers(bits: Array, rows: int) -> IntArray:
    """(M, rows) the counts from their bits."""
    if bits.ndim != 3 or bits.shape[2] != -(-rows // 8) or bits.dtype != np.uint8 or len(bits) > 31:
        raise ValueError("not the bits of counts")
    counts = np.zeros((bits.shape[1], rows), np.int32)
    for bit, plane in enumerate(bits):
        counts |= np.unpackbits(plane, axis=1, count=rows).astype(np.int32) << bit
    return counts
