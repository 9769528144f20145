"""From a config file and the command line's overrides to an experiment, or to everything that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fnnctl.config.messages.advice import glued_setting
from fnnctl.config.messages.schema_errors import schema_messages
from fnnctl.config.messages.wording import shown
from fnnctl.config.paths import (
    ConfigPath,
    Finding,
    FindingError,
    Location,
    Locations,
    format_path,
    is_below,
    parse_path,
)
from fnnctl.config.reading.overrides import note_override, override, read_override
from fnnctl.config.reading.starter import STARTER_NAME
from fnnctl.config.reading.yaml_reader import MAX_BYTES, Document, decode, read_yaml
from fnnctl.config.rules.branches import forks_of, value_at, without
from fnnctl.config.rules.contradictions import contradictions, watches_nothing
from fnnctl.config.rules.dimensions import dimensions_of
from fnnctl.config.rules.probing import read_by_some_trial
from fnnctl.config.rules.space_check import sound_domains
from fnnctl.config.rules.trials import trial_configs
from fnnctl.config.rules.unread import Messages, unread_settings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError, DataError, MachineError, Problem, did_you_mean
from fnnctl.space.dimensions import parents_first

LEFT_OPEN = "auto"
"""Whoever writes this asks for nothing, and may do so where nothing reads it."""
EARLY_STOPPING: ConfigPath = ("training", "early_stopping")


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """An experiment with where it comes from."""

    experiment: Experiment
    text: bytes
    """The file as it was given, byte for byte."""
    file: Path
    """The file's absolute path; relative paths in the experiment start in its folder."""
    locations: Locations
    config: Mapping[str, Any]
    """The file's values with those of the command line; also those that only trials of a search read."""

    def problem(self, path: str | ConfigPath, message: str) -> Problem:
        """Make a problem of something that turned out to be wrong with a setting only later."""
        return self.locations.problem(parse_path(path) if isinstance(path, str) else path, message)

    @contextmanager
    def located(self) -> Iterator[None]:
        """Add the file and line of the setting to the problems of lower packages, which know its path alone.

        Raises the `ConfigError` or `DataError` again with such problems; the others stay.
        """
        try:
            yield
        except (ConfigError, DataError) as error:
            raise type(error)(*map(self._located, error.problems)) from None

    def _located(self, problem: Problem) -> Problem:
        if problem.path is None or problem.file is not None:
            return problem
        location = self.locations.nearest(problem.path)
        return replace(problem, file=location.file, line=location.line)


def load_config(
    file: Path, overrides: Sequence[str] = (), *, name: str | None = None, seed: int | None = None
) -> LoadedConfig:
    """Read, override, check and complete an experiment.

    `overrides` are `PATH=VALUE` and are applied in order, then `name` and `seed`. Raises `ConfigError` with
    every problem that was found, and `MachineError` where the file is there and cannot be read.
    """
    text = _read(file)
    draft = _Draft(file, text)
    for given in overrides:
        draft.override(given)
    for option, value in (("name", name), ("seed", seed)):
        if value is not None:
            draft.set((option,), Document(value, lines={(): 1}, findings=[]), f"--{option}")
    return LoadedConfig(draft.experiment(), text, file.absolute(), draft.locations, draft.config)


class _Draft:
    """A config on its way to being an experiment, with all that was found wrong so far."""

    def __init__(self, file: Path, text: bytes) -> None:
        self.file = file
        self.locations = Locations({(): Location(str(file), 1)})
        self.problems: list[Problem] = []
        self.refused: set[ConfigPath] = set()
        try:
            document = read_yaml(decode(text))
        except FindingError as error:
            raise ConfigError(_problem(error.finding, str(file))) from None
        self.locations.update({path: Location(str(file), line) for path, line in document.lines.items()})
        for finding in document.findings:
            self._add(finding, str(file))
        if not isinstance(document.value, dict):
            self.report({(): _no_mapping(document.value)})
            raise ConfigError(*self.problems)
        self.config: Any = document.value

    def override(self, text: str) -> None:
        """Apply one `PATH=VALUE` of the command line."""
        try:
            path, document = read_override(text)
            self.set(path, document, "--set")
        except FindingError as error:
            self._add(error.finding, "--set")

    def set(self, path: ConfigPath, document: Document, option: str) -> None:
        """Set one value that an option of the command line gives."""
        self.config = override(self.config, path, document.value)
        note_override(self.locations, path, document, option)

    def report(self, messages: Messages) -> None:
        """Add what is wrong at some places; a place of which something was said already is passed over."""
        for path, message in messages.items():
            if path not in self.refused:
                self.refused.add(path)
                self.problems.append(self.locations.problem(path, message))

    def experiment(self) -> Experiment:
        """Check everything and fill in what depends on other settings, or raise all problems."""
        config: Any = self.config
        for fork in forks_of(config):
            config = fork.without_others(config)
        experiment = self._validated(config)
        unread = unread_settings(experiment)
        given = {
            path: reason
            for path, reason in unread.items()
            if path in self.locations and value_at(self.config, path) != LEFT_OPEN
        }
        elsewhere = self._read_elsewhere(given, experiment)
        if elsewhere:
            experiment = self._validated(without(config, elsewhere))
        self.report({path: reason for path, reason in given.items() if path not in elsewhere})
        self.report(
            {
                path: reason
                for path, reason in contradictions(experiment).items()
                if not is_below(path, unread)
            }
        )
        if self.problems:
            raise self._error()
        return experiment

    def _validated(self, config: Any) -> Experiment:
        try:
            return _completed(Experiment.model_validate(config), self.file, self.locations)
        except ValidationError as error:
            self.report(schema_messages(error, config))
            raise self._error() from None

    def _read_elsewhere(
        self, unread: Collection[ConfigPath], experiment: Experiment
    ) -> Collection[ConfigPath]:
        """Those settings that a trial of the search reads, or another `--method`."""
        if experiment.search is None or not unread:
            return ()
        dimensions, _ = parents_first(dimensions_of(sound_domains(experiment.search.space)))
        trials = trial_configs(self.config, experiment, epochs=experiment.training.epochs)
        found = read_by_some_trial(trials, dimensions, [path for path in unread if path[0] != "search"])
        return found | {path for path in unread if path[0] == "search"}

    def _add(self, finding: Finding, file: str) -> None:
        self.refused.add(finding.path)
        self.problems.append(_problem(finding, file))

    def _error(self) -> ConfigError:
        """The file's problems from top to bottom, then the command line's."""
        return ConfigError(*sorted(self.problems, key=lambda each: (each.line is None, each.line or 0)))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        near = did_you_mean(file.name, (other.name for other in file.parent.glob("*.y*ml")))
        message = (
            f"there is no such file{near or f'; `fnnctl init` writes {STARTER_NAME}, a starter experiment'}"
        )
    except IsADirectoryError:
        message = "is a folder, not a config file"
    except OSError as error:
        raise MachineError(f"{file} cannot be read: {error.strerror}") from error
    raise ConfigError(Problem(message, file=str(file)))


def _problem(finding: Finding, file: str) -> Problem:
    return Problem(finding.message, file=file, line=finding.line, path=format_path(finding.path) or None)


def _no_mapping(value: Any) -> str:
    if value is None:
        return f"is empty; `fnnctl init` writes {STARTER_NAME}, a starter experiment"
    advice = glued_setting(value) if isinstance(value, str) else ""
    return f"must be a mapping with the sections data, model and training, not {shown(value)}{advice}"


def _completed(experiment: Experiment, file: Path, locations: Locations) -> Experiment:
    """Fill in the defaults that depend on other settings, or on the file."""
    if experiment.name is None:
        experiment = experiment.model_copy(update={"name": _default_name(file, experiment.data.source)})
    if watches_nothing(experiment) and EARLY_STOPPING not in locations:
        training = experiment.training.model_copy(update={"early_stopping": None})
        experiment = experiment.model_copy(update={"training": training})
    return experiment


def _default_name(file: Path, source: str) -> str:
    """The config file's name; that of the data where the file has the name that every starter has."""
    data = Path(source).name.removesuffix(".gz").removesuffix(".csv")
    name = data if file.name == STARTER_NAME else file.stem
    printable = "".join(character if character.isprintable() else "-" for character in name)
    return printable[:200] or "experiment"
