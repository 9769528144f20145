"""Reads plain numbers from the bytes of a CSV file, many together, to the bits that `float` gives.

Eight characters are read as one 64-bit word: the decimal point is found and left out, all digits are checked,
and neighbouring digits are added up to pairs, fours and eights, as in simdjson's number parsing (Langdale and
Lemire, *VLDB Journal*, 2019). Up to 24 characters take three words. The digits are an integer, which is then
divided by a power of ten. If both are exact float64 numbers, the quotient is the nearest one (Clinger, 1990);
longer integers are divided in double-double arithmetic, and what that cannot decide is left to `float`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.tables.cells import WORD, CellRows

_MOST_WORDS: Final = 3
_MOST_DIGITS: Final = 19
"""An integer of this many digits is below 2⁶⁴."""
_EXPONENT_CHARACTERS: Final = 4
"""Those of an exponent such as `e-05`."""
_EXACT_POWER: Final = 22
"""10²² is the largest power of ten that float64 has exactly."""
_EXACT_INTEGER: Final = np.uint64(2**53)
_MOST_BLANKS: Final = WORD
"""This many blanks after a number are skipped, one by one in all cells."""
_MINUS, _PLUS, _ZERO, _BLANK = b"-+0 "


def _everywhere(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


_DIGIT_ZERO, _POINT = _everywhere(ord("0")), _everywhere(ord(".") ^ ord("0"))
_HIGH_BITS, _ABOVE_NINE = _everywhere(0x80), _everywhere(0x80 - 10)
_LAST_BYTES: Final = np.array([2**64 - 2 ** (8 * (WORD - n)) for n in range(WORD + 1)], np.uint64)
"""The last n bytes of a word."""
_POWERS: Final = np.array([float(10**n) for n in range(_EXACT_POWER + 1)])
_ONE, _SEVEN, _EIGHT, _SIXTEEN, _FOUR_BYTES = (np.uint64(n) for n in (1, 7, 8, 16, 32))
_TOP_BYTE: Final = np.uint64(56)


def read_numbers(cells: CellRows, positions: IntArray) -> tuple[FloatArray, BoolArray, BoolArray]:
    """The numbers of some columns (n, p); which cells were not read, (n, p); which begin with a zero and have
    more digits, but nothing else, (n, p).

    A cell that was not read may be a number all the same.
    """
    starts, ends = cells.starts[positions], cells.ends[positions]
    if " " in cells.text if isinstance(cells.text, str) else b" " in cells.text:
        _leave_out_blanks(cells, starts, ends)
    first = cells.data.take(starts)
    is_negative = first == _MINUS
    starts += is_negative | (first == _PLUS)
    lengths = ends - starts
    numbers, unread = np.empty(starts.shape), np.empty(starts.shape, np.bool_)
    widest = lengths.max(axis=1, initial=0)
    words_of = _words(widest)
    for words in range(1, _MOST_WORDS + 1):
        columns = np.flatnonzero(words_of == words)
        if columns.size:
            shape = columns.size, starts.shape[1]
            values, failed = _unsigned(cells, ends[columns].ravel(), lengths[columns].ravel(), words)
            numbers[columns], unread[columns] = values.reshape(shape), failed.reshape(shape)
    rows = np.flatnonzero(unread.ravel() & (lengths.ravel() > _EXPONENT_CHARACTERS))
    if rows.size:
        values, failed = _with_exponents(cells, ends.ravel()[rows], lengths.ravel()[rows])
        read = rows[~failed]
        numbers.ravel()[read], unread.ravel()[read] = values[~failed], False
    numbers.view(np.uint64)[...] ^= is_negative.astype(np.uint64) << np.uint64(63)
    may_be_code = (first == _ZERO) & (lengths > 1) & ~unread
    if may_be_code.any():
        second = cells.data.take(starts[may_be_code] + 1)
        may_be_code[may_be_code] = (second >= _ZERO) & (second <= ord("9"))
        may_be_code &= np.floor(numbers) == numbers
    return numbers.T, unread.T, may_be_code.T


def _leave_out_blanks(cells: CellRows, starts: IntArray, ends: IntArray) -> None:
    """Move `ends` before a few blanks; a cell with more is not read."""
    for _ in range(_MOST_BLANKS):
        are_blank = (cells.data.take(ends - 1) == _BLANK) & (starts < ends)
        if not are_blank.any():
            return
        ends -= are_blank


def _words(lengths: IntArray) -> IntArray:
    return np.clip(-(-lengths // WORD), 1, _MOST_WORDS)


def _unsigned(cells: CellRows, ends: IntArray, lengths: IntArray, words: int) -> tuple[FloatArray, BoolArray]:
    """The numbers (n,) in the last bytes before `ends`, in `words` words, and which could not be read."""
    integers, decimals, failed = _digits(cells, ends, lengths, words)
    divisors = _POWERS.take(decimals)
    numbers = integers.astype(np.float64)
    numbers /= divisors
    if words > 1:
        large = np.flatnonzero(integers > _EXACT_INTEGER)
        if large.size:
            numbers[large], sure = _quotients(integers[large], divisors[large])
            failed[large] |= ~sure
    return numbers, failed


def _with_exponents(cells: CellRows, ends: IntArray, lengths: IntArray) -> tuple[FloatArray, BoolArray]:
    """The numbers (n,) with a sign and two digits in the exponent, and which could not be read."""
    e, sign, tens, ones = (cells.data.take(ends - back).astype(np.int64) for back in (4, 3, 2, 1))
    tens, ones = tens - _ZERO, ones - _ZERO
    failed = ((e | 0x20) != ord("e")) | ((sign != _PLUS) & (sign != _MINUS))
    failed |= (tens < 0) | (tens > 9) | (ones < 0) | (ones > 9)
    lengths = lengths - _EXPONENT_CHARACTERS
    words = _words(lengths.max())
    integers, decimals, wrong = _digits(cells, ends - _EXPONENT_CHARACTERS, lengths, int(words))
    exponents = np.where(sign == _MINUS, -1, 1) * (10 * tens + ones) - decimals
    failed |= wrong | (np.abs(exponents) > _EXACT_POWER) | (integers > _EXACT_INTEGER)
    powers = _POWERS.take(np.minimum(np.abs(exponents), _EXACT_POWER))
    numbers = integers.astype(np.float64)
    return np.where(exponents < 0, numbers / powers, numbers * powers), failed


def _digits(
    cells: CellRows, ends: IntArray, lengths: IntArray, words: int
) -> tuple[IntArray, IntArray, BoolArray]:
    """The digits before `ends` as integers (n,), how many are decimals, (n,), and which are not digits.

    Words are numbered from the last one.
    """
    digits: list[IntArray] = []
    for word in range(words):
        mask = _LAST_BYTES.take(lengths - WORD * word if word else lengths, mode="clip")
        digit = cells.words(ends - WORD * (word + 1))
        digit &= mask
        mask &= _DIGIT_ZERO
        digit ^= mask
        digits.append(digit)
    integers, wrong = np.zeros((2, ends.size), np.uint64)
    decimals, points = np.zeros((2, ends.size), np.uint8)
    has_later: IntArray | None = None
    """All bits, if a later word has a point, so that all digits of this one move by a byte."""
    for word, digit in enumerate(digits):
        wrong |= digit  # bytes that are not ASCII have the highest bit
        point = digit ^ _POINT
        np.subtract(_HIGH_BITS, point, out=point)  # only where a byte was 0 the highest bit stays
        point &= _HIGH_BITS
        one = np.minimum(point, _ONE)
        after = point << _ONE
        after -= one
        np.invert(after, out=after)  # the bytes after the point; all if there is none
        count = np.bitwise_count(point)
        points += count
        count *= (np.bitwise_count(after) >> 3) + np.uint8(WORD * word)
        decimals += count
        point >>= _SEVEN
        point -= one  # the bytes before the point
        has_point = np.negative(one, out=one)
        if has_later is not None:
            point |= has_later
            after &= ~has_later
            has_point |= has_later
        point &= digit
        point <<= _EIGHT
        after &= digit
        after |= point
        if word < words - 1:
            after |= (digits[word + 1] >> _TOP_BYTE) & has_point
        has_later = has_point
        wrong |= after + _ABOVE_NINE
        eight = _eight_digits(after)
        if word:
            eight *= np.uint64(10 ** (WORD * word))
        integers += eight
    wrong &= _HIGH_BITS
    failed = wrong != 0
    failed |= points > 1
    number = lengths - points
    failed |= (number < 1) | (number > min(_MOST_DIGITS, WORD * words))
    failed |= lengths > WORD * words
    return integers, np.minimum(decimals, _EXACT_POWER).astype(np.intp), failed


def _eight_digits(digits: IntArray) -> IntArray:
    """The integers (n,) of eight digits in the bytes of a word, the first digit in the lowest byte."""
    pairs = digits * np.uint64(10 * 2**8 + 1)
    pairs >>= _EIGHT
    pairs &= np.uint64(0x00FF00FF00FF00FF)
    pairs *= np.uint64(100 * 2**16 + 1)
    pairs >>= _SIXTEEN
    pairs &= np.uint64(0x0000FFFF0000FFFF)
    pairs *= np.uint64(10000 * 2**32 + 1)
    pairs >>= _FOUR_BYTES
    return pairs


def _quotients(integers: IntArray, divisors: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The nearest float64 to quotients (n,) of integers up to 10¹⁹ and powers of ten; which are certain.

    The quotient is the sum of two float64 numbers with an error below 2⁻¹⁰⁰ of it; products are
    Dekker's (1971).
    """
    high = integers.astype(np.float64)
    with np.errstate(invalid="ignore"):  # more than 2⁶⁴ is not read here
        low = (integers - high.astype(np.uint64)).view(np.int64).astype(np.float64)
    first = high / divisors
    product = first * divisors
    (a, b), (c, d) = _halves(first), _halves(divisors)
    error = ((a * c - product) + a * d + b * c) + b * d
    second = (((high - product) - error) + low) / divisors
    quotient = first + second
    remainder = np.abs((first - quotient) + second)
    half = 0.5 * np.spacing(quotient)
    # Next to half the distance to a neighbour, or to the nearer one below a power of two, the error decides.
    near = half * 2.0**-30
    sure = (np.abs(remainder - half) > near) & (np.abs(remainder - 0.5 * half) > near)
    return quotient, sure


def _halves(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two numbers of at most 26 bits whose sum is the value: their products are exact."""
    scaled = values * (2.0**27 + 1.0)
    upper = scaled - (scaled - values)
    return upper, values - upper
