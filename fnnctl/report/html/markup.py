"""Builds HTML from text: the only place where text from data and configs becomes markup.

Every function takes plain text or finished `Markup`, so a text that was not escaped is a type error.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final, NewType

from fnnctl.text import plain_text

Markup = NewType("Markup", str)
"""HTML that can be inserted as it is."""
EMPTY: Final = Markup("")

_RIGHT_TO_LEFT: Final = ("R", "AL")
_POSSIBLE: Final = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""The blocks with letters that are written from right to left."""
_RUN: Final = re.compile(f"{_POSSIBLE.pattern}(?:[^\x00-\x1f<>&A-Za-z0-9]*{_POSSIBLE.pattern})?")


def escape(text: str) -> Markup:
    """The text on one line, without control characters, as text of an element or value of an attribute."""
    return Markup(html.escape(plain_text(text)))


def content(text: str) -> Markup:
    """The text of an element. What is written from right to left is isolated: it reorders nothing else."""
    escaped = escape(text)
    if _POSSIBLE.search(escaped) is None:
        return escaped
    return Markup(_RUN.sub(_isolated, escaped))


def element(tag: str, *inner: Markup, **attributes: str | None) -> Markup:
    """An element without the attributes that are None; a name that is a Python keyword ends with `_`."""
    return Markup(f"<{tag}{_attributes(attributes)}>{''.join(inner)}</{tag}>")


def joined(parts: Iterable[Markup], between: str = "") -> Markup:
    """The parts one after the other; `between` is plain text."""
    return Markup(html.escape(between).join(parts))


@cache
def identifier(text: str) -> str:
    """The text as an `id` of an element: lower-case ASCII letters, digits and hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-") or "section"


def _attributes(attributes: dict[str, str | None]) -> str:
    given = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    return "".join(f' {name}="{escape(value)}"' for name, value in given if value is not None)


def _isolated(match: re.Match[str]) -> str:
    run = match[0]
    is_reordered = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in run)
    return f"<bdi>{run}</bdi>" if is_reordered else run
