"""Turns a config file, or standard input, and command-line overrides into an experiment, or into a list of
all problems.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from fnnctl.config.messages.suggestions import glued_setting
from fnnctl.config.messages.wording import value_text
from fnnctl.config.paths import EXTENDS, SPACE, ConfigPath, Location, Locations, format_path
from fnnctl.config.problems import Problems
from fnnctl.config.provenance import Resolved
from fnnctl.config.reading.config_files import (
    MISSING,
    TABLE,
    locations_in,
    near_config,
    other_content,
    read_document,
    read_file,
)
from fnnctl.config.reading.inheritance import Inheritance
from fnnctl.config.reading.overrides import (
    OptionChange,
    OptionValue,
    Override,
    Removal,
    note_override,
    read_override,
    read_removal,
)
from fnnctl.config.reading.starter import STARTER_NAME, init_command, is_table
from fnnctl.config.reading.variables import MARK, Variables, as_literal
from fnnctl.config.reading.yaml_reader import MAX_BYTES, Document
from fnnctl.config.recipes.resolving import COMPLETE, RECIPE, experiment_before_data
from fnnctl.config.rules.left_out import Changed, Result, without_ineffective
from fnnctl.config.rules.plain_config import is_set, override, unset, value_at
from fnnctl.config.rules.trials import Check
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import ONLY_IN_FILES, Experiment
from fnnctl.config.schema.losses import find_searched_losses
from fnnctl.config.sources import BUILTIN_NAMES
from fnnctl.config.table_kinds import kind_by_name
from fnnctl.config.yaml_text import block_yaml
from fnnctl.errors import ConfigError, DataError, MachineError, Problem
from fnnctl.plugins import current
from fnnctl.text import joined_words

if TYPE_CHECKING:
    from fnnctl.config.reading.bases import Base

SET: Final = "--set"
UNSET: Final = "--unset"
STANDARD_INPUT: Final = Path("-")
SHOWN: Final = "<stdin>"
"""What stands for the file's name in messages."""


def displayed_file(file: Path) -> str:
    """The name of a config file in messages."""
    return SHOWN if file == STANDARD_INPUT else str(file)


def read_standard_input(most: int) -> bytes:
    """At most so many bytes; raises `ConfigError` if standard input is closed."""
    if sys.stdin is None:
        raise ConfigError(Problem("standard input is closed; write the experiment to it", file=SHOWN))
    try:
        return sys.stdin.buffer.read(most)
    except OSError as error:
        raise MachineError(f"standard input cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class ConfigText:
    """A config that is not read from a file: an experiment in Python, or the config of a run in memory."""

    content: bytes
    file: Path = Path(STARTER_NAME)
    """What stands for its file: relative paths start in its folder. By default the data give the experiment
    its name.
    """
    has_lines: bool = False
    """Whether messages name the file and its lines."""
    changed: tuple[ConfigPath, ...] = ()
    """The settings that a Python program has set or removed in an experiment, as `--set` and `--unset` do."""
    is_of_run: bool = False
    """Whether it is the file of a run, which may be another person's: it chooses no plug-ins."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """The environment variables that its values may have; if there is none, `${` is text, as in runs' files.
    """
    bases: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The contents of files that it builds on, by real path, which are not read again."""

    @classmethod
    def of_settings(
        cls, settings: Mapping[str, Any], file: Path, changed: tuple[ConfigPath, ...] = ()
    ) -> Self:
        """The text of settings that a Python program has, in which nothing is a variable."""
        written = settings if value_at(settings, COMPLETE) is True else as_literal(settings)
        return cls(block_yaml(written).encode(), file, changed=changed, environment={})

    def with_bases(self) -> Self:
        """The text with the contents of all files that it builds on; without them, if they are no configs."""
        try:
            return replace(self, bases=_UncheckedConfig(self).base_contents)
        except ConfigError:
            return self

    @property
    def builds_on_others(self) -> bool:
        """Whether some of its values stand in other files, or in the environment."""
        return bool(self.bases) or (self.environment is not None and MARK.encode() in self.content)

    def settings(self) -> dict[str, Any]:
        """The settings before they are checked, with those of its bases; raises `ConfigError`."""
        return dict(_UncheckedConfig(self).config)


ConfigSource: TypeAlias = Path | ConfigText
"""A config file, standard input (`-`), or a text."""


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """An experiment, and the location of each setting that was given."""

    experiment: Experiment
    text: bytes
    """The content of the file, byte for byte."""
    bases: Sequence[Base]
    """The files that it builds on."""
    file: Path
    """The absolute path of the file; relative paths in the experiment start in its folder. For standard input
    it is `-` in the working directory."""
    locations: Locations
    config: Mapping[str, Any]
    """The values of the file and the command line, including those that only trials of a search read."""
    changed: Changed = field(default_factory=dict)
    """The settings that the command line has changed."""
    notes: Sequence[Problem] = ()
    """The settings of the file that are left out, and the removals that change nothing."""
    is_of_run: bool = False
    """See `ConfigText`."""

    @property
    def note_lines(self) -> list[str]:
        """The notes as sentences about the settings."""
        return [f"{note.path} {note.message}" for note in self.notes]

    def without_ineffective(
        self, evaluate: Callable[[Mapping[str, Any]], Result]
    ) -> tuple[Result, LoadedConfig]:
        """What `evaluate` returns for the values, and the config without those that are then ineffective.

        See `without_ineffective`.
        """
        result, config, left_out = without_ineffective(self.config, self.changed, evaluate)
        notes = [*self.notes, *self.locations.problems(left_out)]
        return result, replace(self, config=config, notes=notes)

    @property
    def resolved(self) -> Resolved:
        """The config without a recipe's values."""
        return Resolved.without_recipe(self.config, self.experiment)

    def search_problems(self, resolved: Resolved | None = None, check: Check | None = None) -> list[Problem]:
        """The problems of the `search` section, in the order of their lines; `fnnctl train` does not read it.

        `resolved` is the config with the recipe's values. With `check`, this includes trials that do not fit
        the data.
        """
        resolved = resolved or self.resolved
        if resolved.experiment.search is None:
            return []
        # The rules of searches take long to import, and most configs have none.
        from fnnctl.config.rules.search_check import search_problems

        with current().opened(not self.is_of_run):
            problems = self.locations.problems(search_problems(resolved, check))
            return self.locations.from_top_to_bottom(problems)

    @contextmanager
    def add_locations(self) -> Iterator[None]:
        """Add file and line to problems from lower packages, which only know the path of the setting.

        Raises the `ConfigError` or `DataError` again; problems without a path are unchanged. Within the block
        the user's own config may name plug-ins.
        """
        try:
            with current().opened(not self.is_of_run):
                yield
        except (ConfigError, DataError) as error:
            kind = DataError if isinstance(error, DataError) else ConfigError
            raise kind(*map(self.locations.locate, error.problems)) from None


def load_config(
    source: ConfigSource, overrides: Sequence[Override] = (), inherited: Inheritance | None = None
) -> LoadedConfig:
    """Read, override, check and complete an experiment.

    The `overrides` are applied in order, and then what is `inherited` is filled in. What the recipe's values
    may mend is no problem yet, because they are known only once the data are. Raises `ConfigError` with every
    other problem that was found, or `MachineError` if the file exists but cannot be read.
    """
    if isinstance(source, Path):
        source = read_config(source)
    file, text = source.file, source.content
    unchecked = _UncheckedConfig(source)
    for change in overrides:
        unchecked.override(change)
    if inherited is not None:
        unchecked.inherit(inherited)
    with current().opened(not source.is_of_run):
        experiment = unchecked.experiment()
        if experiment.name is None:
            experiment = experiment.model_copy(update={"name": _default_name(file, experiment.data.source)})
    return LoadedConfig(
        experiment,
        text,
        unchecked.bases,
        file.absolute(),
        unchecked.locations,
        unchecked.config,
        unchecked.changed,
        unchecked.notes,
        source.is_of_run,
    )


def read_config(file: Path) -> ConfigText:
    """The text of a config file, or of standard input; raises as `load_config` does if it cannot be read."""
    return ConfigText(_read(file), file, has_lines=True, environment=dict(os.environ))


class _UncheckedConfig:
    """A config before it is checked, with the problems found so far."""

    def __init__(self, source: ConfigText) -> None:
        file = displayed_file(source.file) if source.has_lines else None
        self.changed = {path: format_path(path) for path in source.changed}
        self.notes: list[Problem] = []
        self.locations = Locations({"": Location(file, 1 if file else None)})
        self.problems: list[Problem] = []
        self.wrong_paths: set[str] = set()
        variables = None if source.environment is None else Variables(source.environment, most=MAX_BYTES)
        try:
            document = read_document(source.content, variables)
        except ConfigError as error:
            _refuse_other_file(file, source.content)
            raise ConfigError(*(replace(problem, file=file) for problem in error.problems)) from None
        self._add(document.problems, file)
        if not isinstance(document.value, dict):
            _refuse_other_file(file, source.content)
            self.locations[""] = Location(file, document.lines[()]) if file else self.locations[""]
            self._report({(): _no_mapping(document.value)})
            raise ConfigError(*self.problems)
        self.config: Any = document.value
        self.bases: Sequence[Base] = ()
        self.base_contents: Mapping[str, bytes] = {}
        if file is None:
            return
        locations = locations_in(document, file)
        if variables is not None and is_set(self.config, EXTENDS):
            locations = self._read_bases(document, source, file, variables)
        self.locations.update({format_path(path): location for path, location in locations.items()})

    def _read_bases(
        self, document: Document, source: ConfigText, file: str, variables: Variables
    ) -> dict[ConfigPath, Location]:
        """Merge the config with those that it extends; return the locations of all values."""
        from fnnctl.config.reading.bases import BaseReader  # most configs have none

        reader = BaseReader(variables, source.bases, MAX_BYTES - len(source.content))
        try:
            layer = reader.with_bases(document, source.file, file, {})
        except ConfigError as error:
            problems = dict.fromkeys([*self.problems, *reader.problems, *error.problems])
            raise ConfigError(*self.locations.from_top_to_bottom(problems)) from None
        self.bases, self.base_contents = [*reader.bases.values()], reader.contents
        self._add_located(dict.fromkeys(reader.problems))
        self.config = layer.settings
        return layer.locations

    def override(self, change: Override) -> None:
        """Apply one change from the command line."""
        if isinstance(change, OptionValue):
            self.set((change.setting,), Document(change.value, {(change.setting,): 1}, []), change.option)
            return
        option = change.option if isinstance(change, OptionChange) else SET
        try:
            if isinstance(change, Removal):
                option = UNSET
                self.unset(read_removal(change.setting))
            else:
                path, document = read_override(change if isinstance(change, str) else change.change)
                self.set(path, document, option)
        except ConfigError as error:
            self._add(error.problems, option)

    def set(self, path: ConfigPath, document: Document, option: str) -> None:
        """Set one value from a command-line option."""
        if path == RECIPE and value_at(self.config, COMPLETE):
            self._add([replace(_NOTHING_TO_FILL, path=format_path(path))], option)
        self.config = override(self.config, path, document.value)
        self._note_change(path, document, option)

    def unset(self, path: ConfigPath) -> None:
        """Remove one setting of the file; a note says that there is none."""
        if path == EXTENDS:
            advice = "remove it there, or unset the settings of the other file"
            problem = Problem("can only be removed in the config file", advice=advice)
            raise ConfigError(replace(problem, path=format_path(path)))
        config = unset(self.config, path)
        if config is None:
            unchanged = Problem(f"is not set in the file: {UNSET} changes nothing")
            self.notes += self.locations.problems({path: unchanged})
            return
        self.config = config
        self._note_change(path, Document(None, {path: 1}, []), UNSET)

    def _note_change(self, path: ConfigPath, document: Document, option: str) -> None:
        self.changed[path] = f"{option} {format_path(path)}" if option in {SET, UNSET} else option
        note_override(self.locations, path, document, option)

    def inherit(self, inheritance: Inheritance) -> None:
        """Fill in what the config leaves open from the run that is trained on."""
        self.config, filled_in = inheritance.fill_in(self.config)
        self.locations.update({format_path(path): Location(inheritance.run) for path in filled_in})

    def experiment(self) -> Experiment:
        """Check everything and fill in what depends on other settings, or raise all problems."""
        if is_set(self.config, EXTENDS):  # a file's own is replaced by the settings of its bases
            raise ConfigError(*self.locations.problems({EXTENDS: ONLY_IN_FILES}))
        find_searched_losses(value_at(self.config, SPACE))
        try:
            experiment, self.config, left_out = without_ineffective(
                self.config, self.changed, experiment_before_data
            )
            self.notes += self.locations.problems(left_out)
        except InvalidConfigurationError as error:
            self._report(error.by_path)
        if self.problems:
            raise ConfigError(*self.locations.from_top_to_bottom(self.problems))
        return experiment

    def _report(self, problems: Problems) -> None:
        """Add problems, except for paths that already have one."""
        new = {
            path: problem for path, problem in problems.items() if format_path(path) not in self.wrong_paths
        }
        self.problems += self.locations.problems(new)

    def _add(self, problems: Iterable[Problem], file: str | None) -> None:
        self._add_located(replace(problem, file=file) for problem in problems)

    def _add_located(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.wrong_paths.add(problem.path or "")
            self.problems.append(problem)


_NOTHING_TO_FILL: Final = Problem(
    "has no effect: the config is complete, so no recipe fills in anything",
    advice="use the config that the run began with",
)


def _read(file: Path) -> bytes:
    if file == STANDARD_INPUT:
        return read_standard_input(MAX_BYTES + 1)
    try:
        return read_file(file)
    except ConfigError as error:
        (problem,) = error.problems
    if problem.kind == TABLE:
        problem = replace(problem, text=f"{problem.text}. Write one with: {init_command(file)}")
    elif problem.kind == MISSING:
        # The starter's name is the default, so whoever gets it has probably not named a file at all.
        near = "" if file.name == STARTER_NAME else near_config(file)
        if not near and str(file) in BUILTIN_NAMES:
            text = f"is a built-in data set, not an experiment; {_how_to_use(str(file))}"
        else:
            text = f"{problem.text}{near or f'; {_how_to_start(file.parent)}'}"
        problem = replace(problem, text=text)
    raise ConfigError(problem)


def _how_to_start(folder: Path | None = None) -> str:
    """What to do without an experiment; if there is a single table in the folder, the command names it."""
    tables = [file for file in folder.glob("*.csv*") if is_table(file)] if folder else []
    command = init_command(tables[0] if len(tables) == 1 else Path("TABLE.csv"))
    return f"`fnnctl init` writes an example, and `{command}` an experiment for a table of your own"


def _how_to_use(builtin: str) -> str:
    """How to train on a built-in data set; of fnnctl's examples, one in this folder is named."""
    example = Path("configs", f"{builtin}.yaml")
    ways = [
        *([f"name {example}"] if example.is_file() else []),
        f"write an experiment with `fnnctl init {builtin}.yaml --data {builtin}`",
        f"add --set data.source={builtin} to another one",
    ]
    return joined_words(ways, "or")


def _refuse_other_file(file: str | None, text: bytes) -> None:
    """Raise `ConfigError` if a file that is no experiment is known to be something else."""
    if file is None:
        return
    content = other_content(text, Path(file).suffix)
    if content:
        raise ConfigError(Problem(f"is {content}, not an experiment; {_how_to_start()}", file=file))


def _no_mapping(value: Any) -> Problem:
    if value is None:
        return Problem("is empty", advice=_how_to_start())
    suggestion = glued_setting(value) if isinstance(value, str) else ""
    must = "must be a mapping with the sections data, model and training"
    return Problem(f"{must}, not {value_text(value)}{suggestion}")


def _default_name(file: Path, source: str) -> str:
    """The name of the config file, or of the data if the file has no name of its own."""
    data = Path(source).name.removesuffix(".gz")
    data = data.removesuffix(kind_by_name(data).endings[0])
    name = data if file.name == STARTER_NAME or file == STANDARD_INPUT else file.stem
    printable = "".join(character if character.isprintable() else "-" for character in name)
    return printable[:200] or "experiment"
