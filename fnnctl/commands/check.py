"""`fnnctl check`: finds every problem with experiments and their data, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fnnctl.commands.preparation import prepare_search
from fnnctl.console.output import Output
from fnnctl.console.settings_table import settings_table
from fnnctl.errors import InputError, Problem, quoted_list
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import LoadedExperiment, load_experiment


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
    settings: list[dict[str, Any]] = []
    for config in configs:
        try:
            loaded = load_experiment(config, overrides, name=name, seed=seed)
            split = loaded.split()
            fit = loaded.fit(split)
        except InputError as error:
            problems += error.problems
        else:
            found = _search_problems(loaded, runs_dir)
            problems += found
            for warning in loaded.warnings(split, bags=fit.settings.bags):
                output.note(f"{config}: warning: {warning}")
            if not found:
                output.note(f"{config}: valid: {_in_words(loaded, fit)}")
                if explain:
                    settings += _explain(config, loaded, fit, output)
    if output.json:
        told = {"valid": not problems, "problems": [asdict(problem) for problem in problems]}
        output.json_object({**told, "settings": settings} if explain else told)
    else:
        for problem in problems:
            output.data(str(problem))
    return InputError.exit_code if problems else 0


def _explain(config: Path, loaded: LoadedExperiment, fit: Fit, output: Output) -> list[dict[str, Any]]:
    """Print the table of a config's settings, unless it is part of the JSON object; return its lines."""
    rows = loaded.explained(fit.experiment)
    if not output.json:
        output.render(settings_table(rows, loaded.left_to_classic()))
    return [
        {"file": str(config), "path": row.path, "value": row.value, "from": row.told, "group": row.group}
        for row in rows
    ]


def _search_problems(loaded: LoadedExperiment, runs_dir: Path) -> Sequence[Problem]:
    """The problems that would make `search` fail; without a space, only those of the section itself."""
    search = loaded.experiment.search
    try:
        if search is not None and search.space:
            prepare_search(loaded, max_trials=None, runs_dir=runs_dir)
            return []
    except InputError as error:
        return error.problems
    return loaded.search_problems()


def _in_words(loaded: LoadedExperiment, fit: Fit) -> str:
    """One sentence about the data that were read and what would be trained."""
    dataset, search = loaded.data.dataset, loaded.experiment.search
    members, parameters = fit.settings.ensemble, f"{fit.layout.size:,} parameters"
    network = f"a network of {parameters}"
    if (inner := fit.settings.shape.inner_members) > 1:
        network = f"{inner:,} networks that share weights, with {parameters} in all"
    elif members > 1:
        network = f"an ensemble of {members:,} networks of {parameters} each"
    if loaded.expansion and loaded.expansion.taken:
        network += f" (recipe {loaded.experiment.recipe})"
    train, validation, test = fit.sizes
    out_of_bag = " (out-of-bag)" if fit.settings.bags else ""
    searched = f"; {search.method.name} over {quoted_list(list(search.space))}" if search else ""
    return (
        f"{len(dataset):,} rows ({train:,} train, {validation:,} validation{out_of_bag}, "
        f"{test:,} test), {len(dataset.numeric_names):,} numeric and "
        f"{len(dataset.categorical_names):,} categorical columns, {loaded.data.task.in_words()}; "
        f"{network}{searched}"
    )
