"""Text from data on a figure: shown as it is, in a font that has it, and no longer than its place.

matplotlib would read `$…$` as mathematics, draw boxes for characters that its font lacks (with a warning for
each), and let a long name push the plot off the page.
"""

from __future__ import annotations

import logging
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
from matplotlib.font_manager import FontProperties, fontManager, get_font

from fnnctl.text import plain_text

DEFAULT_FAMILY = "DejaVu Sans"


@dataclass(frozen=True, slots=True)
class Lettering:
    """The fonts of one figure, and how a text of its data is written with them."""

    families: tuple[str, ...]
    """Font families, each tried for the characters that those before it lack."""
    missing: frozenset[str]
    """Characters that no installed font has."""

    def shown(self, text: str, limit: int) -> str:
        """`text` as it is drawn, at most `limit` columns wide; a character without a glyph as its code."""
        return shortened("".join(map(self._drawable, plain_text(text))), limit)

    def _drawable(self, character: str) -> str:
        if character not in self.missing:
            return character
        is_invisible = unicodedata.category(character) in ("Cf", "Mn")
        return "" if is_invisible else f"\\u{ord(character):04x}"


def lettering_for(texts: Iterable[str]) -> Lettering:
    """Find fonts for all characters of `texts`; those of the system are only opened where they are needed."""
    missing = {character for text in texts if not text.isascii() for character in plain_text(text)}
    families = [DEFAULT_FAMILY]
    missing -= _found_in(DEFAULT_FAMILY, missing)
    if missing:
        found = {family: _found_in(family, missing) for family in _installed_families()}
        while missing and any(found.values()):
            best = max(found, key=lambda family: len(found[family]))
            families.append(best)
            missing -= found[best]
            found = {family: characters & missing for family, characters in found.items()}
    return Lettering(tuple(families), frozenset(missing))


def shortened(text: str, limit: int) -> str:
    """`text` with an ellipsis for its middle where it is more than `limit` columns wide."""
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
    """How wide `text` is, in characters of Latin script."""
    return sum(map(_columns, text))


def count_text(count: int) -> str:
    """At most five characters: 99999, 123k, 45M."""
    if count < 100_000:
        return str(count)
    return f"{count / 1e3:.0f}k" if count < 999_500 else f"{count / 1e6:.0f}M"


def _columns(character: str) -> int:
    """2 for the wide characters of East Asia, 0 for marks that stand on others, else 1."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Silence matplotlib's remarks on weights and glyphs of fonts: the user can do nothing about them."""
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from")
            yield
    finally:
        logger.setLevel(level)


def _installed_families() -> list[str]:
    """Families of the system's fonts in a fixed order; those that come with matplotlib add no scripts."""
    bundled = matplotlib.get_data_path()
    return sorted({font.name for font in fontManager.ttflist if not str(font.fname).startswith(bundled)})


def _found_in(family: str, characters: set[str]) -> set[str]:
    """Those of `characters` that the font drawn for `family` has a glyph for."""
    with quiet_fonts():
        font = get_font(fontManager.findfont(FontProperties(family=[family])))
    return {character for character in characters if font.get_char_index(ord(character))}
