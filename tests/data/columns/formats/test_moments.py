"""Dates as they are written; the oracle is `datetime`, which writes and counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.formats.moments import (
    DayOrder,
    day_number,
    iso_day,
    pattern_problem,
    read_compact,
    read_hours,
    read_moment,
    read_pattern,
)
from tests.messages import Messages

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
SPELLINGS = {
    "{Y:04}-{m:02}-{d:02}": None,
    "{Y:04}/{m}/{d}": None,
    "{m}/{d}/{Y:04}": "month_first",
    "{m:02}-{d:02}-{Y:04}": "month_first",
    "{d}/{m}/{Y:04}": "day_first",
    "{d:02}.{m:02}.{Y:04}": "day_first",
    "{d}-{m}-{Y:04}": "day_first",
    "{d:02}-{b}-{Y:04}": None,
    "{d} {B} {Y:04}": None,
    "{b} {d}, {Y:04}": None,
    "{B} {d} {Y:04}": None,
}
TIMES = {"": False, " {H}:{M:02}": False, "T{H:02}:{M:02}:{S:02}": True, " {I}:{M:02}:{S:02} {p}": True}


def seconds(moment: datetime) -> tuple[int, float]:
    since = moment - EPOCH
    return since.days, since.seconds + since.microseconds / 1e6


@given(
    moment=st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 30)),
    spelling=st.sampled_from(sorted(SPELLINGS)),
    time=st.sampled_from(sorted(TIMES)),
)
def test_what_is_written_is_read_back(moment: datetime, spelling: str, time: str) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    moment = moment if TIMES[time] else moment.replace(second=0)
    moment = moment if time else moment.replace(hour=0, minute=0)
    text = (spelling + time).format(
        Y=moment.year, m=moment.month, d=moment.day, H=moment.hour, I=moment.hour % 12 or 12, M=moment.minute,
        S=moment.second, p="am" if moment.hour < 12 else "PM", B=NAMES[moment.month - 1],
        b=NAMES[moment.month - 1][:3],
    )  # fmt: skip
    orders: list[DayOrder] = ["day_first", "month_first"]
    for order in orders:
        if SPELLINGS[spelling] in (None, order):
            assert read_moment(text, order) == seconds(moment)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_time_zone_is_taken_into_account(moment: datetime, minutes: int) -> None:
    local = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    for text in (local.isoformat(), local.isoformat(" "), local.strftime("%Y-%m-%d %H:%M:%S%z")):
        assert read_moment(text, "month_first") == seconds(local)
    assert read_moment(moment.replace(microsecond=0).isoformat() + "Z", "day_first") == seconds(
        moment.replace(microsecond=0, tzinfo=UTC)
    )


def test_what_is_no_date() -> None:
    texts = [
        "2024-02-30", "2024-13-01", "24-01-02", "1.10.24", "10.1.2.2024", "2024-01-02T24:00",
        "2024-01-02 10:60", "2024-01-02 13:00 PM", "3/4-2024", "Foo 3, 2024", "2024", "20240131", "",
        "2024-01-02x", "12:30", "192.168.0.1", "0001-01-01T00:00+01:00", "9999-12-31T23:00-02:00",
    ]  # fmt: skip
    assert [
        text for text in texts if read_moment(text, "month_first") or read_moment(text, "day_first")
    ] == []


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("3/4/24", "month_first", "2024-03-04"),
        ("24.12.69", "day_first", "1969-12-24"),
        ("12-Jan-68", "day_first", "2068-01-12"),
    ],
)
def test_two_digits_of_a_year(text: str, order: DayOrder, expected: str) -> None:
    assert read_moment(text, order) == read_moment(expected, "month_first")


def test_moments_by_hand() -> None:
    assert read_moment("1970-01-02T00:00:01.25Z", "month_first") == (1, 1.25)
    assert read_compact("20240131") == read_moment("2024-01-31", "month_first")
    assert read_compact("20241301") is read_compact("2024013") is None
    assert read_pattern("31.12.69", "%d.%m.%y") == (-1, 0)


def test_times_alone_are_hours() -> None:
    hours = {
        "6:30": 6.5, "06:30:36": 6.51, "12:15 am": 0.25, "12:00 PM": 12.0, "1:30p.m.": 13.5, "100:45": 100.75,
        "12 pm": None, "13:00 pm": None, "6:75": None, "6:5": None,
    }  # fmt: skip
    assert {text: read_hours(text) for text in hours} == hours


def test_days_are_counted_from_1970() -> None:
    assert day_number("1970-01-11") == 10
    assert iso_day(-1) == date(1969, 12, 31).isoformat()
    with pytest.raises(ValueError, match="month"):
        day_number("2024-13-01")


PATTERNS = [
    "%d/%m/%Y", "%Y%m%d", "%m-%d-%Y %H:%M:%S", "%d %b %Y", "%B %d, %Y", "%Y.%m.%d %I:%M %p", "%d%%%m%%%Y",
    "on %d.%m.%Y at %H",
]  # fmt: skip


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1)), st.sampled_from(PATTERNS))
def test_what_a_pattern_writes_it_reads(moment: datetime, pattern: str) -> None:
    text = moment.strftime(pattern)
    since = datetime.strptime(text, pattern) - datetime(1970, 1, 1)
    assert pattern_problem(pattern) is None
    assert read_pattern(text, pattern) == (since.days, since.seconds)


def test_other_texts_are_no_dates() -> None:
    for text in ("31/02/2024", "1/1/24", "x", "1/1/2024 10:00", "01-01-2024"):
        assert read_pattern(text, "%d/%m/%Y") is None
    assert read_pattern("1 Foo 2024", "%d %b %Y") is None
    assert read_pattern("1/1/2024 25", "%d/%m/%Y %H") is None


def test_wrong_patterns(messages: Messages) -> None:
    for pattern in ("%d/%m", "dd.mm.yyyy", "%d/%m/%Y %q", "%d/%m/%Y%", "%d/%d/%m/%Y", "%d/%m/%Y %M"):
        messages.check(pattern_problem(pattern))
