"""Loading an experiment: the config file and its data. Problems get their file and line only here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnctl.config.paths import BAGS, OBJECTIVE_ON, VALIDATION, format_path
from fnnctl.config.problems import NO_BAGS, NO_CONFIRMATION
from fnnctl.config.provenance import Resolved
from fnnctl.config.reading.explanation import (
    ExplainedSetting,
    explained,
    explained_search,
    left_out_values,
    recipe_line,
)
from fnnctl.config.reading.loading import ConfigSource, LoadedConfig, load_config, read_config
from fnnctl.config.reading.overrides import Override
from fnnctl.config.recipes.resolving import resolve
from fnnctl.config.rules.plain_config import is_set
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.warm_start import WARM_START, WarmStartConfig, only_in_training
from fnnctl.context import Listener
from fnnctl.data.files import UNREPORTED, OnRead
from fnnctl.data.groupings import refuse_ungrouped
from fnnctl.data.in_memory import MemoryData
from fnnctl.data.loading import load_dataset
from fnnctl.data.splits.parts import Split, split_rows
from fnnctl.data.splits.row_order import fold_line, split_line
from fnnctl.data.splits.seen_rows import split_unseen_rows
from fnnctl.errors import ConfigError, DataError, Problem
from fnnctl.memory import return_large_blocks
from fnnctl.modelling.cross_validation import CrossValidation, cross_validation
from fnnctl.modelling.data_checks import DataCheck, without_columns
from fnnctl.modelling.data_sizes import with_sizes
from fnnctl.modelling.fit import Fit, bagged_rows
from fnnctl.modelling.recipe_facts import against_bags, recipe_facts
from fnnctl.plugins import NOUNS, current
from fnnctl.tasks.registry import encode
from fnnctl.tasks.task import TaskData
from fnnctl.text import joined_words, quoted

if TYPE_CHECKING:
    from fnnctl.modelling.parent import Parent
    from fnnctl.store.folder import RunFolder
    from fnnctl.store.trained_rows import StoredRows


@dataclass(frozen=True, slots=True)
class LoadedExperiment:
    """A config and its data, before the rows are split.

    Problems are raised as `InputError`, with the file and the line of the setting.
    """

    config: LoadedConfig
    """As it is written."""
    data: TaskData
    resolved: Resolved
    """With the values of its recipe."""
    parent: Parent | None = None
    """The run whose networks are trained on."""
    former_rows: StoredRows | None = None
    """The rows that the parent run and its ancestors were trained on; None if it has no parent."""

    @property
    def experiment(self) -> Experiment:
        """The experiment as written in the config, completed by its recipe."""
        return self.resolved.experiment

    def split(self) -> Split:
        """Divide the rows into training, validation and test part."""
        with self.config.add_locations():
            return split_data(self.data, self.experiment)

    def fit(self, split: Split) -> Fit:
        """The fit of the experiment on these parts; bags are computed, as a training asks for them often."""
        data, experiment = self.data, self.experiment
        with self.config.add_locations():
            bagged = bagged_rows(split, experiment, data)
            rows = split if bagged is None else bagged.computed(data.strata, data.dataset.groups)
            return Fit.of(data, experiment, rows, parent=self.parent)

    def cross_validation(self) -> CrossValidation:
        """The experiment's folds, with one fit each, for all sizes of a learning curve over data size.

        Their check has the warnings about the config, too.
        """
        with self.config.add_locations():
            validation = with_sizes(cross_validation(self.data, self.experiment))
        return replace(validation, check=validation.check.with_warnings(self.resolved.warnings))

    def explained(self, complete: Experiment) -> list[ExplainedSetting]:
        """Where each setting comes from; `complete` is the experiment with what follows from the data."""
        return explained(complete, self.resolved, self.config.locations)

    def explained_search(self, original: Mapping[str, Any]) -> list[ExplainedSetting]:
        """Where each setting of the `search` section comes from, which the recipe has completed.

        `original` is the config before: a search of single networks begins with a recipe of its own.
        """
        section = self.resolved.provenance.config["search"]
        return explained_search(section, original, self.config.locations)

    def left_out_values(self) -> list[str]:
        """Sentences that say where the recipe's values were not taken, and why."""
        return left_out_values(self.resolved)

    @property
    def original(self) -> Mapping[str, Any]:
        """The config without its recipe's values."""
        return self.resolved.provenance.written

    def why_no_bags(self) -> Problem | None:
        """Why the recipe gives no bags to this config or these data; None if it says nothing about them."""
        return self.resolved.provenance.omitted.get(BAGS)

    def search_problems(self) -> list[Problem]:
        """Problems of the config's search, by itself and with these data; training ignores them."""
        search = self.experiment.search
        problems = self.config.search_problems(self.resolved, self.data.task.check)
        if search:
            problems = [self._with_origin(problem, search) for problem in problems]
        if search and (wrong := self.data.task.check_metric(search.objective.metric)):
            problems.append(self.config.locations.locate(Problem(wrong, path="search.objective.metric")))
        return problems

    def _with_origin(self, problem: Problem, search: SearchConfig) -> Problem:
        """The problem of a search with the reason for what the recipe has, or has not, chosen."""
        if problem.kind == NO_BAGS and (why := self.why_no_bags()):
            text = f"bags are impossible here: {why.clause}"
            return replace(problem, text=text, advice="write on: validation")
        if problem.kind == NO_CONFIRMATION and not is_set(self.original, OBJECTIVE_ON):
            chosen = f"trials are measured on {search.objective.on}, because the config does not set"
            return replace(problem, advice=f"{problem.advice}; {chosen} {format_path(OBJECTIVE_ON)}")
        return problem

    def split_line(self, split: Split) -> list[str]:
        """One line that says where the parts of a split in the order of a column begin; else none."""
        by = self.experiment.data.split.by
        line = None if by is None else split_line(self.data.dataset, split, by)
        return [] if line is None else [line]

    def transform_line(self, fit: Fit) -> list[str]:
        """One line that says which transform `auto` takes for the targets of this fit; else none."""
        transform = fit.experiment.data.target_transform
        if self.experiment.data.target_transform == transform:
            return []
        return [f"data.target_transform: auto is {transform} for these training targets"]

    def fold_line(self, validation: CrossValidation) -> list[str]:
        """One line that says which rows are not tested by folds in the order of a column; else none."""
        by = self.experiment.data.split.by
        never = np.flatnonzero(validation.folds.assignment[0] < 0)
        return [] if by is None else [fold_line(self.data.dataset, never, by)]

    def notes(self) -> list[str]:
        """What was done with the config, the data and the recipe, for `runs.recorder.record_notes`."""
        line = recipe_line(self.resolved)
        lines = [*self.data.notes, *([] if line is None else [line]), *self._validation_line()]
        return [*self.config.note_lines, *lines, *_passed_plugins()]

    def _validation_line(self) -> list[str]:
        """One line if a config has a validation part that only the trials of its search have; else none."""
        experiment = self.experiment
        search, bags = experiment.search, experiment.model.ensemble.bags
        is_written = not experiment.complete and experiment.data.split.validation > 0
        if not (bags and search and is_written and is_set(self.resolved.provenance.config, VALIDATION)):
            return []
        if search.may_train_ensembles or search.objective.scheme.has_folds:
            return []
        reason = "with bags, every row outside the test part is a validation row of one member"
        return [f"{format_path(VALIDATION)} is only for the trials of the search: {reason}"]

    def checked(self, split: Split, *, bags: bool = False) -> DataCheck:
        """Probable mistakes in the data, then in the config's values beside the recipe's."""
        rows = split.non_test if bags else split.train
        of_parent = [] if self.parent is None else self.parent.warnings(self.data, rows)
        return self.checked_data(split, bags=bags).with_warnings([*self.resolved.warnings, *of_parent])

    def checked_data(self, split: Split, *, bags: bool = False) -> DataCheck:
        """Probable mistakes in the data, and what one column says; see `DataCheck`."""
        return DataCheck.of_parts(self.data, split, self.experiment.data, bags=bags)


def load_experiment(
    config_source: ConfigSource,
    overrides: Sequence[Override] = (),
    *,
    run: RunFolder | None = None,
    memory: MemoryData | None = None,
    runs_dir: Path | None = None,
    on_read: OnRead = UNREPORTED,
) -> LoadedExperiment:
    """Load a config and its data, and check them against each other; raises `InputError`.

    If `data.source` is `memory`, the data are `memory`. Without a `runs_dir`, networks of a run cannot be
    trained on; that of a `run` which did so is found by its path.

    If `run` has begun with the data, its classes keep the order in which its networks have them. `on_read` is
    told how much of the data has been read.
    """
    return_large_blocks()  # before the first large one: reading and preprocessing free many
    config, parent = _load_with_parent(config_source, overrides, run, runs_dir)
    known_columns, former_rows = None if parent is None else parent.columns, None
    recorded, recorded_targets = _recorded_classes(run or (None if parent is None else parent.run))
    in_memory: Sequence[str] = () if memory is None else memory.classes or (recorded if run else ())
    of_targets = {} if memory is None else memory.classes_of_targets or (recorded_targets if run else {})
    with config.add_locations():
        settings, grouped = config.experiment.data, config.experiment.evaluation.groups
        dataset = load_dataset(
            settings,
            config.file.parent,
            grouped=grouped,
            memory=memory,
            known_columns=known_columns,
            on_read=on_read,
        )
        refuse_ungrouped(dataset.grouped)
        data = encode(
            dataset,
            settings.task,
            output=config.experiment.model.output.name,
            outputs=config.experiment.model.outputs,
            bins=settings.split.bins,
            seed=config.experiment.seed,
            recorded_classes=tuple(dict.fromkeys((*recorded, *in_memory))),
            recorded_targets={
                name: tuple(dict.fromkeys((*recorded_targets.get(name, ()), *of_targets.get(name, ()))))
                for name in (*recorded_targets, *of_targets)
            },
            class_order=settings.class_order,
            is_extended=parent is not None or bool(in_memory or of_targets),
        )
        if parent is not None:
            parent.refuse_targets(data.task.targets)
            parent.refuse_new_classes(data)
            data, former_rows = _with_seen_rows(data, parent, run)
    return replace(completed_by_recipe(config, data, parent), former_rows=former_rows)


def _load_with_parent(
    source: ConfigSource, overrides: Sequence[Override], run: RunFolder | None, runs_dir: Path | None
) -> tuple[LoadedConfig, Parent | None]:
    """The config, filled in from the run whose networks are trained on, if it names one.

    A complete `run` stands for its parent, which may be gone: its columns are the same. A resumed one does
    not, because it may have to begin with its parent's networks again.
    """
    if isinstance(source, Path):
        source = read_config(source)
    config = load_config(source, overrides)
    warm_start = config.experiment.training.warm_start
    if warm_start is None:
        return config, None
    from fnnctl.modelling.parent import find_parent

    with config.add_locations():
        if run is None and runs_dir is None:
            raise ConfigError(replace(only_in_training(), path=WARM_START))
        if run is not None and run.read_manifest().status == "completed":
            warm_start = WarmStartConfig(run=str(run.path))
        parent = find_parent(warm_start, runs_dir or Path())
        if targets := config.experiment.data.targets:
            parent.refuse_targets(targets)
    return load_config(source, overrides, parent.inheritance), parent


def completed_by_recipe(
    config: LoadedConfig, data: TaskData, parent: Parent | None = None
) -> LoadedExperiment:
    """A config with the values that its recipe has for these data; raises `ConfigError`."""
    with config.add_locations():
        facts, bags = recipe_facts(data, config.experiment), _BagCheck(data)
        facts = replace(facts, is_warm_started=parent is not None)

        def check(experiment: Experiment) -> list[Problem]:
            return [*data.task.check(experiment), *bags.problems(experiment)]

        resolved, config = config.without_ineffective(
            lambda values: resolve(values, facts, name=config.experiment.name, check=check)
        )
        experiment = resolved.experiment
        differences = [] if parent is None else parent.inheritance.differences(experiment)
        if problems := [*differences, *data.task.check(experiment), *without_columns(data, experiment)]:
            raise ConfigError(*problems)
    if parent is not None:
        training = experiment.training.model_copy(update={"warm_start": parent.setting})
        resolved = resolved.with_experiment(experiment.model_copy(update={"training": training}))
    return LoadedExperiment(config, data, resolved, parent)


def read_experiment(
    config: ConfigSource,
    overrides: Sequence[Override],
    listener: Listener,
    *,
    run: RunFolder | None = None,
    memory: MemoryData | None = None,
    runs_dir: Path | None = None,
) -> LoadedExperiment:
    """Load a config and its data as `load_experiment` does, and show how far the reading is."""
    with listener.reading() as on_read:
        return load_experiment(config, overrides, run=run, memory=memory, runs_dir=runs_dir, on_read=on_read)


class _BagCheck:
    """Whether a recipe may have bags with these data; groups of many rows make the question expensive."""

    def __init__(self, data: TaskData) -> None:
        self._data = data
        self._reasons: dict[str, Problem | None] = {}

    def problems(self, experiment: Experiment) -> Sequence[Problem]:
        """Why it should have none; empty if it may, or if the config has none.

        A recipe may ask once per value, so experiments whose rows, weights and members are the same share the
        answer.
        """
        if not experiment.model.ensemble.bags or experiment.data.split.by is not None:
            return ()  # the rules refuse bags of rows in order
        settings = experiment.data, experiment.model.ensemble.members, experiment.evaluation
        key = repr((settings, experiment.training.class_weights, experiment.seed))
        if key not in self._reasons:
            self._reasons[key] = self._reason(experiment)
        reason = self._reasons[key]
        return [replace(reason, path="model.ensemble.bags")] if reason else ()

    def _reason(self, experiment: Experiment) -> Problem | None:
        try:
            split = split_data(self._data, experiment)
        except DataError:
            split = None  # which is said later: only a cross-validation is possible
        return against_bags(self._data, experiment, split)


def _passed_plugins() -> list[str]:
    """One line if a Python program has passed plug-ins, and they are used; else none."""
    passed = [plugin for plugin in current().used if plugin.package is None]
    if not passed:
        return []
    names = joined_words([f"{NOUNS[plugin.kind]} {quoted(plugin.name)}" for plugin in passed])
    return [f"the run cannot be repeated from its files alone: a Python program passed {names}"]


def _with_seen_rows(data: TaskData, parent: Parent, run: RunFolder | None) -> tuple[TaskData, StoredRows]:
    """The data with the rows marked that the parent and its ancestors have seen, and what is stored of these.

    A `run` that has begun keeps it, because its parent may be gone.
    """
    from fnnctl.modelling.trained_rows import rows_of_ancestors, rows_of_parent, seen_rows

    former_rows = None if run is None else rows_of_ancestors(run)
    if former_rows is None:
        former_rows = rows_of_parent(parent.run)
    return replace(data, seen=seen_rows(former_rows, data)), former_rows


def _recorded_classes(run: RunFolder | None) -> tuple[Sequence[str], Mapping[str, Sequence[str]]]:
    """The classes of a run's target, and those of each of several."""
    facts = run.read_manifest().data if run else None
    if facts is None:
        return (), {}
    return facts.classes, {target.name: target.classes for target in facts.targets}


def split_data(data: TaskData, experiment: Experiment) -> Split:
    """The parts of the data that an experiment asks for; raises `DataError`.

    With bags there is no validation part: see `Fit.split`.
    """
    config = experiment.data.split.model_copy(update={"validation": experiment.validation_share})
    strata, dataset = data.strata, data.dataset
    if data.seen is None:
        first = data.task.targets[0] if len(data.task.targets) > 1 else None
        split = partial(split_rows, strata, data.strata_names, target=first)
    else:
        split = partial(split_unseen_rows, strata, data.seen)
    return split(
        config,
        seed=experiment.split_seed,
        test_rows=dataset.test_rows,
        groups=dataset.groups,
        order=dataset.order,
    )
