"""A run in Python: what its folder has, as values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from fnnctl.api.arguments import path_of, probability, search_options, text_of, varied_columns
from fnnctl.api.floating_point import default_errstate
from fnnctl.api.observer import Observer, silent_context
from fnnctl.api.plugins import PluginObject, scope_of
from fnnctl.api.predictor import Predictor
from fnnctl.commands.cross_validate import resume_cross_validation
from fnnctl.commands.evaluate_run import evaluate_on
from fnnctl.commands.export import export
from fnnctl.commands.labels import tag, untag, write_note
from fnnctl.commands.promote import promote
from fnnctl.commands.search import resume_search
from fnnctl.commands.train import resume_training
from fnnctl.config.reading.yaml_reader import decode, read_yaml
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData, memory_data
from fnnctl.errors import UsageError
from fnnctl.modelling.saved_model import load_model
from fnnctl.plugins import Scope, scope
from fnnctl.records.history import read_search
from fnnctl.report.figures.drawing import possible_figures
from fnnctl.report.formats.registry import SHORT_FORMATS, TEXT_FORMATS, runs_report
from fnnctl.report.html.report import html_answer
from fnnctl.report.stored_importances import importance_columns
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.partial_dependence import dependence_entries
from fnnctl.report.topics.registry import run_document
from fnnctl.runs.feature_importance import measure_importance
from fnnctl.runs.measured_network import MeasuredNetwork
from fnnctl.runs.partial_dependence import measure_partial_dependence
from fnnctl.runs.search_session import SearchOptions
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.labels import try_labels
from fnnctl.store.listing import is_run_path
from fnnctl.store.listing import list_runs as read_entries
from fnnctl.store.names import FIGURE_ENDING, LATEST, PREDICTIONS, target_folder_name
from fnnctl.store.promotions import promotions_of
from fnnctl.store.run import save_run
from fnnctl.store.volumes import MemoryVolume, is_in_memory
from fnnctl.text import joined_words, quoted


class Run:
    """A training, a cross-validation or a search, in a folder or in memory.

    >>> import fnnctl
    >>> run = fnnctl.train("configs/iris.yaml")
    >>> run
    <Run iris: train, completed>
    >>> sorted(run.metrics)
    ['test', 'train', 'validation']

    """

    def __init__(
        self, folder: RunFolder, volume: MemoryVolume | None = None, plugins: Scope | None = None
    ) -> None:
        """A run in memory lives as long as this object, which holds its `volume`.

        `plugins` are those that it has, or may look up; by default none.
        """
        path = folder.path
        self.folder = RunFolder(path if is_in_memory(path) else path.absolute())
        """The run's files, for the rest of the package."""
        self._volume, self._plugins = volume, plugins or Scope()

    def __getstate__(self) -> tuple[MemoryVolume | None, Path, Scope]:
        """The volume, and the folder's path relative to it: a copy of the volume has another root."""
        path = self.folder.path if self._volume is None else self.folder.path.relative_to(self._volume.root)
        return self._volume, path, self._plugins

    def __setstate__(self, state: tuple[MemoryVolume | None, Path, Scope]) -> None:
        volume, path, plugins = state
        Run.__init__(self, RunFolder(path if volume is None else volume.root / path), volume, plugins)

    @property
    def path(self) -> Path | None:
        """The run's folder; None if the run is in memory."""
        return None if is_in_memory(self.folder.path) else self.folder.path

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return self.folder.read_manifest().name

    @property
    def kind(self) -> str:
        """`train`, `cross_validation`, `search` or `evaluation`."""
        return self.folder.read_manifest().kind

    @property
    def status(self) -> str:
        """`completed`, `running`, `interrupted`, `failed`, or `died` if its process is gone."""
        return self._summary().displayed_status

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the run was given afterwards."""
        return self.folder.read_labels().tags

    @property
    def note(self) -> str | None:
        """The note that was written on the run afterwards."""
        return self.folder.read_labels().note

    @property
    def promoted(self) -> tuple[str, ...]:
        """The names that stand for the run, such as `champion`."""
        return tuple(promotion.name for promotion in promotions_of(self.folder.path)[0])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with the data or the result."""
        return tuple(self.folder.read_manifest().warnings)

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics of each part, by their names: `metrics["test"]["accuracy"]`; None for an empty part.

        A cross-validation has `cross_validation`, the means and deviations over its folds; a search has
        those of its winner or, if its trials were measured on bags, of its ensemble.
        """
        return dict(self._summary().reported or {})

    @property
    def history(self) -> dict[str, list[float | None]]:
        """The columns of the history, with one value per epoch; None where nothing was measured.

        A cross-validation has the epochs of all folds, with the columns `repeat` and `fold`; a search has the
        history of its winner.
        """
        return (self.folder.winner() or self.folder).read_history() or {}

    @property
    def predictions(self) -> dict[str, Any]:
        """The columns of predictions.csv: rows of the test part, their targets, and what is predicted.

        A cross-validation predicts all rows, and has the columns `repeat` and `fold` too; those of a
        search are as its `metrics`. Empty if no row was predicted. Of several targets, the columns of each
        by its name.
        """
        data = (self.folder.result_run() or self.folder).read_manifest().data
        if data is None or not data.targets:
            return self._predictions(PREDICTIONS)
        names = [target.name for target in data.targets]
        files = [f"{target_folder_name(k, name)}/{PREDICTIONS}" for k, name in enumerate(names, start=1)]
        return {name: self._predictions(file) for name, file in zip(names, files, strict=True)}

    def _predictions(self, file: str) -> dict[str, list[Any]]:
        table = (self.folder.result_run() or self.folder).read_table(file)
        if table is None:
            return {}
        texts = {"label", "prediction"} if "label" in table.columns else set()

        def values(name: str, index: int) -> list[Any]:
            if name in {"repeat", "fold", "row"}:
                return list(map(int, table.column(index)))
            return table.column(index) if name in texts else table.numbers(index)

        return {name: values(name, index) for index, name in enumerate(table.columns)}

    @property
    def config(self) -> dict[str, Any]:
        """Every setting of the run."""
        return dict(read_yaml(decode(self.folder.read_resolved() or b"")).value or {})

    @property
    def best(self) -> Run | None:
        """The winner of a search; None for other runs."""
        return self._inner(self.folder.winner())

    @property
    def ensemble(self) -> Run | None:
        """The ensemble of a search's trials; None if there is none."""
        return self._inner(self.folder.ensemble())

    @property
    def best_settings(self) -> dict[str, Any]:
        """The searched settings of the best trial of a search, by path; empty for other runs."""
        search = read_search(self.folder)
        return dict(search.best.assignment) if search and search.best else {}

    @property
    def leaderboard(self) -> dict[str, list[Any]]:
        """The trials of a search, best first, as columns: those of leaderboard.csv; empty for other runs."""
        search = read_search(self.folder)
        return {} if search is None else search.leaderboard()

    @cached_property
    def predictor(self) -> Predictor:
        """What predicts new rows: the run's network; of a search, what its `metrics` are of.

        Raises `NoNetworkError`, a `UsageError`, if the run has none; `hasattr(run, "predictor")` says so.
        """
        with scope(self._plugins):
            model = load_model(self.folder, lambda text: None)
        return Predictor(model, self._volume, self._plugins)

    @property
    def figures(self) -> Mapping[str, Any]:
        """The figures by name, such as `roc_curve`, as matplotlib figures; they are drawn when asked for."""
        return _Figures(self)

    @default_errstate()
    def report(self, format: str = "markdown", *, short: bool = False) -> str:
        """The report that `fnnctl report` writes: "markdown", "html" or "json".

        A `short` one has the most important part, and is Markdown.
        """
        formats = [name for name in TEXT_FORMATS if not short or name in SHORT_FORMATS]
        if format not in formats:
            kind = "short report" if short else "report"
            raise UsageError(f"there is no {kind} {format!r}; choose {joined_words(formats, 'or')}")
        with scope(self._plugins):
            return runs_report([self._summary()]).text(format, short=short)

    def to_dict(self) -> dict[str, Any]:
        """What `fnnctl report --json` says of the run."""
        entries: dict[str, Any] = json.loads(self.report("json"))["runs"][0]
        return entries

    def evaluate(
        self,
        data: Any,
        *,
        threshold: float | None = None,
        name: str | None = None,
        runs_dir: str | Path | None = None,
        observer: Observer | None = None,
    ) -> Run:
        """Score the network on new rows that have a label, and return the run of the evaluation.

        Args:
            data: The path of a table, or rows in memory, as for `train`.
            threshold: Between two classes, instead of the run's.
            name: Of the evaluation.
            runs_dir: As for `train`.
            observer: As for `train`.

        Its metrics are those of the part `test`. Raises `UsageError` if the run has no network, and
        `DataError` if the rows do not suit it.
        """
        threshold = probability("threshold", threshold)
        if not isinstance(name, str | None):
            raise UsageError(f"name must be a text, not {name!r}")
        with silent_context(runs_dir, observer, self._plugins) as (context, volume):
            rows = str(path_of("data", data)) if isinstance(data, str | Path) else memory_data(data)
            folder = evaluate_on(self.folder, rows, context, setting="data", threshold=threshold, name=name)
            return Run(folder, volume, self._plugins)

    def importance(self, data: Any = None, *, observer: Observer | None = None) -> dict[str, list[Any]]:
        """Measure which columns matter to the network, on rows that it was not trained on.

        The result has the columns of feature_importance.csv, and a row per column of the data, the most
        important one first: how much worse each metric is if its values are permuted, with an interval. With
        several targets that is the loss of all; columns such as `targets.price.r2` are for each target. A run
        whose data were in memory gets them again as `data`. Raises `UsageError` if the run has no network or
        no such rows, and `DataError` if the data have changed.
        """
        with self._measured(data, observer) as network:
            importances = measure_importance(network)
        return importance_columns(importances)

    def partial_dependence(
        self,
        columns: int | Sequence[str] = 6,
        *,
        pairs: Sequence[tuple[str, str]] = (),
        data: Any = None,
        observer: Observer | None = None,
    ) -> dict[str, Any]:
        """Measure how the prediction changes with the values of columns, on rows that were trained on.

        Args:
            columns: The number of the most important columns, or names of columns.
            pairs: Columns whose values are changed together.
            data: What was in memory when the run was made.
            observer: As for `train`.

        The result has the entries `partial_dependence` (a list with one entry per column),
        `pair_dependence` and `partial_dependence_rows` of `fnnctl report --json`. Of several targets
        `partial_dependence_targets` has these entries of each, by its name. Raises `UsageError` if the run
        has no network or the network reads no such column, and `DataError` if the data have changed.
        """
        columns, pairs = varied_columns(columns, pairs)
        with self._measured(data, observer) as network:
            return dependence_entries(measure_partial_dependence(network, columns, pairs))

    @contextmanager
    def _measured(self, data: Any, observer: Observer | None) -> Iterator[MeasuredNetwork]:
        """The network with its data, which are handed over again if they were in memory."""
        if data is None and (facts := self.folder.read_manifest().data) and facts.in_memory:
            raise UsageError("the data of the run were in memory: hand them over again")
        with silent_context(self.folder.path.parent, observer, self._plugins) as (context, _):
            memory = None if data is None else memory_data(data)
            yield MeasuredNetwork(self.folder, context, with_figures=False, memory=memory)

    def export(
        self,
        output: str | Path | None = None,
        format: str | None = None,
        *,
        observer: Observer | None = None,
    ) -> dict[str, Any]:
        """Write the network or the results for another program; return what was written.

        Args:
            output: The file or folder; of MLflow, the tracking URI, which has a default.
            format: "onnx", "optuna", "mlflow" or "tensorboard"; by default the ending of `output` says it.
            observer: As for `train`.

        The result has the entries of `fnnctl export --json`, such as `largest_difference`. Raises
        `UsageError` for a run that the format does not take, and if a library is not installed.
        """
        if output is not None:
            path_of("output", output)  # its result would have lost a slash of an address
        if not isinstance(format, str | None):
            raise UsageError(f"format must be the name of a format, not {format!r}")
        to = None if output is None else str(output)
        with silent_context(self.folder.path.parent, observer, self._plugins) as (context, _):
            return export(self.folder, context, format_=format, to=to).to_dict()

    def save(self, folder: str | Path) -> Run:
        """Copy the run to a new folder, which commands can then name; return the run there.

        Raises `UsageError` if the folder exists, and `MachineError` if it cannot be written.
        """
        return Run(save_run(self.folder, path_of("folder", folder)), None, self._plugins)

    def tag(self, *words: str) -> None:
        """Give the run these tags, too: words of letters, digits, `.`, `_` and `-`."""
        tag(self.folder, [text_of("a tag", word) for word in words], Context())

    def untag(self, *words: str) -> None:
        """Take tags from the run; raises `UsageError` for one that it does not have."""
        untag(self.folder, [text_of("a tag", word) for word in words], Context())

    def write_note(self, text: str) -> None:
        """Write a note on the run, in place of the former one; an empty text removes it."""
        write_note(self.folder, text_of("text", text), Context())

    def promote(self, name: str) -> None:
        """Give the run a name, by which `load_run` and all commands know it until another run gets it.

        Raises `UsageError` for a run in memory or one that is not complete, and for a name that something
        else has.
        """
        if self.path is None:
            raise UsageError("a run in memory cannot be promoted: set runs_dir, or save it")
        outer = self.path.parent
        promote(self.folder, text_of("name", name), Context(outer.parent if is_run_path(outer) else outer))

    def resume(
        self,
        data: Any = None,
        *,
        workers: int | None = None,
        max_trials: int | None = None,
        time_limit: float | None = None,
        observer: Observer | None = None,
    ) -> Run:
        """Continue the run where it was interrupted; the result has the bits of an uninterrupted one.

        Args:
            data: What was in memory when the run began.
            workers: As for the call that began it.
            max_trials: Of a search; a complete one is extended.
            time_limit: Of a search, in seconds.
            observer: As for `train`.

        Raises `UsageError` for a run in memory, or one of a kind that cannot be resumed, and `DataError` if
        the data have changed.
        """
        if self.path is None:
            raise UsageError("a run in memory cannot be resumed: set runs_dir")
        options = search_options(workers, max_trials, time_limit)
        with silent_context(self.path.parent, observer, self._plugins) as (context, _):
            memory = None if data is None else memory_data(data)
            _resume(self.folder, options, context, memory)
        return Run(self.folder, None, self._plugins)

    def _inner(self, folder: RunFolder | None) -> Run | None:
        return None if folder is None else Run(folder, self._volume, self._plugins)

    def _summary(self) -> Summary:
        with scope(self._plugins):
            return summarize(self.folder)

    def __repr__(self) -> str:
        facts = [self.kind.replace("_", "-"), self.status]
        facts += [f"promoted as {', '.join(self.promoted)}"] if self.promoted else []
        labels, _ = try_labels(self.folder.path)
        facts += [f"tagged {', '.join(labels.tags)}"] if labels.tags else []
        return f"<Run {self.name}: {', '.join(facts)}>"

    @default_errstate()
    def _repr_html_(self) -> str:
        """The answer of the run's page, for notebooks."""
        with scope(self._plugins):
            return html_answer(run_document(self._summary()))


class _Figures(Mapping[str, Any]):
    """The figures that a run may have, drawn when they are asked for."""

    def __init__(self, run: Run) -> None:
        self._run, self._summary = run, run._summary()
        figures = possible_figures(run.folder, self._summary)
        self._figures = {figure.file.removesuffix(FIGURE_ENDING): figure for figure in figures}

    def __reduce__(self) -> tuple[type[_Figures], tuple[Run]]:
        """Pickles and copies have the run."""
        return _Figures, (self._run,)

    @default_errstate()
    def __getitem__(self, name: str) -> Any:
        """A matplotlib figure, which a notebook shows; None if the run has no numbers for it."""
        if name not in self._figures:
            raise KeyError(f"there is no figure {name!r}; the run has {', '.join(self._figures)}")
        with scope(self._run._plugins):
            figure = self._figures[name].draw(self._run.folder, self._summary)
        if figure is not None:  # without pyplot, notebooks know no way to show it
            from fnnctl.plots.style import png_bytes  # matplotlib takes half a second to import

            figure._repr_png_ = partial(png_bytes, figure)
        return figure

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)


def load_run(
    name: str | Path = LATEST,
    runs_dir: str | Path = "runs",
    *,
    allow_plugins: Sequence[str] = (),
    plugins: Sequence[PluginObject] = (),
) -> Run:
    """The run of this name: a path, a folder's name, a promoted name, an experiment's name (its newest run),
    or `latest`.

    Args:
        name: See above.
        runs_dir: The folder of the runs.
        allow_plugins: Names of losses, metrics and readers of tables of installed packages that the run may
            use.
        plugins: Those that a program passed to the experiment; the run cannot be used without them.

    Raises `UsageError` if there is none.
    """
    folder = find_run(str(path_of("name", name)), path_of("runs_dir", runs_dir))
    return Run(folder, None, scope_of(plugins, allow_plugins))


def list_runs(runs_dir: str | Path = "runs") -> list[Run]:
    """The runs in a folder, oldest first."""
    folder = path_of("runs_dir", runs_dir)
    return [Run(RunFolder(entry.path)) for entry in read_entries(folder) if entry.facts]


def _resume(folder: RunFolder, options: SearchOptions, context: Context, memory: MemoryData | None) -> None:
    name, kind, workers = str(folder.path), folder.read_manifest().kind, options.workers
    if kind == "search":
        resume_search(name, (), options, context, memory=memory)
    elif (options.max_trials, options.time_limit) != (None, None):
        raise UsageError(f"max_trials and time_limit are for searches, but the run is of kind {quoted(kind)}")
    elif kind == "cross_validation":
        resume_cross_validation(name, context, workers=workers, memory=memory)
    else:
        resume_training(name, context, workers=workers, memory=memory)
