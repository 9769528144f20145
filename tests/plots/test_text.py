from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import font_manager

from fnnctl.plots.confusion import confusion_matrix_figure
from fnnctl.plots.style import png_bytes
from fnnctl.plots.text import DEFAULT_FAMILY, columns, count_text, fitted, font_families, shortened


@pytest.mark.parametrize(
    ("given", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("abcdefghij", 7, "abc…hij"),
        ("abcdefghij", 6, "abc…ij"),
        ("one two three", 8, "one…ree"),
        ("一二三四五", 7, "一二…五"),
        ("一二三四五", 10, "一二三四五"),
    ],
)
def test_long_text_loses_its_middle(given: str, limit: int, expected: str) -> None:
    assert shortened(given, limit) == expected
    assert columns(shortened(given, limit)) <= limit


def test_marks_take_no_room() -> None:
    assert columns("e\u0301") == 1


def test_one_family_is_enough_for_ascii_and_the_systems_follow_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["Noto Sans CJK JP", "Times", DEFAULT_FAMILY, "Malgun Gothic"]
    fonts = [SimpleNamespace(name=name, fname=f"/fonts/{name}.ttf") for name in names]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
    assert font_families(["plain", "$x$"]) == [DEFAULT_FAMILY]
    assert font_families(["plain", "猫"]) == [DEFAULT_FAMILY, "Malgun Gothic", "Noto Sans CJK JP"]


def test_characters_without_a_font_are_shown_as_their_codes() -> None:
    """Otherwise two classes could look the same, with boxes for names."""
    assert fitted("caf\u00e9 \U00012000", 20) == "caf\u00e9 \\u12000"
    assert fitted("\U000e0001x", 20) == "x"  # an invisible tag


def test_fonts_raise_no_remarks(caplog: pytest.LogCaptureFixture) -> None:
    level = logging.getLogger("matplotlib.font_manager").level
    png_bytes(confusion_matrix_figure(np.eye(2, dtype=int), ["猫\U00012000", "קוף"], title="ไทย"))
    assert not caplog.records
    assert logging.getLogger("matplotlib.font_manager").level == level


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0"), (99_999, "99999"), (100_000, "100k"), (999_499, "999k"), (999_500, "1M"), (45_000_000, "45M")],
)
def test_counts_have_five_characters_at_most(count: int, expected: str) -> None:
    assert count_text(count) == expected
