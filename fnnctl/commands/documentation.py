"""The pages of `docs/`, which `fnnctl help TOPIC` shows in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import fnnctl
from fnnctl.console.output import Output

_LINK: Final = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]*)?\)")
"""A link to another page."""


def topics() -> list[str]:
    """The names of the pages, in alphabetical order."""
    return sorted(path.stem for path in _folder().glob("*.md"))


def purposes() -> Iterator[tuple[str, str]]:
    """Each topic with the title of its page."""
    for topic in topics():
        with (_folder() / f"{topic}.md").open(encoding="utf-8") as page:
            yield topic, page.readline().lstrip("# ").strip()


def show_page(topic: str, output: Output) -> None:
    """Show a page: formatted on a terminal, and as Markdown if the output is piped."""
    text = (_folder() / f"{topic}.md").read_text(encoding="utf-8")
    text = _LINK.sub(r"\1 (`fnnctl help \2`)", text)
    if not output.is_terminal:
        output.data(text)
        return
    from rich.markdown import Markdown

    output.render(Markdown(text, hyperlinks=False))


def _folder() -> Path:
    """The folder of the pages: part of the installed package, or beside the package in a checkout."""
    package = Path(fnnctl.__file__).parent
    installed = package / "docs"
    return installed if installed.is_dir() else package.parent / "docs"
