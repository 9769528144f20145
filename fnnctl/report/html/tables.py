"""Tables, and lists of names with values. A wide table scrolls inside its own frame, never the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, joined

SHORT: Final = 16
"""Texts of at most so many characters are never broken."""
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
    kinds = ["t" if place in texts else "n" for place in range(len(header))]
    heads = (_cell("th", text, kind, scope="col") for text, kind in zip(header, kinds, strict=True))
    body = (
        element(
            "tr",
            *(
                _cell("th", text, kind, scope="row") if place == 0 else _cell("td", text, kind)
                for place, (text, kind) in enumerate(zip(row, kinds, strict=True))
            ),
        )
        for row in rows
    )
    whole = element("table", element("thead", element("tr", *heads)), element("tbody", *body))
    # A frame that scrolls can be reached with the keyboard.
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label or "table")


def pairs(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names with values; empty without any."""
    return definitions((name, content(value)) for name, value in rows)


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
    return element("pre", element("code", joined(map(escape, lines), "\n")), tabindex="0")


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
