"""A unit is found only if it follows a number in every text."""

from __future__ import annotations

import pytest

from fnnctl.data.tables.formats.units import find_unit


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (("12 kg", "7.5kg", "1.234,5 kg"), "kg"),
        (("45.1°", "-46°"), "°"),
        (("30 km/h", "50 km/h"), "km/h"),
        (("12", "13"), None),
        (("12 kg", "13 lb"), None),
        (("x1a", "x2a"), None),
        (("2020-Q1a", "2020-Q2a"), None),
        (("kg",), None),
        ((), None),
    ],
)
def test_units(texts: tuple[str, ...], unit: str | None) -> None:
    assert find_unit(texts) == unit
