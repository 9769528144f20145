"""Helpers for the tests of figures: the drawn texts, and their positions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from fnnctl.plots.style import figure_style, quiet_fonts

AWKWARD_NAMES = (
    "$$x_1^2$$",
    "<script>alert(1)</script>",
    "[/] [bold]",
    "_first\nsecond\x1b[31m",
    "قطة سوداء",
    "Ελληνικά",
    "猫と犬",
    "a name that goes on and on until nobody can be expected to read it to its end",
)


@pytest.fixture
def awkward_names() -> tuple[str, ...]:
    """Class names that break naive plots."""
    return AWKWARD_NAMES


def lay_out(figure: Figure) -> None:
    """Do what precedes the drawing, which takes half of the time: it makes the texts at the ticks."""
    with figure_style():
        if layout := figure.get_layout_engine():
            layout.execute(figure)
            figure.set_layout_engine("none")


@pytest.fixture
def texts_of() -> Callable[[Figure], list[str]]:
    """The texts of a figure."""

    def texts(figure: Figure) -> list[str]:
        lay_out(figure)
        artists = figure.findobj(Text)
        return [text.get_text() for text in artists if isinstance(text, Text) and text.get_visible()]

    return texts


@pytest.fixture
def check_fit() -> Callable[[Figure], None]:
    """Check that everything lies within the figure and that no legend covers curves."""

    def check(figure: Figure) -> None:
        lay_out(figure)
        with quiet_fonts():
            box = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= width
        assert box.y1 <= height
        for axes in figure.axes:
            if (legend := axes.get_legend()) is not None:
                with quiet_fonts():
                    assert not legend.get_window_extent().overlaps(axes.bbox)

    return check
