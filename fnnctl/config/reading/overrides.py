"""Applies command-line values to a config before it is checked: `--set model.hidden[0].units=50`."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import yaml

from fnnctl.config.messages.schema_errors import unknown_path
from fnnctl.config.paths import SPACE, ConfigPath, Location, Locations, format_path, parse_path, problem_at
from fnnctl.config.reading.yaml_reader import Document, read_yaml
from fnnctl.config.rules.plain_config import takes_any_key
from fnnctl.config.schema.lookups import forms_at, is_setting
from fnnctl.config.schema.records import records_by_path
from fnnctl.config.yaml_text import CoreLoader
from fnnctl.errors import ConfigError, Problem
from fnnctl.text import quoted


@dataclass(frozen=True, slots=True)
class OptionChange:
    """A change to a setting that has its own option, such as `--folds 3`."""

    option: str
    change: str
    """`PATH=VALUE`, as for `--set`."""

    @classmethod
    def if_given(cls, option: str, path: str, value: object) -> list[Self]:
        """The change that sets the setting to the value; no change if the value is None."""
        return [] if value is None else [cls(option, f"{path}={value}")]


@dataclass(frozen=True, slots=True)
class OptionValue:
    """The value of a setting that has an option of the same name, such as `--name 12`; it is no YAML."""

    setting: str
    value: object

    @property
    def option(self) -> str:
        """The option's name."""
        return f"--{self.setting}"

    @classmethod
    def if_given(cls, **values: object) -> list[Self]:
        """The options whose value is not None."""
        return [cls(setting, value) for setting, value in values.items() if value is not None]


@dataclass(frozen=True, slots=True)
class Removal:
    """The removal of a setting of the file: `--unset PATH`."""

    setting: str


Override: TypeAlias = str | Removal | OptionChange | OptionValue
"""A change to the config on the command line: the `PATH=VALUE` of `--set`, or another option."""


def read_override(text: str) -> tuple[ConfigPath, Document]:
    """Split `a.b=value` into path and value; raise `ConfigError` if the form is different."""
    written_path, equals, written_value = text.partition("=")
    path = _with_names(parse_path(written_path))
    if not equals and path in records_by_path():
        raise ConfigError(Problem(f"{text} has no value; write {text}=VALUE"))
    if not equals or "" in path or not written_path.isprintable():
        message = f"{text!r} is not a setting; write PATH=VALUE, such as training.epochs=100"
        raise ConfigError(Problem(message))
    if "=" in written_value and path[:2] != SPACE and takes_any_key(path[:-1]):
        section = format_path(path[:-1])
        suggestion = f"write {section}='{{\"NAME\": VALUE}}', with the name of a class or a column"
        raise ConfigError(problem_at(path[:-1], f"a name that contains = stands in quotes: {suggestion}"))
    quotes = _quotes_for(path, written_value)
    try:
        document = read_yaml(written_value, path)
    except ConfigError as error:
        raise ConfigError(problem_at(path, error.problems[0].message + quotes)) from None
    for problem in document.problems:
        raise ConfigError(replace(problem, text=problem.text + quotes, line=None))
    if comment := _comment(written_value):
        advice = quotes or "; remove it, or write the text in quotes"
        raise ConfigError(problem_at(path, f"YAML reads {quoted(comment)} as a comment{advice}"))
    if quotes and isinstance(document.value, list | dict):
        kind = "a list" if isinstance(document.value, list) else "a mapping"
        raise ConfigError(problem_at(path, f"is a text, and without quotes YAML reads {kind}{quotes}"))
    return path, document


def _comment(text: str) -> str:
    """The comment at the end of a text that is valid YAML; empty if there is none."""
    ends = (yaml.StreamStartToken, yaml.StreamEndToken, yaml.BlockEndToken)
    tokens = [token for token in yaml.scan(text, CoreLoader) if not isinstance(token, ends)]
    rest = text[tokens[-1].end_mark.index :].strip() if tokens else text.strip()
    return rest if rest.startswith("#") else ""


def _quotes_for(path: ConfigPath, text: str) -> str:
    """How to write the value of a setting that is nothing but a text; empty for other settings."""
    kinds = {form.kind for form in forms_at(path, {})} - {"words", "null"}
    if kinds != {"text"}:
        return ""
    quoted = json.dumps(text, ensure_ascii=False)
    return f"; write --set {shlex.quote(f'{format_path(path)}={quoted}')}"


def read_removal(text: str) -> ConfigPath:
    """The path of a setting to remove; raises `ConfigError` if there is no such setting."""
    written_path, equals, _ = text.partition("=")
    path = _with_names(parse_path(written_path))
    if "" in path or not text.isprintable():
        raise ConfigError(Problem(f"{text!r} is not a setting; write PATH, such as data.split.test"))
    if equals:
        raise ConfigError(problem_at(path, f"write --unset {written_path}, or --set {text}"))
    if isinstance(path[-1], int):
        section = format_path(path[:-1])
        raise ConfigError(problem_at(path, f"is an entry of a list; write --set {section}=[…]"))
    if not is_setting(path):
        raise ConfigError(unknown_path(path))
    return path


def note_override(locations: Locations, path: ConfigPath, document: Document, option: str) -> None:
    """Record that everything at a path now comes from a command-line option."""
    text = format_path(path)
    inside = (f"{text}.", f"{text}[")
    for replaced in [location for location in locations if location == text or location.startswith(inside)]:
        del locations[replaced]
    for depth in range(1, len(path)):
        locations.setdefault(format_path(path[:depth]), Location(option))
    locations.update({format_path(inner): Location(option) for inner in document.lines})


def _with_names(path: ConfigPath) -> ConfigPath:
    """The path, with digits as text if they are a name (of a class, say); a searched path is one name."""
    if path[:2] == SPACE and path[2:]:
        return (*SPACE, format_path(path[2:]))
    named: ConfigPath = ()
    for part in path:
        named = (*named, str(part) if takes_any_key(named) else part)
    return named
