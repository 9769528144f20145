"""Numbers that stay in their file, which is mapped into memory."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from fnnctl.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class MappedNumbers:
    """(N, p) numbers whose pages the system reads when they are looked at."""

    numbers: FloatArray
    file: mmap.mmap
    start: int
    """Where in the file the first row begins."""

    def give_back(self, rows: IntArray | slice) -> None:
        """Let the system have the pages of ascending rows again, which have been read.

        Whoever goes through a file in order needs no page twice. In any other order the pages stay: a batch
        of random rows would need them all again.
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
