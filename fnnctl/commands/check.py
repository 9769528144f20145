"""`fnnctl check`: everything that could be wrong with experiments and their data, found without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fnnctl.commands.output import Output
from fnnctl.commands.preparation import prepare
from fnnctl.errors import InputError, Problem


def check(configs: Sequence[Path], overrides: Sequence[str], output: Output) -> int:
    """Print every problem of every config, and return the exit code: 0 where there is none, else 2."""
    problems: list[Problem] = []
    for config in configs:
        try:
            prepared = prepare(config, overrides, name=None, seed=None)
        except InputError as error:
            problems += error.problems
        else:
            for warning in prepared.warnings:
                output.note(f"{config}: warning: {warning}")
            output.note(f"{config}: valid")
    if output.json:
        output.json_object({"valid": not problems, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            output.data(str(problem))
    return InputError.exit_code if problems else 0
