"""An experiment in Python: the same settings as in a YAML file, and the calls that run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, TypedDict, Unpack

import numpy as np

from fnnctl.api.arguments import path_of, search_options, whole_or_none
from fnnctl.api.keywords import with_keywords
from fnnctl.api.observer import Observer, silent_context
from fnnctl.api.plain_values import plain_value
from fnnctl.api.plugins import PluginObject, joined_scope, scope_of
from fnnctl.api.run import Run
from fnnctl.commands.check import check as run_check
from fnnctl.commands.cross_validate import cross_validate as run_cross_validation
from fnnctl.commands.search import search as search_command
from fnnctl.commands.train import run_to_train_on
from fnnctl.commands.train import train as run_training
from fnnctl.config.paths import parse_path
from fnnctl.config.reading.loading import ConfigText, read_config
from fnnctl.config.reading.overrides import read_removal
from fnnctl.config.reading.starter import STARTER_NAME
from fnnctl.config.reading.yaml_reader import decode
from fnnctl.config.rules.plain_config import override, unset
from fnnctl.config.schema.experiment import Experiment as ExperimentConfig
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.builtin import BUILTIN
from fnnctl.data.in_memory import MemoryData, memory_data
from fnnctl.data.tables.memory_table import is_frame
from fnnctl.errors import ConfigError, Problem, UsageError
from fnnctl.modelling.loading import read_experiment
from fnnctl.text import quoted

YAML_ENDINGS: Final = (".yaml", ".yml")


class TrainArguments(TypedDict, total=False):
    """The keyword arguments of a call that runs an experiment; `Experiment.train` explains them."""

    workers: int | None
    runs_dir: str | Path | None
    observer: Observer | None


class _SearchKeywords(TypedDict, total=False):
    method: str | None
    max_trials: int | None
    time_limit: float | None


class SearchArguments(_SearchKeywords, TrainArguments):
    """Those of a search; `Experiment.search` explains them."""


class Experiment:
    """What to train on which data, and how; it never changes.

        >>> experiment = Experiment(data={"source": "iris"}, model={"hidden": [16]})
        >>> longer = experiment.set("training.epochs", 50)
        >>> longer.check()
        []

    Unset settings are those of the recipe, as on the command line.
    """

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        /,
        *,
        plugins: Sequence[PluginObject] = (),
        **sections: Any,
    ) -> None:
        """Settings as in the YAML file: sections as mappings, or values by path: `{"training.epochs": 50}`.

        `data` may also be the path of a table, or the name of a built-in one. `plugins` are losses, metrics
        and readers of tables that the settings may name, beside those of installed packages; only this
        experiment and its runs know them. Raises `ConfigError` for values that a YAML file cannot have.
        `check` says whether settings are valid; so does a call that runs them.
        """
        _refuse_no_settings(settings)
        scope_of(plugins)
        self._plugins = tuple(plugins)
        config: dict[str, Any] = {}
        for path, value in {**(settings or {}), **sections}.items():
            if _is_column(path, value):
                raise UsageError(f"{quoted(str(path))} is no setting; this looks like data: write data=…")
            is_source = path == "data" and isinstance(value, str | Path)
            config = _changed(config, path, {"source": value} if is_source else value)
        self._source = ConfigText.of_settings(config, Path(STARTER_NAME).absolute())

    @classmethod
    def load(cls, path: str | Path, *, plugins: Sequence[PluginObject] = ()) -> Self:
        """Read a YAML file, and those that it extends. Relative paths in a file start in its folder, and
        environment variables have their present values; for `plugins` see `Experiment`.

        Raises `ConfigError` if it is not there, or cannot be an experiment.
        """
        scope_of(plugins)
        source = read_config(path_of("path", path).absolute()).with_bases()
        return cls._from_source(source, tuple(plugins))

    @classmethod
    def _from_source(cls, source: ConfigText, plugins: tuple[PluginObject, ...]) -> Self:
        experiment = cls.__new__(cls)
        experiment._source, experiment._plugins = source, plugins
        return experiment

    def set(self, path: str, value: Any) -> Self:
        """The experiment with another value for a setting, or with a whole section.

        As with `--set`, settings that this makes ineffective are left out of a run, with a note.
        """
        return self._with_change(path, _changed(self._settings(), path, value))

    def unset(self, path: str) -> Self:
        """The experiment without a setting; unchanged if it has none there."""
        config = unset(self._settings(), read_removal(path))
        return self if config is None else self._with_change(path, config)

    def _settings(self) -> dict[str, Any]:
        return self._source.settings()

    def _with_change(self, path: str, config: Mapping[str, Any]) -> Self:
        changed = (*self._source.changed, parse_path(path))
        source = ConfigText.of_settings(config, self._source.file, changed)
        return self._from_source(source, self._plugins)

    def to_yaml(self) -> str:
        """The settings as the text of a YAML file, which builds on no other and needs no variable."""
        source = self._source
        if source.builds_on_others:
            source = ConfigText.of_settings(source.settings(), source.file)
        return decode(source.content)

    def check(self, data: Any = None) -> list[Problem]:
        """Everything that is wrong with the settings, alone and with the data; empty if a run can begin."""
        with silent_context(None, _Silent(), scope_of(self._plugins)) as (context, _):
            source, memory = self._with_data(data)
            return run_check([source], (), context, memory=memory).problems

    def batch_rows(self, data: Any = None) -> int:
        """The number of rows per step: `training.batch_size`, or all training rows if these are fewer.

        Raises the errors of `train`.
        """
        with silent_context(None, _Silent(), scope_of(self._plugins)) as (context, _):
            source, memory = self._with_data(data)
            loaded = read_experiment(source, (), context.listener, memory=memory, runs_dir=context.known_runs)
            return loaded.fit(loaded.split()).settings.batch_size

    @with_keywords
    def train(
        self, data: Any = None, *, start: Run | None = None, **arguments: Unpack[TrainArguments]
    ) -> Run:
        """Train the experiment, score it on every part, and return its run.

        Args:
            data: A table in memory instead of `data.source`: a data frame (pandas, polars, pyarrow), a
                mapping of columns, a list of records, or a pair (X, y), where y may have several columns; or
                the path of a table, which starts in the working directory, or the name of a built-in one.
            start: A run whose networks are trained on, the setting `training.warm_start`.
            workers: Processes for the members of an ensemble (default: one per processor, if that pays
                off); they change no number.
            runs_dir: The folder that gets the run's folder. By default the run stays in memory; then it
                cannot be resumed.
            observer: What is told of progress, notes and warnings.

        Raises the errors of the command line, which are those of `fnnctl.errors`: `InputError` before
        anything is written, `DivergedError` if the loss is not finite.
        """
        workers, plugins = whole_or_none("workers", arguments["workers"]), scope_of(self._plugins)
        if not isinstance(start, Run | None):
            raise UsageError(f"start must be a Run, not {start!r}; load_run finds one by its name")
        if start is not None:
            plugins = joined_scope([plugins, start._plugins])
        with silent_context(arguments["runs_dir"], arguments["observer"], plugins) as (context, volume):
            source, memory = self._with_data(data)
            changes = [] if start is None else run_to_train_on(str(start.folder.path), "start")
            folder = run_training(source, changes, context, workers=workers, memory=memory)
            return Run(folder, volume, plugins)

    @with_keywords
    def evaluate(self, data: Any = None, **arguments: Unpack[TrainArguments]) -> Run:
        """Cross-validate the experiment on all rows, and return its run.

        `workers` is the number of processes (default: one per processor); it changes no number. For the other
        parameters and errors see `train`.
        """
        workers, plugins = whole_or_none("workers", arguments["workers"]), scope_of(self._plugins)
        with silent_context(arguments["runs_dir"], arguments["observer"], plugins) as (context, volume):
            source, memory = self._with_data(data)
            folder = run_cross_validation(source, (), context, workers=workers, memory=memory)
            return Run(folder, volume, plugins)

    @with_keywords
    def search(self, data: Any = None, **arguments: Unpack[SearchArguments]) -> Run:
        """Search for the best settings, refit the winner, and return the search's run.

        Without `search.space`, the settings that suit the data are searched.

        Args:
            method: Instead of `search.method`.
            max_trials: The number of trials after which the search ends.
            time_limit: About how many seconds the search takes; the best trial by then is refitted.
            workers: Processes (default: one per processor); they change no number.

        For the other parameters and errors see `train`. Raises `NoFinishedTrialError` if no trial has a
        result.
        """
        options = search_options(arguments["workers"], arguments["max_trials"], arguments["time_limit"])
        method = arguments["method"]
        experiment = self if method is None else self.set("search.method", method)
        plugins = scope_of(self._plugins)
        with silent_context(arguments["runs_dir"], arguments["observer"], plugins) as (context, volume):
            source, memory = experiment._with_data(data)
            return Run(search_command(source, (), options, context, memory=memory), volume, plugins)

    def _with_data(self, data: Any) -> tuple[ConfigText, MemoryData | None]:
        """The settings with `data` as their source."""
        if data is None:
            return self._source, None
        if isinstance(data, str | Path):
            source = data if data in BUILTIN else str(path_of("data", data).expanduser().absolute())
            return self.set("data.source", source)._source, None
        memory = data if isinstance(data, MemoryData) else memory_data(data)
        return self.set("data.source", MEMORY_SOURCE)._source, memory

    def __repr__(self) -> str:
        return f"Experiment({self._settings()!r})"


class _Silent(Observer):
    """Drops notes and warnings: a check returns what is wrong, and nothing else."""

    def note(self, text: str) -> None: ...

    def warning(self, text: str) -> None: ...


ExperimentLike: TypeAlias = Experiment | Mapping[str, Any] | str | Path
"""An experiment, its settings, or the path of its YAML file."""


@with_keywords
def train(
    experiment: ExperimentLike | Any = None,
    data: Any = None,
    *,
    target: str | None = None,
    settings: Mapping[str, Any] | None = None,
    start: Run | None = None,
    **arguments: Unpack[TrainArguments],
) -> Run:
    """Train an experiment, the one of a YAML file, or one of `settings` alone: see `Experiment.train`.

    `target` is the column to predict, the setting `data.target`. `settings` are values by path, or sections,
    that replace those of the experiment:

        >>> run = train(data="iris", settings={"model": {"hidden": [16]}, "training.epochs": 5})
        >>> len(run.history["epoch"])
        5

    Without an experiment the data may come first:

        >>> flowers = {"petal_cm": [1.4, 4.7, 1.3, 4.5] * 10, "kind": ["a", "b", "a", "b"] * 10}
        >>> train(flowers, target="kind", settings={"recipe": "fast"}).predictor.target
        'kind'

    With `start`, the networks of an earlier run are trained on.
    """
    complete, data = _complete(experiment, data, target, settings)
    return complete.train(data, start=start, **arguments)


@with_keywords
def evaluate(
    experiment: ExperimentLike | Any = None,
    data: Any = None,
    *,
    target: str | None = None,
    settings: Mapping[str, Any] | None = None,
    **arguments: Unpack[TrainArguments],
) -> Run:
    """Cross-validate an experiment: see `Experiment.evaluate` and, for the parameters, `train`."""
    complete, data = _complete(experiment, data, target, settings)
    return complete.evaluate(data, **arguments)


@with_keywords
def run_search(
    experiment: ExperimentLike | Any = None,
    data: Any = None,
    *,
    target: str | None = None,
    settings: Mapping[str, Any] | None = None,
    **arguments: Unpack[SearchArguments],
) -> Run:
    """Search for the best settings: see `Experiment.search` and, for the other parameters, `train`."""
    complete, data = _complete(experiment, data, target, settings)
    return complete.search(data, **arguments)


def _complete(experiment: object, data: Any, target: object, settings: object) -> tuple[Experiment, Any]:
    """The experiment with its settings, and its data, which may stand in its place."""
    if data is None and _are_data(experiment, named_target=target is not None):
        experiment, data = None, experiment
    complete = _experiment(experiment, settings)
    return complete if target is None else complete.set("data.target", target), data


def _are_data(value: object, *, named_target: bool) -> bool:
    """Whether a value is data and no experiment; only with a target a path or a mapping may be either."""
    if isinstance(value, str | Path):
        return named_target and Path(value).suffix.lower() not in YAML_ENDINGS
    if isinstance(value, Mapping):
        return named_target and bool(value) and all(_is_column(*item) for item in value.items())
    return isinstance(value, list | tuple | np.ndarray) or is_frame(value)


def _experiment(experiment: object, settings: object) -> Experiment:
    if isinstance(experiment, str | Path):
        experiment = Experiment.load(experiment)
    elif experiment is None or isinstance(experiment, Mapping):
        experiment = Experiment(experiment)
    elif not isinstance(experiment, Experiment):
        kind = type(experiment).__name__
        raise UsageError(f"an experiment is an Experiment, settings or a path, not {kind}; write data=…")
    if not isinstance(settings, Mapping | None):
        raise UsageError(f"settings are a mapping from paths to values, not {type(settings).__name__}")
    for path, value in (settings or {}).items():
        experiment = experiment.set(path, value)
    return experiment


def _refuse_no_settings(settings: object) -> None:
    """Raise `UsageError` for what stands in the place of settings."""
    if isinstance(settings, str | Path):
        raise UsageError(
            f"{str(settings)!r} is no mapping of settings: write Experiment.load({str(settings)!r})"
        )
    if not isinstance(settings, Mapping | None):
        kind = type(settings).__name__
        raise UsageError(
            f"settings are a mapping, not {kind}; data are an argument of their own: write data=…"
        )


def _is_column(name: object, value: object) -> bool:
    """Whether a name is no setting's, and its value is a list, an array or a series."""
    is_setting = str(name).partition(".")[0] in ExperimentConfig.model_fields
    return not is_setting and (isinstance(value, list | tuple) or hasattr(value, "__array__"))


def _changed(config: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The settings with another value at a path."""
    parts = parse_path(path) if isinstance(path, str) else ("",)
    if "" in parts:
        raise ConfigError(Problem(f"{path!r} is not a setting; write a path, such as training.epochs"))
    return dict(override(config, parts, plain_value(value, parts)))
