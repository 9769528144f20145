"""`fnnctl check`: finds every problem with experiments and their data, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fnnctl.commands.loading import read_experiment
from fnnctl.config.reading.explanation import calibration_lines
from fnnctl.config.reading.loading import shown_file
from fnnctl.console.output import Output
from fnnctl.console.settings_table import settings_table
from fnnctl.errors import InputError, Problem, quoted_list
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import LoadedExperiment

if TYPE_CHECKING:
    from fnnctl.commands.preparation import PreparedSearch


def check(
    configs: Sequence[Path],
    overrides: Sequence[str],
    *,
    name: str | None,
    seed: int | None,
    runs_dir: Path,
    output: Output,
    explain: bool = False,
) -> int:
    """Print all problems of all configs, and return the exit code: 0 if there are none, else 2.

    `runs_dir` has the runs that searches start from. With `explain`, print where each setting of the valid
    configs comes from.
    """
    problems: list[Problem] = []
    warnings: list[Problem] = []
    settings: list[dict[str, Any]] = []
    for config in configs:
        file = shown_file(config)
        try:
            loaded = read_experiment(config, overrides, name=name, seed=seed, output=output)
            split = loaded.split()
            fit = loaded.fit(split)
        except InputError as error:
            problems += error.problems
        else:
            search, found = _prepared(loaded, runs_dir)
            problems += found
            for warning in loaded.checked(split, bags=fit.settings.bags).warnings:
                warnings.append(Problem(warning, file=file))
                output.note(f"{file}: warning: {warning}")
            if not found:
                output.note(f"{file}: valid: {_in_words(loaded, fit)}")
                if search:
                    output.note(f"{file}: search: {_trials(search)}")
                for note in (*loaded.notes(), *loaded.split_line(split)):
                    output.note(f"{file}: {note}")
                if explain:
                    settings += _explain(config, loaded, fit, output)
    if output.json:
        answer: dict[str, Any] = {
            "valid": not problems,
            "problems": [asdict(problem) for problem in problems],
            "warnings": [asdict(warning) for warning in warnings],
        }
        output.json_object({**answer, "settings": settings} if explain else answer)
    else:
        for problem in problems:
            output.data(str(problem))
    return InputError.exit_code if problems else 0


def _explain(config: Path, loaded: LoadedExperiment, fit: Fit, output: Output) -> list[dict[str, Any]]:
    """Print the table of a config's settings, unless it is part of the JSON object; return its lines."""
    rows = loaded.explained(fit.experiment)
    if not output.json:
        output.render(settings_table(rows, [*loaded.left_to_classic(), *calibration_lines(rows)]))
    return [
        {
            "file": shown_file(config),
            "path": row.path,
            "value": row.value,
            "from": row.told,
            "group": row.group,
        }
        for row in rows
    ]


def _prepared(loaded: LoadedExperiment, runs_dir: Path) -> tuple[PreparedSearch | None, Sequence[Problem]]:
    """The config's search, if it has one, and the problems that would make `search` fail.

    Without a space, these are only those of the section itself.
    """
    search = loaded.experiment.search
    try:
        if search is not None and search.space:
            from fnnctl.commands.preparation import prepare_search

            return prepare_search(loaded, max_trials=None, runs_dir=runs_dir), []
    except InputError as error:
        return None, error.problems
    return None, loaded.search_problems()


def _in_words(loaded: LoadedExperiment, fit: Fit) -> str:
    """One sentence about the data that were read and what `train` would train, which is `fit`."""
    dataset = loaded.data.dataset
    train, validation, test = fit.sizes
    out_of_bag = " (out-of-bag)" if fit.settings.bags else ""
    return (
        f"{len(dataset):,} rows ({train:,} train, {validation:,} validation{out_of_bag}, "
        f"{test:,} test), {len(dataset.numeric_names):,} numeric and "
        f"{len(dataset.categorical_names):,} categorical columns, {loaded.data.task.in_words()}; "
        f"{_networks(fit)}"
    )


def _networks(fit: Fit) -> str:
    members, parameters = fit.settings.ensemble, f"{fit.layout.size:,} parameters"
    if (inner := fit.settings.shape.inner_members) > 1:
        return f"{inner:,} networks that share weights, with {parameters} in all"
    if members > 1:
        return f"an ensemble of {members:,} networks of {parameters} each"
    return f"a network of {parameters}"


def _trials(prepared: PreparedSearch) -> str:
    """What a search would train; the number of parameters is that of the config's own settings."""
    search, fit = prepared.setup.settings, prepared.base_fit()
    train, validation, _ = fit.sizes
    rows = f" on {train:,} rows ({validation:,} validation)"
    if search.objective.on == "cross_validation":
        rows = " per fold"
    each = f"each trial trains one network{rows}, {fit.layout.size:,} parameters as configured"
    ensemble = prepared.loaded.experiment.model.ensemble
    if ensemble.share_weights:
        each += f", and the winner is refitted as {ensemble.members:,} networks that share weights"
    elif ensemble.members > 1:
        each += f", and the winner is refitted as an ensemble of {ensemble.members:,}"
    return f"{each}; {search.method.name} over {quoted_list(list(search.space))}"
