"""Commands with settings, and what their runs predicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from tests.program import Program
from tests.runs.folding import table

NEVER_STOPPED = "training.early_stopping=null"


def given(*settings: str) -> list[str]:
    """The words of settings such as `seed=3`."""
    return [word for setting in settings for word in ("--set", setting)]


def run_of(program: Program, command: str, config: Path | str, *settings: str) -> Path:
    """The run of a command on a config with these settings."""
    done = program(command, str(config), *given(*settings), "--json", "--quiet")
    assert done.code == 0, done.err
    return Path(done.json["run"])


def probabilities(run: Path) -> FloatArray:
    """Those of the test rows, with a column per class."""
    rows = table(run, "predictions.csv")
    return np.array([[float(value) for name, value in row.items() if name.startswith("p_")] for row in rows])


def numbers(run: Path, column: str, name: str = "predictions.csv") -> FloatArray:
    return np.array([float(row[column]) for row in table(run, name)])
