"""What is said about wrong notes."""

from __future__ import annotations

from collections.abc import Callable

Problems = Callable[..., list[str]]


def test_notes_are_texts(problems: Problems) -> None:
    """A bare text is short for a section."""
    assert problems('data: {source: iris}\nnotes: {limits: "a\\x1bb", use: x}\n') == [
        "2: notes.limits: contains the control character U+001B; remove it",
        "2: notes.use: unknown setting; possible here: text, data, intended_use, limits",
    ]
    assert problems("data: {source: iris}\nnotes: 3\n") == [
        "2: notes: must be a text of 1 to 10000 characters without control characters, or null, or a mapping "
        "with text, data, intended_use, limits, not 3 (put it in quotes)",
    ]
