"""Numbers that stay in a memory-mapped file."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from fnnctl.arrays import FloatArray, IntArray


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
