"""The style of all figures: fonts, colours, lines, legends, and PNG output.

Figures are drawn inside `figure_style`, which sets matplotlib's parameters temporarily and ignores the user's
matplotlibrc, so the same numbers give the same bytes.
"""

from __future__ import annotations

import io
import logging
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from matplotlib import font_manager, style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, NullFormatter, ScalarFormatter, StrMethodFormatter

from fnnctl.arrays import IntArray
from fnnctl.text import plain_text, truncate_middle, truncate_names

DEFAULT_FAMILY = "DejaVu Sans"
_FALLBACK_FAMILY = re.compile("(?!DejaVu|STIX).*(Sans|Gothic|CJK|Hei|Unicode|Emoji|Symbol| UI)")


def font_families(texts: Iterable[str]) -> list[str]:
    """The font families for these texts; matplotlib takes each character from the first that has it.

    The system's fonts follow only if a text is not ASCII, because each family slows down every text.
    """
    if all(text.isascii() for text in texts):
        return [DEFAULT_FAMILY]
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [DEFAULT_FAMILY, *sorted(filter(_FALLBACK_FAMILY.match, installed))]


def drawable_text(text: str, limit: int) -> str:
    """`text` on one line, without control characters, at most `limit` columns wide.

    A character that no installed font has is shown as its code: with placeholder boxes, two class names could
    look the same.
    """
    return truncate_middle("".join(map(_drawable, plain_text(text))), limit, _columns)


def drawable_names(names: Sequence[str], limit: int) -> list[str]:
    """The names of one list as `drawable_text`, but so that they still differ if the limit allows it."""
    return truncate_names(["".join(map(_drawable, plain_text(name))) for name in names], limit, _columns)


def columns(text: str) -> int:
    """The width of `text`, in characters of Latin script."""
    return sum(map(_columns, text))


def count_text(count: int) -> str:
    """The count in at most five characters: 99999, 123k, 45M."""
    if count < 100_000:
        return str(count)
    return f"{count / 1e3:.0f}k" if count < 999_500 else f"{count / 1e6:.0f}M"


@lru_cache(maxsize=10_000)
def _drawable(character: str) -> str:
    """The character; its code if no font has it, or nothing if it is invisible."""
    if character.isascii() or any(_has_glyph(family, character) for family in font_families([character])):
        return character
    return "" if unicodedata.category(character) in ("Cf", "Mn") else f"\\u{ord(character):04x}"


def _has_glyph(family: str, character: str) -> bool:
    with quiet_fonts():
        properties = font_manager.FontProperties(family=[family])
        font = font_manager.get_font(font_manager.findfont(properties))
    return font.get_char_index(ord(character)) > 0


def _columns(character: str) -> int:
    """2 for wide East Asian characters, 0 for combining marks, else 1."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Silence matplotlib's messages about font weights and missing glyphs, which users cannot act on."""
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from")
            yield
    finally:
        logger.setLevel(level)


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
        heading = drawable_text(title, int(width / _INCHES_PER_TITLE_COLUMN))
        figure.suptitle(heading, x=0.1 / width, ha="left", fontsize=11.5)
        yield figure
        for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
            if type(axis.get_major_formatter()) is ScalarFormatter:  # the default one
                axis.set_major_formatter(_ThousandsFormatter())
            elif type(axis.get_major_formatter()) is LogFormatterSciNotation:  # it writes mathematical text
                axis.set_major_formatter(StrMethodFormatter("{x:,.9g}"))
                axis.set_minor_formatter(NullFormatter())


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
    for entry, text in zip(legend.get_texts(), texts, strict=True):
        entry.set_text(text)


def legend_above(axes: Axes, lines: Mapping[str, Artist]) -> None:
    """Add a legend in one row above the axes, where it covers no curve."""
    position: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.1}
    add_legend(axes, list(lines.values()), list(lines), ncols=max(1, len(lines)), **position)


def legend_beside(axes: Axes, lines: Sequence[Artist], texts: Sequence[str], *, title: str) -> None:
    """Add a legend with a title to the right of the axes."""
    position: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    add_legend(axes, lines, texts, title=title, alignment="left", **position)


def show_message(axes: Axes, text: str) -> None:
    """Show a message in place of an empty plot."""
    axes.set_axis_off()
    style: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
    axes.text(0.5, 0.5, text, color=MUTED, fontsize=10.5, **style)


SEQUENCE: Final = (
    "#abdeb7", "#78cbbc", "#42b6c4", "#2a9ec1", "#1e86bb", "#216daf", "#2355a4", "#243c98", "#192b7c",
    "#081d58",
)  # fmt: skip
"""From light to dark in equal steps of lightness, and none too light to see on white."""
COLOUR_MAP: Final = ListedColormap(list(SEQUENCE))
MAX_BUDGETS: Final = 8
"""With more budgets, several share a colour."""


@dataclass(frozen=True, slots=True)
class BudgetColours:
    """A colour for each of a search's budgets, or for each range of them; the largest is the darkest."""

    lows: tuple[int, ...]
    """The smallest budget of each colour."""
    highs: tuple[int, ...]
    colours: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        """The budgets of each colour: `27`, or `27–30`."""
        pairs = zip(self.lows, self.highs, strict=True)
        return [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in pairs]

    def indices(self, budgets: Iterable[int]) -> IntArray:
        """The index of each budget's colour, (n,)."""
        return np.searchsorted(self.lows, list(budgets), side="right") - 1


def budget_colours(budgets: Iterable[int]) -> BudgetColours:
    """The colours of these budgets, of which there is at least one."""
    distinct = sorted(set(budgets))
    groups = np.array_split(distinct, min(len(distinct), MAX_BUDGETS))
    lows, highs = (tuple(int(group[end]) for group in groups) for end in (0, -1))
    return BudgetColours(lows, highs, tuple(spread_colours(len(groups))))


def spread_colours(count: int) -> list[str]:
    """`count` of the colours, evenly chosen from the lightest to the darkest; one is in the middle."""
    if count == 1:
        return [SEQUENCE[6]]
    last = len(SEQUENCE) - 1
    return [SEQUENCE[round(index * last / (count - 1))] for index in range(count)]
