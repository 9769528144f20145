"""The pages of `docs/`, which are installed with the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LINK: Final = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]*)?\)")
"""A link to another page."""
_SECTION_LINK: Final = re.compile(r"\[([^\]]+)\]\(#([\w-]+)\)")
"""A link to a section of the same page."""
_HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)
_CODE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
"""A block of code, whose comments may look like headings."""
_GENERATED: Final = frozenset({"changelog", "commands", "settings", "python-reference"})
"""Pages whose headings are names that are found without them, or versions."""


def topics() -> list[str]:
    """The names of the pages, in alphabetical order."""
    return sorted(path.stem for path in _folder().glob("*.md"))


def page_text(topic: str) -> str:
    """The Markdown of a page; a link to another page names the command that shows it, others a section."""
    text = _LINK.sub(r"\1 (`fnnctl help \2`)", _read(topic))
    sections = {_address(heading): heading for heading in _HEADING.findall(_CODE.sub("", text))}
    return _SECTION_LINK.sub(lambda link: f'{link[1]} (see "{sections[link[2]]}")', text)


def headings() -> Iterator[tuple[str, str]]:
    """The headings of all pages for users, each with its page."""
    for topic in topics():
        if topic not in _GENERATED:
            text = _CODE.sub("", _read(topic))
            yield from ((topic, heading.replace("`", "")) for heading in _HEADING.findall(text))


def _address(heading: str) -> str:
    """How a link names a section, as GitHub does."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _read(topic: str) -> str:
    return (_folder() / f"{topic}.md").read_text(encoding="utf-8")


def _folder() -> Path:
    """The folder of the pages: part of the installed package, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "docs"
    return installed if installed.is_dir() else package.parent / "docs"
