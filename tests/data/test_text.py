from __future__ import annotations

import pytest

from fnnctl.data.text import counted, printable, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, é and 雪", "plain, é and 雪"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\nlines"),
        ("right\u202eleft", "right\\u202eleft"),
        ("C:\\data", "C:\\data"),
    ],
)
def test_only_what_does_not_print_is_written_out(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_a_shown_value_is_quoted_and_cut_to_sixty_characters() -> None:
    assert shown("a" * 60) == "'" + "a" * 60 + "'"
    assert shown("a" * 61) == "'" + "a" * 59 + "…'"
    assert shown("\a") == "'\\x07'"


@pytest.mark.parametrize(("number", "expected"), [(0, "0 rows"), (1, "1 row"), (1234, "1,234 rows")])
def test_a_count_has_its_plural(number: int, expected: str) -> None:
    assert counted(number, "row") == expected
