"""Builds HTML from text: the only place where text from data and configs becomes markup.

Every function takes plain text or finished `Markup`, so a text that was not escaped is a type error. A wide
table scrolls inside its own frame, never the page.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, NewType

from fnnctl.report.words import QUOTED_COMMAND
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
    """The text of an element, with quoted commands as code.

    What is written from right to left is isolated: it reorders nothing else.
    """
    parts = QUOTED_COMMAND.split(plain_text(text))
    return join_markup(
        element("code", escape(part)) if index % 2 else _isolated_text(part)
        for index, part in enumerate(parts)
    )


def _isolated_text(text: str) -> Markup:
    escaped = escape(text)
    if _POSSIBLE.search(escaped) is None:
        return escaped
    return Markup(_RUN.sub(_isolated, escaped))


def element(tag: str, *inner: Markup, **attributes: str | None) -> Markup:
    """An element without the attributes that are None; a name that is a Python keyword ends with `_`."""
    return Markup(f"<{tag}{_attributes(attributes)}>{''.join(inner)}</{tag}>")


def join_markup(parts: Iterable[Markup], between: str = "") -> Markup:
    """The parts one after the other; `between` is plain text."""
    return Markup(html.escape(between).join(parts))


@cache
def identifier(text: str) -> str:
    """The text as an `id` of an element: lower-case ASCII letters, digits and hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-") or "section"


def _attributes(attributes: dict[str, str | None]) -> str:
    named = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    return "".join(f' {name}="{escape(value)}"' for name, value in named if value is not None)


def _isolated(match: re.Match[str]) -> str:
    run = match[0]
    is_reordered = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in run)
    return f"<bdi>{run}</bdi>" if is_reordered else run


SHORT: Final = 16
"""Texts of at most this many characters are never broken."""
LONG: Final = 100
"""Longer texts get more room than others: they would have very many lines."""


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    texts: Sequence[int] = (0,),
    label: str | None = None,
) -> Markup:
    """A table; the columns in `texts` hold texts, the others numbers. The first column names the rows.

    `label` says what it shows, for those who hear the page; it is needed where no heading precedes it.
    """
    kinds = ["t" if index in texts else "n" for index in range(len(header))]
    heads = (_cell("th", text, kind, scope="col") for text, kind in zip(header, kinds, strict=True))
    body = (
        element(
            "tr",
            *(
                _cell("th", text, kind, scope="row") if index == 0 else _cell("td", text, kind)
                for index, (text, kind) in enumerate(zip(row, kinds, strict=True))
            ),
        )
        for row in rows
    )
    whole = element("table", element("thead", element("tr", *heads)), element("tbody", *body))
    # A frame that scrolls can be reached with the keyboard.
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label or "table")


def definitions(rows: Iterable[tuple[str, Markup]]) -> Markup:
    """Names with values that are markup; empty without any."""
    entries = [element("div", element("dt", _breakable(name)), element("dd", value)) for name, value in rows]
    return element("dl", *entries) if entries else EMPTY


def _breakable(name: str) -> Markup:
    """A name whose lines break after its dots, as between the parts of a setting's path."""
    return Markup(re.sub(r"\.(?=\w)", ".<wbr>", content(name)))


def listed(items: Iterable[Markup]) -> Markup:
    """An unordered list."""
    return element("ul", *(element("li", item) for item in items))


def code(lines: Iterable[str]) -> Markup:
    """Lines that can be copied, such as a command."""
    return element("pre", element("code", join_markup(map(escape, lines), "\n")), tabindex="0")


def _cell(tag: str, text: str, kind: str, scope: str | None = None) -> Markup:
    looks = [kind] if kind != "t" else []
    if text.startswith("  "):
        looks.append("sub")
    if len(text) > LONG:
        looks.append("long")
    elif text and len(text) <= SHORT and kind == "t" and scope != "col":
        looks.append("short")
    inner = content(text.strip()) if text else EMPTY
    return element(tag, inner, scope=scope, class_=" ".join(looks) or None)
