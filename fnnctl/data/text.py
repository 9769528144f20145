"""Text that comes from data, made fit for a message: no escape code or line break reaches a terminal."""

from __future__ import annotations

SHOWN_LENGTH = 60


def printable(text: str) -> str:
    """Write out every character that does not print (`\\x1b`, `\\n`, `\\u202e`); the rest stays as it is."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shown(text: str) -> str:
    """Quote a value for a message, printable and cut to a readable length."""
    cut = text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"
    return f"'{printable(cut)}'"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`, `1,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
