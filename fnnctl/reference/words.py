"""All that a word is about: `fnnctl help threshold`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.schema.lookups import without_layers
from fnnctl.config.schema.records import records_by_path
from fnnctl.metrics.metric import TargetKind
from fnnctl.metrics.registry import all_metrics
from fnnctl.reference.glossary import TERMS
from fnnctl.reference.pages import headings
from fnnctl.reference.settings import is_choice, summary, translations
from fnnctl.text import word_list

MIN_BEGINNING: Final = 3
"""The fewest letters of a word's beginning: nearly every setting has a word that begins with `s`."""

_OF_TASK: Final[Mapping[TargetKind, str]] = {
    "classification": "in a classification",
    "regression": "in a regression",
    "several": "of labels",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing that a word is about."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class AboutWord:
    """What a word is about; all are empty if nothing is known of it."""

    word: str
    terms: tuple[Entry, ...]
    settings: tuple[Entry, ...]
    """The settings with the word in their names, those of their values, or the names of other tools."""
    metrics: tuple[Entry, ...]
    commands: tuple[Entry, ...]
    headings: tuple[Entry, ...]
    """The headings of the documentation, by page."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of the word."""
        return not (self.terms or self.settings or self.metrics or self.commands or self.headings)


def about_word(word: str, commands: Mapping[str, str]) -> AboutWord:
    """What a word, or several in a row, are about; `commands` are described by name."""
    metrics = ((metric.name, f"{metric.label}, {_OF_TASK[metric.task]}") for metric in all_metrics())
    return AboutWord(
        word,
        terms=_entries(word, TERMS.items()),
        settings=tuple(_settings(word)),
        metrics=_entries(word, metrics),
        commands=_entries(word, commands.items(), also_in_text=True),
        headings=tuple(Entry(page, heading) for page, heading in headings() if _has(heading, word)),
    )


def known_words() -> list[str]:
    """The terms, and the names of the settings and metrics, to suggest one of them."""
    keys = (str(path[-1]) for path in records_by_path())
    return list(dict.fromkeys([*TERMS, *keys, *(metric.name for metric in all_metrics())]))


def _entries(
    word: str, things: Iterable[tuple[str, str]], *, also_in_text: bool = False
) -> tuple[Entry, ...]:
    return tuple(
        Entry(name, text) for name, text in things if _has(name, word) or (also_in_text and _has(text, word))
    )


def _settings(word: str) -> list[Entry]:
    """The settings that a word fits, the best first: see `_fit`."""
    ranked: list[tuple[int, Entry]] = []
    for path in without_layers(records_by_path()):
        if not is_choice(path) and (fit := _fit(path, word)):
            rank, reason = fit
            text = summary(records_by_path()[path][0])
            ranked.append((rank, Entry(format_path(path), f"{text} ({reason})" if reason else text)))
    return [setting for _, setting in sorted(ranked, key=itemgetter(0))]


def _fit(path: ConfigPath, word: str) -> tuple[int, str] | None:
    """How well a word fits a setting, 0 for best, and why if not by its name; None if it does not fit."""
    key, start = str(path[-1]), _plain(word)
    records = records_by_path()[path]
    values = [value for record in records for form in record.forms for value in form.words]
    values = [value for value in dict.fromkeys(values) if _has(value, word)]
    names = [f"{name} is called {ours} here" for name, ours in translations(path) if _has(name, word)]
    if _has(key, word):
        return (0 if _plain(key) == start else 1), ""
    if names and start not in map(_plain, values):
        return 3, "; ".join(names)
    if values:
        return (2 if start in map(_plain, values) else 4), f"its values include {word_list(values)}"
    return None


def _has(text: str, word: str) -> bool:
    """Whether a text has the word, or one that begins with it if it is not too short for that."""
    start = _plain(word)
    end = " " if len(start) < MIN_BEGINNING else ""
    return bool(start) and f" {start}{end}" in f" {_plain(text)} "


def _plain(text: str) -> str:
    """The text in lower case, with spaces between its words."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
