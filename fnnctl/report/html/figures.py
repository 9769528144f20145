"""A figure in a page: with a text that stands in for it, and with its numbers in a table."""

from __future__ import annotations

import re
from typing import Final

from fnnctl.report.blocks import DrawnNumbers, Figure
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, identifier, join_markup, table
from fnnctl.report.html.page import Part
from fnnctl.report.words import NOTHING
from fnnctl.text import counted

WIDE: Final = 560
"""Wider figures, in points, have a row of their own."""
TALL: Final = 1.2
"""Figures whose height is more than so many times their width are as wide as others, and not as high."""
MAX_COLUMNS: Final = 40
DIGITS: Final = 4
LONGEST: Final = len("-0.1234")
"""Longer numbers are shortened. A shorter one may be the name of a class, such as `1.10`."""
_VIEW_BOX: Final = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)"')


def figure_part(figure: Figure, prefix: str) -> Part | None:
    """The drawing, its caption and its numbers; None if there is nothing to draw.

    `prefix` is the start of its identifier in the page.
    """
    if (drawn := figure.draw()) is None:
        return None
    # Importing matplotlib takes half a second.
    from fnnctl.plots.svg import SCALE, inline_svg

    name = f"{prefix}-{identifier(figure.file.removesuffix('.png'))}"
    drawing = inline_svg(drawn, name, scale=1.0 if figure.is_wide else SCALE)
    opening, _, rest = drawing.partition(">")
    words = figure.in_words()
    described = element("desc", escape(words)) if words else EMPTY
    svg = Markup(
        f'{opening} role="img" aria-label="{escape(figure.title)}">'
        f"{element('title', escape(figure.title))}{described}{rest}"
    )
    caption = element("figcaption", content(figure.title))
    width, height = _size(drawing)
    look = "wide" if figure.is_wide or width > WIDE else "tall" if height > TALL * width else None
    numbers = figure.numbers()
    below = EMPTY if numbers is None else numbers_table(numbers)
    return Part(
        element("figure", caption, svg, below, id=name, class_=look), figure.file, caption=figure.title
    )


def _size(svg: str) -> tuple[float, float]:
    view_box = _VIEW_BOX.search(svg)
    return (float(view_box[1]), float(view_box[2])) if view_box else (0.0, 0.0)


def numbers_table(numbers: DrawnNumbers) -> Markup:
    """The numbers behind a line that opens them. Long ones are shortened."""
    rows = counted(numbers.count, "row")
    some = rows if len(numbers.rows) == numbers.count else f"{len(numbers.rows):,} of {rows}"
    count = len(numbers.header)
    columns = f", {MAX_COLUMNS} of {count:,} columns" if count > MAX_COLUMNS else ""
    header = numbers.header[:MAX_COLUMNS]
    cells = [[_short(cell) for cell in row[:MAX_COLUMNS]] for row in numbers.rows]
    texts = [column for column in range(len(header)) if any(_is_text(row[column]) for row in cells)]
    small = element("small", content(f" {some}{columns} of {numbers.source}"))
    summary = element("summary", join_markup((content("Numbers"), small)))
    return element(
        "details", summary, table(header, cells, texts=texts, label=f"Numbers of {numbers.source}")
    )


def _short(text: str) -> str:
    """A long number with few digits; another text unchanged."""
    if not text:
        return NOTHING
    if len(text) <= LONGEST:
        return text.removesuffix(".0")
    try:
        value = float(text)
    except ValueError:
        return text
    return text if "." not in text and "e" not in text.lower() else f"{value:.{DIGITS}g}"


def _is_text(text: str) -> bool:
    if text == NOTHING:
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False
