"""Reads the files that a config builds on (`extends: base.yaml`), and merges their settings with its own.

A base may have bases, too. There is a bound of everything that is read, so that a config from anywhere takes
no more than a large one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from fnnctl.config.messages.wording import value_text
from fnnctl.config.paths import EXTENDS, ConfigPath, format_path, parse_path
from fnnctl.config.reading.config_files import (
    COMPLETE,
    MISSING,
    locations_in,
    near_config,
    other_content,
    read_document,
    read_file,
)
from fnnctl.config.reading.merging import Layer
from fnnctl.config.reading.variables import Variables
from fnnctl.config.reading.yaml_reader import MAX_BYTES, Document
from fnnctl.config.schema.records import records_by_path
from fnnctl.config.sources import BUILTIN_NAMES, MEMORY_SOURCE
from fnnctl.errors import ConfigError, Problem

_KEY: Final = str(EXTENDS[0])
MAX_FILES: Final = 20
"""The most files that a config may build on; one that is named twice counts twice."""
TOO_LARGE: Final = f"a config and the files that it builds on have at most {MAX_BYTES:,} bytes together"

_IN_A_RUN: Final = "a run's resolved.yaml is complete, and builds on no other file"


@dataclass(frozen=True, slots=True)
class Base:
    """A file that a config builds on."""

    file: Path
    content: bytes


class BaseReader:
    """Reads the bases of one config, and keeps what it has read."""

    def __init__(self, variables: Variables, contents: Mapping[str, bytes], left: int) -> None:
        """`contents` are those of files that were read before, by real path; `left` bytes may be read."""
        self.contents = dict(contents)
        self.bases: dict[str, Base] = {}
        """What the config builds on, by real path, in the order in which the files are named."""
        self.problems: list[Problem] = []
        """What is wrong with values in the YAML of the bases."""
        self._documents: dict[str, Document] = {}
        self._variables = variables
        self._left = left
        self._named = 0

    def with_bases(self, document: Document, file: Path, shown: str, chain: Mapping[str, str]) -> Layer:
        """The settings of a document, which is a mapping, and of the files that it extends.

        `shown` is the file's name in messages, and `chain` has those of the files that extend it, by real
        path. Raises `ConfigError` with what is wrong with the bases.
        """
        layer = Layer(document.value, locations_in(document, shown))
        if _KEY not in layer.settings or layer.settings.get(COMPLETE) is True:
            return layer
        if wrong := [problem for problem in document.problems if _is_about_bases(problem)]:
            raise ConfigError(*(replace(problem, file=shown) for problem in wrong))
        chain, base = {**chain, os.path.realpath(file): shown}, Layer({}, {})
        problems: list[Problem] = []
        for path, name in self._names(layer).items():
            try:
                base = base.extended_by(self._base(name, file.parent, chain))
            except ConfigError as error:
                problems += _located(error.problems, path, layer)
                if self._named > MAX_FILES:
                    break
        if problems:
            raise ConfigError(*problems)
        return base.extended_by(layer.without(EXTENDS))

    def _names(self, layer: Layer) -> dict[ConfigPath, str]:
        """The names of the bases of a file, by their paths."""
        value = layer.settings[_KEY]
        if value is None:
            return {}
        entries = value if isinstance(value, list) else [value]
        names = {
            (*EXTENDS, index) if value is entries else EXTENDS: name for index, name in enumerate(entries)
        }
        wrong = [
            Problem(f"must be the path of a config file, not {value_text(name)}", path=format_path(path))
            for path, name in names.items()
            if not (isinstance(name, str) and name)
        ]
        self._named += len(names)
        if not names:
            wrong = [Problem("is empty", advice="write the path of a config file, or leave it out")]
        elif self._named > MAX_FILES:
            wrong = [Problem(f"makes the config build on more than {MAX_FILES} files")]
        if wrong:
            raise ConfigError(*_located(wrong, EXTENDS, layer))
        return names

    def _base(self, name: str, folder: Path, chain: Mapping[str, str]) -> Layer:
        """The settings of a base and its own bases, with paths of files that start in the folder.

        What is wrong with the base itself has no file, because it is about the `extends` that names it.
        """
        named = _expanded(name)
        file, shown = folder / named, str(folder / named)
        real = os.path.realpath(file)
        if "," in name and not file.exists():
            text = f"{shown}: there is no such file"
            raise ConfigError(Problem(text, advice=f"write [{name}] for several files"))
        if real in chain:
            names = [*chain.values()][[*chain].index(real) :]
            raise ConfigError(Problem(f"is a circle: {' → '.join([*names, shown])}"))
        if real not in self._documents:
            self._documents[real] = self._document(file, shown, real)
        document = self._documents[real]
        self.problems += [replace(problem, file=shown) for problem in document.problems]
        layer = self.with_bases(document, file, shown, chain)
        for path in _files():
            layer = layer.with_changed(path, lambda source: _from_other_folder(source, named.parent))
        return layer

    def _document(self, file: Path, shown: str, real: str) -> Document:
        content = self._content(file, real)
        self.bases.setdefault(real, Base(file, content))
        try:
            document = read_document(content, self._variables)
            if isinstance(document.value, dict):
                return document
            has_none = document.value is None
            text = "is empty" if has_none else f"must be a mapping, not {value_text(document.value)}"
            problems: Sequence[Problem] = [Problem(text)]
        except ConfigError as error:
            problems = error.problems
        if kind := other_content(content, file.suffix):
            problems = [Problem(f"is {kind}, not an experiment")]
        raise ConfigError(*(Problem(str(replace(problem, file=shown))) for problem in problems))

    def _content(self, file: Path, real: str) -> bytes:
        if real not in self.contents:
            try:
                self.contents[real] = read_file(file)
            except ConfigError as error:
                (problem,) = error.problems
                is_missing = problem.kind == MISSING
                near = near_config(file) if is_missing else ""
                advice = _IN_A_RUN if is_missing and not near and _is_of_run(file.parent) else ""
                raise ConfigError(Problem(f"{problem}{near}", advice=advice)) from None
        self._left -= len(self.contents[real])
        if self._left < 0:
            raise ConfigError(Problem(f"{file}: {TOO_LARGE}"))
        return self.contents[real]


def _is_of_run(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("resolved.yaml", "manifest.json"))


def _is_about_bases(problem: Problem) -> bool:
    return parse_path(problem.path or "")[:1] == EXTENDS


def _located(problems: Iterable[Problem], path: ConfigPath, layer: Layer) -> Iterator[Problem]:
    """The problems; those without a file are about the `extends` of this layer."""
    for problem in problems:
        if problem.file:
            yield problem
            continue
        own_path = parse_path(problem.path) if problem.path else path
        location = layer.locations[own_path]
        yield replace(problem, file=location.file, line=location.line, path=format_path(own_path))


def _expanded(name: str) -> Path:
    """The path with the home folder in place of `~`, if it is known."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


@cache
def _files() -> list[ConfigPath]:
    """The settings that are paths of files."""
    return [path for path, records in records_by_path().items() if any(r.setting.is_file for r in records)]


def _from_other_folder(source: str, folder: Path) -> str:
    """The path of a file as it is from the folder in which this folder's path starts."""
    is_relative = source not in {*BUILTIN_NAMES, MEMORY_SOURCE} and not Path(source).is_absolute()
    is_elsewhere = is_relative and not source.startswith("~") and folder != Path()
    return str(folder / source) if is_elsewhere else source
