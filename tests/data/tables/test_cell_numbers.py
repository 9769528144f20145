from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.tables.cell_numbers import read_numbers
from fnnctl.data.tables.cells import CellRows


def numbers(texts: Sequence[str]) -> tuple[list[float | None], list[bool]]:
    """The number of each text, None if it was not read, and whether it may be a code."""
    chunk = "".join(f"{text},\n" for text in texts).encode()
    cells = CellRows.of(chunk, delimiter=",", width=2, encoding="utf-8", line=2)
    assert cells is not None
    values, unread, codes = read_numbers(cells, np.array([0]))
    read = zip(values[:, 0].tolist(), unread[:, 0].tolist(), strict=True)
    return [None if failed else value for value, failed in read], codes[:, 0].tolist()


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.one_of(
    FLOATS.map(repr),
    st.tuples(st.integers(0, 17), st.floats(-1e9, 1e9)).map(lambda pair: f"{pair[1]:.{pair[0]}f}"),
    st.tuples(st.integers(0, 17), FLOATS).map(lambda pair: f"{pair[1]:.{pair[0]}e}"),
    st.integers(-(10**20), 10**20).map(str),
    st.text("0123456789.-+eE _x", max_size=26),
)


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_what_is_read_has_the_bits_of_float(texts: list[str]) -> None:
    for text, number in zip(texts, numbers(texts)[0], strict=True):
        expected = plain_number(text.strip())
        assert number is None or (expected is not None and bits(number) == bits(expected)), text


@given(st.integers(2**52, 2**53 - 1), st.integers(-14, 6))
def test_numbers_halfway_between_two_are_read_as_float_does_or_not_at_all(
    mantissa: int, exponent: int
) -> None:
    """And those with one unit more or less in the last of 19 digits."""
    middle = Decimal(2 * mantissa + 1) * Decimal(2) ** (exponent - 1)
    digits = f"{middle:f}".ljust(20, "0")[:20].rstrip(".")
    texts = [digits[:-1] + str((int(digits[-1]) + change) % 10) for change in (0, 1, -1)]
    for text, number in zip(texts, numbers(texts)[0], strict=True):
        assert number is None or bits(number) == bits(float(text)), text


def test_usual_numbers_are_read() -> None:
    texts = [
        "0", "-0", "+7", "12345678", "123456789", "-12345.678", "1.", ".5", "-.5", "0.1",
        "0.30000000000000004", "-0.48211931267997826", "9007199254740991", "1.7976931348623157",
        "1.82760e+01", "-2.5E-07", "9e+22",
        "1234567890123456789", "0.0000001", "12345678.12345678", "1.5   ", "12345678 ",
    ]  # fmt: skip
    for text, number in zip(texts, numbers(texts)[0], strict=True):
        assert number is not None, text
        assert bits(number) == bits(float(text))


def test_what_is_no_number_is_not_read() -> None:
    texts = [
        "", ".", "-", "+.", "1..2", "1.2.3", "1-", "--1", "e5", "1e",
        "1e+", "1,5", "1_0", "inf", "nan", "0x1", "é", "1é", "١", "1 2",
    ]  # fmt: skip
    assert numbers([f'"{text}"' for text in texts])[0] == [None] * len(texts)


def test_codes_begin_with_a_zero_and_have_more_digits() -> None:
    texts = ["01", "007", "00", "0", "10", "0.5", "-01", "01.5", "0e+05"]
    assert numbers(texts)[1] == [True, True, True, False, False, False, False, False, False]
