from __future__ import annotations

import logging
import pkgutil
import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb

from fnnctl import plots
from fnnctl.plots.confusion import confusion_matrix_figure
from fnnctl.plots.style import (
    DEFAULT_FAMILY,
    DPI,
    MAX_BUDGETS,
    SEQUENCE,
    add_legend,
    budget_colours,
    columns,
    count_text,
    drawable_text,
    font_families,
    new_figure,
    png_bytes,
    spread_colours,
)
from fnnctl.text import truncate_middle
from tests.plots.drawn import legend_of


def test_wide_characters_take_the_room_of_two_and_marks_none() -> None:
    assert truncate_middle("一二三四五", 7, columns) == "一二…五"
    assert truncate_middle("一二三四五", 10, columns) == "一二三四五"
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
    assert drawable_text("caf\u00e9 \U00012000", 20) == "caf\u00e9 \\u12000"
    assert drawable_text("\U000e0001x", 20) == "x"  # an invisible tag


def test_fonts_raise_no_remarks(caplog: pytest.LogCaptureFixture) -> None:
    level = logging.getLogger("matplotlib.font_manager").level
    png_bytes(confusion_matrix_figure(np.eye(2, dtype=int), ["猫\U00012000", "קוף"], title="ไทย"))
    assert not caplog.records
    assert logging.getLogger("matplotlib.font_manager").level == level


def test_counts_have_five_characters_at_most() -> None:
    counts = (0, 99_999, 100_000, 999_499, 999_500, 45_000_000)
    assert [*map(count_text, counts)] == ["0", "99999", "100k", "999k", "1M", "45M"]


def make_png(title: str = "title") -> bytes:
    with new_figure(3.0, 2.0, title) as figure:
        figure.subplots().plot([0, 1], [1, 0])
    return png_bytes(figure)


def test_a_png_has_its_size_and_the_same_bytes_again() -> None:
    """So it has no date or version, and settings of the user neither matter nor change."""
    png = make_png()
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (3 * DPI, 2 * DPI)
    assert b"tEXt" not in png
    assert b"tIME" not in png
    with matplotlib.rc_context({"axes.facecolor": "red", "savefig.bbox": "tight", "font.size": 30}):
        settings = dict(matplotlib.rcParams)
        assert make_png() == png
        assert dict(matplotlib.rcParams) == settings
    assert make_png("another") != png


def test_a_legend_shows_names_that_begin_with_an_underscore() -> None:
    with new_figure(3.0, 2.0, "title") as figure:
        axes = figure.subplots()
        add_legend(axes, axes.plot([0, 1], [1, 0]), ["_hidden"])
    assert legend_of(figure) == ["_hidden"]


def test_pyplot_is_never_loaded() -> None:
    modules = ", ".join(f"fnnctl.plots.{module.name}" for module in pkgutil.iter_modules(plots.__path__))
    script = f"import sys, {modules}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_small_figure_grows_with_its_title_to_the_usual_width() -> None:
    """A character is 0.091 inches wide, and the shown title ends before the figure does."""
    widths = []
    for length in (10, 60, 200):
        title = "t" * length
        with new_figure(3.0, 2.0, title) as figure:
            pass
        assert figure.get_suptitle().startswith("t" * min(length, 40))
        assert ("…" in figure.get_suptitle()) == (length == 200)
        widths.append(figure.get_figwidth())
    assert widths == [3.0, pytest.approx(61 * 0.091), 8.0]


@pytest.mark.parametrize(
    ("last", "texts"),
    [
        (4000.0, ["0", "1,000", "2,000", "3,000", "4,000"]),
        (-4000.0, ["−4,000", "−3,000", "−2,000", "−1,000", "0"]),
        (4e6, ["0", "1,000,000", "2,000,000", "3,000,000", "4,000,000"]),
        (1.0, ["0.0", "0.5", "1.0"]),
    ],
)
def test_ticks_have_thousands_separators(last: float, texts: list[str]) -> None:
    with new_figure(3.0, 2.0, "title") as figure:
        axes = figure.subplots()
        axes.plot([0, last], [0, 1])
    ticks = np.linspace(min(0.0, last), max(0.0, last), len(texts))
    assert axes.xaxis.get_major_formatter().format_ticks(ticks.tolist()) == texts


def test_each_colour_is_darker_than_the_last_by_the_same_amount() -> None:
    """In CIE L*."""
    linear = [[(c + 0.055) / 1.055 if c > 0.04045 else 0 for c in to_rgb(colour)] for colour in SEQUENCE]
    luminances = np.array(linear) ** 2.4 @ [0.2126, 0.7152, 0.0722]
    steps = np.diff(116 * np.cbrt(luminances) - 16)
    assert steps.max() < -6
    assert steps.min() > -10


def test_budgets_have_a_colour_each_up_to_a_limit() -> None:
    few = budget_colours([9, 1, 3, 3])
    assert (few.texts, few.colours) == (["1", "3", "9"], (SEQUENCE[0], SEQUENCE[4], SEQUENCE[-1]))
    assert few.indices([3, 9, 1]).tolist() == [1, 2, 0]
    many = budget_colours(range(1, 1_001))
    assert len(set(many.colours)) == MAX_BUDGETS
    assert (many.texts[0], many.texts[-1]) == ("1–125", "876–1,000")
    assert many.indices([1, 125, 126, 1_000]).tolist() == [0, 0, 1, MAX_BUDGETS - 1]


def test_spread_colours_differ() -> None:
    for count in (1, 2, 5, len(SEQUENCE)):
        assert len(set(spread_colours(count))) == count
