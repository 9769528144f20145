"""`fnnctl help`: pages of the documentation, settings, and what words are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

from fnnctl.config.installed_plugins import use_installed
from fnnctl.config.messages.schema_errors import unknown_path
from fnnctl.config.paths import parse_path
from fnnctl.console.help_pages import setting_lines, word_lines
from fnnctl.console.output import Output
from fnnctl.errors import ConfigError, UsageError
from fnnctl.reference.pages import page_text, topics
from fnnctl.reference.settings import setting_help, setting_path
from fnnctl.reference.words import about_word, known_words
from fnnctl.text import did_you_mean, quoted

COLUMNS: Final = 100
"""The greatest width of a page's text; longer lines are hard to read."""


def show_help(word: str, output: Output, *, commands: Mapping[str, str]) -> None:
    """Show a page, a setting, or what a word is about; `commands` says by name what each command does.

    Raises `UsageError` for a word of which nothing is known, and `ConfigError` for an unknown setting.
    """
    if word in topics():
        _show_page(word, output)
        return
    use_installed(output.note)
    if path := setting_path(word):
        setting = setting_help(path)
        _show({"setting": asdict(setting)}, setting_lines(setting, _width(output)), output)
    else:
        about = about_word(word, commands)
        if about.is_empty and "." in word:
            raise ConfigError(unknown_path(parse_path(word)))
        if about.is_empty:
            meant = did_you_mean(word, [*commands, *topics()]) or did_you_mean(word, known_words())
            listed = "`fnnctl help` lists the commands and topics"
            raise UsageError(f"nothing is known of {quoted(word)}{meant}; {listed}")
        _show(asdict(about), word_lines(about, _width(output)), output)


def _show_page(topic: str, output: Output) -> None:
    """Show a page: formatted on a terminal, and as Markdown if the output is piped."""
    text = page_text(topic)
    if output.json or not output.is_terminal:
        _show({"page": topic, "text": text}, [text.rstrip("\n")], output)
        return
    from rich.constrain import Constrain

    from fnnctl.console.markdown import TerminalMarkdown

    output.render(Constrain(TerminalMarkdown(text, hyperlinks=False), COLUMNS))


def _show(value: Mapping[str, object], lines: Iterable[str], output: Output) -> None:
    if output.json:
        output.json_object(value)
    else:
        output.data("\n".join(lines))


def _width(output: Output) -> int:
    return min(output.terminal_width or COLUMNS, COLUMNS)
