"""Text from data and configs, made safe for a message, a terminal, a figure or a line of a file."""

from __future__ import annotations

import re
import shlex
import sys
import unicodedata
from collections.abc import Iterable

SHOWN_LENGTH = 60
_DIGITS = re.compile("([0-9]+)")
# Direction controls can make a line look like another one.
DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain_text(text: str) -> str:
    """The text on one line, without control characters; each white space becomes a space, and lone surrogates
    are replaced.
    """
    if text.isascii() and text.isprintable():
        return text
    one_line = re.sub(r"\s", " ", text)
    return "".join(
        REPLACEMENT if unicodedata.category(character) == "Cs" else character
        for character in one_line
        if unicodedata.category(character) != "Cc" and character not in DIRECTION_CONTROLS
    )


def printable(text: str) -> str:
    """Escape every non-printable character (`\\x1b`, `\\n`, `\\u202e`); the rest is unchanged."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_lines(text: str) -> str:
    """Escape as `printable` does, but keep the line ends."""
    return "\n".join(map(printable, text.split("\n")))


def cut(text: str) -> str:
    """Cut a text to a readable length, and make it printable."""
    return printable(text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…")


def shown(text: str) -> str:
    """Quote a value for a message, printable and cut to a readable length."""
    return f"'{cut(text)}'"


def alike(texts: Iterable[str]) -> list[list[str]]:
    """The texts that differ only in case or blanks, such as `Gold` and `gold `."""
    written: dict[str, list[str]] = {}
    for text in texts:
        written.setdefault("".join(text.casefold().split()), []).append(text)
    return [several for several in written.values() if len(several) > 1]


def natural_key(text: str) -> tuple[list[object], str]:
    """A sort key that compares the numbers in texts by value: `class 2` before `class 10`."""
    parts = (part.lstrip("0") if place % 2 else part for place, part in enumerate(_DIGITS.split(text)))
    # Numbers are compared by their length, then as text: Python refuses to convert very long ones.
    return [(len(part), part) if place % 2 else part for place, part in enumerate(parts)], text


def install_command(package: str) -> str:
    """The command that installs an optional library for this Python, wherever it is pasted."""
    return f"{shlex.quote(sys.executable or 'python3')} -m pip install {package}"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`, `1,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def amount_done(done: int, planned: int | None, noun: str, *, bound: str = "at most") -> str:
    """`56 of at most 1,581 epochs`; `56 epochs` if there is no plan, or if it is exceeded."""
    if planned is None or done > planned:
        return counted(done, noun)
    return f"{done:,} of {bound} {counted(planned, noun)}"


def bound_prefix(bound: str | None) -> str:
    """`at least ` before a planned amount that may be exceeded; empty if it is the most."""
    return f"{bound} " if bound == "at least" else ""


def bytes_text(size: int) -> str:
    """`12 B`, `3.4 kB`, `1.2 MB`: powers of 1,000, as the tools of most systems show them."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:,.1f} TB"


def time_left_text(seconds: float) -> str:
    """`about 12 s left`, `about 13 min left`, `about 3 h left`."""
    amount, unit = next(
        (seconds / size, unit)
        for size, unit in ((1, "s"), (60, "min"), (3600, "h"))
        if seconds < 120 * size or unit == "h"
    )
    return f"about {amount:,.0f} {unit} left"
