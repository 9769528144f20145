"""Figures as SVG that is written into a page: its text is text, and its colours are those of the page.

The figures are drawn for white paper. Their colours become variables of the page's style sheet, which have
other values in the dark; in the light, each variable's value is the colour that it replaces.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree

from matplotlib import style
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from fnnctl.plots.style import COLOURS, FAINT, GRID, INK, MUTED, SEQUENCE, figure_style

VARIABLES: Final[Mapping[str, str]] = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    GRID: "grid",
    "#ffffff": "paper",
    **{colour.lower(): f"c{number}" for number, colour in enumerate(COLOURS, start=1)},
    **{colour: f"s{number}" for number, colour in enumerate(SEQUENCE, start=1)},
}
"""The style sheet's variable of each colour that figures share."""
SHADES: Final = "shades"
"""The class of figures with shades, which stand for numbers and cannot be variables of the style sheet."""
SCALE: Final = 0.8
"""Figures in a page are smaller than files, so that their texts are larger beside them."""
_DIGITS: Final = re.compile(r"-?\d+\.\d{3,}")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}\b")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_FONT: Final = re.compile(r"\s*font-family:[^;]*;?")
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_TEXTS: Final = ("text", "tspan")


def inline_svg(figure: Figure, name: str, *, scale: float = SCALE) -> str:
    """The figure as an `<svg>` element without its title, which is the page's to show.

    `name` is a part of every identifier, so that several figures in a page do not clash. The element is as
    wide as its place; with a smaller `scale` its texts are larger. Equal figures give equal texts.
    The figure has no title afterwards.
    """
    figure.suptitle("")
    has_shades = _has_shades(figure)
    if not any(axes.images for axes in figure.axes):  # cells are as large as their texts
        width, height = figure.get_size_inches()
        figure.set_size_inches(scale * width, scale * height)
    root = ElementTree.fromstring(_svg(figure, name))
    for metadata in root.findall("{*}metadata"):
        root.remove(metadata)
    for definitions in root.findall("{*}defs"):
        if definitions.find("{*}style") is not None:
            root.remove(definitions)  # the page's style sheet has it
    kept = _referenced(root)
    for element in root.iter():
        _simplify(element, name, kept)
    root.attrib = {"viewBox": root.attrib["viewBox"], **({"class": SHADES} if has_shades else {})}
    return ElementTree.tostring(root, encoding="unicode")


def _has_shades(figure: Figure) -> bool:
    """Whether it has a picture, or areas that are shaded by their values."""
    shaded = (
        shape
        for axes in figure.axes
        for shape in axes.collections
        if isinstance(shape, PolyCollection) and shape.get_array() is not None
    )
    return any(axes.images for axes in figure.axes) or any(True for _ in shaded)


def _svg(figure: Figure, name: str) -> bytes:
    buffer = io.BytesIO()
    options: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": name}
    whole: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.05, "transparent": True}
    with figure_style(), style.context(options):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, **whole)
    return buffer.getvalue()


def _referenced(root: ElementTree.Element) -> set[str]:
    identifiers = {element.attrib[_HREF][1:] for element in root.iter() if _HREF in element.attrib}
    for element in root.iter():
        identifiers.update(_REFERENCE.findall(element.get("clip-path", "") + element.get("style", "")))
    return identifiers


def _simplify(element: ElementTree.Element, name: str, kept: set[str]) -> None:
    """Shorten an element, and give it the page's colours and identifiers of its own."""
    element.tag = element.tag.rpartition("}")[2]
    if element.tag not in _TEXTS:
        element.text = None
    element.tail = None
    attributes = {}
    for key, value in element.attrib.items():
        if key == "id":
            if value in kept:
                attributes["id"] = f"{name}-{value}"
        elif key == _HREF:
            attributes["href"] = f"#{name}-{value[1:]}" if value.startswith("#") else value
        elif key == "style":
            attributes["style"] = _themed(_REFERENCE.sub(rf"url(#{name}-\1)", _FONT.sub("", value)))
        else:
            renamed = _REFERENCE.sub(rf"url(#{name}-\1)", value)
            attributes[key] = _DIGITS.sub(_rounded, renamed).replace("\n", " ").strip()
    element.attrib = attributes


def _themed(style: str) -> str:
    """The style with variables in place of colours."""
    compact = re.sub(r"\s*([:;])\s*", r"\1", style)
    return _COLOUR.sub(
        lambda match: f"var(--{VARIABLES[match[0]]})" if match[0] in VARIABLES else match[0], compact
    )


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
