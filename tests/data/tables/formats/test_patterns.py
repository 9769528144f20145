"""Declared patterns; `datetime.strptime` is the oracle."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.tables.formats.patterns import pattern_fault, read_pattern

PATTERNS = [
    "%d/%m/%Y", "%Y%m%d", "%m-%d-%Y %H:%M:%S", "%d %b %Y", "%B %d, %Y", "%Y.%m.%d %I:%M %p", "%d%%%m%%%Y",
    "on %d.%m.%Y at %H",
]  # fmt: skip


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1)), st.sampled_from(PATTERNS))
def test_what_a_pattern_writes_it_reads(moment: datetime, pattern: str) -> None:
    text = moment.strftime(pattern)
    since = datetime.strptime(text, pattern) - datetime(1970, 1, 1)
    assert pattern_fault(pattern) is None
    assert read_pattern(text, pattern) == (since.days, since.seconds)


def test_a_year_of_two_digits() -> None:
    assert read_pattern("31.12.69", "%d.%m.%y") == (-1, 0)


@pytest.mark.parametrize("text", ["31/02/2024", "1/1/24", "x", "1/1/2024 10:00", "01-01-2024"])
def test_other_texts_are_no_dates(text: str) -> None:
    assert read_pattern(text, "%d/%m/%Y") is None
    assert read_pattern("1 Foo 2024", "%d %b %Y") is None
    assert read_pattern("1/1/2024 25", "%d/%m/%Y %H") is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("%d/%m", "needs a year, a month and a day"),
        ("dd.mm.yyyy", "needs a year, a month and a day"),
        ("%d/%m/%Y %q", "'%q' is not supported; use %Y %y"),
        ("%d/%m/%Y%", "'%' is not supported"),
        ("%d/%d/%m/%Y", "has a part of the date twice"),
        ("%d/%m/%Y %M", "has minutes without the hour"),
    ],
)
def test_wrong_patterns(pattern: str, words: str) -> None:
    assert words in (pattern_fault(pattern) or "")
