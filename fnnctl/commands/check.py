"""`fnnctl check`: finds every problem with experiments and their data, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fnnctl.config.reading.explanation import ExplainedSetting, calibration_lines
from fnnctl.config.reading.loading import ConfigSource, ConfigText, displayed_file
from fnnctl.config.reading.overrides import Override
from fnnctl.console.output import Output
from fnnctl.console.settings_table import settings_table
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.errors import InputError, Problem
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import LoadedExperiment, read_experiment
from fnnctl.text import networks_words, parts_words, word_list

if TYPE_CHECKING:
    from fnnctl.trials.preparation import PreparedSearch


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where each setting of a config comes from."""

    file: str
    settings: Sequence[ExplainedSetting]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Check:
    """What is wrong with some configs, and what may be."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    """Which settings of the files are left out, and why."""
    explanations: list[Explanation] = field(default_factory=list)
    """Those of the valid configs, if they are wanted."""


def check(
    configs: Sequence[ConfigSource],
    overrides: Sequence[Override],
    context: Context,
    *,
    explain: bool = False,
    memory: MemoryData | None = None,
) -> Check:
    """All problems of all configs; what is valid is said in notes.

    The context's folder of runs has those that searches start from.
    """
    result = Check()
    for config in configs:
        file = displayed_file(config.file if isinstance(config, ConfigText) else config)
        try:
            loaded = read_experiment(
                config, overrides, context.listener, memory=memory, runs_dir=context.known_runs
            )
            split = loaded.split()
            fit = loaded.fit(split)
        except InputError as error:
            result.problems.extend(error.problems)
            continue
        result.notes.extend(loaded.config.notes)
        search, problems = _prepared(loaded, context.known_runs)
        result.problems.extend(problems)
        for warning in loaded.checked(split, bags=fit.settings.bags).warnings:
            result.warnings.append(Problem(str(warning), file=file, kind=warning.kind))
            context.warning(str(warning), about=file)
        if problems:
            continue
        context.note(f"{file}: valid: {_in_words(loaded, fit)}")
        if search:
            context.note(f"{file}: search: {_trials(search)}")
            for note in search.setup.notes:
                context.note(f"{file}: search: {note}")
        for note in (*loaded.notes(), *loaded.split_line(split), *loaded.transform_line(fit)):
            context.note(f"{file}: {note}")
        if explain:
            settings = loaded.explained(fit.experiment)
            if search and search.is_from_recipe:
                settings += search.loaded.explained_search(loaded.original)
            notes = [*loaded.config.note_lines, *loaded.left_out_values(), *calibration_lines(settings)]
            result.explanations.append(Explanation(file, settings, notes))
    return result


def show_check(check: Check, output: Output, *, explain: bool) -> int:
    """Print the explanations, then the problems; return the exit code, 0 without problems, else 2."""
    if output.json:
        answer: dict[str, Any] = {
            "valid": not check.problems,
            "problems": [problem.to_json() for problem in check.problems],
            "warnings": [warning.to_json() for warning in check.warnings],
            "notes": [note.to_json() for note in check.notes],
        }
        settings = [entry for explanation in check.explanations for entry in _to_dicts(explanation)]
        output.json_object({**answer, "settings": settings} if explain else answer)
    else:
        for explanation in check.explanations:
            output.render(settings_table(explanation.settings, explanation.notes))
        for problem in check.problems:
            output.data(str(problem))
    return InputError.exit_code if check.problems else 0


def _to_dicts(explanation: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "file": explanation.file,
            "path": setting.path,
            "value": setting.value,
            "from": setting.origin_with_reason,
        }
        for setting in explanation.settings
    ]


def _prepared(loaded: LoadedExperiment, runs_dir: Path) -> tuple[PreparedSearch | None, Sequence[Problem]]:
    """The search of a config that has a `search` section, and the problems that would make `search` fail."""
    if loaded.experiment.search is None:
        return None, []
    from fnnctl.trials.preparation import prepare_search

    try:
        return prepare_search(loaded, max_trials=None, runs_dir=runs_dir), []
    except InputError as error:
        return None, error.problems


def _in_words(loaded: LoadedExperiment, fit: Fit) -> str:
    """One sentence about the data that were read and what `train` would train, which is `fit`."""
    dataset = loaded.data.dataset
    limit = fit.experiment.training.max_rows
    sample = f"; each network trains on {limit:,}" if limit == fit.trained_rows else ""
    return (
        f"{len(dataset):,} rows ({parts_words(*fit.sizes, bags=fit.settings.bags)}{sample}), "
        f"{len(dataset.numeric_names):,} numeric and "
        f"{len(dataset.categorical_names):,} categorical columns, {loaded.data.task.in_words()}; "
        f"{_networks(fit)}"
    )


def _networks(fit: Fit) -> str:
    members, parameters = fit.settings.ensemble, f"{fit.layout.size:,} parameters"
    if (inner := fit.settings.shape.inner_members) > 1:
        return f"{inner:,} networks that share weights, with {parameters} in all"
    if members > 1:
        networks = networks_words(members, plain_twins=fit.settings.twins)
        of_targets = ", the same number for each target" if fit.settings.separate_targets > 1 else ""
        return f"an ensemble of {networks} of {parameters} each{of_targets}"
    return f"a network of {parameters}"


def _trials(prepared: PreparedSearch) -> str:
    """What a search would train; the number of parameters is that of the default trial."""
    search, fit = prepared.setup.settings, prepared.base_fit()
    validation = fit.sizes[1]
    over = f"{search.method.name} over {word_list(list(search.domains))}"
    rows = f" on {fit.trained_rows:,} rows ({validation:,} validation)"
    if search.objective.scheme.trains_ensembles:
        words = (
            f"each trial trains {_networks(fit)} as configured, measured on {validation:,} rows out-of-bag"
        )
        return f"{words}; {over}"
    if search.objective.scheme.has_folds:
        rows = " per fold"
    words = f"each trial trains one network{rows}, {fit.layout.size:,} parameters as configured"
    ensemble = prepared.loaded.experiment.model.ensemble
    if ensemble.share_weights:
        words += f", and the winner is refitted as {ensemble.members:,} networks that share weights"
    elif ensemble.members > 1:
        networks = networks_words(ensemble.networks, plain_twins=ensemble.plain_twins)
        words += f", and the winner is refitted as an ensemble of {networks}"
    return f"{words}; {over}"
