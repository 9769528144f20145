"""`fnnctl check`: everything that could be wrong with experiments and their data, found without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fnnctl.commands.preparation import Prepared, Source, prepare, searching_problems
from fnnctl.commands.search_setup import search_of
from fnnctl.console.output import Output
from fnnctl.errors import InputError, Problem, quoted_list


def check(
    configs: Sequence[Path], overrides: Sequence[str], *, name: str | None, seed: int | None, output: Output
) -> int:
    """Print every problem of every config, and return the exit code: 0 where there is none, else 2."""
    problems: list[Problem] = []
    for config in configs:
        try:
            prepared = prepare(config, overrides, name=name, seed=seed)
        except InputError as error:
            problems += error.problems
        else:
            found = _searching_problems(prepared)
            problems += found
            for warning in prepared.warnings:
                output.note(f"{config}: warning: {warning}")
            if not found:
                output.note(f"{config}: valid: {_in_words(prepared)}")
    if output.json:
        output.json_object({"valid": not problems, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            output.data(str(problem))
    return InputError.exit_code if problems else 0


def _searching_problems(prepared: Prepared) -> Sequence[Problem]:
    """What `search` would refuse; where there is nothing to search, what is wrong with the section."""
    source, search = Source(prepared.loaded, prepared.dataset), prepared.experiment.search
    if search is None or not search.space:
        return searching_problems(source.loaded, source.dataset)
    try:
        search_of(source, max_trials=None)
    except InputError as error:
        return error.problems
    return []


def _in_words(prepared: Prepared) -> str:
    """What was read, and what would be trained."""
    dataset, split, search = prepared.dataset, prepared.split, prepared.experiment.search
    searched = f"; {search.method.name} over {quoted_list(list(search.space))}" if search else ""
    return (
        f"{len(dataset):,} rows ({split.train.size:,} train, {split.validation.size:,} validation, "
        f"{split.test.size:,} test), {len(dataset.numeric_names):,} numeric and "
        f"{len(dataset.categorical_names):,} categorical columns, {len(dataset.classes):,} classes; "
        f"a network of {prepared.layout.size:,} parameters{searched}"
    )
