"""How every figure looks: colours, lines, type, and the way it becomes a PNG.

Figures are drawn inside `figure_style`, which sets matplotlib's parameters for that time only and takes
nothing from the user's matplotlibrc, so that the same numbers give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fnnctl.plots.lettering import Lettering, columns, lettering_for, quiet_fonts

WIDTH = 8.0
"""Inches; 1200 pixels."""
DPI = 150
_INCHES_PER_TITLE_COLUMN = 0.091

INK = "#262626"
MUTED = "#6b6b6b"
FAINT = "#b8b8b8"
GRID = "#e9e9e9"

# Okabe & Ito's colours, without the yellow that vanishes on white and the black that is kept for averages.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (6, 1.6, 1.2, 1.6)), (0, (1.4, 1.3)))

_PARAMETERS: dict[str, Any] = {
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.useoffset": False,
    "figure.dpi": DPI,
    "savefig.dpi": "figure",
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "font.size": 9.0,
    "text.color": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 9.0,
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
def figure_style(lettering: Lettering) -> Iterator[None]:
    """The parameters under which a figure is made and drawn."""
    parameters = {**_PARAMETERS, "font.family": list(lettering.families)}
    with quiet_fonts(), style.context(["default", parameters]):
        yield


def new_figure(width: float, height: float, title: str, lettering: Lettering) -> Figure:
    """An empty figure (inches) with its title at the top left.

    For the title it may be wider than asked for, up to `WIDTH`; a longer one is shortened.
    """
    needed = (columns(title) + 1) * _INCHES_PER_TITLE_COLUMN
    width = max(width, min(needed, WIDTH))
    figure = Figure(figsize=(width, height), layout="constrained")
    shown = lettering.shown(title, int(width / _INCHES_PER_TITLE_COLUMN))
    figure.suptitle(shown, x=0.1 / width, ha="left", fontsize=11.5)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG; the same figure gives the same bytes (no date, no version inside)."""
    buffer = io.BytesIO()
    with figure_style(lettering_for([])):
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def add_legend(axes: Axes, artists: Sequence[Artist], texts: Sequence[str], **options: Any) -> None:
    """A legend of artists and texts; set at once, a text that begins with `_` would hide its entry."""
    legend = axes.legend(artists, ["·"] * len(artists), **options)
    for shown, text in zip(legend.get_texts(), texts, strict=True):
        shown.set_text(text)


def say_instead(axes: Axes, text: str) -> None:
    """A sentence in the place of a plot that there is nothing for."""
    axes.set_axis_off()
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
    axes.text(0.5, 0.5, text, color=MUTED, fontsize=10.5, **place)
