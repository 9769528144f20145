"""Finds the cells of a CSV file in its bytes, for many rows together.

`csv` makes a string of every value, which takes ten times as long as finding where the values are. Numbers
and categories are then read from the bytes, and only what is neither becomes strings: see `cell_numbers` and
`cell_texts`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from fnnctl.arrays import BoolArray, IntArray

MARGIN: Final = 48
"""The bytes before and after those of a chunk: words that begin or end outside of it can be read."""
WORD: Final = 8
_NEWLINE, _RETURN, _QUOTE, _BLANK = b'\n\r" '
_BLANK_ROUNDS: Final = 2
"""This many blanks before cells are skipped one by one, in all cells; a search for the next byte that is none
skips any number, but takes as long as several rounds."""


@dataclass(frozen=True, slots=True)
class CellRows:
    """n consecutive rows of a CSV file as the bytes of their cells: a `Block`."""

    lines: Sequence[int]
    data: IntArray
    """The rows as uint8, with a margin before and after them."""
    starts: IntArray
    """(columns, n) where the cells' bytes start, without quotes."""
    ends: IntArray
    """(columns, n)"""
    text: str | bytes
    """The rows without the margins; a string if all characters are ASCII, one byte each."""
    encoding: str
    has_quotes: bool
    """Whether some cells are in quotes, in which two quotes stand for one."""

    @classmethod
    def of(cls, chunk: bytes, *, delimiter: str, width: int, encoding: str, line: int) -> Self | None:
        """The cells of whole records, the first of which is in this `line`, with `width` cells each.

        None if the chunk is anything but that: only `csv` knows what is wrong with it, or what it means.
        """
        text = _text(chunk, encoding)
        if text is None or b"\0" in chunk:
            return None
        padded = np.full(-(-(len(chunk) + 2 * MARGIN) // WORD) * WORD, _NEWLINE, np.uint8)
        padded[MARGIN : MARGIN + len(chunk)] = np.frombuffer(chunk, np.uint8)
        has_quotes = b'"' in chunk
        special_bytes = _separators(padded, len(chunk), ord(delimiter), has_quotes=has_quotes)
        if special_bytes is None:
            return None
        separators, newlines = special_bytes
        if separators.size % width:
            return None
        ends = separators.reshape(-1, width).T.copy()
        last = padded.take(ends)
        if not ((last[:-1] == ord(delimiter)).all() and (last[-1] == _NEWLINE).all()):
            return None
        starts = np.empty_like(ends)
        np.add(ends[:-1], 1, out=starts[1:])
        starts[0, 1:] = ends[-1, :-1] + 1
        starts[0, :1] = MARGIN
        lines: Sequence[int] = range(line, line + ends.shape[1])
        if newlines is not None and newlines.size != ends.shape[1]:
            lines = (line + np.searchsorted(newlines, starts[0])).tolist()
        if b"\r" in chunk:
            returns = padded.take(ends[-1] - 1) == _RETURN
            if np.count_nonzero(returns) != chunk.count(b"\r"):
                return None
            ends[-1] -= returns
        _trim(padded, starts, ends, blanks=delimiter != " ", quotes=has_quotes)
        lengths = ends - starts
        if lengths.max() > csv.field_size_limit() or (width == 1 and not lengths.all()):
            return None  # a record of one empty value is a blank line
        return cls(lines, padded, starts, ends, text, encoding, has_quotes)

    def lengths(self, positions: Sequence[int]) -> IntArray:
        """The bytes of the cells of some columns, (n, p)."""
        columns = list(positions)
        return (self.ends[columns] - self.starts[columns]).T

    @property
    def columns(self) -> list[CellValues]:
        """The columns."""
        return [CellValues(self, position) for position in range(len(self.starts))]

    def texts(self, position: int, rows: slice | IntArray) -> list[str]:
        """The values of one column in some rows."""
        starts, ends = (array[position][rows] - MARGIN for array in (self.starts, self.ends))
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        text = self.text
        if isinstance(text, str):
            values = [text[start:end] for start, end in spans]
        else:
            values = [text[start:end].decode(self.encoding) for start, end in spans]
        return [value.replace('""', '"') for value in values] if self.has_quotes else values

    def first_columns(self, count: int) -> CellRows:
        """The rows with their first columns alone."""
        return replace(self, starts=self.starts[:count], ends=self.ends[:count])

    def numbers(self, positions: Sequence[int]) -> None:
        """None: texts have no types."""

    def part(self, rows: slice) -> CellRows:
        """Some consecutive rows."""
        return replace(self, lines=self.lines[rows], starts=self.starts[:, rows], ends=self.ends[:, rows])

    def words(self, starts: IntArray) -> IntArray:
        """The eight bytes from each of these offsets on, as uint64, the first byte in the lowest bits."""
        aligned = self.data.view(np.dtype("<u8"))
        index = starts >> 3
        shift = ((starts & 7) << 3).view(np.uint64)
        low = aligned.take(index)
        low >>= shift
        index += 1
        high = aligned.take(index)
        high <<= np.uint64(64) - shift  # a shift by 64 bits gives 0
        low |= high
        return low


@dataclass(frozen=True, slots=True)
class CellValues:
    """A column of cells: a `Column`. Its readers know cells, and make texts only of some."""

    cells: CellRows
    position: int

    def __len__(self) -> int:
        return len(self.cells.lines)

    def part(self, rows: slice) -> CellValues:
        """Some consecutive rows."""
        return CellValues(self.cells.part(rows), self.position)

    def texts(self) -> list[str]:
        """The texts of all cells."""
        return self.cells.texts(self.position, slice(None))

    def numbers(self) -> None:
        """None: texts have no types."""


def _text(chunk: bytes, encoding: str) -> str | bytes | None:
    """See `CellRows.text`; None if some bytes are none in this encoding."""
    if chunk.isascii():
        return chunk.decode("ascii")
    try:
        chunk.decode(encoding)
    except UnicodeDecodeError:
        return None
    return chunk


def _separators(
    padded: IntArray, size: int, delimiter: int, *, has_quotes: bool
) -> tuple[IntArray, IntArray | None] | None:
    """Where cells end, and all newlines if some may be in quotes; None if a quote is where none belongs."""
    data = padded[MARGIN : MARGIN + size]
    is_special, is_other = data == delimiter, data == _NEWLINE
    is_special |= is_other
    if not has_quotes:
        return np.flatnonzero(is_special) + MARGIN, None
    np.equal(data, _QUOTE, out=is_other)
    is_special |= is_other
    specials = np.flatnonzero(is_special) + MARGIN
    kinds = padded.take(specials)
    is_quote = kinds == _QUOTE
    is_outside = (np.cumsum(is_quote, dtype=np.int32) & 1) == 0
    quotes = specials[is_quote]
    before, after = padded.take(quotes[::2] - 1), padded.take(quotes[1::2] + 1)
    if quotes.size % 2 or not (
        _are_among(before, (delimiter, _NEWLINE, _QUOTE)).all()
        and _are_among(after, (delimiter, _NEWLINE, _RETURN, _QUOTE)).all()
    ):
        return None
    return specials[is_outside & ~is_quote], specials[kinds == _NEWLINE]


def _are_among(data: IntArray, values: Iterable[int]) -> BoolArray:
    among = np.zeros(data.shape, np.bool_)
    for value in values:
        among |= data == value
    return among


def _trim(padded: IntArray, starts: IntArray, ends: IntArray, *, blanks: bool, quotes: bool) -> None:
    """Leave out, in place, the blanks before a cell, which `csv` skips, and the quotes around it."""
    first = padded.take(starts)
    if quotes:
        is_quoted = first == _QUOTE
        starts += is_quoted
        ends -= is_quoted
        first[is_quoted] = _QUOTE
    if not blanks:
        return
    for _ in range(_BLANK_ROUNDS):
        are_blank = (first == _BLANK) & (starts < ends)
        if not are_blank.any():
            return
        starts += are_blank
        first = np.where(are_blank, padded.take(starts), _QUOTE)
    are_blank = (first == _BLANK) & (starts < ends)
    if are_blank.any():
        texts = np.flatnonzero(padded != _BLANK)
        next_texts = texts.take(np.searchsorted(texts, starts[are_blank]))
        starts[are_blank] = np.minimum(next_texts, ends[are_blank])
