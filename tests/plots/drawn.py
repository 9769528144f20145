"""What is drawn in a figure: its texts, its lines and their places."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.testing import assert_allclose

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
"""Class names that break naive plots."""
AWKWARD_TITLE = "$$ [/] <b> long " * 10


def lay_out(figure: Figure) -> None:
    """Do what precedes the drawing, which takes half of the time: it makes the texts at the ticks."""
    with figure_style():
        if layout := figure.get_layout_engine():
            layout.execute(figure)
            figure.set_layout_engine("none")


def texts_of(figure: Figure) -> list[str]:
    """The visible texts of a figure."""
    with figure_style():
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
                axis.get_majorticklabels()  # makes the texts at the ticks
    artists = figure.findobj(Text)
    return [text.get_text() for text in artists if isinstance(text, Text) and text.get_visible()]


def legend_of(figure: Figure) -> list[str]:
    """The entries of the legend of the first axes."""
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return [text.get_text().removeprefix("\u200e") for text in legend.get_texts()]


def bars_of(figure: Figure, panel: int = 0) -> list[Rectangle]:
    """The bars of a panel."""
    return [bar for bar in figure.axes[panel].patches if isinstance(bar, Rectangle)]


def lines_with(figure: Figure, marker: str) -> list[Line2D]:
    """The lines of the first axes with this marker."""
    return [line for line in figure.axes[0].get_lines() if line.get_marker() == marker]


def x_of(line: Line2D) -> Any:
    return np.asarray(line.get_xdata()).tolist()


def y_of(line: Line2D) -> Any:
    return np.asarray(line.get_ydata()).tolist()


def xy_of(line: Line2D) -> Any:
    """The points of a line."""
    return np.asarray(line.get_xydata()).tolist()


def check_fit(figure: Figure) -> None:
    """Check that everything lies within the figure and that no legend covers curves."""
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


def assert_close(actual: Any, expected: Any, atol: float = 0.0) -> None:
    """For numbers in nested lists."""
    assert_allclose(actual, expected, atol=atol)
