from __future__ import annotations

import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from fnnctl.plots.style import DPI, add_legend, new_figure, png_bytes


def make_png(title: str = "title") -> bytes:
    with new_figure(3.0, 2.0, title) as figure:
        figure.subplots().plot([0, 1], [1, 0])
    return png_bytes(figure)


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert make_png() == make_png()
    assert make_png("another") != make_png()


def test_a_png_has_its_size_and_no_date_or_version() -> None:
    png = make_png()
    assert int.from_bytes(png[16:20]) == 3 * DPI
    assert int.from_bytes(png[20:24]) == 2 * DPI
    assert b"tEXt" not in png
    assert b"tIME" not in png


def test_settings_of_the_user_neither_matter_nor_change() -> None:
    before = make_png()
    with matplotlib.rc_context({"axes.facecolor": "red", "savefig.bbox": "tight", "font.size": 30}):
        settings = dict(matplotlib.rcParams)
        assert make_png() == before
        assert dict(matplotlib.rcParams) == settings


def test_a_legend_shows_names_that_begin_with_an_underscore() -> None:
    with new_figure(3.0, 2.0, "title") as figure:
        axes = figure.subplots()
        add_legend(axes, axes.plot([0, 1], [1, 0]), ["_hidden"])
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["_hidden"]


@pytest.mark.parametrize("module", ["confusion", "curves", "learning", "parallel", "rungs", "importances"])
def test_pyplot_is_never_loaded(module: str) -> None:
    script = f"import sys, fnnctl.plots.{module}; sys.exit('matplotlib.pyplot' in sys.modules)"
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
