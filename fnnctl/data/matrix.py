"""The numeric columns of a data set: exact float64 if they are few, packed float32 if they are many, or a
memory-mapped file.

While a file is read, they are one array that grows in place, row by row, so the numbers are in memory only
once.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.comparable_numbers import Corrections, comparable, recovered

_LARGEST = float(np.finfo(np.float32).max)
_HEADROOM = 32
"""The exponent, below that of the largest distance in the sample, at which distances are stored."""
_MAX_EXPONENT = 895
"""A float32 is below 2¹²⁸, so a distance that is scaled by at most 2⁸⁹⁵ stays below 2¹⁰²³, a float64."""
EXACT_VALUES = 2**22
"""Up to this many numbers are kept as float64, which needs 32 MB."""
BLOCK_VALUES = 2**17
ColumnSource = Callable[[slice], FloatArray]
"""Gives the values of a column, float64, in some rows."""


@dataclass(frozen=True, slots=True)
class MappedNumbers:
    """(N, p) numbers; the system reads their pages on first access."""

    numbers: FloatArray
    file: mmap.mmap
    start: int
    """The offset of the first row in the file, in bytes."""

    def give_back(self, rows: IntArray | slice) -> None:
        """Return the memory pages of `rows`, after they were read, to the system if the rows are ascending.

        A pass in file order needs each page only once. With rows in another order the pages stay in memory,
        because the next batch of random rows would need them again.
        """
        if not hasattr(self.file, "madvise"):
            return
        if isinstance(rows, slice):
            first_row, end_row, _ = rows.indices(len(self.numbers))
        elif rows.size and bool((rows[1:] > rows[:-1]).all()):
            first_row, end_row = int(rows[0]), int(rows[-1]) + 1
        else:
            return
        first, end = (self.start + row * self.numbers.strides[0] for row in (first_row, end_row))
        first -= first % mmap.PAGESIZE
        if end > first:
            self.file.madvise(mmap.MADV_DONTNEED, first, end - first)


@dataclass(frozen=True, slots=True)
class Packing:
    """Offset and scale of p columns; a number is `packed · scale + offset`."""

    offset: FloatArray
    """(p,) a value from each column, so that integers stay integers."""
    scale: FloatArray
    """(p,) powers of two, which cause no rounding."""

    @classmethod
    def of(cls, sample: FloatArray) -> Packing:
        """Choose scale and offset from the first numbers of each column, (n, p) with NaN if missing.

        The largest distance in the sample is packed as 2⁻³². Later distances may be 10⁴⁸ times larger, and
        distances that are 10²⁸ times smaller keep their digits.
        """
        offset, scale = np.zeros(sample.shape[1]), np.ones(sample.shape[1])
        for j, column in enumerate(sample.T):
            values = column[~np.isnan(column)]
            if not values.size:
                continue
            half = values.size // 2
            offset[j] = np.clip(np.partition(values, half)[half], -(2.0**1022), 2.0**1022)
            farthest = np.max(np.abs(values * 0.5 - offset[j] * 0.5))  # halves cannot overflow
            if farthest > 0:
                exponent = int(np.frexp(farthest)[1]) + 1 + _HEADROOM
                scale[j] = np.ldexp(1.0, min(exponent, _MAX_EXPONENT))
        return cls(offset, scale)

    def select(self, columns: Sequence[int]) -> Packing:
        """The packing of some of the columns."""
        return Packing(self.offset[list(columns)], self.scale[list(columns)])

    def pack(self, numbers: FloatArray) -> FloatArray:
        """(n, p) float64 → float32; a distance beyond float32 becomes its largest number."""
        with np.errstate(over="ignore"):
            distances = (numbers - self.offset) / self.scale
        return np.clip(distances, -_LARGEST, _LARGEST, out=distances).astype(np.float32)

    def unpack(self, packed: FloatArray, columns: slice = slice(None)) -> FloatArray:
        """(n, p) float32, or some of the columns → float64."""
        numbers = packed.astype(np.float64)
        numbers *= self.scale[columns]
        numbers += self.offset[columns]
        return numbers


class NumberMatrix(Mapping[str, FloatArray]):
    """Columns of numbers by name, NaN if missing. Indexing returns a float64 copy of a column."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._index_of = {name: j for j, name in enumerate(self.names)}
        self.present: IntArray = np.zeros(len(self.names), np.int64)
        """(p,) how many rows have a number."""
        self.rows = 0
        self._values = array("d")
        self._packing: Packing | None = None
        self._corrections: list[Corrections] = []

    def __getitem__(self, name: str) -> FloatArray:
        j = self._index_of[name]
        stored = self._stored()[:, j : j + 1]
        return (self._packing.unpack(stored, slice(j, j + 1)) if self._packing else stored.copy())[:, 0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._index_of  # that of Mapping copies the column

    @property
    def is_packed(self) -> bool:
        """Whether rows that are appended are packed as those before were."""
        return self._packing is not None

    def missing(self, name: str) -> int:
        """How many rows have no number in a column."""
        return self.rows - int(self.present[self._index_of[name]])

    def append(self, block: FloatArray, wanted: FloatArray | None = None) -> None:
        """Append rows (n, p), float64; `wanted` are their comparable numbers if they have lost digits."""
        self._extend(block, self.rows, wanted)
        self.rows += len(block)
        self.present += np.count_nonzero(~np.isnan(block), axis=0)
        if self._packing is None and len(self._values) > EXACT_VALUES:
            exact, corrections = self._stored(), self.corrections
            self._packing = Packing.of(exact)
            self._values, self._corrections = array("f"), []
            for start in range(0, len(exact), self._step):
                rows = exact[start : start + self._step]
                wanted = comparable(rows)
                corrections.apply(wanted, start)
                self._extend(rows, start, wanted)

    @property
    def corrections(self) -> Corrections:
        """What the comparable numbers need beside the stored ones."""
        return Corrections.joined(self._corrections)

    def keep(self, rows: BoolArray, names: Sequence[str]) -> None:
        """Keep only the rows marked in `rows`, (rows,), and the named columns, in the order of `names`."""
        columns = [self._index_of[name] for name in names]
        if rows.all() and columns == list(range(len(self.names))):
            return
        stored, end = self._stored(), 0
        flat = stored.reshape(-1)
        for start in range(0, self.rows, self._step):
            block = slice(start, start + self._step)
            kept = stored[block][rows[block]][:, columns].reshape(-1)
            flat[end : end + kept.size] = kept  # never overwrites rows that are not read yet
            end += kept.size
        del stored, flat
        del self._values[end:]
        self.names, self.present, self.rows = tuple(names), self.present[columns], int(np.count_nonzero(rows))
        self._index_of = {name: j for j, name in enumerate(self.names)}
        self._packing = self._packing.select(columns) if self._packing else None
        self._corrections = [self.corrections.select(rows, columns)]

    def blocks(self, names: Sequence[str]) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        """Yield the named columns as float64 blocks, (n, p), and their comparable numbers if these differ."""
        columns = [self._index_of[name] for name in names]
        stored, corrections = self._stored(), self.corrections
        for start in range(0, self.rows, self._step):
            numbers = stored[start : start + self._step]
            if self._packing is None and not corrections.rows.size:
                yield numbers[:, columns], None
                continue
            unpacked = self._packing.unpack(numbers) if self._packing else numbers
            wanted = self._recovered(unpacked)
            corrections.apply(wanted, start)
            yield unpacked[:, columns], wanted[:, columns]

    def with_columns(self, names: Sequence[str], added: Mapping[str, ColumnSource]) -> NumberMatrix:
        """A new matrix with the columns `names`, in this order: the `added` ones, and else its own."""
        matrix = NumberMatrix(names)
        kept_names = [name for name in names if name not in added]
        index_of = {name: j for j, name in enumerate(kept_names)}
        start = 0
        for block, comparable_block in self.blocks(kept_names):
            rows = slice(start, start + len(block))
            values = np.empty((len(block), len(names)))
            for j, name in enumerate(names):
                values[:, j] = added[name](rows) if name in added else block[:, index_of[name]]
            wanted = None
            if comparable_block is not None:
                wanted = comparable(values)
                for name, j in index_of.items():
                    wanted[:, names.index(name)] = comparable_block[:, j]
            matrix.append(values, wanted)
            start += len(block)
        return matrix

    def finish(self) -> tuple[FloatArray, Packing | None]:
        """(rows, p) as stored: float64, or float32 with a packing. Nothing may be appended afterwards."""
        return self._stored(), self._packing

    @property
    def _step(self) -> int:
        return max(1, BLOCK_VALUES // max(1, len(self.names)))

    def _stored(self) -> FloatArray:
        values = np.frombuffer(self._values, self._values.typecode)
        return values.reshape(self.rows, len(self.names))

    def _extend(self, block: FloatArray, first_row: int, wanted: FloatArray | None) -> None:
        stored = self._packing.pack(block) if self._packing else block
        self._values.frombytes(stored.tobytes())
        if self._packing is None and wanted is None:
            return
        numbers = self._recovered(self._packing.unpack(stored) if self._packing else stored)
        corrections = Corrections.between(numbers, comparable(block) if wanted is None else wanted, first_row)
        if corrections.rows.size:
            self._corrections.append(corrections)

    def _recovered(self, numbers: FloatArray) -> FloatArray:
        """The comparable numbers of stored ones (n, p), as float64, before they are corrected."""
        return recovered(numbers, self._packing.offset) if self._packing else comparable(numbers)
