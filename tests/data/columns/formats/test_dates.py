from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.formats.base import Candidate, Notation
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat, date_format, date_parts
from fnnctl.data.columns.formats.moments import read_moment
from tests.data.columns.coding import coded
from tests.messages import Messages

moments = st.tuples(st.integers(-700_000, 2_900_000), st.integers(0, 86_399).map(float))


@given(st.lists(moments, min_size=1, max_size=5))
def test_the_parts_are_those_of_datetime(values: list[tuple[int, float]]) -> None:
    parts = date_parts([*values, None], since=10)
    for place, (day, second) in enumerate(values):
        known = datetime.fromordinal(day + datetime(1970, 1, 1).toordinal()).replace(tzinfo=UTC)
        expected = [known.year, known.month, known.weekday(), second / 3600, day - 10 + second / 86400]
        assert [parts[part][place] for part in ("year", "month", "weekday", "hour", "days")] == expected
    assert all(np.isnan(values[-1]) for values in parts.values())


def moments_of(*texts: str) -> list[tuple[int, float]]:
    found = [read_moment(text, "month_first") for text in texts]
    return [moment for moment in found if moment is not None]


def test_constant_parts_are_left_out() -> None:
    form = date_format(moments_of("2024-01-02", "2024-03-04", "2024-03-05"), order="day_first")
    assert form == DateFormat(("month", "weekday", "days"), "2024-01-02", "day_first")
    assert form.columns("a") == ("a month", "a weekday", "a days")
    np.testing.assert_array_equal(form.numbers(["2024-01-03", "x", "3/4/2024"]),
                                  [[1, 2, 1], [np.nan] * 3, [4, 2, 92]])  # fmt: skip
    assert date_format(moments_of("2024-01-02"), order="day_first").parts == ("days",)
    form = date_format(moments_of("2024-01-02 06:00", "2024-01-02"), order="day_first")
    assert form.parts == ("hour", "days")
    assert form.numbers(["2024-01-03 06:00"]).tolist() == [[6, 1.25]]
    assert form.numbers([]).shape == (0, 2)


def test_a_declared_pattern_is_the_only_notation() -> None:
    form = DateFormat(("days",), "2024-01-01", pattern="%d/%m/%Y")
    np.testing.assert_array_equal(form.numbers(["02/01/2024", "2024-01-02"]).ravel(), [1, np.nan])


def test_compact_dates_are_read_if_declared() -> None:
    form = DateFormat(("days",), "2024-01-01", compact=True)
    assert form.numbers(["20240103", "2024-01-03"]).tolist() == [[2], [2]]
    assert np.isnan(DateFormat(("days",), "2024-01-01").numbers(["20240103"])).all()


@pytest.mark.parametrize(
    "wrong", [{"parts": ()}, {"parts": ("days", "days")}, {"since": "2024-13-01"}, {"pattern": "%d"}], ids=str
)
def test_an_invalid_format_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"parts|month|needs"):
        DateFormat(**({"parts": ("days",), "since": "2024-01-01"} | wrong))  # type: ignore[arg-type]


def find(
    *texts: str, european: bool = False, declared: bool = False, pattern: str | None = None
) -> Candidate:
    notation = Notation(european=european, patterns={} if pattern is None else {"a": pattern})
    candidate = DateFormat.find("a", coded(*texts), notation, declared=declared)
    assert candidate is not None
    return candidate


@pytest.mark.parametrize(
    ("texts", "order", "european_order"),
    [
        (("3/4/2024", "13/4/2024"), "day_first", "day_first"),
        (("3/4/2024", "4/13/2024"), "month_first", "month_first"),
        (("3/4/2024",), "month_first", "day_first"),
        (("3.4.2024",), "day_first", "day_first"),
        (("3-4-2024", "2024-01-05"), "month_first", "day_first"),
    ],
)
def test_the_order_of_day_and_month(texts: tuple[str, ...], order: str, european_order: str) -> None:
    for european, expected in ((False, order), (True, european_order)):
        candidate = find(*texts, european=european)
        assert isinstance(candidate.format, DateFormat)
        assert candidate.format.order == expected
        assert (candidate.warning is not None) == (order != european_order)


def test_an_ambiguous_order_is_told(messages: Messages) -> None:
    messages.check(find("5/5/2024", "3/4/2024").warning)


def test_declared_dates() -> None:
    for text in ("20240131", "x"):
        assert DateFormat.find("a", coded(text), Notation()) is None
    assert find("20240131", "2024-01-31", declared=True).fits.all()
    assert find("3/4/2024", "x", pattern="%d/%m/%Y").fits.tolist() == [True, False]


def test_times_are_hours_and_found_only_without_other_texts() -> None:
    candidate = TimeFormat.find("a", coded("6:30", "12:00 PM"), Notation())
    assert candidate is not None
    assert (candidate.format, TimeFormat().columns("a")) == (TimeFormat(), ("a hour",))
    assert candidate.numbers is not None
    assert candidate.numbers.tolist() == [[6.5], [12]]
    np.testing.assert_array_equal(TimeFormat().numbers(["6:30", "x"]).ravel(), [6.5, np.nan])
    assert TimeFormat.find("a", coded("6:30", "x"), Notation()) is None
    assert TimeFormat.find("a", coded("6:30"), Notation(patterns={"a": "%d/%m/%Y"})) is None
