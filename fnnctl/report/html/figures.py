"""A run's figures in its page: each with a text that stands in for it, and with its numbers in a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fnnctl.report.figures.drawing import possible_figures
from fnnctl.report.figures.numbers import DrawnNumbers
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, identifier, join_markup, table
from fnnctl.report.html.page import Part
from fnnctl.report.sections import FIGURES
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING
from fnnctl.store.folder import RunFolder
from fnnctl.text import capitalized, counted

WIDE: Final = 560
"""Wider figures, in points, have a row of their own."""
MAX_COLUMNS: Final = 40
DIGITS: Final = 4
LONGEST: Final = len("-0.1234")
"""Longer numbers are shortened. A shorter one may be the name of a class, such as `1.10`."""
_VIEW_BOX: Final = re.compile(r'viewBox="\S+ \S+ (\S+) ')


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A figure of a page."""

    file: str
    """The name of its PNG in the run's folder."""
    caption: str
    svg: str
    """The drawing, to stand in the page: see `plots.svg.inline_svg`."""
    description: str = ""
    """What it shows, in numbers, for those who do not see it; the caption is read to them as well."""
    numbers: Markup = EMPTY
    """The numbers that are drawn."""
    place: str = FIGURES
    """The heading under which it stands."""
    is_wide: bool = False
    """Whether it is as wide as the page."""


def run_figures(run: RunFolder, summary: Summary, prefix: str) -> list[PageFigure]:
    """The figures that the run has numbers for; `prefix` is the start of their identifiers in the page."""
    figures = possible_figures(run, summary)
    if not figures:
        return []
    # Importing matplotlib takes half a second.
    from fnnctl.plots.svg import SCALE, inline_svg

    page_figures = []
    for figure in figures:
        if (drawn := figure.draw(run, summary)) is not None:
            numbers = figure.drawn_numbers(run, summary)
            scale = 1.0 if figure.is_wide else SCALE
            page_figures.append(
                PageFigure(
                    figure.file,
                    capitalized(figure.title),
                    inline_svg(drawn, _identifier(figure.file, prefix), scale=scale),
                    figure.in_words(summary),
                    EMPTY if numbers is None else numbers_table(numbers),
                    figure.place,
                    figure.is_wide,
                )
            )
    return page_figures


def figure_part(figure: PageFigure, prefix: str) -> Part:
    """The figure, its caption and its numbers; `prefix` is the start of its identifier in the page."""
    opening, _, rest = figure.svg.partition(">")
    described = element("desc", escape(figure.description)) if figure.description else EMPTY
    svg = Markup(
        f'{opening} role="img" aria-label="{escape(figure.caption)}">'
        f"{element('title', escape(figure.caption))}{described}{rest}"
    )
    caption = element("figcaption", content(figure.caption))
    look = "wide" if figure.is_wide or _width(figure.svg) > WIDE else None
    name = _identifier(figure.file, prefix)
    return Part(element("figure", caption, svg, figure.numbers, id=name, class_=look), figure.file)


def _identifier(file: str, prefix: str) -> str:
    return f"{prefix}-{identifier(file.removesuffix('.png'))}"


def _width(svg: str) -> float:
    view_box = _VIEW_BOX.search(svg)
    return float(view_box[1]) if view_box else 0.0


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
