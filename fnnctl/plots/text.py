"""Text from the data in figures: finds fonts for its characters, and shortens it to fit."""

from __future__ import annotations

import logging
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from matplotlib import font_manager

from fnnctl.text import plain_text

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


def fitted(text: str, limit: int) -> str:
    """`text` on one line, without control characters, at most `limit` columns wide.

    A character that no installed font has is shown as its code: with placeholder boxes, two class names could
    look the same.
    """
    return shortened("".join(map(_drawable, plain_text(text))), limit)


def shortened(text: str, limit: int) -> str:
    """`text`; if it is more than `limit` columns wide, an ellipsis replaces its middle."""
    widths = [_columns(character) for character in text]
    if sum(widths) <= limit:
        return text
    head, tail, free = 0, len(text), limit - 1
    while widths[head] <= free:
        free -= widths[head]
        head += 1
        if widths[tail - 1] > free:
            break
        tail -= 1
        free -= widths[tail]
    return f"{text[:head].rstrip()}…{text[tail:].lstrip()}"


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
