"""The style of all figures: colours, lines, fonts, legends, and PNG output.

Figures are drawn inside `figure_style`, which sets matplotlib's parameters temporarily and ignores the user's
matplotlibrc, so the same numbers give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from fnnctl.arrays import IntArray
from fnnctl.plots.text import columns, fitted, font_families, quiet_fonts

WIDTH = 8.0
"""Inches; 1200 pixels."""
DPI = 150
_INCHES_PER_TITLE_COLUMN = 0.091
_WHOLE_PART = re.compile(r"\d{4,}(?=\.|$)")

INK = "#262626"
MUTED = "#6b6b6b"
FAINT = "#b8b8b8"
GRID = "#e9e9e9"

# Okabe & Ito's colours without yellow (hardly visible on white) and black (used for averages).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (6, 1.6, 1.2, 1.6)), (0, (1.4, 1.3)))

_PARAMETERS: dict[str, Any] = {
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.useoffset": False,
    "figure.dpi": DPI,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "font.size": 9.0,
    "text.color": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 1.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.handlelength": 2.4,
}


@contextmanager
def figure_style(texts: Iterable[str] = ()) -> Iterator[None]:
    """Set matplotlib's parameters while a figure is drawn; `texts` are its texts from the data."""
    parameters = {**_PARAMETERS, "font.family": font_families(texts)}
    with quiet_fonts(), style.context(["default", parameters]):
        yield


@contextmanager
def new_figure(width: float, height: float, title: str, texts: Iterable[str] = ()) -> Iterator[Figure]:
    """An empty figure (in inches) with its title at the top left; the block draws in the common style.

    The figure may become wider, up to `WIDTH`, to fit the title; a longer title is shortened. `texts` are all
    other texts from the data.
    """
    with figure_style([title, *texts]):
        needed = (columns(title) + 1) * _INCHES_PER_TITLE_COLUMN
        width = max(width, min(needed, WIDTH))
        figure = Figure(figsize=(width, height), layout="constrained")
        shown = fitted(title, int(width / _INCHES_PER_TITLE_COLUMN))
        figure.suptitle(shown, x=0.1 / width, ha="left", fontsize=11.5)
        yield figure
        for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
            if type(axis.get_major_formatter()) is ScalarFormatter:  # the default one
                axis.set_major_formatter(_ThousandsFormatter())


class _ThousandsFormatter(ScalarFormatter):
    """The default numbers at the ticks of a linear axis, with thousands separators."""

    def __init__(self) -> None:
        super().__init__()
        self.set_powerlimits((-5, 9))

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        return _WHOLE_PART.sub(lambda digits: f"{int(digits[0]):,}", text, count=1)


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG; equal figures give equal bytes (without date or version)."""
    buffer = io.BytesIO()
    with figure_style():
        canvas = FigureCanvasAgg(figure)
        if layout := figure.get_layout_engine():
            # `savefig` would do this twice: for a drawing that it discards, and for the one that it keeps.
            layout.execute(figure)
            figure.set_layout_engine("none")
        quick = {"compress_level": 3}  # an eighth larger than at level 6
        canvas.print_png(buffer, metadata={"Software": None}, pil_kwargs=quick)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def add_legend(axes: Axes, lines: Sequence[Artist], texts: Sequence[str], **options: Any) -> None:
    """Add a legend. The texts are set afterwards, because a label that begins with `_` hides its entry."""
    legend = axes.legend(lines, ["·"] * len(lines), **options)
    for shown, text in zip(legend.get_texts(), texts, strict=True):
        shown.set_text(text)


def legend_above(axes: Axes, lines: Mapping[str, Artist]) -> None:
    """Add a legend in one row above the axes, where it covers no curve."""
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.1}
    add_legend(axes, list(lines.values()), list(lines), ncols=max(1, len(lines)), **place)


def legend_beside(axes: Axes, lines: Sequence[Artist], texts: Sequence[str], *, title: str) -> None:
    """Add a legend with a title to the right of the axes."""
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    add_legend(axes, lines, texts, title=title, alignment="left", **place)


def evenly_chosen(count: int, most: int) -> IntArray:
    """At most `most` of the indices 0 … count − 1, evenly spaced, including both ends."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))


def show_message(axes: Axes, text: str) -> None:
    """Show a message in place of an empty plot."""
    axes.set_axis_off()
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
    axes.text(0.5, 0.5, text, color=MUTED, fontsize=10.5, **place)
