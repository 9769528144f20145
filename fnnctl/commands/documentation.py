"""The pages of `docs/`, which `fnnctl help TOPIC` shows in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fnnctl.console.output import Output
from fnnctl.errors import UsageError
from fnnctl.text import did_you_mean, quoted

_LINK: Final = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]*)?\)")
"""A link to another page."""
_COLUMNS: Final = 100
"""The greatest width of a page's text; longer lines are hard to read."""


def topics() -> list[str]:
    """The names of the pages, in alphabetical order."""
    return sorted(path.stem for path in _folder().glob("*.md"))


def show_page(topic: str, output: Output, *, commands: Iterable[str]) -> None:
    """Show a page: formatted on a terminal, and as Markdown if the output is piped.

    Raises `UsageError` if there is no such page; the commands are suggested, too.
    """
    if topic not in topics():
        similar = did_you_mean(topic, [*commands, *topics()])
        raise UsageError(f"there is no command or topic {quoted(topic)}{similar}; `fnnctl help` lists them")
    text = (_folder() / f"{topic}.md").read_text(encoding="utf-8")
    text = _LINK.sub(r"\1 (`fnnctl help \2`)", text)
    if not output.is_terminal:
        output.data(text.rstrip("\n"))
        return
    from rich.constrain import Constrain

    from fnnctl.console.markdown import TerminalMarkdown

    output.render(Constrain(TerminalMarkdown(text, hyperlinks=False), _COLUMNS))


def _folder() -> Path:
    """The folder of the pages: part of the installed package, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "docs"
    return installed if installed.is_dir() else package.parent / "docs"
