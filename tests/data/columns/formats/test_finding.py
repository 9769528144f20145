"""The format of a column is decided by all its texts."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.finding import SAMPLE, Candidate, Notations, find_date, find_time
from fnnctl.data.columns.formats.number import NumberFormat


def find(*texts: str, european: bool = False, mark: str = "auto") -> Candidate | None:
    counts = np.ones(len(texts), np.intp)
    return Notations(texts, counts).find(mark, european=european)  # type: ignore[arg-type]


def form(*texts: str, european: bool = False, mark: str = "auto") -> NumberFormat | None:
    found = find(*texts, european=european, mark=mark)
    assert found is not None
    assert found.fits.all()
    assert found.fault is None
    assert isinstance(found.format, NumberFormat | None)
    return found.format


COMMA = NumberFormat(decimal="comma")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("1,5", "2"), COMMA),
        (("1.234,5", "1.234"), COMMA),
        (("0,125", "1,250"), COMMA),  # the leading zero tells
        (("1,250", "1,250.5"), NumberFormat()),
        (("1,250,000", "1,250"), NumberFormat()),
        (("1.250.000", "1.250"), COMMA),
        (("$5", "6"), NumberFormat(currency="USD")),
        (("5%", "0"), NumberFormat(percent=True)),
        (("1.5", "2"), None),
        (("1.234", "5"), None),
        (("(5)", "3"), NumberFormat()),
    ],
)
def test_what_only_one_mark_allows(texts: tuple[str, ...], expected: NumberFormat | None) -> None:
    for european in (False, True):
        assert form(*texts, european=european) == expected


def test_thousands_or_fractions() -> None:
    assert form("1,250", "3") == NumberFormat()
    assert form("1,250", "3", european=True) == COMMA
    assert form("1,250", "3", mark="comma") == COMMA
    assert form("1,250", "3", mark="point", european=True) == NumberFormat()
    assert form("1.250", mark="comma") == COMMA
    assert form("1.250 €", european=True) == NumberFormat("comma", currency="EUR")
    assert form("1.250 €") == NumberFormat("point", currency="EUR")


def test_a_doubt_names_both_readings_and_the_setting() -> None:
    for european, mark, read, other in ((False, "comma", "1250", "1.250"), (True, "point", "1.250", "1250")):
        found = find("1,250", "3,000", european=european)
        assert found is not None
        assert found.doubt == (
            f"'1,250' is read as {read}; if it is {other}, write data.decimal_mark: {mark}"
        )
    for sure in (("1,5", "1,250"), ("1,250.5", "1,250"), ("$5",), ("$1,250",), ("999", "1,250")):
        found = find(*sure)
        assert found is not None
        assert found.doubt is None
    for unsure in (("1,250",), ("1,250", "1000")):
        found = find(*unsure)
        assert found is not None
        assert found.doubt is not None


@pytest.mark.parametrize(
    ("texts", "place", "words"),
    [
        (("0", "5%", "0.5"), 2, "'5%' is a percentage and '0.5' is none"),
        (("0.5", "5%"), 1, "'5%' is a percentage and '0.5' is none"),
        (("$5", "3", "€5"), 2, "'€5' is in EUR, but other values are in USD: write all in one currency"),
    ],
)
def test_units_that_contradict_each_other(texts: tuple[str, ...], place: int, words: str) -> None:
    found = find(*texts)
    assert found is not None
    assert found.fault is not None
    assert (found.fault[0], words in found.fault[1]) == (place, True)


def test_texts_that_are_no_numbers() -> None:
    assert find("a", "b") is None
    assert find("(1)", "(2)") is None  # footnotes
    found = find("1,5", "2,5", "x")
    assert found is not None
    assert (found.fits.tolist(), found.format) == ([True, True, False], COMMA)
    assert find(*["x"] * SAMPLE, "1") is None
    found = find(*["x"] * (SAMPLE - 1), "1", "2")
    assert found is not None
    assert int(found.fits.sum()) == 2


def date(*texts: str, european: bool = False, **more: object) -> Candidate | None:
    return find_date(texts, np.ones(len(texts), np.intp), european=european, **more)  # type: ignore[arg-type]


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
        found = date(*texts, european=european)
        assert found is not None
        assert isinstance(found.format, DateFormat)
        assert found.format.order == expected
        assert (found.doubt is not None) == (order != european_order)


def test_a_doubtful_order_is_told() -> None:
    found = date("5/5/2024", "3/4/2024")
    assert found is not None
    assert found.doubt == (
        "the month is taken to be first in '3/4/2024'; if it is not, write the pattern, such as %d/%m/%Y, in "
        "data.columns.dates"
    )


def test_declared_dates() -> None:
    assert date("20240131") is None
    found = date("20240131", "2024-01-31", compact=True)
    assert found is not None
    assert found.fits.all()
    found = date("3/4/2024", "x", pattern="%d/%m/%Y")
    assert found is not None
    assert found.fits.tolist() == [True, False]
    assert date("x") is None


def test_times() -> None:
    assert find_time(["6:30", "12:00 PM"]) == TimeFormat()
    assert find_time(["6:30", "x"]) is None
