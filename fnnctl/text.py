"""Text from data and configs, made safe to put on a terminal, on a figure, or into a line of a file."""

from __future__ import annotations

import re
import unicodedata

# What turns the direction of text round can make a line look like another one.
DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain_text(text: str) -> str:
    """The text on one line: white space is a space, control characters are gone, lone surrogates replaced."""
    one_line = re.sub(r"\s", " ", text)
    return "".join(
        REPLACEMENT if unicodedata.category(character) == "Cs" else character
        for character in one_line
        if unicodedata.category(character) != "Cc" and character not in DIRECTION_CONTROLS
    )
