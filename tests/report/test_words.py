from __future__ import annotations

import pytest

from fnnctl.report.words import number, seconds_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.97222, "0.9722"),
        (1.0, "1.0000"),
        (0.0, "0.0000"),
        (0.00074949, "0.000749"),
        (-0.0000402, "-0.0000402"),
        (0.000001234, "1.23e-06"),
        (-5.2e-16, "0.0000"),
        (12345, "12,345"),
        ([0.91, 0.95555], "0.9100–0.9556"),
        (None, "–"),
        ("text", "–"),
    ],
)
def test_number(value: object, expected: str) -> None:
    assert number(value) == expected


def test_seconds_text() -> None:
    texts = ["0.0421 s", "12.3 s", "60 s", "1 min 23 s", "1 h 00 min", "2 h 05 min"]
    assert [*map(seconds_text, (0.0421, 12.345, 59.99, 83.2, 3599.9, 7500))] == texts
