from __future__ import annotations

import logging

import numpy as np
import pytest

from fnnctl.plots import lettering
from fnnctl.plots.confusion import confusion_matrix_figure
from fnnctl.plots.lettering import DEFAULT_FAMILY, columns, count_text, lettering_for, shortened
from fnnctl.plots.style import png_bytes


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("abcdefghij", 7, "abc…hij"),
        ("abcdefghij", 6, "abc…ij"),
        ("one two three", 8, "one…ree"),
        ("一二三四五", 7, "一二…五"),
        ("一二三四五", 10, "一二三四五"),
    ],
)
def test_long_text_loses_its_middle(text: str, limit: int, expected: str) -> None:
    assert shortened(text, limit) == expected
    assert columns(shortened(text, limit)) <= limit


def test_marks_take_no_room() -> None:
    assert columns("e\u0301") == 1


def test_latin_greek_and_arabic_need_one_font() -> None:
    found = lettering_for(["plain", "Ελληνικά", "قطة"])
    assert found.families == (DEFAULT_FAMILY,)
    assert found.missing == set()


def test_fonts_are_added_until_all_characters_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    glyphs = {DEFAULT_FAMILY: "ab", "Few": "猫", "Many": "猫犬", "Other": "ก", "Useless": "x"}
    monkeypatch.setattr(lettering, "_installed_families", lambda: sorted(glyphs))
    monkeypatch.setattr(lettering, "_found_in", lambda family, characters: characters & set(glyphs[family]))
    found = lettering_for(["ab猫犬ก\U00012000"])
    assert found.families == (DEFAULT_FAMILY, "Many", "Other")
    assert found.missing == {"\U00012000"}


def test_a_character_without_a_glyph_is_shown_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_installed_families", list)
    found = lettering_for(["猫 cat", "heart\U000e0100"])
    assert found.shown("猫 cat", 20) == "\\u732b cat"
    assert found.shown("heart\U000e0100", 20) == "heart"


def test_fonts_raise_no_remarks(caplog: pytest.LogCaptureFixture) -> None:
    level = logging.getLogger("matplotlib.font_manager").level
    png_bytes(confusion_matrix_figure(np.eye(2, dtype=int), ["猫\U00012000", "קוף"], title="ไทย"))
    assert not caplog.records
    assert logging.getLogger("matplotlib.font_manager").level == level


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (99_999, "99999"), (100_000, "100k"), (999_499, "999k"), (999_500, "1M"), (45_000_000, "45M")],
)
def test_counts_have_five_characters_at_most(count: int, text: str) -> None:
    assert count_text(count) == text
