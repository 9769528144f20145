"""Finds the texts of a column that occurred before by their bytes, so that only new ones become strings."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.tables.cells import WORD, CellRows

UNKNOWN: Final = -2
"""In place of the code of a cell whose text is not in the table."""
_MOST_WORDS: Final = 4
_LONGEST: Final = _MOST_WORDS * WORD
"""The bytes of the longest text that is looked up."""
MOST_TEXTS: Final = 2**15
"""This many texts of a column are remembered: the table of more would not fit into the cache."""
_SPARSE: Final = 8
"""The table has at least this many entries per text, so that few texts share one."""
_FACTORS: Final = np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, 2 * _MOST_WORDS, 2, dtype=np.uint64)
"""Odd numbers without a pattern, one per word: powers of 2⁶⁴ divided by the golden ratio."""
_HALF: Final = np.uint64(32)
_FIRST_BYTES: Final = np.array([2 ** (8 * n) - 1 for n in range(WORD + 1)], np.uint64)
"""The first n bytes of a word."""


class TextTable:
    """The codes of short texts by their bytes: a hash table.

    A text that shares its entry with a later one, or is long, is not in the table.
    """

    def __init__(self) -> None:
        self._words: IntArray = np.zeros((_MOST_WORDS, 64), np.uint64)
        self._codes: IntArray = np.full(64, UNKNOWN, np.int32)
        self._hashes: IntArray = np.zeros(64, np.uint64)
        self._count = 1  # the first entry is that of no text
        self._widest = 1
        """The most words of a text."""
        self._table = np.zeros(64 * _SPARSE, np.intp)

    def codes(self, cells: CellRows, position: int) -> IntArray:
        """The codes of the cells of a column, (n,) int32."""
        starts = cells.starts[position]
        lengths = cells.ends[position] - starts
        words = _words(cells, starts, lengths)
        index = self._table.take(self._slots(_hashes(words)))
        codes = self._codes.take(index)
        for entries, word in zip(self._words, words, strict=False):
            codes[entries.take(index) != word] = UNKNOWN
        for entries in self._words[len(words) : self._widest]:
            codes[entries.take(index) != 0] = UNKNOWN
        codes[lengths > _LONGEST] = UNKNOWN
        return codes

    def add(self, cells: CellRows, position: int, rows: IntArray, codes: IntArray) -> None:
        """Remember the codes (m,) of texts in some rows of a column; texts and codes are new."""
        starts = cells.starts[position][rows]
        lengths = cells.ends[position][rows] - starts
        is_short = lengths <= _LONGEST
        starts, lengths, codes = starts[is_short], lengths[is_short], codes[is_short]
        end = self._count + len(codes)
        if not len(codes) or end > MOST_TEXTS:
            return
        words = _words(cells, starts, lengths)
        self._reserve(end)
        part = slice(self._count, end)
        self._words[: len(words), part] = words
        self._widest = max(self._widest, len(words))
        self._codes[part] = codes
        self._hashes[part] = _hashes(words)
        self._table[self._slots(self._hashes[part])] = np.arange(part.start, part.stop)
        self._count = end

    def _reserve(self, count: int) -> None:
        size = len(self._codes)
        if count <= size:
            return
        while size < count:
            size *= 2
        more = size - len(self._codes)
        self._words = np.pad(self._words, ((0, 0), (0, more)))
        self._codes, self._hashes = (np.pad(array, (0, more)) for array in (self._codes, self._hashes))
        self._table = np.zeros(size * _SPARSE, np.intp)
        self._table[self._slots(self._hashes[1 : self._count])] = np.arange(1, self._count)

    def _slots(self, hashes: IntArray) -> IntArray:
        bits = len(self._table).bit_length() - 1
        return (hashes >> np.uint64(64 - bits)).view(np.intp)


def _words(cells: CellRows, starts: IntArray, lengths: IntArray) -> list[IntArray]:
    """The bytes of cells as words, (n,) each, zero after a cell's end."""
    count = min(_MOST_WORDS, max(1, -(-int(lengths.max(initial=0)) // WORD)))
    words: list[IntArray] = []
    for word in range(count):
        bytes_ = cells.words(starts + WORD * word if word else starts)
        bytes_ &= _FIRST_BYTES.take(lengths - WORD * word if word else lengths, mode="clip")
        words.append(bytes_)
    return words


def _hashes(words: list[IntArray]) -> IntArray:
    hashes = np.zeros(words[0].shape, np.uint64)
    for word, factor in zip(words, _FACTORS, strict=False):
        hashes += word * factor
    hashes ^= hashes >> _HALF
    hashes *= _FACTORS[0]
    return hashes
