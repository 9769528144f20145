"""The values that a page is made of: an article per run, of blocks, of parts.

What a kind of run has to show is a list of blocks, so that one kind can add its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.report.html.markup import Markup


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a block."""

    markup: Markup
    source: str | None = None
    """The file with the same content. If the page would be too large, parts that have one are left out first,
    and the page names the file instead."""
    title: str | None = None
    """Its own heading, one level below the block's."""


@dataclass(frozen=True, slots=True)
class Block:
    """A section of the page below its own heading."""

    title: str
    parts: tuple[Part, ...]
    look: str = "block"
    """A class of the style sheet: `block`, `figures` (side by side if there is room), or `answer`."""


@dataclass(frozen=True, slots=True)
class Article:
    """What the page says of one run, or of several together."""

    title: str
    lead: Markup
    """Status, times and place, below the title."""
    blocks: tuple[Block, ...]


def block(title: str, *parts: Markup, look: str = "block") -> Block:
    """A block of parts that are in no file."""
    return Block(title, tuple(map(Part, parts)), look)
